"""The worker: it takes jobs by lease, says that it lives, and gives back what it can't finish."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from opentelemetry.trace import Span

from rag import reports, tracing
from rag.documents.ingestion import Ingestion, LostLeaseError
from rag.documents.repository import DocumentRepository
from rag.documents.service import DocumentService
from rag.errors import DependencyError, RagError
from rag.health.service import Probe
from rag.imports import work
from rag.imports.work import Importing
from rag.jobs.leases import Leased, LeaseRepository, WorkerIdentity
from rag.jobs.load import QueueLoad
from rag.jobs.waiting import wait_for
from rag.metrics import Metrics

log = structlog.get_logger(__name__)

_POLL_SECONDS = 1.0
_BEAT_SECONDS = 1.0
_TIDY_SECONDS = 60.0
_FOLLOW_SECONDS = 3.0
_ADOPT_SECONDS = 600.0
"""A document may be `processing` without a job so long: a program of before reads it."""
_LEFT_SECONDS = 120.0
"""A document may be `deleting` so long: whoever deletes it is at work."""
_HUNG_SECONDS = 60.0


class Worker:
    """Runs up to `concurrency` jobs at once."""

    def __init__(
        self,
        identity: WorkerIdentity,
        leases: LeaseRepository,
        ingestion: Ingestion,
        importing: Importing,
        repository: DocumentRepository,
        documents: DocumentService,
        load: QueueLoad,
        metrics: Metrics,
        *,
        needed: Probe,
        follow: Callable[[], Awaitable[None]],
        tidy: Callable[[float], Awaitable[None]],
        keep_days: float,
        changed: Callable[[], None],
    ) -> None:
        """needed: raises DependencyError until the database has the tables of this program, and the
        index the vectors of its model; follow: makes vectors of what others took in;
        keep_days: how long ended jobs are remembered; tidy: forgets what else is older; changed: a
        job has just got on.
        """
        self._identity = identity
        self._leases = leases
        self._ingestion = ingestion
        self._importing = importing
        self._repository = repository
        self._documents = documents
        self._load = load
        self._metrics = metrics
        self._needed = needed
        self._follow = follow
        self._tidy_more = tidy
        self._keep_days = keep_days
        self._changed = changed
        self._held: dict[str, tuple[Leased, asyncio.Task[None]]] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        # After a server failed, jobs wait until it answers: none uses up its attempts on that.
        self._in_doubt = False
        self._turned = time.monotonic()
        self._loops: list[asyncio.Task[None]] = []

    @property
    def is_alive(self) -> bool:
        """Whether its loop turns; a server behind it that is down does not count."""
        return time.monotonic() - self._turned < _HUNG_SECONDS

    def wake(self) -> None:
        """Look for jobs at once: one was queued, or cancelled, in this process."""
        self._wake.set()

    def start(self) -> None:
        """Begin to take jobs, once the stores are as this program needs them."""
        steps = (
            (self._take, _POLL_SECONDS, self._wake),
            (self._beat, _BEAT_SECONDS, None),
            (self._tidy, _TIDY_SECONDS, None),
            (self._follow, _FOLLOW_SECONDS, None),
        )
        seen = asyncio.create_task(self._wait_for_stores())
        self._loops = [seen, *(asyncio.create_task(self._after(seen, *step)) for step in steps)]

    async def stop(self, seconds: float) -> None:
        """Take no more jobs, let the running ones end for so long, and give back the others."""
        self._stopping = True
        self._wake.set()
        if running := [task for _job, task in self._held.values()]:
            await asyncio.wait(running, timeout=seconds or 0.001)
        left = [(job, task) for job, task in self._held.values() if not task.done()]
        for _job, task in left:
            task.cancel()
        for loop in self._loops:
            loop.cancel()
        tasks = [*self._loops, *(task for _job, task in left)]
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await self._leases.give_back([job for job, _task in left])
            await self._leases.leave(self._identity)
        except DependencyError as error:
            # The leases end by themselves.
            log.warning("worker.not_given_back", reason=error.detail)
        log.info("worker.stopped", given_back=len(left))

    async def _wait_for_stores(self) -> None:
        """Another process brings it up to date, and a rolling update may start this one first."""
        told = ""
        while True:
            self._turned = time.monotonic()
            try:
                await self._needed()
                break
            except Exception as error:
                reason = error.detail if isinstance(error, RagError) else type(error).__name__
                if reason != told:
                    log.warning("worker.waits", step="needed", reason=reason)
                told = reason
            await asyncio.sleep(_POLL_SECONDS)
        log.info("worker.started", worker=self._identity.id, queue=self._identity.queue)

    async def _after(
        self,
        seen: asyncio.Task[None],
        step: Callable[[], Awaitable[None]],
        seconds: float,
        wake: asyncio.Event | None,
    ) -> None:
        await asyncio.wait([seen])
        await self._repeat(step, seconds, wake)

    async def _repeat(
        self, step: Callable[[], Awaitable[None]], seconds: float, wake: asyncio.Event | None
    ) -> None:
        """Do a step again and again, whatever happens in it: a worker never ends by itself."""
        told = ""
        while True:
            try:
                await step()
                told = ""
            except RagError as error:
                # Once, not at each try: a server may be down for hours.
                if error.detail != told:
                    log.warning("worker.waits", step=step.__name__, reason=error.detail)
                told = error.detail
            except Exception as error:
                log.error("worker.step_failed", step=step.__name__, exc_info=error)
                reports.report(error, step=step.__name__)
            await _pause(seconds, wake)

    async def _take(self) -> None:
        self._turned = time.monotonic()
        if self._stopping:
            return
        await self._ingestion.recover(self._identity.queue)
        if self._in_doubt and len(self._held) < self._identity.concurrency:
            await self._ingestion.check()
            self._in_doubt = False
        while len(self._held) < self._identity.concurrency and not self._stopping:
            if (job := await self._leases.claim(self._identity)) is None:
                return
            task = asyncio.create_task(self._run(job))
            self._held[job.lease] = job, task
            self._changed()

    async def _beat(self) -> None:
        held = dict(self._held)
        kept = await self._leases.beat(self._identity, [job for job, _task in held.values()])
        for lease, (job, task) in held.items():
            # What has ended meanwhile has no lease either.
            if lease not in kept and lease in self._held and not job.settled:
                log.info("job.lost", job_id=job.id)
                task.cancel()
        await self._load.now()

    async def _tidy(self) -> None:
        await self._leases.tidy(self._keep_days)
        await self._tidy_more(self._keep_days)
        for document_id in await self._repository.stuck("processing", _ADOPT_SECONDS):
            await self._documents.adopt(document_id)
        for document_id in await self._repository.stuck("deleting", _LEFT_SECONDS):
            await self._documents.clear_away(document_id)

    async def _run(self, job: Leased) -> None:
        structlog.contextvars.bind_contextvars(job_id=job.id, document_id=job.document_id)
        about: dict[str, tracing.Value] = {"rag.job.attempt": job.attempts, "rag.job.id": job.id}
        with tracing.working(job.kind, job.trace, **about) as span:
            await self._attempt(job, span)

    async def _attempt(self, job: Leased, span: Span) -> None:
        start = time.perf_counter()
        outcome = "succeeded"
        try:
            try:
                runner = self._importing if job.kind in work.KINDS else self._ingestion
                await runner.run(job)
            except LostLeaseError:
                outcome = "lost"
            except Exception as error:
                outcome = await self._failed(job, error)
        except asyncio.CancelledError:
            outcome = "given-back" if self._stopping else "lost"
            raise
        except Exception as error:
            # Not even the failure could be noted. The lease ends, and another attempt follows.
            outcome = "unknown"
            reason = error.detail if isinstance(error, RagError) else type(error).__name__
            log.warning("job.not_noted", reason=reason)
        finally:
            self._held.pop(job.lease, None)
            seconds = time.perf_counter() - start
            self._metrics.jobs.labels(job.kind, outcome).inc()
            tracing.worked(span, outcome)
            log.info("job.attempt", attempt=job.attempts, outcome=outcome, ms=round(seconds * 1000))
            self._wake.set()
            self._changed()

    async def _failed(self, job: Leased, error: Exception) -> str:
        problem = error.kind if isinstance(error, RagError) else "internal"
        self._metrics.job_failures.labels(job.kind, problem).inc()
        self._in_doubt |= isinstance(error, DependencyError)
        if not isinstance(error, RagError):
            log.error("job.crashed", exc_info=error)
            reports.report(error, job_id=job.id, kind=job.kind)
        return await self._ingestion.failed(job, error)


async def _pause(seconds: float, wake: asyncio.Event | None) -> None:
    if wake is None:
        await asyncio.sleep(seconds)
        return
    await wait_for(wake, seconds)
    wake.clear()
