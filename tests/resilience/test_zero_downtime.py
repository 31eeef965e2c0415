"""No request is lost while the application's images or its configuration change."""

from __future__ import annotations

import time
from typing import Any

from cluster import command, pods
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
