"""Requests and responses of OpenAI's Chat Completions API, as far as they matter here."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from rag.adapters.protocols import Turn
from rag.ask.schemas import LONGEST_TURN, MOST_TURNS, Citation
from rag.ask.text import plain
from rag.errors import InvalidRequestError

MODEL = "rag"
_LONGEST_QUESTION = 2000


class Part(BaseModel):
    """A part of a message; only texts can be answered."""

    type: str
    text: str | None = None


class ChatMessage(BaseModel):
    """A message of a conversation; what it has beside these is ignored."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | Annotated[list[Part], Field(max_length=100)] | None = None

    @property
    def text(self) -> str:
        """Its text; raises InvalidRequestError for an image or a sound."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        if others := sorted({part.type for part in self.content} - {"text"}):
            kind = others[0][:40]
            raise InvalidRequestError(f"messages may have text only, and one has a part {kind!r}")
        return "\n".join(part.text or "" for part in self.content)


class StreamOptions(BaseModel):
    """What a stream has beside the answer."""

    include_usage: StrictBool | None = None


class ChatRequest(BaseModel):
    """A request for a completion. Other parameters of OpenAI's API are taken and ignored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "model": MODEL,
                    "messages": [
                        {"role": "user", "content": "How many days of paid holiday are there?"}
                    ],
                }
            ]
        }
    )

    model: str = Field(max_length=200)
    messages: list[ChatMessage] = Field(min_length=1, max_length=1000)
    """The last message of the user is the question; those before it are the conversation."""
    stream: StrictBool | None = None
    stream_options: StreamOptions | None = None
    n: Literal[1] | None = None

    def asked(self) -> tuple[str, list[Turn]]:
        """The question, and the last turns before it; raises InvalidRequestError."""
        place = max(
            (n for n, item in enumerate(self.messages) if item.role == "user"), default=None
        )
        if place is None:
            raise InvalidRequestError("messages must have one of the role user")
        question = self.messages[place].text.strip()
        if not 1 <= len(question) <= _LONGEST_QUESTION:
            raise InvalidRequestError(
                f"the last message of the user must have 1 to {_LONGEST_QUESTION} characters"
            )
        _check(question)
        said = [
            Turn(item.role, item.text[:LONGEST_TURN])
            for item in self.messages[:place]
            if item.role in ("user", "assistant")
        ]
        turns = [turn for turn in said if turn.content.strip()][-MOST_TURNS:]
        for turn in turns:
            _check(turn.content)
        return question, turns


def _check(text: str) -> None:
    try:
        plain(text)
    except ValueError as error:
        raise InvalidRequestError(f"a message {error}") from None


class UrlCitation(BaseModel):
    """`content[start_index:end_index]` is the citation's marker, such as `[1]`."""

    start_index: int
    end_index: int
    title: str
    url: str


class Annotation(BaseModel):
    """A citation as OpenAI's own searches have them."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class Completed(BaseModel):
    """An answer as a message; `citations`, `refused` and `language` are this service's own."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[Annotation]
    citations: list[Citation]
    """The marker `[1]` stands for the first one."""
    refused: bool
    language: str | None = None
    """The question's, as a BCP 47 tag; null when unsure. A refusal is in it."""


class Choice(BaseModel):
    """The only choice."""

    index: Literal[0] = 0
    message: Completed
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class Tokens(BaseModel):
    """What the language model took; 0 without one, and for what the cache answers."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class ChatCompletion(BaseModel):
    """A completion."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: Literal["rag"] = "rag"
    choices: list[Choice]
    usage: Tokens


class Model(BaseModel):
    """A model that can be asked."""

    id: str = MODEL
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "ragops"


class Models(BaseModel):
    """All models."""

    object: Literal["list"] = "list"
    data: list[Model]


CHAT_ERROR: dict[str, Any] = {
    "description": "An error in OpenAI's form",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["error"],
                "properties": {
                    "error": {
                        "type": "object",
                        "required": ["message", "type"],
                        "properties": {
                            "message": {"type": "string"},
                            "type": {"type": "string"},
                            "param": {"type": "null"},
                            "code": {"type": "string"},
                        },
                    }
                },
            }
        }
    },
}
