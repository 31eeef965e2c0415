"""An answer as it comes to be: what happens, in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel

from rag.adapters.protocols import Usage
from rag.ask.plain import plain
from rag.ask.schemas import Answer, Citation, Source


@dataclass(frozen=True, slots=True)
class Sources:
    """The passages that the answer will be made from, best first."""

    sources: list[Source]


@dataclass(frozen=True, slots=True)
class Delta:
    """A further piece of the answer's text."""

    text: str


@dataclass(frozen=True, slots=True)
class Cited:
    """What stands before character `at` of the answer has this citation.

    `number` is the citation's place in the answer's list, from 1.
    """

    number: int
    at: int
    citation: Citation


@dataclass(frozen=True, slots=True)
class Done:
    """The whole answer; `usage` is what a model took for it, if it says so.

    `reason`: why a model's answer is a refusal, `declined` or `uncited`.
    """

    answer: Answer
    usage: Usage | None = None
    reason: str = ""


Event = Sources | Delta | Cited | Done


class Told(BaseModel):
    """An answer that can be told again: `marks` are the place and number of each citation."""

    answer: Answer
    marks: list[tuple[int, int]]
    sources: list[Source] | None = None

    @classmethod
    def of(cls, answer: Answer) -> Self:
        """An answer made of sentences: each is cited where it ends, and the others at the end."""
        marks, place = [], 0
        for number, citation in enumerate(answer.citations, 1):
            sentence = plain(citation.excerpt)
            start = answer.answer.find(sentence, place)
            place = start + len(sentence) if start >= 0 else len(answer.answer)
            marks.append((place, number))
        return cls(answer=answer, marks=marks)

    def events(self) -> Iterator[Event]:
        """Sources if they are known, then text and citations in turn, then the whole."""
        if self.sources is not None:
            yield Sources(self.sources)
        text, shown = self.answer.answer, 0
        for at, number in self.marks:
            if at > shown:
                yield Delta(text[shown:at])
                shown = at
            yield Cited(number, at, self.answer.citations[number - 1])
        if shown < len(text):
            yield Delta(text[shown:])
        yield Done(self.answer)
