"""POST /v1/ask."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.sse import format_sse_event

from rag.api.deps import Asking, Caller, State
from rag.api.leaving import unless_gone
from rag.api.problems import PROBLEM_RESPONSE, details
from rag.api.stream import EventStream, EventStreamResponse
from rag.ask.events import Cited, Delta, Event, Sources
from rag.ask.schemas import Answer, Question

router = APIRouter(prefix="/v1", tags=["ask"])

_EVENTS = """event: sources
data: {"sources": [{"chunk_id": "9f2c-00000", "document_id": "9f2c", "page": 1, ...}]}

event: delta
data: {"text": "Every employee has 30 days of paid holiday a year."}

event: citation
data: {"number": 1, "at": 50, "citation": {"document_id": "9f2c", "page": 1, ...}}

event: done
data: {"answer": "...", "citations": [...], "refused": false, "language": "en"}

"""


@router.post(
    "/ask",
    response_model=Answer,
    responses={
        200: {
            "description": "The answer; as events if the client asks for them",
            "content": {
                "text/event-stream": {"example": _EVENTS},
            },
        },
        **dict.fromkeys((400, 403, 413, 422, 503), PROBLEM_RESPONSE),
    },
)
async def ask(
    question: Question, service: Asking, caller: Caller, state: State, request: Request
) -> Answer | Response:
    """Answer a question from the documents, with citations; refuse what they do not carry.

    With `Accept: text/event-stream`, or `"stream": true`, the answer comes as server-sent events:
    `sources`, then `delta` and `citation` in turn, last `done` with the whole answer, or `error`
    with a problem. What fails before the first event has its own status.
    """
    asked = caller.scope.narrowed(question.collections), question.question, question.turns
    if not (question.stream or _wants_events(request)):
        return await unless_gone(request, service.ask(*asked))
    stream = await EventStream.begun(request, service.tell(*asked))
    return EventStreamResponse(
        stream,
        lambda event: _encoded(request, event),
        state.metrics,
        heartbeat=state.settings.heartbeat_seconds,
    )


def _wants_events(request: Request) -> bool:
    accepted = request.headers.get("accept", "").split(",")
    return any(item.partition(";")[0].strip() == "text/event-stream" for item in accepted)


def _encoded(request: Request, event: Event | Exception) -> Iterator[bytes]:
    name: str
    data: dict[str, Any]
    if isinstance(event, Sources):
        name, data = "sources", {"sources": [item.model_dump() for item in event.sources]}
    elif isinstance(event, Delta):
        name, data = "delta", asdict(event)
    elif isinstance(event, Cited):
        data = {"number": event.number, "at": event.at, "citation": event.citation.model_dump()}
        name = "citation"
    elif isinstance(event, Exception):
        name, data = "error", details(request, event)
    else:
        name, data = "done", event.answer.model_dump()
    yield format_sse_event(event=name, data_str=json.dumps(data, ensure_ascii=False))
