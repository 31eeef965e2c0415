"""Buckets of others, from which files are imported: they are listed and read, and no more."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError

from rag.errors import DependencyError, OriginRefusedError, TooLargeError

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

_REFUSED = {"AccessDenied", "403", "NoSuchBucket", "NoSuchKey", "404", "PermanentRedirect"}
_REFUSED |= {"AllAccessDisabled", "InvalidObjectState", "MethodNotAllowed", "301"}
_SLOWEST = 1 << 20
"""Bytes a second at which a file must at least get on."""


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object of a list. tag: its ETag, which changes with its content."""

    key: str
    size: int
    tag: str


@dataclass(frozen=True, slots=True)
class S3Body:
    """An object that was read."""

    body: bytes
    content_type: str
    tag: str


class S3Source:
    """Any bucket that the process's credentials may read.

    Raises OriginRefusedError where a retry does not help, and DependencyError('s3').
    """

    def __init__(self, client: "S3Client", longest: float) -> None:
        """longest: seconds until an answer begins, with all tries."""
        self._client = client
        self._longest = longest

    async def page(
        self, bucket: str, prefix: str, after: str, limit: int
    ) -> tuple[Sequence[S3Object], bool]:
        """Objects whose keys begin so, in order, after a key; and whether there are more."""
        try:
            async with asyncio.timeout(self._longest):
                found = await self._client.list_objects_v2(
                    Bucket=bucket, Prefix=prefix, StartAfter=after, MaxKeys=limit
                )
        except (ClientError, BotoCoreError, OSError, TimeoutError) as error:
            _raise(error)
        objects = [
            S3Object(item["Key"], item["Size"], item.get("ETag", ""))
            for item in found.get("Contents", [])
        ]
        return objects, bool(found.get("IsTruncated"))

    async def read(self, bucket: str, key: str, most: int) -> S3Body:
        """An object of at most so many bytes. Raises TooLargeError, too."""
        try:
            async with asyncio.timeout(self._longest + most / _SLOWEST):
                found = await self._client.get_object(Bucket=bucket, Key=key)
                async with found["Body"] as stream:
                    if found["ContentLength"] > most:
                        raise TooLargeError(f"a document may have {most} bytes")
                    body = await stream.read()
        except (ClientError, BotoCoreError, aiohttp.ClientError, OSError, TimeoutError) as error:
            _raise(error)
        return S3Body(body, found.get("ContentType", ""), found.get("ETag", ""))


def _raise(error: BaseException) -> NoReturn:
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "unknown")
        if code in _REFUSED:
            raise OriginRefusedError(f"S3 does not give it: {code}") from error
        raise DependencyError("s3", f"cannot read a source: error {code}") from error
    raise DependencyError("s3", f"cannot read a source: {type(error).__name__}") from error
