"""Start Milvus in the foreground of its container.

Environment: MILVUS_AUTHORIZATION_ENABLED (true or false) and, with it,
MILVUS_ROOT_PASSWORD: the password of user root, set on the first start. With
Milvus's own COMMON_SECURITY_TLSMODE=1 also TLS_CAPEMPATH, the authority of its
certificate, which must be good for localhost.
"""

from __future__ import annotations

import base64
import importlib
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

# Only the image has them.
grpc = importlib.import_module("grpc")
milvus = importlib.import_module("milvus")

PROGRAMS = Path("/opt/milvus/bin")
DATA = Path("/var/lib/milvus")
PORT = 19530
HEALTH = "http://127.0.0.1:9091/healthz"
DEFAULT_PASSWORD = "Milvus"  # noqa: S105 - what every new server begins with


def say(line: str) -> None:
    """Write a line to the container's log."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def unpack() -> None:
    """While the image is built: unpack what the wheel holds compressed (5 s)."""
    milvus._initialize_data_files(str(PROGRAMS.parent))
    for mark in PROGRAMS.glob("*.md5"):
        mark.unlink()


def configure(authorization: bool) -> None:
    """Write the server's configuration for this data folder."""
    shutil.rmtree(DATA / "configs", ignore_errors=True)
    config = milvus.MilvusServerConfig(data_dir=str(DATA))
    config.configs["proxy_port"] = PORT
    config.set("authorization_enabled", authorization)
    config.resolve()


def open_channel() -> Any:
    """A connection to the server as every client has one: encrypted if it speaks TLS."""
    address = f"localhost:{PORT}"
    if os.environ.get("COMMON_SECURITY_TLSMODE", "0") == "0":
        return grpc.insecure_channel(address)
    authority = Path(os.environ["TLS_CAPEMPATH"]).read_bytes()
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(authority))


def set_root_password(password: str) -> None:
    """Replace the password that Milvus starts with, unless that was done before."""
    with open_channel() as channel:
        update = channel.unary_unary("/milvus.proto.milvus.MilvusService/UpdateCredential")
        encoded = [base64.b64encode(text.encode()) for text in (DEFAULT_PASSWORD, password)]
        login = base64.b64encode(f"root:{DEFAULT_PASSWORD}".encode()).decode()
        # UpdateCredentialRequest: username = 2, old password = 3, new password = 4.
        request = b"".join(
            bytes([number << 3 | 2, len(text)]) + text
            for number, text in ((2, b"root"), (3, encoded[0]), (4, encoded[1]))
        )
        try:
            answer = update(
                request, timeout=60, wait_for_ready=True, metadata=(("authorization", login),)
            )
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNAUTHENTICATED:
                raise
            say("root has a password of its own already")
            return
    if answer.startswith(b"\x08"):  # Status.error_code (1) is there, so it is not Success
        raise SystemExit("Milvus refused the new password of root")
    say("the password of root is set")


def wait_healthy(server: subprocess.Popen[bytes]) -> None:
    """Wait until the server says that it is healthy."""
    while server.poll() is None:
        try:
            with urllib.request.urlopen(HEALTH, timeout=5) as answer:
                if b"OK" in answer.read():
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.2)


def main() -> int:
    """Run the server; its end is ours, and our SIGTERM is its."""
    authorization = os.environ.get("MILVUS_AUTHORIZATION_ENABLED", "false").lower() == "true"
    password = os.environ.pop("MILVUS_ROOT_PASSWORD", "")
    configure(authorization)
    server = subprocess.Popen(
        [PROGRAMS / "milvus", "run", "standalone"],
        cwd=DATA,
        env={
            **os.environ,
            "DEPLOY_MODE": "STANDALONE",
            "METRICS_PORT": "9091",
            "MILVUS_RUN_DIR": str(DATA / "run"),
            "LD_LIBRARY_PATH": str(PROGRAMS),
        },
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _: server.send_signal(received))
    if authorization and password:
        wait_healthy(server)
        if server.poll() is None:
            set_root_password(password)
    code = server.wait()
    return 0 if code == -signal.SIGTERM else code & 0xFF


if __name__ == "__main__":
    if sys.argv[1:] == ["unpack"]:
        unpack()
    else:
        sys.exit(main())
