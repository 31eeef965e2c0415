"""Answers as server-sent events."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing

import structlog
from fastapi.sse import format_sse_event
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rag.api.leaving import gone, unless_gone
from rag.ask.events import Event
from rag.metrics import Metrics

log = structlog.get_logger(__name__)

_AHEAD = 64
"""Events that wait for a slow client; then the work on the answer waits."""
_PING = format_sse_event(comment="ping")

Encode = Callable[[Event | Exception], Iterable[bytes]]
"""Turns an event, or the error after which none follows, into what is sent."""


class EventStream:
    """An answer that is worked on in a task of its own, whether or not its client reads."""

    def __init__(self, events: AsyncGenerator[Event, None]) -> None:
        self._queue: asyncio.Queue[Event | Exception | None] = asyncio.Queue(_AHEAD)
        self._task = asyncio.create_task(self._work(events))

    @classmethod
    async def begun(cls, request: Request, events: AsyncGenerator[Event, None]) -> "EventStream":
        """A stream with a first event: what fails before it is raised, as for other requests."""
        stream = cls(events)
        try:
            first = await unless_gone(request, stream.next())
        except BaseException:  # Also when the request is cancelled: its work ends with it.
            await stream.close()
            raise
        if isinstance(first, Exception):
            raise first
        stream._first = first
        return stream

    _first: Event | None = None

    async def next(self) -> Event | Exception | None:
        """The next event, the error after which none follows, or None at the end."""
        if (first := self._first) is not None:
            self._first = None
            return first
        return await self._queue.get()

    async def close(self) -> None:
        """End the work, with all requests that it has made."""
        self._task.cancel()
        await asyncio.wait((self._task,))

    async def _work(self, events: AsyncGenerator[Event, None]) -> None:
        try:
            async with aclosing(events):
                async for event in events:
                    await self._queue.put(event)
            await self._queue.put(None)
        except Exception as error:
            # Whoever reads the queue tells it.
            await self._queue.put(error)


class EventStreamResponse(Response):
    """Sends a stream; a client that leaves ends the work on the answer."""

    media_type = "text/event-stream"

    def __init__(
        self, stream: EventStream, encode: Encode, metrics: Metrics, *, heartbeat: float
    ) -> None:
        """`heartbeat`: seconds of silence after which a comment keeps the connection alive."""
        self._stream, self._encode, self._metrics = stream, encode, metrics
        self._heartbeat = heartbeat
        self.status_code = 200
        self.background = None
        # Proxies must neither keep the events back nor keep them for others.
        self.init_headers({"cache-control": "no-store", "x-accel-buffering": "no"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all events, or end with the client."""
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(gone(Request(scope, receive)))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not sending.done():
                sending.cancel()
            await asyncio.wait((sending,))
            await self._stream.close()
        outcome = "gone" if sending.cancelled() else await sending
        self._metrics.streams.labels(outcome).inc()
        log.info("stream", outcome=outcome)

    async def _send(self, send: Send) -> str:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        outcome = "done"
        waiting = asyncio.ensure_future(self._stream.next())
        try:
            while True:
                done, _pending = await asyncio.wait((waiting,), timeout=self._heartbeat)
                if not done:
                    await self._body(send, _PING)
                    continue
                event = waiting.result()
                if event is None:
                    break
                for data in self._encode(event):
                    await self._body(send, data)
                if isinstance(event, Exception):
                    outcome = "error"
                    break
                waiting = asyncio.ensure_future(self._stream.next())
        finally:
            waiting.cancel()
            await asyncio.wait((waiting,))
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return outcome

    @staticmethod
    async def _body(send: Send, data: bytes) -> None:
        await send({"type": "http.response.body", "body": data, "more_body": True})
