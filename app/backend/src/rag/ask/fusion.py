"""Two rankings as one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from rag.access.scope import DEFAULT, NAME
from rag.access.space import collection_space, space_of_chunk

Found = tuple[str, float]
"""The id of a chunk, and its score; 0 and less count for nothing."""

_MOST = 100.0


@dataclass(frozen=True, slots=True)
class Weights:
    """What the places in the two searches count."""

    dense: float
    lexical: float


@dataclass(frozen=True, slots=True)
class Fusion:
    """Each ranking adds its weight times the share of its best score.

    Scores tell more than ranks do: a leg that found one thing and then nothing like it says so.
    collections: weights of the chunks of some collections, by their space (rag.access.space).
    """

    usual: Weights
    collections: Mapping[str, Weights] = field(default_factory=dict)

    def scored(
        self, dense: Sequence[Found], lexical: Sequence[Found], *, meaning: float = 1
    ) -> list[Found]:
        """Chunks that stand high in any of the two, best first, at most the sum of the weights.

        meaning: the part of its weight that the dense ranking has for this question.
        """
        scores: dict[str, float] = {}
        for ranking, near in ((dense, True), (lexical, False)):
            best = max((score for _item, score in ranking), default=0.0)
            for item, score in ranking:
                share = max(score, 0.0) / best if best > 0 else 0.0
                weights = self._of(item)
                weight = weights.dense * meaning if near else weights.lexical
                scores[item] = scores.get(item, 0.0) + weight * share
        return sorted(scores.items(), key=lambda found: (-found[1], found[0]))

    def _of(self, chunk_id: str) -> Weights:
        if not self.collections:
            return self.usual
        return self.collections.get(space_of_chunk(chunk_id), self.usual)


class CollectionWeights(dict[str, Weights]):
    """Weights by the space of a collection."""

    @classmethod
    def of(cls, text: str) -> Self:
        """From `[tenant/]collection=dense:lexical`, with commas; no tenant is the default one.

        Raises ValueError.
        """
        found = cls()
        for item in filter(None, (each.strip() for each in text.split(","))):
            place, _equals, numbers = item.partition("=")
            tenant, slash, collection = place.strip().rpartition("/")
            tenant = tenant if slash else DEFAULT
            dense, _colon, lexical = numbers.partition(":")
            try:
                weights = Weights(float(dense), float(lexical))
            except ValueError:
                weights = Weights(-1, -1)
            names = all(re.fullmatch(NAME, each) for each in (tenant, collection))
            numbered = all(0 <= each <= _MOST for each in (weights.dense, weights.lexical))
            if not names or not numbered or not weights.dense + weights.lexical:
                raise ValueError(
                    "must be [tenant/]collection=dense:lexical, with commas; weights from 0 to 100"
                )
            found[collection_space(tenant, collection)] = weights
        return found
