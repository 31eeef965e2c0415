"""Ids, files and searches of collections: what programs of before know stays as it was."""

import itertools

import pytest

from rag.access import space
from rag.access.scope import Scope
from rag.adapters.milvus import _within
from rag.errors import ForbiddenError

SHA256 = "9f2c1e0b7a6d4c3f8e5b2a1d0c9f8e7b" * 2
LONGEST = 64
"""Characters of the field `chunk_id` in Milvus."""


def test_the_first_collection_is_as_before() -> None:
    identity = space.document_id("default", "default", SHA256)
    assert identity == SHA256[:32]
    assert space.file_of(identity, SHA256) == SHA256
    assert space.chunk_prefix(identity) == identity
    assert space.lock_of(identity) == int(SHA256[:15], 16)


def test_no_two_collections_share_an_id_a_file_or_a_lock() -> None:
    places = [*itertools.product(("default", "a", "b"), ("default", "a", "b"))]
    ids = [space.document_id(*place, SHA256) for place in places]
    assert len(set(ids)) == len(places)
    assert len({space.file_of(identity, SHA256) for identity in ids}) == len(places)
    assert all(set(identity) <= set("0123456789abcdef") for identity in ids)
    # A document's own lock, not one for all of a collection.
    other = [space.document_id("a", "a", text * 32) for text in ("12", "34")]
    assert space.lock_of(other[0]) != space.lock_of(other[1])


def test_chunks_fit_into_the_index() -> None:
    identity = space.document_id("a", "b", SHA256)
    assert len(f"{space.chunk_prefix(identity)}-{'0' * 8}-{19_999:05d}") <= LONGEST


@pytest.mark.parametrize("tenant", ["default", "a"])
@pytest.mark.parametrize("collections", [None, ("default",), ("a",), ("default", "b")])
def test_a_scope_reaches_its_own_chunks_alone(tenant, collections) -> None:
    reach = space.reach_of(Scope(tenant, collections))
    for own, collection in itertools.product(("default", "a", "b"), ("default", "a", "b")):
        chunk = space.chunk_prefix(space.document_id(own, collection, SHA256))
        found = chunk.startswith(reach.beginnings) or (reach.plain and chunk[0] != "t")
        wanted = own == tenant and (collections is None or collection in collections)
        assert found == wanted, (own, collection)
    assert len({len(each) for each in reach.beginnings}) <= 1


def test_names_never_reach_a_filter() -> None:
    """They are hashed: no name can end the text of a condition."""
    expression = _within(space.reach_of(Scope('a" or 1', ('b" or "',))))
    assert expression.count('"') == 2
    assert "or" not in expression


def test_scopes_only_narrow() -> None:
    scope = Scope("a", ("x", "y"))
    assert scope.narrowed(None) is scope
    assert scope.narrowed(["y", "y"]).collections == ("y",)
    assert Scope("a").narrowed(["z"]).collections == ("z",)
    with pytest.raises(ForbiddenError, match="'z'"):
        scope.narrowed(["x", "z"])
    assert Scope("a", ("x",)).target(None) == "x"
    assert Scope("a").target(None) == "default"
    for wanted in (None, "z"):
        with pytest.raises(ForbiddenError):
            scope.target(wanted)
