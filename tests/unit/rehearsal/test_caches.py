"""Parts of the cache appear whole or not at all, and what fails is named."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rehearsal import cli, commands
from rehearsal.caches import EXTERNAL_SECRETS, Caches, checked, making, noted, side_by_side
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


def caches(operator: Path | None) -> Caches:
    parts = {name: Path("/c") / name for name in ("ministack", "images", "wheels", "npm")}
    return Caches(binaries=Path("/c/bin"), external_secrets=operator, **parts)


def test_the_operator_is_told_of_only_where_it_was_asked_for(tmp_path: Path) -> None:
    caches(None).note(tmp_path)
    assert EXTERNAL_SECRETS not in noted(tmp_path)
    assert caches(None).archives == []
    asked = caches(Path("/c/operator"))
    asked.note(tmp_path)
    assert noted(tmp_path)[EXTERNAL_SECRETS] == "/c/operator/chart"
    assert asked.archives == [Path("/c/operator/image.tar")]


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the caches were made with the operator, each time they were made."""
    made = []

    def prepare(*_: object, external_secrets: bool, **__: object) -> Caches:
        made.append(external_secrets)
        return caches(Path("/c/operator") if external_secrets else None)

    monkeypatch.setattr(commands, "prepare", prepare)
    return made


def test_a_world_keeps_its_operator_without_being_asked_again(
    tmp_path: Path, prepared: list[bool]
) -> None:
    places = Places(data=tmp_path, cache=tmp_path)
    caches(Path("/c/operator")).note(tmp_path)
    commands.refresh(places, install=False, kubernetes=True, operator=False)
    assert prepared == [True]
    assert EXTERNAL_SECRETS in noted(tmp_path)


def test_a_world_does_not_get_an_operator_later(tmp_path: Path, prepared: list[bool]) -> None:
    places = Places(data=tmp_path, cache=tmp_path)
    caches(None).note(tmp_path)
    with pytest.raises(WorldError, match="up without External Secrets"):
        commands.refresh(places, install=False, kubernetes=True, operator=True)
    assert prepared == []


@pytest.mark.parametrize("verb", ["up", "setup"])
def test_the_operator_wants_nodes(
    verb: str, capsys: pytest.CaptureFixture[str], prepared: list[bool]
) -> None:
    assert cli.main([verb, "--external-secrets", "--no-kubernetes"]) == 1
    assert "needs the world's own nodes" in capsys.readouterr().err
    assert prepared == []
