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

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await dial()
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))
        finally:
            for end in (writer, far_writer):
                end.close()

    return join


async def from_port(port: int, path: Path) -> asyncio.Server:
    """Listen on 127.0.0.1:port; connect to the unix socket at `path`."""
    return await asyncio.start_server(
        joining(lambda: asyncio.open_unix_connection(path)), "127.0.0.1", port
    )


async def from_socket(path: Path, port: int) -> asyncio.Server:
    """Listen on the unix socket at `path`; connect to 127.0.0.1:port."""
    return await asyncio.start_unix_server(
        joining(lambda: asyncio.open_connection("127.0.0.1", port)), path
    )


def inside(path: Path, namespace: str, service: str, port: int) -> None:
    """Inside the world: forward a service, and serve it on a unix socket, until ended."""
    asyncio.run(_inside(path, namespace, service, port))


async def _inside(path: Path, namespace: str, service: str, port: int) -> None:
    while True:
        # kubectl picks a free port, and ends with the pod that it chose: then again.
        forward = await asyncio.create_subprocess_exec(
            "kubectl", "port-forward", "--address=127.0.0.1", f"--namespace={namespace}",
            f"service/{service}", f":{port}",
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            line = (await forward.stdout.readline()).decode() if forward.stdout else ""
            if "->" in line:
                local = int(line.split("->")[0].rsplit(":", 1)[1])
                path.unlink(missing_ok=True)
                server = await from_socket(path, local)
                sys.stdout.write("ready\n")
                sys.stdout.flush()
                await forward.wait()
                server.close()
        finally:
            if forward.returncode is None:
                forward.terminate()
        await asyncio.sleep(1)


if __name__ == "__main__":
    inside(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
