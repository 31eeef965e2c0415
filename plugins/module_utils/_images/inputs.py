# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the inputs of role images must be."""

from __future__ import annotations

from collections.abc import Iterator

from .._inputs import forms
from .._inputs.machines import NAMES, of_image
from .._inputs.rules import Inputs, Rules, Run
from .source import default_platform

PLATFORM = forms.pattern(
    r"(|linux/(amd64|arm64)(/v\d)?(,linux/(amd64|arm64)(/v\d)?)*)",
    "a platform such as linux/amd64, or nothing",
)


def problems(images: Inputs, run: Run) -> Iterator[str]:
    """Yield what no node would run: images of another architecture than all groups for anybody."""
    if images.get("images_state") == "absent":
        return
    given = str(images.get("images_platform") or "")
    built = [each.strip() for each in (given or default_platform()).split(",")]
    nodes = {
        of_image(group)
        for group in run.of("eks").get("eks_node_groups", [])
        if not any(
            taint.get("effect") != "PREFER_NO_SCHEDULE" for taint in group.get("taints") or []
        )
    }
    known = {NAMES.get(each.removeprefix("linux/").partition("/")[0]) for each in built}
    if nodes and not nodes & known:
        needed = next(name for name, kind in NAMES.items() if kind in nodes)
        yield (
            "images: images would be built for"
            f" {', '.join(built)}{'' if given else ' (the platform of this machine)'}, but no node"
            " group of eks_node_groups has this architecture. Their pods would fail with an exec"
            f" format error. Set images_platform to linux/{needed}."
        )


RULES = Rules(problems=problems, forms={"images_platform": PLATFORM})
