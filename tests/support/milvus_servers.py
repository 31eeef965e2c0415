"""Real Milvus servers for tests: Milvus 2.3.5 and milvus-lite 3.2.2 from PyPI.

``MILVUS_SERVER_PYTHON`` names a Python that has them; else an environment is made once under
``$RAGOPS_CACHE/test-milvus`` (``~/.cache/ragops/test-milvus``), which takes about a minute.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
REQUIREMENTS = HERE / "milvus_requirements.txt"
CACHE = Path(os.environ.get("RAGOPS_CACHE", "~/.cache/ragops")).expanduser()


def server_python() -> Path:
    """Return the Python of the servers' environment; make it if there is none."""
    if named := os.environ.get("MILVUS_SERVER_PYTHON"):
        return Path(named)
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    home = CACHE / "test-milvus" / digest
    home.parent.mkdir(parents=True, exist_ok=True)
    with (home.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "complete").exists():
            _make_environment(home)
    return home / "bin" / "python"


def _make_environment(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
    if uv is None:
        raise RuntimeError(
            "no uv beside this Python nor on PATH: install requirements/platform.txt"
        )
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(home)], check=True)
    target = ["--python", str(home / "bin" / "python"), "-r", str(REQUIREMENTS)]
    subprocess.run([uv, "pip", "install", "-q", *target], check=True)
    (home / "complete").touch()


@contextlib.contextmanager
def milvus_server(
    flavour: str, authorization: bool = False, tls: tuple[Path, Path] | None = None
) -> Iterator[str]:
    """Run a server on fresh data and yield its URI; ``flavour`` is ``milvus`` or ``lite``.

    tls: files of a certificate and of its key, told by the variables that role milvus sets.
    """
    python = server_python()
    scratch = Path(tempfile.mkdtemp(prefix=f"ragops-{flavour}-"))
    listener = socket.create_server(("127.0.0.1", 0))
    descriptor = listener.fileno()
    # Whatever way the tests end, their servers end with them.
    unshare = ["setpriv", "--pdeathsig", "KILL"]
    unshare += ["unshare", "--net", "--pid", "--mount-proc", "--fork", "--kill-child"]
    if os.geteuid() != 0:
        unshare += ["--map-root-user"]
    arguments = [flavour, str(descriptor), str(scratch / "data")]
    binaries = str(CACHE / "test-milvus" / "binaries")
    command = [*unshare, str(python), str(HERE / "milvus_launcher.py"), *arguments]
    command += [binaries, "1" if authorization else "0"]
    log = (scratch / "log").open("wb")
    environment = dict(os.environ)
    if tls:
        environment["COMMON_SECURITY_TLSMODE"] = "1"
        environment["TLS_SERVERPEMPATH"], environment["TLS_SERVERKEYPATH"] = map(str, tls)
    process = subprocess.Popen(
        command,
        env=environment,
        pass_fds=[descriptor],
        stdout=subprocess.PIPE,
        stderr=log,
        start_new_session=True,
    )
    port = listener.getsockname()[1]
    listener.close()
    try:
        _await_ready(process, scratch / "log")
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        log.close()
        shutil.rmtree(scratch, ignore_errors=True)


def _await_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    assert process.stdout is not None
    for line in process.stdout:
        if line == b"ready\n":
            return
        assert time.monotonic() < deadline
    tail = log.read_text(errors="replace")[-2000:]
    raise RuntimeError(
        f"the Milvus server ended with {process.wait()} before it was ready:\n{tail}"
    )
