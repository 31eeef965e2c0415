"""JSON logs, one object a line on stdout. Texts of documents and questions are never logged."""

import logging
import sys
from collections.abc import Iterable

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from rag import crashes, tracing

_hidden: list[str] = []
"""Every secret that this process has had, the longest first: one may be a part of another."""


def hide(secrets: Iterable[str]) -> None:
    """Strike these texts out of everything that is logged from now on."""
    if new := set(secrets) - set(_hidden):
        _hidden[:] = sorted([*_hidden, *new], key=len, reverse=True)


def _strike(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Strike the secrets out of every text, at any depth of exceptions too."""
    return {key: redact(value) for key, value in event.items()}


def redact(value: object) -> object:
    """`value`, with every secret replaced if it is a text."""
    if isinstance(value, str):
        for secret in _hidden:
            value = value.replace(secret, "***")
    return value


def _trace(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Add the trace that a record belongs to."""
    return {**event, **tracing.ids()}


def _exception(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Put an error in words: where it happened, and no text that its message may quote."""
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    return {**event, "exception": crashes.told(error)} if error else event


def configure(level: str, secrets: Iterable[str] = ()) -> None:
    """Send structlog's and the standard library's records to stdout as JSON, without `secrets`."""
    hide(secrets)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _trace,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _exception,
        _strike,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.PositionalArgumentsFormatter(), *shared],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _strike,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Whatever the level: who may look for it must find it.
    logging.getLogger("rag.audit").setLevel(logging.INFO)
    # Libraries at debug level write request bodies, which are users' texts.
    for name in ("openai", "httpx2", "httpcore2", "botocore", "aiobotocore", "pymilvus", "mcp"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # pymilvus logs every failed call itself, also those which readiness reports.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
