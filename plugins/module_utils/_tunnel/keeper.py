# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""A program that keeps a loopback port open which leads through an instance by SSM.

It listens itself and hands each connection to session-manager-plugin, so that the port stays the
same when a session ends (SSM ends one after 20 idle minutes, and at the account's longest
duration): the next connection waits until another is there. It ends, and its sessions with it,
when its owner, the run, or the run's folder is gone.

Stands alone: a copy of it runs as `python keeper.py WISH`, WISH being a JSON file (see Wish).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCUMENT = "AWS-StartPortForwardingSessionToRemoteHost"
PLUGIN = "session-manager-plugin"
RESPONSE = "AWS_SSM_START_SESSION_RESPONSE"
"""Where the plugin finds the session's token: a command line is for all to read."""

OPENED = re.compile(rb"Port (\d+) opened for sessionId")
PLUGIN_TIMEOUT = 30.0
"""Seconds that the plugin may take to listen."""

LOOK = 0.3
"""Seconds between two looks whether the run is still there."""


@dataclass(frozen=True)
class Wish:
    """What is kept open.

    Args:
        target: id of the instance.
        host: what it leads to, as the instance knows it.
        port: the port there.
        region: of the instance.
        owner: process id of the run; 0: only the folder counts.
        folder: of the run. state.json is written there, error.txt when a session fails.
        wait: seconds to try again while SSM doesn't know the instance yet.
        state, error: names of the two files.
    """

    target: str
    host: str
    port: int
    region: str
    owner: int
    folder: str
    wait: float
    state: str
    error: str


class SessionError(Exception):
    """No session could be opened. code: of AWS."""

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


class Session:
    """One SSM session and the plugin that serves it. port: where the plugin listens."""

    def __init__(self, ssm: Any, wish: Wish) -> None:
        self.ssm, self.wish = ssm, wish
        self.id, self.port = "", 0
        self.process: asyncio.subprocess.Process | None = None

    @property
    def alive(self) -> bool:
        """Whether the plugin runs and listens."""
        return self.port > 0 and self.process is not None and self.process.returncode is None

    async def open(self) -> None:
        """Start a session and wait until the plugin listens. Raises SessionError."""
        wish = self.wish
        asked = {
            "Target": wish.target,
            "DocumentName": DOCUMENT,
            "Parameters": {
                "host": [wish.host],
                "portNumber": [str(wish.port)],
                "localPortNumber": ["0"],
            },
        }
        answer = await asyncio.to_thread(self._start, asked)
        self.id = answer["SessionId"]
        told = {key: answer[key] for key in ("SessionId", "TokenValue", "StreamUrl")}
        environment = {
            **os.environ,
            RESPONSE: json.dumps(told),
            "SSM_PLUGIN_LOCAL_HOST": "127.0.0.1",
        }
        command = [PLUGIN, RESPONSE, wish.region, "StartSession", "", json.dumps(asked)]
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                self.ssm.meta.endpoint_url,
                env=environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
        except OSError as error:
            raise SessionError(f"{PLUGIN} cannot be started: {error}") from error
        self.process = process
        await self._listening(process.stdout or asyncio.StreamReader())

    def _start(self, asked: dict[str, Any]) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = self.ssm.start_session(**asked)
        except ClientError as error:
            raise SessionError(str(error), error.response["Error"]["Code"]) from error
        except BotoCoreError as error:
            raise SessionError(str(error)) from error
        return answer

    async def _listening(self, stream: asyncio.StreamReader) -> None:
        said = b""
        try:
            async with asyncio.timeout(PLUGIN_TIMEOUT):
                while (found := OPENED.search(said)) is None:
                    chunk = await stream.read(4096)
                    if not chunk:
                        text = " ".join(said.decode(errors="replace").split())[-400:]
                        raise SessionError(f"{PLUGIN} ended: {text or 'it said nothing'}")
                    said += chunk
        except TimeoutError:
            text = " ".join(said.decode(errors="replace").split())[-400:]
            raise SessionError(
                f"{PLUGIN} did not listen within {PLUGIN_TIMEOUT:.0f} s: {text}"
            ) from None
        self.port = int(found[1])
        self._drain = asyncio.ensure_future(self._forget(stream))

    async def _forget(self, stream: asyncio.StreamReader) -> None:
        """Read what the plugin goes on to say, so that it never waits for a reader."""
        while await stream.read(65536):
            pass

    async def close(self) -> None:
        """End the plugin, which ends the session, and end the session if it could not."""
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), 3)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()
        if self.id:
            ended, self.id = self.id, ""
            await asyncio.to_thread(self._terminate, ended)

    def _terminate(self, ended: str) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        # Over already, or not ours to end: SSM ends it after its idle time.
        with contextlib.suppress(ClientError, BotoCoreError):
            self.ssm.terminate_session(SessionId=ended)


class Keeper:
    """Listens, and has a session whenever somebody connects."""

    def __init__(self, ssm: Any, wish: Wish) -> None:
        self.ssm, self.wish = ssm, wish
        self.folder = Path(wish.folder)
        self.session = Session(ssm, wish)
        self.opening = asyncio.Lock()
        self.ended = asyncio.Event()

    async def keep(self) -> None:
        """Serve until the run is over. Raises SessionError if there is no first session."""
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(each, self.ended.set)
        try:
            await self._first()
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            async with server:
                port = server.sockets[0].getsockname()[1]
                self._write(self.wish.state, json.dumps({"port": port, "pid": os.getpid()}))
                while self._wanted():
                    await asyncio.sleep(LOOK)
        finally:
            await self.session.close()

    async def _first(self) -> None:
        """Open the first session; an instance that has just started is not known to SSM yet."""
        end = time.monotonic() + self.wish.wait
        while True:
            try:
                await self.session.open()
            except SessionError as error:
                if error.code != "TargetNotConnected" or time.monotonic() >= end:
                    raise
            else:
                return
            await asyncio.sleep(2)
            if not self._wanted():
                raise SessionError("the run has ended")

    def _wanted(self) -> bool:
        return not self.ended.is_set() and self.folder.is_dir() and _runs(self.wish.owner)

    def _write(self, name: str, text: str) -> None:
        draft = self.folder / f".{name}.{os.getpid()}"
        with contextlib.suppress(FileNotFoundError):  # the run is over
            draft.touch(mode=0o600)
            draft.write_text(text)
            draft.replace(self.folder / name)

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect to the plugin; to another one, of a new session, if there is none any more."""
        async with self.opening:
            if self.session.alive:
                with contextlib.suppress(OSError):
                    return await asyncio.open_connection("127.0.0.1", self.session.port)
            await self.session.close()
            self.session = Session(self.ssm, self.wish)
            await self.session.open()
            return await asyncio.open_connection("127.0.0.1", self.session.port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await self._connection()
        except (SessionError, OSError) as error:
            self._write(self.wish.error, told(error))
            writer.close()
            return
        await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))
        inner_writer.close()
        writer.close()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Copy until the source ends, then end the sink."""
    # Whoever hangs up ends the relayed connection; its user sees it at the other end.
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    with contextlib.suppress(OSError):
        sink.write_eof()


def told(error: Exception) -> str:
    """Return an error as the folder keeps it."""
    return json.dumps({"code": getattr(error, "code", ""), "text": str(error)})


def _runs(owner: int) -> bool:
    """Whether a process is there; 0 stands for one that is not known.

    One that ended and that nobody has asked for its end is not: it would be there for ever.
    """
    if not owner:
        return True
    try:
        os.kill(owner, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody's, and there
        return True
    stat = Path(f"/proc/{owner}/stat")
    try:
        # "pid (name) state ...", and the name may hold anything.
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:  # it has ended since; or there is no /proc, and no telling
        return not Path("/proc/self").exists()


def main() -> int:
    """Keep what the file wishes; return 1, with the cause in the folder, if that can't be."""
    import boto3
    from botocore.config import Config

    wish = Wish(**json.loads(Path(sys.argv[1]).read_text()))
    retries = Config(retries={"mode": "standard", "max_attempts": 5})
    ssm = boto3.client("ssm", region_name=wish.region, config=retries)

    async def keep() -> None:
        await Keeper(ssm, wish).keep()

    try:
        asyncio.run(keep())
    except SessionError as error:
        failed = Path(wish.folder) / wish.error
        with contextlib.suppress(FileNotFoundError):  # the run is over
            failed.touch(mode=0o600)
            failed.write_text(told(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
