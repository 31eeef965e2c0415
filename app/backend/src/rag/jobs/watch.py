"""Following jobs to their end: one look at the database for all followers of a process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextvars import Context
from dataclasses import dataclass, field

import structlog

from rag.errors import DependencyError
from rag.jobs.repository import JobRepository
from rag.jobs.schemas import Job
from rag.jobs.waiting import wait_for

log = structlog.get_logger(__name__)

_POLL_SECONDS = 0.3
_PATIENCE_SECONDS = 1.0
"""How long a follower waits before it looks whether the process ends."""


@dataclass
class _Followed:
    job: Job | None
    followers: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)


class JobWatch:
    """Asks for all followed jobs at once, as long as someone follows: a query, not one each."""

    def __init__(self, repository: JobRepository, ending: Callable[[], bool]) -> None:
        """ending: whether the process ends, and followers should come back to another."""
        self._repository = repository
        self._ending = ending
        self._followed: dict[str, _Followed] = {}
        self._looking: asyncio.Task[None] | None = None
        self._now = asyncio.Event()

    def nudge(self) -> None:
        """Look at once: something has changed in this process."""
        self._now.set()

    async def follow(self, job: Job) -> AsyncIterator[Job]:
        """The job, and again after each change; ends with the job, or with the process."""
        async for now in self._until(job, self._ending):
            yield now

    async def _until(self, job: Job, over: Callable[[], bool]) -> AsyncIterator[Job]:
        yield job
        seen = job
        entry = self._followed.setdefault(job.id, _Followed(job))
        entry.followers += 1
        if self._looking is None:
            # For all followers, and so of none of their requests, in the log and in traces.
            self._looking = asyncio.create_task(self._look(), context=Context())
        try:
            while not seen.ended and not over() and entry.job is not None:
                # What others follow may have been looked at before this one was.
                if _told(entry.job) != _told(seen) and entry.job.updated_at >= seen.updated_at:
                    seen = entry.job
                    yield seen
                    continue
                await wait_for(entry.changed, _PATIENCE_SECONDS)
        finally:
            entry.followers -= 1
            if not entry.followers:
                self._followed.pop(job.id, None)

    async def end(self, job: Job, seconds: float | None = None) -> Job:
        """The job at its end, or as it is after so many seconds.

        A process that is told to end serves open requests first: this one is waited for.
        """
        latest = job
        # No failure: a job may take longer, and the caller tells so by its state.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for now in self._until(job, lambda: False):
                    latest = now
        return latest

    async def _look(self) -> None:
        try:
            while self._followed:
                try:
                    await self._look_once()
                except DependencyError as error:
                    # Followers wait on: the database may be back with the next look.
                    log.warning("jobs.not_seen", reason=error.detail)
                await wait_for(self._now, _POLL_SECONDS)
                self._now.clear()
        finally:
            self._looking = None
            # Whoever still follows is not left waiting for a look that never comes.
            for entry in self._followed.values():
                entry.job = None
                entry.changed.set()

    async def _look_once(self) -> None:
        found = await self._repository.many(list(self._followed))
        for job_id, entry in list(self._followed.items()):
            job = found.get(job_id)
            if job is None or entry.job is None or _told(job) != _told(entry.job):
                entry.job = job
                entry.changed.set()
                entry.changed = asyncio.Event()


def _told(job: Job) -> tuple[object, ...]:
    """What followers are told of; heartbeats alone are no news."""
    return (job.state, job.attempts, job.stage, job.progress, job.reason)
