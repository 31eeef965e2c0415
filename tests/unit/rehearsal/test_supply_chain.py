"""The key of the compiled programs, and the versions that are put into them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rehearsal import supply_chain


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    shutil.copytree(supply_chain.SOURCE, folder)
    return folder


@pytest.mark.parametrize("changed", ["go.mod", "go.sum", "cmd/knownflaw/main.go"])
def test_the_key_changes_with_every_source(source: Path, changed: str) -> None:
    before = supply_chain.key("go1", source)
    assert before == supply_chain.key("go1")
    with (source / changed).open("a") as file:
        file.write("\n")
    assert supply_chain.key("go1", source) != before
    assert supply_chain.key("go2") != supply_chain.key("go1")


@pytest.mark.parametrize("program", ["cosign", "syft", "grype"])
def test_a_program_is_told_the_version_that_is_required(program: str) -> None:
    version = supply_chain.version(program)
    assert version.count(".") == 2
    module = supply_chain.PACKAGES[program].partition("/cmd/")[0]
    assert f"{module} v{version}" in (supply_chain.SOURCE / "go.mod").read_text()
    assert f"main.version={version}" in supply_chain.flags(program)[-1]


def test_go_keeps_what_the_programs_are_compiled_from() -> None:
    """A package that no `tool` line and no import names goes from go.mod at the next tidying."""
    text = (supply_chain.SOURCE / "go.mod").read_text()
    for package in supply_chain.PACKAGES.values():
        assert package.startswith("./") or f"\t{package}\n" in text
