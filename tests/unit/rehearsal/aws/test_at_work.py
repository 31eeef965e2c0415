"""What is told of while the emulated AWS is at work; no time passes in these tests."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from rehearsal.aws import at_work
from rehearsal.aws.elasticache import states

MINUTE = at_work.Pace(unseen=0, busy=60)


class Cache(SimpleNamespace):
    """Stands for ministack's ElastiCache: a group of one node."""

    def __init__(self) -> None:
        group = {"ReplicationGroupId": "g", "MemberClusters": ["g-001"], "Status": "available"}
        super().__init__(_replication_groups={"g": group}, _clusters={"g-001": node("g-001")})

    @staticmethod
    def _error(code: str, message: str, status: int) -> tuple[int, dict[str, str], bytes]:
        return status, {}, f"{code}: {message}".encode()

    @staticmethod
    def _cluster_xml_inner(record: dict[str, Any]) -> str:
        return str(record["CacheClusterStatus"])

    def increase(self, _: Any) -> tuple[int, dict[str, str], bytes]:
        self._replication_groups["g"]["MemberClusters"].append("g-002")
        self._clusters["g-002"] = node("g-002")
        return 200, {}, b""


def node(name: str) -> dict[str, Any]:
    return {"CacheClusterId": name, "CacheClusterStatus": "available"}


@pytest.fixture
def cache() -> Cache:
    """A group that is available again, a minute after it got a second node."""
    made, which = Cache(), {"ReplicationGroupId": "g"}
    states.change(made, made.increase, "modifying", MINUTE, which)
    work = made._replication_groups["g"][at_work.KEY]
    assert made._clusters["g-002"][at_work.KEY].done == work.done + MINUTE.busy
    work.done = 0
    return made


def test_a_node_that_was_added_is_made_while_its_group_is_available(cache: Cache) -> None:
    assert at_work.state_of(cache._replication_groups["g"]) == ""
    told = [states.with_state_of_group(cache, record) for record in cache._clusters.values()]
    assert told == [f"<CacheCluster>{each}</CacheCluster>" for each in ("available", "creating")]
    refusal = states.change(cache, cache.increase, "modifying", MINUTE, {"ReplicationGroupId": "g"})
    assert refusal[2].startswith(b"InvalidCacheClusterState: Cache cluster g-002 is not")
