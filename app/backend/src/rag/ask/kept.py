"""Answers that were given, for those who ask the same: in the same words, or in others."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from rag.access.scope import Scope
from rag.adapters.protocols import AnswerCache, Vector
from rag.ask.alike import Alike
from rag.ask.events import Told
from rag.ask.extract import Extractor
from rag.ask.repository import SearchRepository
from rag.errors import BusyError, DependencyError
from rag.metrics import Metrics

_SURE = 0.7
"""The confidence with which the passages of an answer must carry one to another question."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that stands alone. language: None when unsure; among: those of the documents."""

    text: str
    vector: Vector
    language: str | None
    among: Sequence[str]


class KeptAnswers:
    """The cache of answers. `given` is what an answer depends on beside its question."""

    def __init__(
        self,
        cache: AnswerCache,
        alike: Alike | None,
        repository: SearchRepository,
        extractor: Extractor,
        metrics: Metrics,
    ) -> None:
        """alike: finds questions that ask the same in other words; None: only the same words do."""
        self._cache = cache
        self._alike = alike
        self._repository = repository
        self._extractor = extractor
        self._metrics = metrics

    async def exact(self, question: str, given: Sequence[str]) -> Told | None:
        """What was told to this question, to the letter."""
        told = await self._get(_digest(question, given))
        if told or not self._alike:
            self._metrics.cache.labels("hit" if told else "miss").inc()
        return told

    async def alike(self, scope: Scope, asked: Asked, given: Sequence[str]) -> Told | None:
        """What was told to a question that asks the same in other words, if that is wanted."""
        if not self._alike:
            return None
        with self._metrics.stage("ask", "alike"):
            key = await self._alike.find(given, asked.language, asked.text, asked.vector)
            told = await self._get(key) if key else None
            if told and not await self._bears(scope, asked, told):
                told = None
        self._metrics.cache.labels("alike" if told else "miss").inc()
        return told

    async def keep(self, asked: Asked, given: Sequence[str], told: Told) -> None:
        """Remember an answer. A refusal is for its own words: others may find what they did not."""
        key = _digest(asked.text, given)
        await self._cache.put(_name(key), told.model_dump_json().encode())
        if self._alike and not told.answer.refused:
            await self._alike.note(given, asked.language, asked.text, asked.vector, key)

    async def _get(self, key: bytes) -> Told | None:
        with self._metrics.stage("ask", "cache"):
            cached = await self._cache.get(_name(key))
        return Told.model_validate_json(cached) if cached else None

    async def _bears(self, scope: Scope, asked: Asked, told: Told) -> bool:
        """Whether what an answer cites is evidence for this question, too.

        Vectors do not tell opening from closing; the words of the passages do.
        """
        try:
            stems = await self._repository.stems(asked.text, asked.language, asked.among)
            ids = [source.chunk_id for source in told.sources or ()]
            passages = await self._repository.passages(scope, ids)
            found = await self._extractor.answer(asked.text, asked.vector, stems, passages)
        except (BusyError, DependencyError):
            # A cache that cannot look is a miss; what is down, the answer's own way tells.
            return False
        sure = found.answer.confidence is None or found.answer.confidence >= _SURE
        return sure and any(
            one.document_id == other.document_id
            and (one.excerpt in other.excerpt or other.excerpt in one.excerpt)
            for one in found.answer.citations
            for other in told.answer.citations
        )


def _digest(question: str, given: Sequence[str]) -> bytes:
    # As it is written: capitals tell names, and help to tell the language.
    return hashlib.sha256("\0".join((question, *given)).encode()).digest()


def _name(key: bytes) -> str:
    return "rag:told:" + key.hex()
