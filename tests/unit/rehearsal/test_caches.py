"""Parts of the cache appear whole or not at all, and what fails is named."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from rehearsal.caches import checked, making, side_by_side
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
