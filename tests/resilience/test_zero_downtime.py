"""No request is lost while images, configuration, number of pods change, or a node is drained.

Where a node dies, those are lost that it had, until the cluster has seen it.
"""

from __future__ import annotations

import time
from typing import Any

from cluster import command, kubectl, node_of, other_than_milvus_s, pods, power, wait
from conftest import Inventory, Measure


def failed(rows: list[Any]) -> dict[str, dict[str, int]]:
    """What went wrong, by way."""
    return {row.way: dict(row.failures) for row in rows if row.failures}


def image_of(component: str) -> str:
    """The image that a component's pods run."""
    images = {pod["spec"]["containers"][0]["image"] for pod in pods(component)}
    assert len(images) == 1, images
    return str(images.pop())


def test_nothing_changes(measure: Measure) -> None:
    with measure("nothing") as rows:
        time.sleep(15)
    assert failed(rows) == {}


def test_another_image(measure: Measure, inventory: Inventory) -> None:
    images = {}
    for component in ("backend", "frontend"):
        before = image_of(component)
        repository = before.partition("@")[0]
        tag = f"0.1.1-{int(time.time())}"
        command(
            "crane", "mutate", before, "--label", f"change={tag}", "--tag", f"{repository}:{tag}"
        )
        digest = command("crane", "digest", f"{repository}:{tag}").strip()
        images[component] = {"repository": repository, "digest": digest, "tag": tag}
    with measure("image of both") as rows:
        inventory.roll_out(app_rollout_images=images)
    assert {name: image_of(name).partition("@")[2] for name in images} == {
        name: image["digest"] for name, image in images.items()
    }
    assert failed(rows) == {}


def test_another_configuration(measure: Measure, inventory: Inventory) -> None:
    values = inventory.chart_values()
    values["backend"]["extraEnv"].append({"name": "CHANGED", "value": "1"})
    before = {pod["metadata"]["name"] for pod in pods("backend")}
    with measure("configuration of the backend") as rows:
        inventory.roll_out(app_rollout_values=values)
    assert not before & {pod["metadata"]["name"] for pod in pods("backend")}
    assert failed(rows) == {}


def test_another_number_of_pods(measure: Measure, inventory: Inventory) -> None:
    values = inventory.chart_values()
    with measure("backends: 2, 3, 2") as rows:
        for number in (3, 2):
            scaling = {**values["backend"]["autoscaling"], "minReplicas": number}
            backend = {**values["backend"], "autoscaling": scaling}
            inventory.roll_out(app_rollout_values={**values, "backend": backend})
            wait(f"{number} backends", lambda n=number: len(pods("backend")) == n, 180)
    assert failed(rows) == {}


def elsewhere(node: str) -> bool:
    """Whether both parts have their two pods, none of them on a node."""
    homes = [[node_of(pod) for pod in pods(part)] for part in ("backend", "frontend")]
    return all(len(home) >= 2 and node not in home for home in homes)


def test_a_node_is_drained(measure: Measure) -> None:
    node = other_than_milvus_s()
    with measure("a node is drained") as rows:
        try:
            kubectl(
                *("drain", node, "--ignore-daemonsets", "--delete-emptydir-data"),
                *("--timeout", "240s"),
                timeout=300,
            )
            wait("all pods elsewhere", lambda: elsewhere(node), 120)
        finally:
            kubectl("uncordon", node)
    assert failed(rows) == {}


SEEN_WITHIN = 45
"""Seconds in which requests may go to a dead node: 12 until it is taken for lost, those that it
takes the endpoints to be everywhere, and the 10 of a request that was sent in the last moment."""


def test_a_node_dies(measure: Measure) -> None:
    node = other_than_milvus_s()
    with measure("a node dies") as rows:
        power("stop", node)
        try:
            wait("all pods elsewhere", lambda: elsewhere(node), 180)
        finally:
            power("start", node)
    for row in rows:
        assert row.last_failure < SEEN_WITHIN
        assert row.failures.total() < len(row.latencies) / 2
