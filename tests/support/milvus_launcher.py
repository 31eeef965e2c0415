"""Run one Milvus server in a network namespace of its own, relayed to one inherited socket.

Milvus listens on every address and on a dozen fixed ports. Here it can do neither harm: the
namespace has nothing but a loopback, and the only way in is the listening socket that the
caller made outside and handed over (it keeps belonging to the outer namespace).

Started by ``milvus_servers.py`` with the Python that has the servers installed:
``unshare ... PYTHON milvus_launcher.py FLAVOUR FD BASE_DIR BINARIES AUTH``.
"""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

PORT = 19530


def pump(source: socket.socket, target: socket.socket) -> None:
    """Copy one direction until its end, then hand the end on."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        target.close()


def relay(listener: socket.socket) -> None:
    """Accept for ever; a connection that finds no server is closed at once."""
    while True:
        outer, _ = listener.accept()
        try:
            inner = socket.create_connection(("127.0.0.1", PORT))
        except OSError:
            outer.close()
            continue
        for pair in ((outer, inner), (inner, outer)):
            threading.Thread(target=pump, args=pair, daemon=True).start()


def start_milvus(base: Path, binaries: Path, authorization: bool) -> None:
    """Start the real server on a fresh data folder with the binaries unpacked before."""
    from milvus import default_server

    base.mkdir(parents=True)
    binaries.mkdir(parents=True, exist_ok=True)
    (base / "bin").symlink_to(binaries)
    default_server.set_base_dir(str(base))
    if authorization:
        default_server.config.set("common.security.authorizationEnabled", True)
    default_server.start()


def start_lite(base: Path) -> None:
    """Start milvus-lite's server; it is left to its parent namespace to end it."""
    base.mkdir(parents=True)
    program = Path(sys.executable).with_name("milvus-lite")
    address = ["--host", "127.0.0.1", "--port", str(PORT)]
    subprocess.Popen([str(program), "server", "--data-dir", str(base), *address])
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", PORT)) == 0:
                return
        threading.Event().wait(0.1)
    raise SystemExit("milvus-lite did not open its port within 60 s")


def main() -> None:
    """Start the server asked for, say ``ready`` and relay until killed."""
    flavour, descriptor, base, binaries, authorization = sys.argv[1:]
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    if flavour == "milvus":
        start_milvus(Path(base), Path(binaries), authorization == "1")
    else:
        start_lite(Path(base))
    os.write(1, b"ready\n")
    relay(socket.socket(fileno=int(descriptor)))


if __name__ == "__main__":
    main()
