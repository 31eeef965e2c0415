"""How many requests a key may send: kept in Redis, and without it in the process's memory."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import structlog
from cachetools import TTLCache

from rag.errors import DependencyError

log = structlog.get_logger(__name__)

Kind = Literal["ask", "upload", "read", "admin"]
DEFAULTS: dict[Kind, int] = {"ask": 300, "upload": 300, "read": 1200, "admin": 60}
"""Requests of each kind that a key may send in a minute."""
MINUTE = 60_000_000
"""Microseconds."""
_PAUSE_SECONDS = 5.0
_MOST_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Taken:
    """Whether a request may go on. quota: in a minute; left: of these, now; wait: microseconds
    until one more may, or until all may where this one may.
    """

    allowed: bool
    quota: int
    left: int
    wait: int

    @property
    def seconds(self) -> int:
        """`wait` in whole seconds, rounded up."""
        return -(-self.wait // 1_000_000)


class Times(Protocol):
    """Keeps for each name the time at which all of its requests are paid for (GCRA)."""

    async def take(self, name: str, interval: int, quota: int) -> tuple[bool, int]:
        """Whether one more request may go on, and how far ahead the name is afterwards.

        interval: microseconds that a request costs; quota: requests that may be ahead.
        """


class Memory:
    """The same in this process alone."""

    def __init__(self) -> None:
        self._until: TTLCache[str, int] = TTLCache(_MOST_KEPT, 60)

    async def take(self, name: str, interval: int, quota: int) -> tuple[bool, int]:
        """As `Times`."""
        now = time.monotonic_ns() // 1000
        ahead = max(self._until.get(name, now) - now, 0)
        allowed = ahead + interval <= interval * quota
        if allowed:
            ahead += interval
            self._until[name] = now + ahead
        return allowed, ahead


class Limits:
    """Counts requests by whom they come from and what kind they are."""

    def __init__(self, times: Times, quotas: Mapping[Kind, int]) -> None:
        """quotas: requests of each kind in a minute, for who has none of their own; 0: no limit."""
        self._times = times
        self._memory = Memory()
        self._quotas = quotas
        self._paused_until = 0.0

    async def take(self, who: str, kind: Kind, own: Mapping[str, int] | None) -> Taken | None:
        """Count a request; None where there is no limit. own: quotas of the key's own."""
        quota = (own or {}).get(kind, self._quotas[kind])
        if not quota:
            return None
        interval = MINUTE // quota
        allowed, ahead = await self._take(f"{kind}:{who}", interval, quota)
        left = (interval * quota - ahead) // interval
        wait = ahead if allowed else ahead + interval - interval * quota
        return Taken(allowed, quota, left, wait)

    async def _take(self, name: str, interval: int, quota: int) -> tuple[bool, int]:
        if time.monotonic() >= self._paused_until:
            try:
                return await self._times.take(name, interval, quota)
            except DependencyError as error:
                self._paused_until = time.monotonic() + _PAUSE_SECONDS
                log.warning("limits.in_memory", reason=error.detail, pause_s=_PAUSE_SECONDS)
        return await self._memory.take(name, interval, quota)
