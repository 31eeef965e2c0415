"""A stand-in for AWS's session-manager-plugin: its command line and what it prints.

What it carries goes straight to the remote host, where the real one sends it over SSM's data
channel to the agent of the instance. Arguments, environment, the address it listens on and its
words are those of the real one (aws/session-manager-plugin: session.go, muxportforwarding.go).
Each start is noted in the file $PLUGIN_STARTS; $REMOTE_PORT is the port behind every host.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from pathlib import Path

ARGUMENTS = 7


def copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


def carry(near: socket.socket) -> None:
    far = socket.create_connection(("127.0.0.1", int(os.environ["REMOTE_PORT"])))
    threading.Thread(target=copy, args=(near, far), daemon=True).start()
    copy(far, near)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    if len(sys.argv) != ARGUMENTS:
        sys.exit(f"Unknown operation {sys.argv[1]}.")
    _, response, region, operation, _, asked, endpoint = sys.argv
    text = os.environ.pop(response, "") if response.startswith("AWS_SSM_") else response
    started, wish = json.loads(text), json.loads(asked)
    assert operation == "StartSession"
    assert started["TokenValue"]
    assert started["StreamUrl"].startswith("wss://")
    say(f"\nStarting session with SessionId: {started['SessionId']}")
    host = os.environ.get("SSM_PLUGIN_LOCAL_HOST") or "localhost"
    port = int(wish["Parameters"].get("localPortNumber", ["0"])[0])
    listener = socket.create_server((host, port))
    with Path(os.environ["PLUGIN_STARTS"]).open("a") as notes:
        told = {"pid": os.getpid(), "argv": sys.argv, "region": region, "endpoint": endpoint}
        notes.write(json.dumps({**told, "session": started["SessionId"]}) + "\n")
    number = listener.getsockname()[1]
    say(f"Port {number} opened for sessionId {started['SessionId']}.")
    say("\nWaiting for connections...")
    while True:
        near, _ = listener.accept()
        threading.Thread(target=carry, args=(near,), daemon=True).start()


if __name__ == "__main__":
    main()
