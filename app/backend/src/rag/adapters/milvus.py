"""Milvus: the vector index, always addressed through an alias.

Collection and alias are made by the platform's roles; here they are only verified.
Every call carries a deadline twice: pymilvus's own `timeout` (it bounds its retries)
and `asyncio.timeout` (it bounds what the former forgets, such as connecting).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import numpy as np
from grpc import RpcError, StatusCode
from grpc.aio import AioRpcError
from pymilvus import AsyncMilvusClient, DataType, MilvusException

from rag import tracing
from rag.adapters.protocols import MARK, Reach, Vector, VectorRow
from rag.errors import DependencyError

_T = TypeVar("_T")

_FIELDS = {
    "chunk_id": DataType.VARCHAR,
    "document_id": DataType.VARCHAR,
    "page": DataType.INT64,
    "ordinal": DataType.INT64,
    "embedding": DataType.FLOAT_VECTOR,
}
_COLLECTION_NOT_FOUND = 100
_REFUSALS = (StatusCode.PERMISSION_DENIED, StatusCode.UNAUTHENTICATED)
_VERIFY_SECONDS = 30.0
_BATCH = 500
# By default channels to one address share a back-off which grows to two minutes: a new
# client would go on failing long after the server is back.
_GRPC = {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.initial_reconnect_backoff_ms": 200,
    "grpc.max_reconnect_backoff_ms": 2000,
}


class MilvusIndex:
    """A `VectorIndex` on the collection behind `alias`."""

    def __init__(
        self,
        uri: str,
        token: Callable[[], str],
        alias: str,
        *,
        dimension: int,
        timeout: float,
        check: float,
        ca_file: str = "",
    ) -> None:
        """Nothing connects yet; `token` is asked at each connection.

        `timeout` seconds per call, `check` for the health check. `ca_file`: authorities (PEM) of
        an https server, in place of the machine's.
        """
        self._uri, self._token, self._alias = uri, token, alias
        self._collection = alias
        self._tls = {"server_pem_path": ca_file} if ca_file else {}
        self._dimension = dimension
        self._timeout, self._check_timeout = timeout, check
        self._client: AsyncMilvusClient | None = None
        self._verified_until = 0.0

    def use(self, collection: str) -> None:
        """From now on search and write this collection, whatever the alias points at."""
        if collection != self._collection:
            self._collection, self._verified_until = collection, 0.0

    async def place(self) -> str:
        """The name of the collection behind the alias, of whatever schema."""
        return str((await self._described(self._alias))["collection_name"])

    async def verify(self, collection: str) -> None:
        """Raise unless a collection has the fields that are needed, for vectors of this length."""
        self._verify(await self._described(collection))

    async def move(self, collection: str) -> None:
        """Point the alias at another collection, at once; a login may lack the right to."""
        await self._call(
            "alias",
            lambda client: client.alter_alias(collection, self._alias, timeout=self._timeout),
        )

    async def count(self) -> int:
        """Rows of the collection, with everything written before."""

        async def run(client: AsyncMilvusClient) -> int:
            found = await client.query(
                self._collection,
                filter="",
                output_fields=["count(*)"],
                consistency_level="Strong",
                timeout=self._timeout,
            )
            return int(found[0]["count(*)"])

        return await self._call("count", run)

    async def search(
        self,
        vector: Vector,
        limit: int,
        documents: Collection[str] | None = None,
        *,
        outside: bool = False,
        reach: Reach | None = None,
    ) -> list[tuple[str, float]]:
        """(chunk id, cosine) of the nearest chunks, best first; only those within `reach`.

        `documents`: only those of these documents, or, if `outside`, all but those.
        """
        conditions = [_within(reach)] if reach else []
        if documents is not None:
            conditions.append(_among(documents, outside=outside))
        wanted = " and ".join(conditions)
        hits = await self._call(
            "search", lambda c: self._search(c, vector, limit, self._timeout, wanted)
        )
        return [(str(hit["id"]), float(hit["distance"])) for hit in hits]

    async def write(self, document_id: str, prefix: str, rows: Sequence[VectorRow]) -> None:
        """Add rows, whose ids all begin with `prefix`; they are searchable on return."""

        async def run(client: AsyncMilvusClient) -> None:
            await self._upsert(client, rows)
            # A Strong read waits until the servers have seen the write, so that the
            # cheap (Bounded) searches of every replica find it from now on.
            found = await client.query(
                self._collection,
                filter=f"{_of(document_id)} and {_begins(prefix)}",
                output_fields=["count(*)"],
                consistency_level="Strong",
                timeout=self._timeout,
            )
            if (count := int(found[0]["count(*)"])) != len(rows):
                raise DependencyError("milvus", f"kept {count} of {len(rows)} vectors")

        await self._call("write", run)

    async def fill(self, rows: Sequence[VectorRow]) -> None:
        """Add rows of any document; `count` tells later whether all of them are there."""
        await self._call("write", lambda client: self._upsert(client, rows))

    async def prune(self, document_id: str, prefix: str) -> None:
        """Take away the document's rows whose ids begin with anything else."""
        other = f"{_of(document_id)} and not ({_begins(prefix)})"
        await self._call(
            "delete",
            lambda client: client.delete(self._collection, filter=other, timeout=self._timeout),
        )

    async def remove(self, document_id: str, collection: str | None = None) -> None:
        """Take away all rows of the document, here or in another collection; none is fine."""
        where, own = collection or self._collection, _of(document_id)
        await self._call(
            "delete", lambda client: client.delete(where, filter=own, timeout=self._timeout)
        )

    async def check(self) -> None:
        """Verify schema and alias (every 30 s), and run a real search on the alias."""
        probe: Vector = np.zeros(self._dimension, dtype=np.float32)
        probe[0] = 1.0

        async def run(client: AsyncMilvusClient) -> None:
            if time.monotonic() >= self._verified_until:
                self._verify(
                    await client.describe_collection(self._collection, timeout=self._check_timeout)
                )
                self._verified_until = time.monotonic() + _VERIFY_SECONDS
            await self._search(client, probe, 1, self._check_timeout)

        await self._call("search", run, self._check_timeout)

    async def close(self) -> None:
        """Release the connection."""
        client, self._client = self._client, None
        self._verified_until = 0.0
        if client:
            await client.close()

    async def _search(
        self,
        client: AsyncMilvusClient,
        vector: Vector,
        limit: int,
        timeout: float,
        wanted: str = "",
    ) -> list[dict[str, Any]]:
        # The server refuses a metric which is not its index's: a wrong one is seen here.
        found = await client.search(
            self._collection,
            data=[vector.tolist()],
            anns_field="embedding",
            filter=wanted,
            limit=limit,
            search_params={"metric_type": "COSINE", "params": {"ef": max(64, limit)}},
            consistency_level="Bounded",
            timeout=timeout,
        )
        return list(found[0])

    async def _upsert(self, client: AsyncMilvusClient, rows: Sequence[VectorRow]) -> None:
        for start in range(0, len(rows), _BATCH):
            data = [
                {
                    "chunk_id": row.chunk_id,
                    "document_id": row.document_id,
                    "page": row.page,
                    "ordinal": row.ordinal,
                    "embedding": row.embedding.tolist(),
                }
                for row in rows[start : start + _BATCH]
            ]
            await client.upsert(self._collection, data, timeout=self._timeout)

    async def _described(self, collection: str) -> dict[str, Any]:
        async def run(client: AsyncMilvusClient) -> dict[str, Any]:
            return dict(await client.describe_collection(collection, timeout=self._check_timeout))

        return await self._call("describe", run, self._check_timeout)

    def _verify(self, described: dict[str, Any]) -> None:
        fields = {field["name"]: field for field in described["fields"]}
        wrong = [
            f"{name} must be {kind.name}"
            for name, kind in _FIELDS.items()
            if name not in fields or DataType(fields[name]["type"]) != kind
        ]
        dimension = int(fields.get("embedding", {}).get("params", {}).get("dim", 0))
        if not wrong and dimension != self._dimension:
            wrong.append(f"embedding has dimension {dimension}, the model makes {self._dimension}")
        if wrong:
            name = described.get("collection_name", self._collection)
            raise DependencyError(
                "milvus", f"collection {name} has a wrong schema: {'; '.join(wrong)}"
            )

    async def _call(
        self,
        what: str,
        run: Callable[[AsyncMilvusClient], Awaitable[_T]],
        timeout: float | None = None,
    ) -> _T:
        try:
            with tracing.calling(
                "milvus", what, **{"db.system.name": "milvus", "db.collection.name": self._alias}
            ):
                async with asyncio.timeout(timeout or self._timeout * 2):
                    return await run(self._connected())
        except MilvusException as error:
            # The connection may be the cause: make a new one next time.
            await self.close()
            raise await self._failure(what, error) from error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody cancelled this call: the client was closed when another one had failed.
            raise DependencyError("milvus", f"{what}: no answer from {self._where()}") from error
        except (RpcError, OSError, TimeoutError) as error:
            await self.close()
            if isinstance(error, AioRpcError) and error.code() in _REFUSALS:
                raise DependencyError("milvus", f"{what}: refused: {error.details()}") from error
            raise DependencyError("milvus", f"{what}: no answer from {self._where()}") from error

    def _connected(self) -> AsyncMilvusClient:
        if self._client is None:
            self._client = AsyncMilvusClient(
                self._uri,
                token=self._token(),
                timeout=self._timeout,
                dedicated=True,
                grpc_options=_GRPC,
                **self._tls,
            )
        return self._client

    def _where(self) -> str:
        parts = urlsplit(self._uri)
        return f"{parts.hostname}:{parts.port or 19530}"

    async def _failure(self, what: str, error: MilvusException) -> DependencyError:
        if error.code == _COLLECTION_NOT_FOUND:
            return DependencyError(
                "milvus",
                f"there is no collection or alias {self._collection} at {self._where()}"
                " (the platform's milvus role makes it)",
            )
        # Server down and token refused have the same code and text: ask TCP.
        parts = urlsplit(self._uri)
        try:
            async with asyncio.timeout(0.5):
                _reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 19530)
            writer.close()
        except OSError:
            return DependencyError("milvus", f"{what}: {self._where()} does not accept connections")
        return DependencyError("milvus", f"{what}: code {error.code}: {error.message}"[:300])


def _of(document_id: str) -> str:
    """The filter for a document's rows; ids are our own hexadecimal digits."""
    return f"document_id == {_quoted(document_id)}"


def _among(documents: Collection[str], *, outside: bool) -> str:
    """The filter for the rows of several documents, or of all others."""
    return f"document_id {'not in' if outside else 'in'} [{','.join(map(_quoted, documents))}]"


def _within(reach: Reach) -> str:
    """The filter for rows within reach; none of nothing passes."""
    some = [_begins(each) for each in reach.beginnings]
    if reach.plain:
        some.append(f"not ({_begins(MARK)})")
    return f"({' or '.join(some)})" if some else 'chunk_id == ""'


def _quoted(document_id: str) -> str:
    if not (document_id.isascii() and document_id.isalnum()):
        raise ValueError("a document id has letters and digits only")
    return f'"{document_id}"'


def _begins(prefix: str) -> str:
    """The filter for rows whose ids begin so."""
    if not (prefix.isascii() and prefix.replace("-", "").isalnum()):
        raise ValueError("a chunk's id has letters, digits and hyphens only")
    return f'chunk_id like "{prefix}%"'
