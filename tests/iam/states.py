"""Serve an emulated account from states that are kept: `python states.py FOLDER`.

Runs under ministack's own Python. A state is a process that waits at the socket FOLDER/<state>.
Asked there for {"port": 8080, "keep": "built"} it forks, and the child serves what the state
holds until its caller closes the connection. Then the child ends, or stays as the state "built".
So an account is built once, and each run begins in a copy of it. Begins with the state `empty`;
ends, with all states, when standard input is closed.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import socket
import sys
from pathlib import Path
from typing import Any

from support.emulator_server import adjusted, serve

from rehearsal.aws.wire.transport import AsOverTls

EMPTY = "empty"


def wait(folder: Path, state: str) -> tuple[socket.socket, dict[str, Any]]:
    """Be a state; returns in each child that is to serve it: (connection, what is asked)."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(folder / f".{state}"))
    listener.listen()
    (folder / f".{state}").rename(folder / state)  # now it answers
    while True:
        ready, _, _ = select.select([listener, sys.stdin], [], [])
        if sys.stdin in ready:
            os._exit(0)
        connection, _ = listener.accept()
        asked = json.loads(connection.recv(4096))
        while True:
            # Collect the children that have ended.
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break
        if os.fork() == 0:
            listener.close()
            return connection, asked
        connection.close()


async def lend(application: Any, connection: socket.socket, port: int) -> None:
    """Serve until the other end of the connection is closed."""
    reader, _ = await asyncio.open_connection(sock=connection)

    async def end() -> None:
        await reader.read()

    await serve(application, port, shutdown_trigger=end)


def main() -> None:
    """Keep the empty account, and what becomes of it."""
    folder, state = Path(sys.argv[1]), EMPTY
    application = AsOverTls(adjusted())
    while state:
        connection, asked = wait(folder, state)
        asyncio.run(lend(application, connection.dup(), asked["port"]))
        state = asked["keep"]
        if not state:
            connection.close()
            os._exit(0)
        # The caller learns by the socket that the state is there.
        connection.close()


if __name__ == "__main__":
    main()
