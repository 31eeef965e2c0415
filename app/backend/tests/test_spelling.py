"""Evidence without states of tokens, as with embedding endpoints."""

import asyncio

import numpy as np

from rag.adapters.remembering import RememberingEmbedder
from rag.adapters.spelling import spelled
from rag.ask.model import fitted
from rag.metrics import Metrics


class Endpoint:
    """An embedder that gives vectors and nothing else."""

    model_id, dimension, languages = "endpoint", 3, frozenset({"en"})
    together, failing = True, ""

    async def embed(self, texts):
        return [np.array([len(text), 1, 0], dtype=np.float32) for text in texts]


def nearness(one, other):
    vector = np.zeros(3, dtype=np.float32)
    first, second = (spelled(text, vector).tokens.astype(float) / 127 for text in (one, other))
    return float((first @ second.T).max())


def test_words_are_near_that_share_letters():
    assert nearness("design", "design") > 0.99
    assert nearness("designed", "design") > 0.6
    assert nearness("designed", "drawn") < 0.3


def test_spans_are_of_the_text():
    text = "How high is it, exactly?"
    read = spelled(text, np.zeros(3, dtype=np.float32))
    assert [text[start:end] for start, end in read.spans] == ["How", "high", "is", "it", "exactly"]
    assert spelled("?!", np.zeros(3, dtype=np.float32)).tokens.shape[0] == 0


def test_an_embedder_without_states_is_read_by_its_letters():
    embedder = RememberingEmbedder(Endpoint(), Metrics(), texts=64, waiting=2)
    [read] = asyncio.run(embedder.encode(["seven lamps"]))
    assert read.by_meaning is False
    assert read.vector[0] == len("seven lamps")
    assert len(read.spans) == len(read.tokens) == 2


def test_both_ways_weigh_the_same_evidence():
    ways = [fitted(by_meaning=each) for each in (True, False)]
    names = [{model: set(values) for model, values in way.items()} for way in ways]
    assert names[0] == names[1]
    assert ways[0] != ways[1]
