"""Sessions of people in Redis, which all replicas share."""

import hashlib
import secrets
from collections.abc import Callable

from rag.adapters.redis import FAILURES, client_of
from rag.errors import DependencyError

# The server's clock, as those of replicas differ.
_ADD = """
redis.call('HSET', KEYS[1], 'data', ARGV[1], 'until', redis.call('TIME')[1] + ARGV[3])
redis.call('EXPIRE', KEYS[1], math.min(ARGV[2], ARGV[3]))
"""
_GET = """
local kept = redis.call('HMGET', KEYS[1], 'data', 'until')
if not kept[1] then return false end
local left = kept[2] - redis.call('TIME')[1]
if left <= 0 then redis.call('DEL', KEYS[1]) return false end
redis.call('EXPIRE', KEYS[1], math.min(ARGV[1], left))
return kept[1]
"""
_END = """
local kept = redis.call('HGET', KEYS[1], 'data')
redis.call('DEL', KEYS[1])
return kept
"""
_LONGEST = 100


class RedisSessions:
    """A `rag.adapters.identity.Sessions`. One round trip for each request; nothing is remembered,
    so that a session ends everywhere at once.
    """

    def __init__(self, live_url: Callable[[], str], *, idle: int, most: int) -> None:
        """idle: seconds without a request after which a session ends; most: seconds in all."""
        self._client = client_of(live_url)
        self._idle, self._most = idle, most
        self._add, self._get, self._end = map(self._client.register_script, (_ADD, _GET, _END))

    async def add(self, data: bytes) -> str:
        """As `Sessions`."""
        token = secrets.token_urlsafe(32)
        await self._run(self._add, token, [data, self._idle, self._most])
        return token

    async def get(self, token: str) -> bytes | None:
        """As `Sessions`."""
        return await self._run(self._get, token, [self._idle])

    async def end(self, token: str) -> bytes | None:
        """As `Sessions`."""
        return await self._run(self._end, token, [])

    async def close(self) -> None:
        """Release connections."""
        await self._client.aclose()

    @staticmethod
    async def _run(script: Callable[..., object], token: str, args: list[object]) -> bytes | None:
        if len(token) > _LONGEST:
            return None
        # Whoever reads the server's memory, or a copy of it, has no session by that.
        name = f"rag:session:{hashlib.sha256(token.encode()).hexdigest()}"
        try:
            # The client's types leave open whether a script is awaited; this one is.
            value = await script(keys=[name], args=args)  # type: ignore[misc]
        except FAILURES as error:
            raise DependencyError("redis", type(error).__name__) from error
        return value if isinstance(value, bytes) else None
