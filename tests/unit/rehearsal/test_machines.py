"""When machines are looked at, and which instances are nodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rehearsal.machines.__main__ import life_of
from rehearsal.machines.instances import Changes, Instance, owned


def line(service: str, *, mutating: bool = True, status: int = 200) -> str:
    call = {"service": service, "action": "Any", "mutating": mutating, "status": status}
    return json.dumps(call) + "\n"


def test_only_calls_that_may_start_or_end_instances_count(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    changes = Changes(log)
    assert not changes.any(), "there is no log yet"
    with log.open("w", buffering=1) as stream:
        stream.write(line("s3") + line("ec2", mutating=False) + line("ec2", status=400))
        assert not changes.any()
        stream.write(line("s3") + line("autoscaling"))
        assert changes.any()
        assert not changes.any(), "it is looked at once"


def test_a_line_that_is_half_written_counts_when_it_is_whole(tmp_path: Path) -> None:
    log = tmp_path / "requests.jsonl"
    changes, text = Changes(log), line("eks")
    with log.open("w") as stream:
        stream.write(line("s3") + text[:20])
        stream.flush()
        assert not changes.any()
        stream.write(text[20:])
        stream.flush()
        assert changes.any()


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([{"Key": "kubernetes.io/cluster/ragops-dev", "Value": "owned"}], True),
        ([{"Key": "kubernetes.io/cluster/ragops-dev", "Value": "shared"}], False),
        ([{"Key": "Name", "Value": "owned"}], False),
        (None, False),
    ],
)
def test_an_instance_is_a_node_by_its_tag(tags: Any, expected: bool) -> None:
    assert owned({"InstanceId": "i-1", "Tags": tags} if tags else {"InstanceId": "i-1"}) is expected


def test_a_node_is_told_its_instance() -> None:
    found = Instance("i-1", "us-east-1b", "m6i.large", (("a", "b"),), ("c=d:NoSchedule",))
    life = life_of(found)
    assert (life.zone, life.provider_id) == ("us-east-1b", "aws:///us-east-1b/i-1")
    assert life.labels == {"a": "b", "node.kubernetes.io/instance-type": "m6i.large"}
    assert life.taints == ("c=d:NoSchedule",)
