"""Collect the evidence of passages for a question: stems from PostgreSQL, meanings of the model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.adapters.protocols import TokenEmbedder
from rag.ask import evidence as rated
from rag.ask.evidence import Evidence, Found, fold
from rag.ask.question import Asked, take_apart
from rag.ask.repository import Passage, SearchRepository
from rag.ask.units import Kind, Unit, units
from rag.languages.detect import DEFAULT

MOST_ENCODED = 32
"""So many units are encoded, which takes most of a question's time."""
_IN_NAMES = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Gathered:
    """A question and the evidence for it. pages: the units of each passage, by chunk.

    by_meaning: whether words were compared by what they mean, not by their letters.
    """

    asked: Asked
    every: list[Evidence]
    pages: dict[str, list[Unit]]
    by_meaning: bool = True


class Gatherer:
    """Weighs the units of passages."""

    def __init__(self, repository: SearchRepository, embedder: TokenEmbedder) -> None:
        self._repository = repository
        self._embedder = embedder

    async def gather(self, question: str, passages: Sequence[Passage]) -> Gathered:
        """The evidence of the passages' units; raises DependencyError and BusyError."""
        before = await self._repository.before([passage.chunk_id for passage in passages])
        pages = {
            passage.chunk_id: units(passage, before.get(passage.chunk_id, ""))
            for passage in passages
        }
        asked, focus = await self._asked(question)
        found = await self._found(asked, pages)
        ranked = sorted(
            found, key=lambda each: -(rated.coverage(asked, each) + 1 / (each.rank + 1))
        )[:MOST_ENCODED]
        [read, *texts] = await self._embedder.encode([question, *(each.context for each in ranked)])
        every = rated.weigh(asked, read, ranked, texts, focus)
        return Gathered(asked, every, pages, read.by_meaning)

    async def _asked(self, question: str) -> tuple[Asked, frozenset[str]]:
        asked = take_apart(question)
        texts = [word.text for word in asked.words]
        *stems, focus = await self._repository.lexemes([*texts, asked.focus])
        weights: dict[str, float] = {}
        codes: set[str] = set()
        spelled: dict[str, str] = {}
        for word, own in zip(asked.words, stems, strict=True):
            spelled |= {stem: fold(stem) for stem in own}
            for stem in map(fold, own):
                if word.weight > 0:
                    weights[stem] = max(weights.get(stem, 0.0), word.weight)
                    codes |= {stem} if word.is_code else set()
        made = replace(
            asked,
            stems=weights,
            codes=frozenset(codes),
            spelled=spelled,
            word_stems=tuple(frozenset(map(fold, own)) for own in stems),
        )
        return made, frozenset(map(fold, focus))

    async def _found(self, asked: Asked, pages: dict[str, list[Unit]]) -> list[Found]:
        every = [unit for page in pages.values() for unit in page]
        heads = [self._head(unit, pages) for unit in every]
        names = {
            unit.passage.document_id: " ".join(_IN_NAMES.findall(unit.passage.filename))
            for unit in every
        }
        for document, opening in (await self._repository.openings(names.keys())).items():
            names[document] += f" {opening}"
        spoken = [unit.passage.language for unit in every]
        read = await self._repository.lexemes(
            [*(unit.text for unit in every), *heads, *names.values()],
            [*spoken, *spoken, *(DEFAULT for _name in names)],
        )
        stems = [frozenset(map(fold, each)) for each in read]
        own, above = stems[: len(every)], stems[len(every) : 2 * len(every)]
        subjects = dict(zip(names, stems[2 * len(every) :], strict=True))
        documents = {document: set(held) for document, held in subjects.items()}
        passages: dict[str, set[str]] = {}
        place: dict[tuple[str, int], int] = {}
        for n, unit in enumerate(every):
            passages.setdefault(unit.passage.chunk_id, set()).update(own[n] | above[n])
            documents[unit.passage.document_id] |= own[n] | above[n]
            place[unit.passage.chunk_id, unit.position] = n
        wanted = asked.stems.keys()
        missing = {stem for held in documents.values() for stem in wanted - held}
        missing |= {spelled for spelled, stem in asked.spelled.items() if stem in missing}
        for document, held in (await self._repository.held(documents.keys(), missing)).items():
            documents[document] |= set(map(fold, held))
        ranks = {chunk: rank for rank, chunk in enumerate(pages)}
        found: dict[tuple[str, str], Found] = {}
        for n, unit in enumerate(every):
            if unit.kind is Kind.TITLE and len(every) > 1:
                continue
            chunk, document = unit.passage.chunk_id, unit.passage.document_id
            beside = [place.get((chunk, unit.position + step)) for step in (-1, 1)]
            before = beside[0]
            made = Found(
                unit=unit,
                own=own[n],
                above=above[n],
                near=frozenset[str]().union(*(own[m] for m in beside if m is not None)),
                passage=frozenset(passages[chunk]),
                document=frozenset(documents[document]),
                subject=subjects[document],
                rank=ranks[chunk],
                first=before is not None and every[before].kind is Kind.TITLE,
                lead=pages[chunk][unit.lead].text if unit.lead is not None else "",
                after=every[beside[1]].text if beside[1] is not None else "",
            )
            found.setdefault((document, " ".join(unit.text.split())), made)
        return list(found.values())

    @staticmethod
    def _head(unit: Unit, pages: dict[str, list[Unit]]) -> str:
        lead = pages[unit.passage.chunk_id][unit.lead].text if unit.lead is not None else ""
        return f"{unit.passage.heading} {unit.title} {lead}"
