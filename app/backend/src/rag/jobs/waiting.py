"""Waiting for an event, or for a time, whichever comes first."""

import asyncio
import contextlib


async def wait_for(event: asyncio.Event, seconds: float) -> None:
    """Return when the event has happened, or after so many seconds: the caller looks again."""
    # No failure: the time is what callers wait for where nothing happens.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
