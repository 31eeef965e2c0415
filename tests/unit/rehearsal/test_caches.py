"""Parts of the cache appear whole or not at all, and what fails is named."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from support.checkout import ROOT

from rehearsal import cli, commands
from rehearsal.caches import Caches, checked, making, noted, side_by_side
from rehearsal.cluster import external_secrets, karpenter
from rehearsal.cluster.controllers import Controller
from rehearsal.cluster.optional import OPTIONAL
from rehearsal.paths import Places
from rehearsal.world import WorldError


def test_a_part_that_failed_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "part/key"

    def make() -> None:
        with making(target) as draft:
            assert draft is not None
            (draft / "file").write_text("half")
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        make()
    assert [path for path in target.parent.iterdir() if path.is_dir()] == []


def test_a_full_disk_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match=r"the disk is full: free some space"):  # noqa: SIM117
        with making(tmp_path / "part/key"):
            raise OSError(28, "No space left on device")


def test_two_that_make_the_same_make_it_once(tmp_path: Path) -> None:
    made = []

    def make() -> Path:
        with making(tmp_path / "part/key") as draft:
            if draft is not None:
                made.append(draft)
                (draft / "file").write_text("whole")
        return tmp_path / "part/key"

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert (tmp_path / "part/key/file").read_text() == "whole"


def test_the_part_that_fails_is_what_is_told() -> None:
    def fail() -> Path:
        raise WorldError("npm cache: npm failed")

    with pytest.raises(WorldError, match="npm cache"):
        side_by_side({"good": lambda: Path("/"), "bad": fail}, lambda _: None)


def test_a_tool_that_fails_is_quoted() -> None:
    with pytest.raises(WorldError, match=r"step: sh failed:\n  the cause"):
        checked("step", ["sh", "-c", "echo the cause >&2; exit 3"])


OPERATOR = external_secrets.CONTROLLER


def caches(*optional: Controller) -> Caches:
    parts = {name: Path("/c") / name for name in ("ministack", "images", "wheels", "npm")}
    asked = {each: Path("/c") / each.name for each in optional}
    return Caches(binaries=Path("/c/bin"), optional=asked, **parts)


@pytest.mark.parametrize("asked", OPTIONAL)
def test_a_controller_is_told_of_only_where_it_was_asked_for(
    asked: Controller, tmp_path: Path
) -> None:
    caches().note(tmp_path)
    assert asked.variable not in noted(tmp_path)
    assert caches().archives == []
    made = caches(asked)
    made.note(tmp_path)
    others = {each.variable for each in OPTIONAL if each is not asked}
    assert noted(tmp_path)[asked.variable] == f"/c/{asked.name}/chart"
    assert not others & set(noted(tmp_path))
    assert made.archives == [Path(f"/c/{asked.name}/image.tar")]


def test_switches_and_variables_are_those_of_the_inventory() -> None:
    assert {each.option: each.variable for each in OPTIONAL} == {
        "--external-secrets": "REHEARSAL_EXTERNAL_SECRETS",
        "--karpenter": "REHEARSAL_KARPENTER",
    }
    inventory = ROOT / "inventories/rehearsal/group_vars/platform/machine.yml"
    assert all(f"'{each.variable}'" in inventory.read_text() for each in OPTIONAL)


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[list[Controller]]:
    """With which controllers the caches were made, each time they were made."""
    made = []

    def prepare(*_: object, optional: list[Controller], **__: object) -> Caches:
        made.append(optional)
        return caches(*optional)

    monkeypatch.setattr(commands, "prepare", prepare)
    return made


def test_a_world_keeps_its_controllers_without_being_asked_again(
    tmp_path: Path, prepared: list[list[Controller]]
) -> None:
    places = Places(data=tmp_path, cache=tmp_path)
    caches(OPERATOR).note(tmp_path)
    commands.refresh(places, install=False, kubernetes=True, optional=[])
    assert prepared == [[OPERATOR]]
    assert OPERATOR.variable in noted(tmp_path)


def test_a_world_does_not_get_a_controller_later(
    tmp_path: Path, prepared: list[list[Controller]]
) -> None:
    places = Places(data=tmp_path, cache=tmp_path)
    caches(OPERATOR).note(tmp_path)
    asked = [OPERATOR, karpenter.CONTROLLER]
    with pytest.raises(WorldError, match=r"without Karpenter.*--external-secrets --karpenter"):
        commands.refresh(places, install=False, kubernetes=True, optional=asked)
    assert prepared == []


@pytest.mark.parametrize("asked", OPTIONAL)
@pytest.mark.parametrize("verb", ["up", "setup"])
def test_a_controller_wants_nodes(
    verb: str,
    asked: Controller,
    capsys: pytest.CaptureFixture[str],
    prepared: list[list[Controller]],
) -> None:
    assert cli.main([verb, asked.option, "--no-kubernetes"]) == 1
    assert f"{asked.option} needs the world's own nodes" in capsys.readouterr().err
    assert prepared == []
