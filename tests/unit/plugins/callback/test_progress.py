"""What a run says while it waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._progress import lines
from ansible_collections.ragops.platform.plugins.module_utils.progress import Wait
from support.ansible_runs import local_play, run_playbook
from support.checkout import ROOT
from support.ports import free_port


def wait(waited: float, state: str = "CREATING", at: float = 0.0) -> Wait:
    return Wait("EKS cluster ragops-dev", state, waited, 1800.0, at)


def told(*looks: Wait) -> list[list[str]]:
    """The lines of looks at one wait."""
    waits = lines.Waits()

    def one(look: Wait) -> Iterator[tuple[str, Wait]]:
        yield "1-a.json", look

    return [waits.due(one(look), now=0.0) for look in looks]


def test_a_wait_is_told_of_after_a_while_and_then_now_and_again() -> None:
    shown = told(wait(4), wait(11), wait(20), wait(42), wait(50))
    assert [len(each) for each in shown] == [0, 1, 0, 1, 0]
    assert shown[1] == [
        "waiting 11 s: EKS cluster ragops-dev: CREATING (usually 8 to 16 min, given up after "
        "30 min 00 s)"
    ]


def test_another_state_is_told_of_sooner_but_not_each_time() -> None:
    shown = told(wait(11), wait(15, "ACTIVE"), wait(22, "UPDATING"), wait(30, "ACTIVE"))
    assert [len(each) for each in shown] == [1, 0, 1, 0]


def test_who_was_killed_waits_no_longer() -> None:
    stale = wait(400, at=-lines.FORGOTTEN - 1)
    assert told(stale) == [[]]


@pytest.fixture
def play(tmp_path: Path) -> str:
    """A play that waits in vain, as long as it takes to be told of."""
    waiting = {
        "name": "Wait for a Milvus that is not there",
        "ragops.platform.milvus_collection_info": {
            "uri": f"http://127.0.0.1:{free_port()}",
            "name": "chunks",
            "wait_timeout": 14,
        },
    }
    return local_play(tmp_path, tasks=[waiting])


def test_a_module_that_waits_is_heard_before_it_ends(play: str, tmp_path: Path) -> None:
    folders = {"TMPDIR": str(tmp_path), "ANSIBLE_LOCAL_TEMP": str(tmp_path / "local")}
    run = run_playbook(ROOT, play, environment=folders)
    assert run.returncode == 2, run.output
    before_the_end = run.output.split("fatal: [localhost]")[0]
    said = [line for line in before_the_end.splitlines() if line.startswith("waiting ")]
    assert len(said) == 1, run.output
    assert "Milvus at http://127.0.0.1:" in said[0]
    assert "given up after 13 s" in said[0] or "given up after 14 s" in said[0]
    assert not list(tmp_path.glob("ragops-progress-*")), "the folder is left"


def test_output_for_programs_is_left_alone(play: str) -> None:
    callback = {"ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.json"}
    run = run_playbook(ROOT, play, environment=callback)
    assert run.returncode == 2, run.output
    assert "waiting " not in run.output
