"""AWS is at work for a while on a change that it took, and at first does not even say so.

For seconds after its answer a database, cache or cluster is called available and told of as before.
Then it is modifying, with some of the change pending, and takes no other change. Only then all is
shown.
ministack is done at once. Settings, from the environment of the emulated account:

    AWS_UNSEEN_SECONDS  seconds for which a change that was taken is not shown at all (default 0)
    AWS_CACHE_SECONDS   seconds for which ElastiCache is at work on one then (default 0)
    AWS_RDS_SECONDS     likewise RDS (default 0)
    AWS_EKS_SECONDS     likewise EKS (default 0)
"""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Record = dict[str, Any]
KEY = "_at_work"
"""Of a record: what AWS is doing with it."""
UNSEEN_OTHERWISE = ("AuthTokenStatus", "MasterUserPassword")
"""Of what is pending, that which is told of once at least: nothing else ever shows it."""


@dataclass(frozen=True)
class Pace:
    """How long a service takes. unseen, busy: seconds of the two parts."""

    unseen: float
    busy: float

    @classmethod
    def of(cls, environment: Mapping[str, str], service: str) -> Pace:
        """The pace that the environment asks for. service: CACHE, EKS or RDS."""
        unseen = float(environment.get("AWS_UNSEEN_SECONDS", 0))
        return cls(unseen, float(environment.get(f"AWS_{service}_SECONDS", 0)))

    def work(self, state: str, before: Mapping[str, Record], **pending: str) -> Work:
        """What begins now. before: the records that are told of as they were, by name."""
        # What is made has no state from before.
        seen = time.monotonic() + (self.unseen if before else 0)
        return Work(state, seen, seen + self.busy, dict(before), pending)


@dataclass
class Work:
    """One change. state: what it is called; seen, done: when that shows, and when it ends.

    before: see Pace.work. pending: what PendingModifiedValues tell meanwhile.
    """

    state: str
    seen: float
    done: float
    before: dict[str, Record] = field(default_factory=dict)
    pending: dict[str, str] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether AWS takes the next change."""
        return time.monotonic() >= self.done

    @property
    def hidden(self) -> bool:
        """Whether nothing of it is shown yet."""
        return time.monotonic() < self.seen


def kept(record: Mapping[str, Any]) -> Record:
    """A record as it is now, for when it is to be told of so later."""
    return copy.deepcopy({key: value for key, value in record.items() if key != KEY})


def state_of(record: Mapping[str, Any]) -> str:
    """What AWS is doing with a thing, said or not; empty: nothing."""
    work: Work | None = record.get(KEY)
    return "" if work is None or work.over else work.state


def shown(record: Mapping[str, Any], name: str, status: str) -> tuple[Record, dict[str, str]]:
    """A record as it is described now, and what is pending.

    name: of the record in the work's `before`; status: the field that tells its state.
    """
    work: Work | None = record.get(KEY)
    if work is None:
        return dict(record), {}
    if work.over:
        once = {key: work.pending[key] for key in UNSEEN_OTHERWISE if key in work.pending}
        return dict(record), once
    if work.hidden:
        return dict(work.before[name]), {}
    return {**work.before.get(name, record), status: work.state}, work.pending


def told(record: Mapping[str, Any]) -> None:
    """Note that somebody was told of what is pending: when it is done, once is enough."""
    work: Work | None = record.get(KEY)
    if work is not None and work.over:
        work.pending.clear()
