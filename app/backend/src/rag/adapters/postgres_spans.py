"""A span for each statement. It names what is done to which table, never a value."""

import re
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext, ExecutionContext

from rag import tracing

_TARGET = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+\"?(\w+)", re.IGNORECASE)
_WORD = re.compile(r"\s*(\w+)")
_HEAD = 2000
"""Characters of a statement that are looked at."""
_KEPT = "_rag_call"


def trace(engine: Engine) -> None:
    """Make spans of what the engine does from now on, as parts of requests and jobs."""

    @event.listens_for(engine, "before_cursor_execute")
    def _before(
        _connection: object, _cursor: object, statement: str, _values: Any, run: Any, _many: bool
    ) -> None:
        word, target = _WORD.match(statement), _TARGET.search(statement[:_HEAD])
        operation = word[1].upper() if word else "statement"
        about = {"db.collection.name": target[1]} if target else {}
        call = tracing.calling(
            "postgres",
            f"{operation} {target[1]}" if target else operation,
            **{"db.system.name": "postgresql", "db.operation.name": operation},
            **about,
        )
        call.__enter__()
        if run is not None:
            setattr(run, _KEPT, call)

    @event.listens_for(engine, "after_cursor_execute")
    def _after(
        _connection: object, _cursor: object, _statement: str, _values: Any, run: Any, _many: bool
    ) -> None:
        _end(run, None)

    @event.listens_for(engine, "handle_error")
    def _failed(about: ExceptionContext) -> None:
        _end(about.execution_context, about.original_exception)


def _end(run: ExecutionContext | None, error: BaseException | None) -> None:
    call: AbstractContextManager[object] | None = getattr(run, _KEPT, None)
    if call is not None:
        setattr(run, _KEPT, None)
        call.__exit__(type(error) if error else None, error, None)
