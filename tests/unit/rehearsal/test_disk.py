"""A disk that fills up is named, on real ones that are too small (each in a namespace)."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from rehearsal import disk


def on_a_full_disk(folder: Path, script: str, size: str = "1M") -> str:
    """Run a script with `full`, a folder on a disk without a free byte; return what it printed."""
    prelude = f"""
        import pathlib, subprocess
        full = pathlib.Path({str(folder)!r})
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size={size}", "tmpfs", full], check=True)
        def fill():
            with (full / "filler").open("wb", buffering=0) as file:
                while True:
                    try:
                        file.write(b"x" * 4096)
                    except OSError:
                        return
    """
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", sys.executable, "-c",
         textwrap.dedent(prelude) + textwrap.dedent(script)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_full_disk_is_told_from_one_with_space(tmp_path: Path) -> None:
    output = on_a_full_disk(
        tmp_path,
        """
        from rehearsal import disk
        print(disk.full(full / "not/there"))
        fill()
        print(disk.full(full))
        """,
        size="120M",
    )
    assert output.splitlines() == ["", f"the disk of {tmp_path} is full (0 MiB are free)"]


def test_a_part_of_the_cache_that_does_not_fit_is_named(tmp_path: Path) -> None:
    output = on_a_full_disk(
        tmp_path,
        """
        from rehearsal.caches import checked, making
        from rehearsal.world import WorldError
        try:
            with making(full / "part/key") as draft:
                (draft / "file").write_bytes(b"x" * 2**21)
        except WorldError as error:
            print(error)
        print([path.name for path in (full / "part").iterdir() if path.is_dir()])
        try:
            checked("step", ["dd", "if=/dev/zero", f"of={full}/large", "bs=64K", "count=32"])
        except WorldError as error:
            print(error)
        """,
    )
    first, left, *tool = output.splitlines()
    assert first.startswith(f"{tmp_path}/part: the disk is full")
    assert "RAGOPS_CACHE=" in first
    assert left == "[]"
    assert "No space left on device" in output
    assert tool[-1].startswith("  the disk is full: free some space, or choose another place")


def test_a_world_on_a_full_disk_is_left_alone_and_named(tmp_path: Path) -> None:
    """It lives (this process stands in for it, and would be killed), but can't write any more."""
    output = on_a_full_disk(
        tmp_path,
        """
        import contextlib, io, json, os
        from rehearsal import cli
        from rehearsal.identity import Identity, Process
        from rehearsal.paths import Places
        os.environ |= {"REHEARSAL_DATA": str(full), "RAGOPS_CACHE": str(full)}
        places, me = Places.from_environment(), Process.of(os.getpid())
        Identity(me, me).write(places)
        places.state.write_text(json.dumps({"phase": "ready", "error": "", "began": 0,
                                            "heartbeat": 0, "processes": {}}))
        fill()
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            print(cli.main(["up"]))
        print(said.getvalue())
        """,
    )
    assert output.startswith("1\nrehearsal: the world is up, but the disk of ")
    assert "free some space" in output


def test_the_supervisor_goes_on_when_there_is_space_again(tmp_path: Path) -> None:
    output = on_a_full_disk(
        tmp_path,
        """
        import threading, time
        from rehearsal.inside.supervisor import Supervisor
        from rehearsal.paths import Places
        from rehearsal.status import read_state
        places = Places(full, full)
        supervisor = Supervisor(places, full, full, None)
        supervisor.write()
        fill()
        before = read_state(places).heartbeat
        threading.Thread(target=supervisor.watch, daemon=True).start()
        time.sleep(1.5)
        print(read_state(places).heartbeat == before)
        supervisor.enter("failed", "a disk")
        (full / "filler").unlink()
        time.sleep(1.5)
        print(read_state(places).heartbeat > before, read_state(places).error)
        """,
    )
    assert output.splitlines() == ["True", "True a disk"]


@pytest.mark.parametrize(
    "said",
    ["OSError: [Errno 28] No space left on device", "npm error nospc ENOSPC: no space left on d"],
)
def test_a_tool_says_it_in_its_own_words(said: str) -> None:
    assert "the disk is full" in disk.named_by_tool(said)
    assert disk.named_by_tool("connection refused") == ""
