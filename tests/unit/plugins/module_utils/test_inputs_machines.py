"""Which architecture machines have, and what preflight says of those that do not fit."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._images import inputs as images
from ansible_collections.ragops.platform.plugins.module_utils._inputs import machines
from ansible_collections.ragops.platform.plugins.module_utils._inputs.rules import Run

ARM = ("a1", "t4g", "m7g", "c7gn", "r8gd", "im4gn", "is4gen", "x2gd", "hpc7g", "g5g", "i8g", "m8gb")
X86 = ("t3", "t3a", "m6i", "m7i-flex", "g4dn", "g6", "p4d", "u7i-12tb", "i7ie", "x2iedn", "inf2")


@pytest.mark.parametrize("family", ARM)
def test_families_with_awss_own_processors(family: str) -> None:
    assert machines.architecture(f"{family}.large") == machines.architecture(family) == "arm64"


@pytest.mark.parametrize("family", X86)
def test_other_families(family: str) -> None:
    assert machines.architecture(f"{family}.large") == machines.architecture(family) == "x86_64"


TAINT = {"key": "arm", "effect": "NO_SCHEDULE"}
GRAVITON = {"name": "arm", "ami_type": "AL2023_ARM_64_STANDARD", "instance_types": ["m7g.large"]}
INTEL = {"name": "main", "instance_types": ["m7i.large"]}


def run(groups: list[dict[str, Any]]) -> Run:
    return Run("ragops-dev", "us-east-1", inputs={"eks": {"eks_node_groups": groups}})


@pytest.mark.parametrize(
    ("groups", "platform", "says"),
    [
        ([INTEL], "linux/amd64", ""),
        ([INTEL], "linux/arm64", "Set images_platform to linux/amd64"),
        ([GRAVITON], "linux/amd64", "Set images_platform to linux/arm64"),
        ([GRAVITON], "linux/arm64/v8", ""),
        ([INTEL, {**GRAVITON, "taints": [TAINT]}], "linux/arm64", "linux/amd64"),
        ([GRAVITON], "linux/amd64,linux/arm64", ""),
        ([], "linux/arm64", ""),
    ],
)
def test_images_are_built_for_a_node_group(
    groups: list[dict[str, Any]], platform: str, says: str
) -> None:
    found = images.problems({"images_platform": platform}, run(groups))
    assert [says in text for text in found] == ([True] if says else [])


def test_the_platform_of_this_machine_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "default_platform", lambda: "linux/arm64")
    (said,) = images.problems({}, run([INTEL]))
    assert "for linux/arm64 (the platform of this machine), but no node group" in said


@pytest.mark.parametrize(
    ("pool", "fits"),
    [
        ({}, True),
        ({"instance_families": ["m7g"]}, False),
        ({"instance_families": ["m7g", "m7i"]}, True),
        ({"instance_families": ["m7g"], "architectures": ["arm64"]}, True),
    ],
)
def test_pools_have_families_of_their_architecture(pool: dict[str, Any], fits: bool) -> None:
    assert (list(machines.pool_problems(pool)) == []) is fits
