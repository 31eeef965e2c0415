"""Controllers that the nodes may have: what decides what is made, and which versions it is of."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from rehearsal.cluster.controllers import Controller
from rehearsal.cluster.optional import OPTIONAL

each_controller = pytest.mark.parametrize("controller", OPTIONAL, ids=lambda one: one.name)


@each_controller
@pytest.mark.parametrize("changed", ["go.mod", "go.sum"])
def test_the_key_changes_with_every_source(
    controller: Controller, changed: str, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    shutil.copytree(controller.source, source)
    before = controller.key("go1", source)
    assert before == controller.key("go1")
    assert before != controller.key("go2", source)
    with (source / changed).open("a") as file:
        file.write("\n")
    assert controller.key("go1", source) != before


@each_controller
def test_the_version_named_in_python_is_that_of_go_mod(controller: Controller) -> None:
    text = (controller.source / "go.mod").read_text()
    required = re.search(rf"^(?:require )?\s*{re.escape(controller.module)} (v\S+)", text, re.M)
    assert required
    assert required[1] == controller.version
    assert controller.tag in (controller.version, controller.version.removeprefix("v"))
    assert controller.image.name == f"{controller.name}:{controller.tag}"
    assert f"tool {controller.package}" in text
    # Go names a program after the last part of its path.
    assert controller.package.rsplit("/", 1)[-1] == controller.program
