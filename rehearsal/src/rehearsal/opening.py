"""A service of the cluster on a loopback port of the machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType

from rehearsal import relay
from rehearsal.enter import command
from rehearsal.identity import Identity
from rehearsal.world import WorldError

READY_SECONDS = 30.0


class Opening:
    """Relays 127.0.0.1:port outside to a service inside, while it is entered.

    A unix socket of the world's data joins the two sides: it is reached from both.
    """

    def __init__(
        self,
        identity: Identity,
        environment: dict[str, str],
        namespace: str,
        service: str,
        service_port: int,
        port: int,
    ) -> None:
        self._identity = identity
        self._environment = environment
        self._target = (namespace, service, str(service_port))
        self._port = port
        folder = Path(environment["REHEARSAL_WORLD"]) / "run"
        folder.mkdir(mode=0o700, exist_ok=True)
        self._socket = folder / f"{service}-{os.getpid()}.sock"
        self._loop = asyncio.new_event_loop()

    @property
    def url(self) -> str:
        """Where the service is found outside."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Opening:
        self._inner = subprocess.Popen(
            command(
                self._identity,
                [sys.executable, "-m", "rehearsal.relay", str(self._socket), *self._target],
            ),
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            self._await_inner()
            server = self._loop.run_until_complete(
                relay.from_port("127.0.0.1", self._port, relay.to_socket(self._socket))
            )
        except OSError as error:
            self._end_inner()
            raise WorldError(f"port {self._port} can't be used: {error.strerror}") from error
        except BaseException:
            self._end_inner()
            raise
        self._port = server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def _await_inner(self) -> None:
        answer: list[str] = []
        stdout = self._inner.stdout
        reader = threading.Thread(
            target=lambda: answer.append(stdout.readline() if stdout else ""), daemon=True
        )
        reader.start()
        reader.join(READY_SECONDS)
        if "ready" not in "".join(answer):
            self._end_inner()
            errors = self._inner.stderr.read() if self._inner.stderr else ""
            cause = (errors.strip().splitlines() or ["no answer"])[-1]
            raise WorldError(f"service {self._target[1]} of namespace {self._target[0]}: {cause}")

    def wait(self) -> None:
        """Block until Ctrl-C, SIGTERM, or the end of the world."""
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            self._inner.wait()

    def _end_inner(self) -> None:
        if self._inner.stdin:
            self._inner.stdin.close()
        try:
            self._inner.wait(10)
        except subprocess.TimeoutExpired:
            self._inner.kill()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end_inner()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._socket.unlink(missing_ok=True)
