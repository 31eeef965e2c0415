"""Whether a node takes a pod, and why not, as the scheduler would say."""

from __future__ import annotations

from typing import Any

import pytest
from pods_and_nodes import affinity, node, pod, spread

from rehearsal.autoscaler.quantities import quantity, requested
from rehearsal.autoscaler.scene import Place, Scene

LARGE = [{"resources": {"requests": {"cpu": "3"}}}]
CPU = {"resources": {"requests": {"cpu": "1500m"}}}
TAINT = {"key": "workload", "value": "milvus", "effect": "NoSchedule"}
SELECTOR = "node(s) didn't match Pod's node affinity/selector"


def refusal(wanted: dict[str, Any], place: Place | None = None, *others: Place, **more: Any) -> str:
    """Why a node of a cluster with others does not take a pod."""
    place = place or node("a")
    return Scene([place, *others], **more).refusal(wanted, place)


def sized(operator: str, *values: str) -> dict[str, Any]:
    """A pod that asks for a node by its size."""
    expression = {"key": "size", "operator": operator, **({"values": values} if values else {})}
    return pod(affinity=in_node(**expression))


def in_node(**expression: Any) -> dict[str, Any]:
    """Required node affinity with one requirement."""
    terms = {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}}


@pytest.mark.parametrize(
    ("text", "number"),
    [("250m", 0.25), ("2", 2.0), ("1.5Gi", 1.5 * 1024**3), ("128M", 128e6), ("1e3", 1000.0)],
)
def test_quantities_are_numbers(text: str, number: float) -> None:
    assert quantity(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "many", "5Zi"])
def test_what_is_no_quantity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no quantity such as"):
        quantity(text)


def test_init_containers_count_by_the_largest_and_sidecars_are_added() -> None:
    asked = requested(
        pod(
            containers=[CPU, CPU],
            initContainers=[
                {"resources": {"requests": {"cpu": "4"}}},
                {"resources": {"requests": {"memory": "1Gi"}}, "restartPolicy": "Always"},
            ],
        )
    )
    assert asked == {"cpu": 4.0, "memory": 1024**3, "pods": 1.0}


def test_a_plain_pod_fits() -> None:
    assert refusal(pod()) == ""


@pytest.mark.parametrize(
    ("wanted", "place", "reason"),
    [
        (pod(containers=LARGE), node("a"), "Insufficient cpu"),
        (pod(containers=[CPU]), node("a", pod(containers=[CPU])), "Insufficient cpu"),
        (
            pod(containers=[{"resources": {"requests": {"nvidia.com/gpu": "1"}}}]),
            node("a"),
            "Insufficient nvidia.com/gpu",
        ),
        (pod(), node("a", *[pod() for _ in range(10)]), "Too many pods"),
        (pod(nodeSelector={"disk": "ssd"}), node("a"), SELECTOR),
        (pod(affinity=in_node(key="zone", operator="In", values=["y"])), node("a"), SELECTOR),
        (pod(affinity=in_node(key="zone", operator="NotIn", values=["y"])), node("a"), ""),
        (sized("Gt", "3"), node("a", size="4"), ""),
        (sized("Lt", "3"), node("a", size="4"), SELECTOR),
        (sized("DoesNotExist"), node("a", size="4"), SELECTOR),
        (pod(), node("a", taints=[TAINT]), "node(s) had untolerated taint {workload: milvus}"),
        (pod(tolerations=[{"operator": "Exists"}]), node("a", taints=[TAINT]), ""),
        (pod(tolerations=[{"key": "workload", "value": "milvus"}]), node("a", taints=[TAINT]), ""),
        (
            pod(tolerations=[{"key": "workload", "value": "other"}]),
            node("a", taints=[TAINT]),
            "node(s) had untolerated taint {workload: milvus}",
        ),
        (pod(), node("a", taints=[{**TAINT, "effect": "PreferNoSchedule"}]), ""),
    ],
)  # fmt: skip
def test_a_node_says_why_it_takes_no_pod(wanted: Any, place: Place, reason: str) -> None:
    assert refusal(wanted, place) == reason


def test_pods_that_repel_each_other_share_no_domain() -> None:
    wanted = pod(affinity=affinity("podAntiAffinity", "zone"))
    words = "node(s) didn't match pod anti-affinity rules"
    assert refusal(wanted, node("a", zone="x"), node("b", pod(), zone="x")) == words
    assert refusal(wanted, node("a", zone="x"), node("b", pod(), zone="y")) == ""
    assert refusal(wanted, node("a", zone="x"), node("b", pod(app="other"), zone="x")) == ""
    elsewhere = pod(namespace="elsewhere")
    assert refusal(wanted, node("a", zone="x"), node("b", elsewhere, zone="x")) == ""
    # The one that is there may be the one that minds.
    assert refusal(pod(), node("a", zone="x"), node("b", wanted, zone="x")) == words


def test_an_affinity_may_be_about_other_namespaces() -> None:
    wanted = pod(affinity=affinity("podAntiAffinity", "zone", namespaceSelector={}))
    there = node("b", pod(namespace="elsewhere"), zone="x")
    assert refusal(wanted, node("a", zone="x"), there, namespaces={"elsewhere": {}}) != ""


def test_pods_that_attract_each_other_need_one_that_is_there_or_are_the_first() -> None:
    wanted = pod(affinity=affinity("podAffinity", "zone"))
    words = "node(s) didn't match pod affinity rules"
    assert refusal(wanted, node("a", zone="x"), node("b", zone="y")) == ""
    assert refusal(wanted, node("a", zone="x"), node("b", pod(), zone="y")) == words
    assert refusal(wanted, node("a", zone="x"), node("b", pod(), zone="x")) == ""
    assert refusal(wanted, node("a", zone=None), node("b", zone="y")) == words


def test_a_spread_that_must_be_kept_is_kept() -> None:
    words = "node(s) didn't match pod topology spread constraints"
    full, empty = node("a", pod(), zone="x"), node("b", zone="y")
    assert refusal(spread("zone"), full, empty) == words
    assert refusal(spread("zone"), empty, full) == ""
    assert refusal(spread("zone", whenUnsatisfiable="ScheduleAnyway"), full, empty) == ""
    assert refusal(spread("zone", maxSkew=2), full, empty) == ""
    assert refusal(spread("zone", minDomains=3), node("a", pod(), zone="x")) == words
    assert refusal(spread("rack"), full, empty) == words


def test_a_pod_goes_where_its_volume_is() -> None:
    terms = [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["x"]}]}]
    volumes = {"here/data": {"spec": {"nodeAffinity": {"required": {"nodeSelectorTerms": terms}}}}}
    wanted = pod(volumes=[{"persistentVolumeClaim": {"claimName": "data"}}])
    words = "node(s) didn't match PersistentVolume's node affinity"
    assert refusal(wanted, node("a", zone="x"), volumes=volumes) == ""
    assert refusal(wanted, node("a", zone="y"), volumes=volumes) == words
