"""How much waits, and what that means: who is turned away, and what readiness tells."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rag.errors import QueueFullError
from rag.jobs.repository import JobRepository, Load
from rag.metrics import Metrics

_KEEP_SECONDS = 1.0


class QueueLoad:
    """The queue's load, at most a second old, shared by all who ask."""

    def __init__(self, repository: JobRepository, metrics: Metrics, alive: float) -> None:
        """alive: seconds after which a worker that said nothing is gone."""
        self._repository = repository
        self._metrics = metrics
        self._alive = alive
        self._lock = asyncio.Lock()
        self._load: Load | None = None
        self._good_until = 0.0

    async def now(self) -> Load:
        """The load. Raises DependencyError."""
        async with self._lock:
            if self._load is None or time.monotonic() >= self._good_until:
                self._load = load = await self._repository.load(self._alive)
                self._good_until = time.monotonic() + _KEEP_SECONDS
                self._metrics.queue.labels("queued").set(load.queued)
                self._metrics.queue.labels("running").set(load.running)
                self._metrics.queue_bytes.set(load.bytes)
                self._metrics.queue_age.set(load.age)
                self._metrics.workers.set(load.workers)
            return self._load


class Admission:
    """Turns uploads away before their bytes are taken, when too much waits already."""

    def __init__(self, load: QueueLoad, *, jobs: int, waiting_bytes: int, receiving: int) -> None:
        """jobs, waiting_bytes: that may wait; receiving: bytes of requests being read at once."""
        self._load = load
        self._jobs = jobs
        self._waiting_bytes = waiting_bytes
        self._most = receiving
        self._receiving = 0

    async def check(self) -> None:
        """Raise QueueFullError while as much waits as may, DependencyError if nobody knows."""
        load = await self._load.now()
        if load.queued >= self._jobs or load.bytes >= self._waiting_bytes:
            raise QueueFullError(
                f"{load.queued} documents of {load.bytes} bytes wait, and no more may; try later"
            )

    @contextmanager
    def receive(self, size: int) -> Iterator[None]:
        """Count a request's bytes while they are in memory. Raises QueueFullError."""
        if self._receiving and self._receiving + size > self._most:
            raise QueueFullError("other uploads are being received; try later")
        self._receiving += size
        try:
            yield
        finally:
            self._receiving -= size
