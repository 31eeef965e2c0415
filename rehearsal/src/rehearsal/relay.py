"""Carry connections from a loopback port outside to a service of the cluster inside."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Dial = Callable[[], Awaitable[Streams]]


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction until it ends, then say so to the other side."""
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


def joining(dial: Dial) -> Callable[..., Awaitable[None]]:
    """A server's callback that joins each connection with one that `dial` makes."""
    # The loop knows a task only weakly, and while both sides are paused nothing else does.
    joined: set[asyncio.Task[None] | None] = set()

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await dial()
        except OSError:
            writer.close()
            return
        joined.add(task := asyncio.current_task())
        try:
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        finally:
            joined.discard(task)
            for end in (writer, far_writer):
                end.close()

    return join


def to_socket(path: Path) -> Dial:
    """Connect to a unix socket."""
    return lambda: asyncio.open_unix_connection(path)


def to_address(host: str, port: int) -> Dial:
    """Connect to a TCP port."""
    return lambda: asyncio.open_connection(host, port)


async def from_port(host: str, port: int, dial: Dial) -> asyncio.Server:
    """Listen on host:port, and join each connection with one that `dial` makes."""
    return await asyncio.start_server(joining(dial), host, port)


async def from_socket(path: Path, dial: Dial) -> asyncio.Server:
    """Listen on the unix socket at `path`, likewise."""
    return await asyncio.start_unix_server(joining(dial), path)


async def inside(path: Path, namespace: str, service: str, port: int) -> int:
    """Inside the world: serve a service on a unix socket until our stdin ends.

    Whoever started us holds the other end of stdin: when it is gone, so are we.
    """
    serving = asyncio.create_task(keep_forwarding(path, namespace, service, port))
    parent = asyncio.create_task(end_of_stdin())
    await asyncio.wait((serving, parent), return_when=asyncio.FIRST_COMPLETED)
    code = serving.result() if serving.done() else 0
    for task in (serving, parent):
        task.cancel()
    await asyncio.gather(serving, parent, return_exceptions=True)
    return code


async def end_of_stdin() -> None:
    """Wait until stdin ends."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass


async def keep_joining(path: Path, host: str, port: int) -> int:
    """Join the socket with a port of the world itself; returns only when that is refused."""
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    path.unlink(missing_ok=True)
    async with await from_socket(path, to_address(host, port)) as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await server.serve_forever()
    return 0


async def keep_forwarding(path: Path, namespace: str, service: str, port: int) -> int:
    """Forward again whenever it ends: kubectl ends with the pod that it chose.

    Without a namespace the service is a host of the world's own. Returns an exit code at once
    when it never worked: then kubectl has said why.
    """
    if not namespace:
        return await keep_joining(path, service, port)
    worked = False
    while True:
        forward = await asyncio.create_subprocess_exec(
            "kubectl",
            "port-forward",
            "--address=127.0.0.1",
            f"--namespace={namespace}",
            f"service/{service}",
            f":{port}",
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            line = (await forward.stdout.readline()).decode() if forward.stdout else ""
            if "->" in line:
                # It picks a free port: "Forwarding from 127.0.0.1:40635 -> 3000".
                path.unlink(missing_ok=True)
                local = int(line.split("->")[0].rsplit(":", 1)[1])
                server = await from_socket(path, to_address("127.0.0.1", local))
                if not worked:
                    sys.stdout.write("ready\n")
                    sys.stdout.flush()
                worked = True
                await forward.wait()
                server.close()
            code = await forward.wait()
        finally:
            if forward.returncode is None:
                forward.kill()
                await forward.wait()
        if not worked:
            return code or 1
        await asyncio.sleep(1)


if __name__ == "__main__":
    sys.exit(asyncio.run(inside(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))))
