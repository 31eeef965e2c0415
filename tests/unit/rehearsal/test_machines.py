"""When machines are looked at, and which instances are nodes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rehearsal.balancer.places import POOL
from rehearsal.cluster.node import EVERY, SPARE, Node
from rehearsal.machines.__main__ import Machines, life_of
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


def test_no_machine_has_the_address_of_a_load_balancer() -> None:
    assert not {place.address for place in EVERY} & set(POOL)


class Scene:
    """Stands for EC2 and for the cluster, in which Nodes may go slowly."""

    def __init__(self) -> None:
        self.instances: set[str] = set()
        self.machines: dict[Node, str] = {}
        self.slow: set[Node] = set()

    def nodes(self, _: object) -> dict[str, Instance]:
        return {name: Instance(name, "us-east-1a", "t3", (), ()) for name in self.instances}

    def add_machine(self, place: Node, life: Any) -> None:
        assert not self.has_node(place)
        self.machines[place] = life.provider_id.rpartition("/")[2]

    def remove_machine(self, place: Node) -> None:
        del self.machines[place]

    def has_node(self, place: Node) -> bool:
        return place in self.machines or place in self.slow


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def machines(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    monkeypatch.setattr("rehearsal.machines.__main__.Ec2", lambda: scene)
    monkeypatch.setattr("rehearsal.machines.__main__.Cluster.open", lambda _: scene)
    return Machines(tmp_path)


def test_the_place_that_is_free_the_longest_is_taken(scene: Scene, machines: Machines) -> None:
    for name in ("i-1", "i-2"):
        scene.instances = {name}
        assert machines.follow()
    assert scene.machines == {SPARE[1]: "i-2"}


def test_a_node_that_goes_slowly_is_awaited(scene: Scene, machines: Machines) -> None:
    scene.instances = {"i-1", "i-2", "i-3"}
    assert machines.follow()
    scene.instances = {"i-2", "i-3", "i-4"}
    scene.slow = {SPARE[0]}
    assert not machines.follow()
    assert set(scene.machines.values()) == {"i-2", "i-3"}
    scene.slow = set()
    assert machines.follow()
    assert scene.machines[SPARE[0]] == "i-4"


def test_an_instance_beyond_the_places_stays_a_record(
    scene: Scene, machines: Machines, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.instances = {f"i-{number}" for number in range(len(SPARE) + 1)}
    assert machines.follow()
    assert machines.follow()
    assert capsys.readouterr().out.count("stays a record") == 1
