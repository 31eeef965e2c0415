"""Two rankings as one, and weights of collections."""

import pytest

from rag.access.space import chunk_prefix, document_id
from rag.ask.fusion import CollectionWeights, Fusion, Weights

EVEN = Fusion(Weights(1, 1))


def order(fusion, near, words, **more):
    return [item for item, _score in fusion.scored(near, words, **more)]


def test_what_both_find_is_best():
    near, words = [("a", 0.8), ("b", 0.7), ("c", 0.6)], [("c", 9.0), ("d", 2.0)]
    assert order(EVEN, near, words) == ["c", "a", "b", "d"]
    assert order(EVEN, [("a", 0.5)], []) == ["a"]
    assert order(EVEN, [], []) == []
    assert order(EVEN, [("b", 0.5)], [("a", 7.0)]) == ["a", "b"]
    assert order(Fusion(Weights(2, 1)), [("b", 0.5)], [("a", 7.0)]) == ["b", "a"]
    assert order(EVEN, [("b", -0.1), ("c", -0.2)], [("a", 7.0)]) == ["a", "b", "c"]
    assert order(EVEN, [("b", 0.5)], [("a", 7.0)], meaning=0.1) == ["a", "b"]


def chunk(tenant, collection, digit):
    """The id of a chunk of a collection."""
    return f"{chunk_prefix(document_id(tenant, collection, digit * 64))}-0"


def test_each_collection_has_its_weights():
    code, plain = chunk("default", "code", "a"), chunk("default", "default", "b")
    near, words = [(code, 0.9), (plain, 0.8)], [(plain, 5.0), (code, 4.0)]
    assert order(EVEN, near, words) == [plain, code]
    only_words = CollectionWeights.of("code = 0:1, acme/code=5:0")
    assert order(Fusion(Weights(1, 0.1), only_words), near, words) == [plain, code]
    assert order(Fusion(Weights(1, 0.1), CollectionWeights.of("code=3:1")), near, words)[0] == code
    theirs = chunk("acme", "code", "a")
    scored = dict(Fusion(Weights(1, 1), only_words).scored([(theirs, 0.9), (code, 0.9)], []))
    assert scored == {theirs: 5, code: 0}


def test_the_first_collection_has_weights_too():
    plain = chunk("default", "default", "b")
    fusion = Fusion(Weights(1, 1), CollectionWeights.of("default=0.5:2"))
    assert fusion.scored([(plain, 0.7)], [(plain, 3)]) == [(plain, 2.5)]


@pytest.mark.parametrize(
    "text",
    [
        *("code", "code=1", "code=1:x", "code=-1:1", "code=0:0", "code=1:101", "code=nan:1"),
        *("code=1:inf", "Code=1:1", "a/b/c=1:1", "=1:1", "/code=1:1"),
    ],
)
def test_what_are_no_weights_is_refused(text):
    with pytest.raises(ValueError, match="dense:lexical"):
        CollectionWeights.of(text)


def test_a_search_goes_by_the_collections_weights(start):
    client = start(COLLECTION_WEIGHTS="vestry=0:1")
    body = {"query": "the keeper of the vestry bell", "collections": ["vestry"], "debug": True}
    uploaded = client.post(
        "/v1/documents",
        files={"file": ("bell.txt", b"The keeper of the vestry bell is Odd.", "text/plain")},
        data={"collection": "vestry"},
        headers={"prefer": "wait=60"},
    )
    assert uploaded.status_code == 201, uploaded.text
    [hit] = client.post("/v1/search", json=body).json()["hits"]
    assert hit["scores"]["dense"] > 0
    assert hit["score"] == pytest.approx(1)
