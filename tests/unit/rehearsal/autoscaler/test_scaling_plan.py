"""Which groups grow for which pods, and which nodes may go."""

from __future__ import annotations

from typing import Any

import pytest
from pods_and_nodes import ROOM, affinity, node, pod

from rehearsal.autoscaler import plan
from rehearsal.autoscaler.plan import Group
from rehearsal.autoscaler.scene import Place, Scene
from rehearsal.autoscaler.settings import Settings, seconds

ALONE = affinity("podAntiAffinity", "kubernetes.io/hostname")
HALF = [{"resources": {"requests": {"cpu": "1"}}}]
SETTINGS = Settings(
    cluster="test",
    region="us-east-1",
    namespace="kube-system",
    service_account="cluster-autoscaler",
    interval=10,
    scale_down=True,
    delay_after_add=600,
    unneeded_time=600,
    threshold=0.5,
    grace=600,
    keep_system_pods=True,
    keep_local_storage=True,
)
NODE: dict[str, Any] = {"metadata": {"name": "a"}}


def group(name: str, largest: int, *, taints: Any = (), **labels: str) -> Group:
    """A group with one node of which no more is known."""
    template = Place(name, {"zone": "z", **labels}, list(taints), ROOM)
    return Group(name, name, 1, largest, 1, frozenset({f"i-{name}"}), template)


def test_as_few_nodes_as_the_pods_need() -> None:
    waiting = [pod(containers=HALF) for _ in range(3)]
    found = plan.growth(Scene([]), waiting, [group("main", 9)])
    assert dict(found.more) == {"main": 2}
    assert [name for _, name in found.by] == ["main", "main"]
    assert found.hopeless == []


def test_pods_that_stand_alone_need_a_node_each() -> None:
    waiting = [pod(affinity=ALONE) for _ in range(4)]
    scene = Scene([node("a", pod(affinity=ALONE)), node("b")])
    found = plan.growth(scene, waiting, [group("main", 9)])
    assert dict(found.more) == {"main": 3}


def test_nothing_grows_for_a_pod_that_a_node_on_its_way_takes() -> None:
    found = plan.growth(Scene([node("coming")]), [pod(affinity=ALONE)], [group("main", 9)])
    assert not found.more
    assert not found.hopeless


def test_the_group_that_the_pod_asks_for_grows() -> None:
    taint = {"key": "workload", "value": "milvus", "effect": "NoSchedule"}
    groups = [group("main", 9), group("milvus", 9, taints=[taint], workload="milvus")]
    wanted = pod(nodeSelector={"workload": "milvus"}, tolerations=[{"operator": "Exists"}])
    assert dict(plan.growth(Scene([]), [wanted], groups).more) == {"milvus": 1}


def test_a_pod_that_no_node_would_take_is_told_why() -> None:
    groups = [group("main", 2), group("full", 1)]
    wanted = pod(nodeSelector={"disk": "ssd"})
    [(told, text)] = plan.growth(Scene([]), [wanted], groups).hopeless
    assert told is wanted
    assert text == (
        "pod didn't trigger scale-up: 1 max node group size reached, "
        "1 node(s) didn't match Pod's node affinity/selector"
    )


def test_no_group_grows_beyond_its_bound() -> None:
    waiting = [pod(affinity=ALONE) for _ in range(3)]
    found = plan.growth(Scene([]), waiting, [group("main", 2)])
    assert dict(found.more) == {"main": 1}
    assert [text for _, text in found.hopeless] == [
        "pod didn't trigger scale-up: 1 max node group size reached"
    ] * 2


ZONE = "topology.kubernetes.io/zone"


def in_zone(zone: str) -> dict[str, Any]:
    """The volumes by claim: that of `data` is in a zone."""
    terms = [{"matchExpressions": [{"key": ZONE, "operator": "In", "values": [zone]}]}]
    return {"here/data": {"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}}}}


def test_a_group_over_zones_does_not_grow_for_a_volume_beyond_its_first() -> None:
    """Cluster Autoscaler takes a group's first zone for that of its next node."""
    waiting = [pod(volumes=[{"persistentVolumeClaim": {"claimName": "data"}}])]
    scene = Scene([], volumes=in_zone("b"))
    over_zones = group("main", 9, **{ZONE: "a"})
    [(_, text)] = plan.growth(scene, waiting, [over_zones], balance=True).hopeless
    assert text == (
        "pod didn't trigger scale-up: 1 node(s) didn't match PersistentVolume's node affinity"
    )
    zonal = [group(f"main-{zone}", 9, **{ZONE: zone}) for zone in "ab"]
    assert dict(plan.growth(scene, waiting, zonal, balance=True).more) == {"main-b": 1}


def test_groups_that_differ_in_their_zone_grow_by_turns() -> None:
    zonal = [group(f"main-{zone}", 9, **{ZONE: zone}) for zone in "abc"]
    other = group("other", 9, disk="ssd")
    waiting = [pod(affinity=ALONE) for _ in range(4)]
    assert dict(plan.growth(Scene([]), waiting, [*zonal, other], balance=True).more) == {
        "main-a": 2,
        "main-b": 1,
        "main-c": 1,
    }
    waiting = [pod(affinity=ALONE) for _ in range(4)]
    assert dict(plan.growth(Scene([]), waiting, zonal).more) == {"main-a": 4}


def unneeded(*pods: Any, budgets: Any = (), elsewhere: Any = (), **more: Any) -> bool:
    """Whether a node with pods is not needed beside another with pods."""
    place = node("a", *pods)
    settings = Settings(**{**vars(SETTINGS), **more})
    return plan.unneeded(Scene([place, node("b", *elsewhere)]), place, NODE, budgets, settings)


def test_a_node_may_go_that_is_hardly_used_and_whose_pods_have_a_place() -> None:
    small = [{"resources": {"requests": {"cpu": "500m"}}}]
    assert unneeded()
    assert unneeded(pod(containers=small))
    assert not unneeded(pod(containers=HALF)), "half of it is asked for"
    assert not unneeded(
        pod(containers=small), elsewhere=[pod(containers=HALF), pod(containers=HALF)]
    )
    assert not unneeded(pod(affinity=ALONE), elsewhere=[pod()])


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        ({"ownerReferences": []}, {}),
        ({"annotations": {plan.SAFE: "false"}}, {}),
        ({"namespace": "kube-system"}, {"keep_system_pods": False}),
    ],
)
def test_a_pod_that_may_not_be_moved_keeps_its_node(change: Any, setting: Any) -> None:
    one = pod()
    one["metadata"] |= change
    assert not unneeded(one)
    if setting:
        assert unneeded(one, **setting)
    else:
        one["metadata"]["annotations"] = {plan.SAFE: "true"}
        assert unneeded(one)


def test_files_of_a_pod_keep_its_node_unless_told_otherwise() -> None:
    one = pod(volumes=[{"emptyDir": {}}])
    assert not unneeded(one)
    assert unneeded(one, keep_local_storage=False)


def test_a_disruption_budget_without_room_keeps_the_node() -> None:
    budget = {
        "metadata": {"namespace": "here"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}},
        "status": {"disruptionsAllowed": 0},
    }
    assert not unneeded(pod(), budgets=[budget])
    assert unneeded(pod(), budgets=[{**budget, "status": {"disruptionsAllowed": 1}}])
    assert unneeded(pod(app="other"), budgets=[budget])


def test_what_belongs_to_the_node_ends_with_it() -> None:
    one = pod(affinity=ALONE)
    one["metadata"]["ownerReferences"] = [{"kind": "DaemonSet", "controller": True}]
    assert unneeded(one, elsewhere=[pod()])


def test_an_annotation_keeps_a_node() -> None:
    place = node("a")
    kept = {"metadata": {"name": "a", "annotations": {plan.KEEP: "true"}}}
    assert not plan.unneeded(Scene([place]), place, kept, [], SETTINGS)


@pytest.mark.parametrize(("text", "number"), [("10s", 10), ("1m30s", 90), ("1.5h", 5400)])
def test_durations_are_those_of_go(text: str, number: float) -> None:
    assert seconds(text) == number


def test_what_is_no_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="soon: no duration such as 10s"):
        seconds("soon")
