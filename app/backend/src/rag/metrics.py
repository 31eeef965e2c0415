"""Prometheus metrics, in a registry of the application's own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

from rag import tracing

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """All series of one process; times are in seconds."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.requests = Histogram(
            "rag_http_request_duration_seconds",
            "Requests by route; probes are not counted.",
            ["method", "route", "status"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "rag_http_requests_in_flight", "Requests being served.", registry=registry
        )
        self.stages = Histogram(
            "rag_stage_duration_seconds",
            "Stages of ingesting a document and of answering a question.",
            ["operation", "stage"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self.documents = Counter(
            "rag_documents_total", "Uploads by outcome.", ["outcome"], registry=registry
        )
        self.queue = Gauge(
            "rag_queue_jobs", "Jobs of the queue, in all processes.", ["state"], registry=registry
        )
        self.queue_bytes = Gauge(
            "rag_queue_bytes", "Bytes of the files that wait.", registry=registry
        )
        self.queue_age = Gauge(
            "rag_queue_oldest_age_seconds",
            "How long the oldest job that may run has waited.",
            registry=registry,
        )
        self.workers = Gauge(
            "rag_queue_workers", "Workers of the queue that were seen lately.", registry=registry
        )
        self.jobs = Counter(
            "rag_jobs_total",
            "Attempts of jobs that this process ended, by outcome.",
            ["kind", "outcome"],
            registry=registry,
        )
        self.job_failures = Counter(
            "rag_job_failures_total",
            "Attempts that failed, by the type of the problem.",
            ["kind", "problem"],
            registry=registry,
        )
        self.chunks = Counter("rag_chunks_total", "Chunks made searchable.", registry=registry)
        self.answers = Counter(
            "rag_answers_total",
            "Answers by outcome and by who wrote them.",
            ["outcome", "source"],
            registry=registry,
        )
        self.cache = Counter(
            "rag_answer_cache_total", "Look-ups in the answer cache.", ["result"], registry=registry
        )
        self.tokens = Counter(
            "rag_model_tokens_total",
            "Tokens that the language model read and wrote.",
            ["kind"],
            registry=registry,
        )
        self._prices: tuple[float, float] | None = None
        self._cost: Counter | None = None
        self.refusals = Counter(
            "rag_refusals_total",
            "Refusals that were not told from the cache, by reason.",
            ["reason"],
            registry=registry,
        )
        self.shed = Counter(
            "rag_requests_shed_total",
            "Requests that were turned away since too much was asked, by all or by one key.",
            ["route", "reason"],
            registry=registry,
        )
        self.streams = Counter(
            "rag_streams_total",
            "Streamed answers by how they ended; gone: their clients left.",
            ["outcome"],
            registry=registry,
        )
        self.embeddings = Counter(
            "rag_question_embeddings_total",
            "Texts embedded for questions, by the model or known from before.",
            ["source"],
            registry=registry,
        )
        self.reranks = Counter(
            "rag_reranks_total",
            "Requests to the reranker; failed: the searches' own order was taken.",
            ["outcome"],
            registry=registry,
        )
        self.dependency_up = Gauge(
            "rag_dependency_up",
            "1 if the last readiness check of the dependency passed.",
            ["dependency"],
            registry=registry,
        )
        self.build = Gauge(
            "rag_build_info",
            "Constant 1; what is running.",
            ["version", "git_sha", "embedding_model"],
            registry=registry,
        )

    def price(self, prompt: float, completion: float) -> None:
        """Count what the language model costs, too; prices of a million tokens read and written.

        Without a price there is no such series.
        """
        if prompt or completion:
            self._prices = prompt, completion
            self._cost = Counter(
                "rag_model_cost_total",
                "What the language model's tokens cost, in the currency of the prices.",
                ["kind"],
                registry=self.registry,
            )

    def spent(self, prompt: int, completion: int) -> None:
        """Count tokens that the language model read and wrote."""
        for place, (kind, tokens) in enumerate((("prompt", prompt), ("completion", completion))):
            self.tokens.labels(kind).inc(tokens)
            if self._cost and self._prices:
                self._cost.labels(kind).inc(tokens * self._prices[place] / 1e6)

    @contextmanager
    def stage(self, operation: str, stage: str) -> Iterator[None]:
        """Measure a stage, also when it fails; it is a span of what is traced."""
        start = time.perf_counter()
        try:
            with tracing.stage(f"{operation} {stage}"):
                yield
        finally:
            self.stages.labels(operation, stage).observe(time.perf_counter() - start)
