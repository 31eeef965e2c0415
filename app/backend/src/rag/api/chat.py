"""POST /v1/chat/completions and GET /v1/models: what clients of OpenAI's API speak."""

import json
import time
import uuid
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.sse import format_sse_event

from rag.api import openai_errors
from rag.api.chat_schemas import (
    CHAT_ERROR,
    MODEL,
    Annotation,
    ChatCompletion,
    ChatRequest,
    Choice,
    Completed,
    Model,
    Models,
    Tokens,
    UrlCitation,
)
from rag.api.deps import Asking, Caller, State
from rag.api.leaving import unless_gone
from rag.api.problems import details
from rag.api.stream import EventStream, EventStreamResponse
from rag.ask.events import Cited, Delta, Done, Event, Sources
from rag.errors import ModelNotFoundError

router = APIRouter(prefix="/v1", tags=["openai"])

_CHUNKS = """data: {"object": "chat.completion.chunk", "choices": [{"delta": {"content": "30"}}]}

data: [DONE]

"""


@router.get("/models", name="list_models")
async def list_models() -> Models:
    """The only model: `rag`."""
    return Models(data=[Model()])


@router.get("/models/{model}", responses={404: CHAT_ERROR})
async def get_model(model: str) -> Model:
    """Show the model."""
    _known(model)
    return Model()


@router.post(
    "/chat/completions",
    response_model=ChatCompletion,
    responses={
        200: {
            "description": "The answer; with `stream` as chunks, and `[DONE]` at the end",
            "content": {"text/event-stream": {"example": _CHUNKS}},
        },
        **dict.fromkeys((400, 404, 413, 503), CHAT_ERROR),
    },
)
async def create_chat_completion(
    wanted: ChatRequest, service: Asking, caller: Caller, state: State, request: Request
) -> ChatCompletion | Response:
    """Answer the last message of the user from the documents.

    The content has a marker such as `[1]` for each citation. `annotations` link to the documents,
    and `citations` have the excerpts. Messages of the system are ignored: they cannot change what
    counts as an answer.
    """
    _known(wanted.model)
    question, turns = wanted.asked()
    writing = _Writing(str(state.settings.public_url or request.base_url).rstrip("/"))
    events = service.tell(caller.scope, question, turns)
    if not wanted.stream:
        return await unless_gone(request, writing.whole(events))
    usage = bool(wanted.stream_options and wanted.stream_options.include_usage)
    return EventStreamResponse(
        await EventStream.begun(request, events),
        lambda event: writing.chunks(request, event, usage=usage),
        state.metrics,
        heartbeat=state.settings.heartbeat_seconds,
    )


def _known(model: str) -> None:
    if model != MODEL:
        raise ModelNotFoundError(f"there is no model {model[:64]!r}, only {MODEL!r}")


class _Writing:
    """A completion as it comes to be."""

    def __init__(self, base: str) -> None:
        """`base`: where the service is reached, for links."""
        self._base = base
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())
        self._content = ""
        self._annotations: list[Annotation] = []
        self._names: dict[str, str] = {}

    async def whole(self, events: AsyncGenerator[Event, None]) -> ChatCompletion:
        """The completion when all of it is there."""
        done: Done | None = None
        async with aclosing(events):
            async for event in events:
                self._add(event)
                done = event if isinstance(event, Done) else done
        if done is None:
            raise RuntimeError("an answer without an end")
        return ChatCompletion(
            id=self._id,
            created=self._created,
            choices=[
                Choice(
                    message=Completed(
                        content=self._content,
                        annotations=self._annotations,
                        citations=done.answer.citations,
                        refused=done.answer.refused,
                        language=done.answer.language,
                    )
                )
            ],
            usage=_tokens(done),
        )

    def chunks(self, request: Request, event: Event | Exception, *, usage: bool) -> Iterator[bytes]:
        """What is sent of an event."""
        if isinstance(event, Exception):
            told = details(request, event)
            kind = told["type"].removeprefix("urn:rag:problem:")
            _status, body = openai_errors.error(told["status"], kind, told["detail"])
            yield _data(body)
            return
        if isinstance(event, Sources):
            yield self._chunk({"role": "assistant", "content": ""})
        if text := self._add(event):
            yield self._chunk({"content": text})
        if isinstance(event, Done):
            last = {
                "annotations": [item.model_dump() for item in self._annotations],
                "citations": [item.model_dump() for item in event.answer.citations],
                "refused": event.answer.refused,
                "language": event.answer.language,
            }
            yield self._chunk(last, "stop")
            if usage:
                yield self._base_chunk(choices=[], usage=_tokens(event).model_dump())
            yield format_sse_event(data_str="[DONE]")

    def _add(self, event: Event) -> str:
        """Take an event in; the text that it adds."""
        text = ""
        if isinstance(event, Sources):
            self._names = {item.document_id: item.filename for item in event.sources}
        elif isinstance(event, Delta):
            text = event.text
        elif isinstance(event, Cited):
            text = self._marker(event)
        self._content += text
        return text

    def _marker(self, event: Cited) -> str:
        marker = f"[{event.number}]"
        text = marker if self._content.endswith("]") else f" {marker}"
        end = len(self._content) + len(text)
        citation = event.citation
        cited = UrlCitation(
            start_index=end - len(marker),
            end_index=end,
            title=self._names.get(citation.document_id, citation.document_id),
            url=f"{self._base}/v1/documents/{citation.document_id}#page={citation.page}",
        )
        self._annotations.append(Annotation(url_citation=cited))
        return text

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._base_chunk(choices=[choice])

    def _base_chunk(self, **more: Any) -> bytes:
        base = {"id": self._id, "object": "chat.completion.chunk", "created": self._created}
        return _data(base | {"model": MODEL} | more)


def _tokens(done: Done) -> Tokens:
    if done.usage is None:
        return Tokens()
    prompt, completion = done.usage.prompt, done.usage.completion
    return Tokens(
        prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion
    )


def _data(body: dict[str, Any]) -> bytes:
    return format_sse_event(data_str=json.dumps(body, ensure_ascii=False))
