"""Answers that a model writes from passages of the documents, told while it writes.

Its text is held back until the first citation of a passage that exists. So nothing is shown that
is refused afterwards, at the price of one sentence's time before the first text.
"""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing

import structlog

from rag.adapters.protocols import NO_ANSWER, AnswerModel, Excerpt, Usage
from rag.ask.citing import Mark, Marks
from rag.ask.events import Cited, Delta, Done, Event
from rag.ask.repository import Passage
from rag.ask.schemas import Answer, Citation

log = structlog.get_logger(__name__)

_MOST_HELD = 2000
"""Characters without a citation after which no source is expected any more."""


async def generate(
    model: AnswerModel, question: str, passages: Sequence[Passage], language: str | None = None
) -> AsyncGenerator[Event, None]:
    """Answer a question from passages, or refuse; the last event is `Done`.

    language: the question's, as far as it is known. Raises DependencyError, also after events.
    """
    excerpts = [
        Excerpt(number, f"{item.heading}\n{item.text}".strip())
        for number, item in enumerate(passages, 1)
    ]
    writing = _Writing(passages, language)
    usage: Usage | None = None
    async with aclosing(model.answer(question, excerpts)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Usage):
                usage = piece
                continue
            for event in writing.take(piece):
                yield event
            if writing.hopeless:
                break
    for event in writing.end():
        yield event
    if not writing.cited:
        log.info("ask.uncited", characters=len(writing.text))
    yield Done(writing.answer(), usage, writing.reason)


class _Writing:
    """A text that grows, and the citations in it."""

    def __init__(self, passages: Sequence[Passage], language: str | None) -> None:
        self._passages = passages
        self._language = language
        self._marks = Marks()
        self._numbers: dict[int, int] = {}
        self._shown = 0
        self.text = ""

    @property
    def cited(self) -> bool:
        """Whether a passage that exists was cited."""
        return bool(self._numbers)

    @property
    def hopeless(self) -> bool:
        """Whether no grounded answer comes any more."""
        return not self.cited and (
            len(self.text) > _MOST_HELD or self.text.lstrip().upper().startswith(NO_ANSWER)
        )

    @property
    def reason(self) -> str:
        """Why there is no grounded answer; empty where there is one."""
        if self.cited:
            return ""
        declined = self.text.lstrip().upper().startswith(NO_ANSWER)
        return "declined" if declined else "uncited"

    def take(self, piece: str) -> Iterator[Event]:
        """What can be shown after another piece."""
        return self._events(self._marks.feed(piece))

    def end(self) -> Iterator[Event]:
        """What can be shown when nothing follows."""
        return self._events(self._marks.end())

    def answer(self) -> Answer:
        """The whole."""
        if not self.cited:
            return Answer.refusal(self._language)
        known = [self._citation(number) for number in self._numbers]
        return Answer(answer=self.text, citations=known, refused=False, language=self._language)

    def _events(self, items: Iterator[str | Mark]) -> Iterator[Event]:
        for item in items:
            if isinstance(item, str):
                self.text += item if self.text else item.lstrip()
                if self.cited:
                    yield from self._rest()
            elif not self.hopeless:
                yield from self._cite(item)

    def _cite(self, mark: Mark) -> Iterator[Event]:
        for number in mark.numbers:
            if 1 <= number <= len(self._passages):
                place = self._numbers.setdefault(number, len(self._numbers) + 1)
                yield from self._rest()
                yield Cited(place, len(self.text), self._citation(number))

    def _rest(self) -> Iterator[Event]:
        if self._shown < len(self.text):
            yield Delta(self.text[self._shown :])
            self._shown = len(self.text)

    def _citation(self, number: int) -> Citation:
        item = self._passages[number - 1]
        return Citation(
            document_id=item.document_id,
            excerpt=item.text,
            page=item.page,
            version=item.version,
        )
