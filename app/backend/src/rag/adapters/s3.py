"""S3 (or what speaks it): the original files."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from rag import tracing
from rag.errors import DependencyError

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

_FAILURES = (ClientError, BotoCoreError, OSError, TimeoutError)
_MISSING = {"NoSuchKey", "404"}
_PIECE = 1 << 16
_SLOWEST = 1 << 20
"""Bytes a second at which a file must at least get on."""


class S3Store:
    """An `ObjectStore` in one bucket."""

    def __init__(self, client: "S3Client", bucket: str, longest: float = 60) -> None:
        """longest: seconds until an answer begins, with all tries; the client's own limits leave
        out what it does between them.
        """
        self._client = client
        self._bucket = bucket
        self._longest = longest

    @property
    def client(self) -> "S3Client":
        """The client, for other buckets."""
        return self._client

    async def put(self, key: str, body: bytes, content_type: str) -> None:
        """Write one object."""
        try:
            with _called("PutObject"):
                async with asyncio.timeout(self._longest + len(body) / _SLOWEST):
                    await self._client.put_object(
                        Bucket=self._bucket, Key=key, Body=body, ContentType=content_type
                    )
        except _FAILURES as error:
            raise _failure("write to the bucket", error) from error

    async def get(self, key: str) -> bytes | None:
        """All of an object; None where there is none."""
        if (pieces := await self.stream(key)) is None:
            return None
        return b"".join([piece async for piece in pieces])

    async def stream(self, key: str) -> AsyncIterator[bytes] | None:
        """An object in pieces; None where there is none."""
        try:
            # Until the object begins to come: whoever reads it sets its pace.
            with _called("GetObject"):
                async with asyncio.timeout(self._longest):
                    found = await self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _MISSING:
                return None
            raise _failure("read from the bucket", error) from error
        except _FAILURES as error:
            raise _failure("read from the bucket", error) from error
        return self._pieces(found["Body"])

    @staticmethod
    async def _pieces(body: Any) -> AsyncIterator[bytes]:
        try:
            async with body:
                async for piece in body.iter_chunks(_PIECE):
                    yield piece
        except (*_FAILURES, aiohttp.ClientError) as error:
            raise _failure("read from the bucket", error) from error

    async def delete(self, key: str) -> None:
        """Remove one object; a missing one is fine."""
        try:
            with _called("DeleteObject"):
                async with asyncio.timeout(self._longest):
                    await self._client.delete_object(Bucket=self._bucket, Key=key)
        except _FAILURES as error:
            raise _failure("delete from the bucket", error) from error

    async def check(self) -> None:
        """Raise unless the bucket answers."""
        try:
            async with asyncio.timeout(self._longest):
                await self._client.head_bucket(Bucket=self._bucket)
        except _FAILURES as error:
            # For operators alone: its name holds the account's number, and no user is shown this.
            raise _failure(f"reach bucket {self._bucket}", error) from error


def _called(operation: str) -> AbstractContextManager[object]:
    return tracing.calling("s3", operation, **{"rpc.system": "aws-api"})


def _failure(what: str, error: BaseException) -> DependencyError:
    if isinstance(error, ClientError):
        reason = f"error {error.response.get('Error', {}).get('Code', 'unknown')}"
    else:
        reason = type(error).__name__
    return DependencyError("s3", f"cannot {what}: {reason}")


@asynccontextmanager
async def open_store(
    bucket: str, region: str, endpoint_url: str | None, timeout: float
) -> AsyncIterator[S3Store]:
    """The store, with one shared connection pool. Credentials come from the usual chain."""
    config = AioConfig(
        connect_timeout=min(timeout, 2),
        read_timeout=timeout,
        retries={"mode": "standard", "max_attempts": 2},
        # A server named by address has no bucket subdomains.
        s3={"addressing_style": "path"} if endpoint_url else {},
    )
    session = get_session()
    async with session.create_client(
        "s3", region_name=region, endpoint_url=endpoint_url, config=config
    ) as client:
        yield S3Store(client, bucket, 2 * timeout)
