"""Times of requests in Redis, for limits that all replicas share."""

from collections.abc import Callable

from rag.adapters.redis import FAILURES, called, client_of
from rag.errors import DependencyError

# The server's clock, as those of replicas differ. Lua's numbers hold microseconds exactly.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, most = tonumber(ARGV[1]), tonumber(ARGV[1]) * tonumber(ARGV[2])
local ahead = math.max(tonumber(redis.call('GET', KEYS[1]) or now) - now, 0)
if ahead + interval > most then return {0, ahead} end
ahead = ahead + interval
redis.call('SET', KEYS[1], string.format('%.0f', now + ahead), 'PX', math.ceil(ahead / 1000))
return {1, ahead}
"""


class RedisTimes:
    """A `rag.access.limits.Times` that all processes share. One round trip for each request."""

    def __init__(self, live_url: Callable[[], str]) -> None:
        """Nothing connects yet; `live_url` is asked for the login of each new connection."""
        self._client = client_of(live_url)
        self._script = self._client.register_script(_TAKE)

    async def take(self, name: str, interval: int, quota: int) -> tuple[bool, int]:
        """As `Times`. Raises DependencyError('redis')."""
        try:
            with called("EVALSHA"):
                allowed, ahead = await self._script(
                    keys=[f"rag:limit:{name}"], args=[interval, quota]
                )
        except FAILURES as error:
            raise DependencyError("redis", type(error).__name__) from error
        return bool(allowed), int(ahead)

    async def close(self) -> None:
        """Release connections."""
        await self._client.aclose()
