"""Where the documents of a collection are: their ids, their files, and what finds their chunks.

The ids of a collection's documents begin with its space, and those of their chunks with a mark and
the space: so both searches filter by the chunks' ids, and no index needs a field of its own. The
default collection of the default tenant has no space and no mark, as all documents of before.
"""

import hashlib

from rag.access.scope import DEFAULT, Scope
from rag.adapters.protocols import MARK, Reach

_TENANT, _COLLECTION = 10, 6
_SPACE = _TENANT + _COLLECTION
_PLAIN_ID, _CONTENT = 32, 30
"""Hexadecimal digits of ids, and of what tells contents apart within a space."""


def document_id(tenant: str, collection: str, sha256: str) -> str:
    """The id of a document: the same content has one in each collection."""
    space = collection_space(tenant, collection)
    return f"{space}{sha256[:_CONTENT]}" if space else sha256[:_PLAIN_ID]


def content_id(document_id: str, sha256: str) -> str:
    """The id that a document with this content would have in the collection of a document."""
    space = _space_of(document_id)
    return f"{space}{sha256[:_CONTENT]}" if space else sha256[:_PLAIN_ID]


def file_of(document_id: str, sha256: str) -> str:
    """The name of a document's file: no two collections share one."""
    space = _space_of(document_id)
    return f"{space}/{sha256}" if space else sha256


def chunk_prefix(document_id: str) -> str:
    """What the ids of a document's chunks begin with."""
    return f"{MARK}{document_id}" if _space_of(document_id) else document_id


def space_of_chunk(chunk_id: str) -> str:
    """The space of the collection that a chunk is in, as `collection_space` tells it."""
    return chunk_id[len(MARK) : len(MARK) + _SPACE] if chunk_id.startswith(MARK) else ""


def lock_of(document_id: str) -> int:
    """The number of a document's lock; programs of before know that of their own documents."""
    digits = document_id[-15:] if _space_of(document_id) else document_id[:15]
    return int(digits, 16)


def reach_of(scope: Scope) -> Reach:
    """What the ids of a scope's chunks are like."""
    if scope.collections is None:
        beginnings = [MARK + _hash(scope.tenant, _TENANT)]
        return Reach(tuple(beginnings), plain=scope.tenant == DEFAULT)
    spaces = [collection_space(scope.tenant, each) for each in scope.collections]
    return Reach(tuple(MARK + each for each in spaces if each), plain="" in spaces)


def collection_space(tenant: str, collection: str) -> str:
    """The space of a collection; none for the default one of the default tenant."""
    if tenant == collection == DEFAULT:
        return ""
    own = _hash(f"{tenant}/{collection}", _COLLECTION)
    return _hash(tenant, _TENANT) + own


def _space_of(document_id: str) -> str:
    return document_id[:_SPACE] if len(document_id) == _SPACE + _CONTENT else ""


def _hash(text: str, digits: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:digits]
