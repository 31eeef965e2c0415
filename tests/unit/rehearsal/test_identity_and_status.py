"""Dead and half-started worlds are told from living ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rehearsal import cli
from rehearsal.identity import Identity, Process
from rehearsal.paths import Places
from rehearsal.status import read_state


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    monkeypatch.setenv("REHEARSAL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("RAGOPS_CACHE", str(tmp_path / "cache"))
    found = Places.from_environment()
    found.data.mkdir()
    return found


def ended_process() -> Process:
    """A process that was there and is not any more."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    process = Process.of(child.pid)
    assert process is not None
    assert process.alive
    child.communicate(b"\n")
    return process


def test_a_process_that_has_ended_is_not_alive() -> None:
    assert not ended_process().alive


def test_a_reused_id_is_another_process() -> None:
    me = Process.of(os.getpid())
    assert me is not None
    assert me.alive
    assert not Process(me.pid, me.start - 1).alive


def test_what_was_written_is_read(places: Places) -> None:
    assert Identity.read(places) is None
    process = ended_process()
    Identity(process, process).write(places)
    assert Identity.read(places) == Identity(process, process)
    places.identity.write_text("{")
    assert Identity.read(places) is None


def write_state(places: Places, **changes: object) -> None:
    state = {
        "phase": "ready",
        "error": "",
        "began": time.time(),
        "heartbeat": time.time(),
        "processes": {"aws": {"pid": 7}, "redis": {"pid": 8, "returncode": -9, "at": 1.0}},
    }
    places.state.write_text(json.dumps(state | changes))


def test_servers_that_ended_are_known(places: Places) -> None:
    write_state(places)
    state = read_state(places)
    assert state is not None
    assert state.ended == {"redis": -9}
    assert not state.stale
    write_state(places, heartbeat=time.time() - 60)
    state = read_state(places)
    assert state is not None
    assert state.stale


@pytest.mark.usefixtures("places")
def test_no_world_is_said_so(capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["status"]) == 1
    assert "no world: `rehearsal up` starts one" in capfd.readouterr().out
    assert cli.main(["exec", "--", "true"]) == 1
    assert "there is no world" in capfd.readouterr().err


def test_a_dead_world_is_said_so_and_cleaned_up(
    places: Places, capfd: pytest.CaptureFixture[str]
) -> None:
    process = ended_process()
    Identity(process, process).write(places)
    write_state(places, phase="failed", error="Redis: not after 20 s")
    assert cli.main(["status"]) == 1
    output = capfd.readouterr().out
    assert "the world has ended" in output
    assert "Redis: not after 20 s" in output
    assert cli.main(["exec", "--", "true"]) == 1
    assert "the world has ended" in capfd.readouterr().err
    assert cli.main(["down"]) == 0
    assert not places.data.exists()
    assert cli.main(["down"]) == 0
    assert "there was no world" in capfd.readouterr().out


def test_logs_are_listed_and_shown(places: Places, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["logs"]) == 1
    (places.data / "logs").mkdir()
    (places.data / "logs/aws.log").write_text("a line\n")
    capfd.readouterr()
    assert cli.main(["logs"]) == 0
    assert capfd.readouterr().out.startswith("aws ")
    assert cli.main(["logs", "aws"]) == 0
    assert capfd.readouterr().out == "a line\n"
    assert cli.main(["logs", "none"]) == 1
    assert "there is no log none: aws" in capfd.readouterr().err


def test_reset_removes_the_caches(places: Places) -> None:
    places.cache.mkdir()
    (places.cache / "file").touch()
    assert cli.main(["reset"]) == 0
    assert not places.cache.exists()
    assert not places.data.exists()
