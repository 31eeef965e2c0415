"""Redis as the answer cache: fast when up, out of the way when down."""

import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import redis.asyncio as redis
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import RedisError

from rag import tracing
from rag.errors import DependencyError
from rag.tls import system_bundle

log = structlog.get_logger(__name__)

_TIMEOUT_SECONDS = 0.5
_PAUSE_SECONDS = 5.0
FAILURES = (RedisError, OSError, TimeoutError)
"""Everything that a failing server makes our calls raise."""


class _Login(CredentialProvider):
    """User and password of the URL as it is when a connection is made."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url

    # redis-py sends no AUTH for an empty tuple, which its own types do not say.
    def get_credentials(  # type: ignore[override]
        self,
    ) -> tuple[str] | tuple[str, str] | tuple[()]:
        """What AUTH is sent with; nothing without a password."""
        parts = urlsplit(self._url())
        if not parts.password:
            return ()
        password = unquote(parts.password)
        return (unquote(parts.username), password) if parts.username else (password,)

    async def get_credentials_async(  # type: ignore[override]
        self,
    ) -> tuple[str] | tuple[str, str] | tuple[()]:
        """The same; nothing is waited for."""
        return self.get_credentials()


def client_of(live_url: Callable[[], str]) -> redis.Redis:
    """A client for a URL (redis:// or rediss://); nothing connects yet.

    `live_url` is asked again for user and password of each new connection.
    """
    url = live_url()
    # rediss:// verifies by default, against OpenSSL's own files (SSL_CERT_FILE
    # instead of the system's): add the system's, as everywhere.
    tls: dict[str, Any] = (
        {"ssl_ca_certs": system_bundle(), "ssl_check_hostname": True}
        if urlsplit(url).scheme == "rediss"
        else {}
    )
    return redis.Redis.from_url(
        _without_login(url),
        credential_provider=_Login(live_url),
        socket_timeout=_TIMEOUT_SECONDS,
        socket_connect_timeout=_TIMEOUT_SECONDS,
        health_check_interval=15,
        retry=Retry(NoBackoff(), 0),
        **tls,
    )


class RedisCache:
    """An `AnswerCache`. After a failure it is left alone for five seconds."""

    def __init__(self, live_url: Callable[[], str], ttl_seconds: int) -> None:
        """Prepare a client, as `client_of` does."""
        self._client = client_of(live_url)
        self._ttl = ttl_seconds
        self._paused_until = 0.0

    async def get(self, key: str) -> bytes | None:
        """The value, or None on a miss or when the cache is down."""
        if not self._ttl or time.monotonic() < self._paused_until:
            return None
        try:
            with called("GET"):
                value = await self._client.get(key)
        except FAILURES as error:
            self._pause(error)
            return None
        return value if isinstance(value, bytes) else None

    async def put(self, key: str, value: bytes) -> None:
        """Keep a value for the configured seconds, if the cache is up."""
        if not self._ttl or time.monotonic() < self._paused_until:
            return
        try:
            with called("SET"):
                await self._client.set(key, value, ex=self._ttl)
        except FAILURES as error:
            self._pause(error)

    async def newest(self, key: str) -> list[bytes]:
        """All that `add` kept there, the newest first; nothing when the cache is down."""
        if not self._ttl or time.monotonic() < self._paused_until:
            return []
        try:
            with called("LRANGE"):
                # An await of this call is one of Redis's client, whose types leave both ways open.
                found = await cast(Awaitable[list[bytes]], self._client.lrange(key, 0, -1))
        except FAILURES as error:
            self._pause(error)
            return []
        return found

    async def add(self, key: str, value: bytes, most: int) -> None:
        """Keep a value beside others, of which the newest `most` stay, if the cache is up."""
        if not self._ttl or time.monotonic() < self._paused_until:
            return
        try:
            with called("LPUSH"):
                async with self._client.pipeline(transaction=True) as together:
                    together.lpush(key, value)
                    together.ltrim(key, 0, most - 1)
                    together.expire(key, self._ttl)
                    await together.execute()
        except FAILURES as error:
            self._pause(error)

    async def check(self) -> None:
        """Raise unless the server answers a PING."""
        try:
            await self._client.ping()
        except FAILURES as error:
            text = str(error) or "no answer in time"
            raise DependencyError("redis", f"{type(error).__name__}: {text}") from error

    async def close(self) -> None:
        """Release connections."""
        await self._client.aclose()

    def _pause(self, error: Exception) -> None:
        self._paused_until = time.monotonic() + _PAUSE_SECONDS
        log.warning("cache.unavailable", error=type(error).__name__, pause_s=_PAUSE_SECONDS)


def called(command: str) -> AbstractContextManager[object]:
    """A span of a command, as a part of a request."""
    return tracing.calling("redis", command, **{"db.system.name": "redis"})


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
