"""docs/iam: what the phases of the cluster may do, found in a world of the rehearsal.

Made only with `--world`, since it takes as long as a rollout does.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import documents
import pytest
from accounts import ACCOUNT, CLUSTER, NAME, REGION
from conditions import Question
from policies import statements
from rehearsed import NAME as REHEARSED
from support.authorization_reference import exists
from support.checkout import BIN, ROOT

REHEARSAL = str(BIN / "rehearsal")


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, world: None) -> Iterator[dict[str, Any]]:  # noqa: ARG001
    """What was found in a fresh world."""
    report = tmp_path_factory.mktemp("rehearsed") / "found.json"
    program = [sys.executable, str(Path(__file__).with_name("rehearsed.py")), str(report)]
    program = ["env", f"PYTHONPATH={ROOT / 'tests'}", *program]
    try:
        subprocess.run([REHEARSAL, "up"], cwd=ROOT, check=True)
        subprocess.run([REHEARSAL, "exec", "--", *program], cwd=ROOT, check=True)
        yield json.loads(report.read_text().replace(REHEARSED, NAME))
    finally:
        subprocess.run([REHEARSAL, "down"], cwd=ROOT, check=True)


@pytest.mark.parametrize("playbook", CLUSTER)
def test_the_cluster_s_phases_need_what_is_written(
    playbook: str, found: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    known = found[playbook]
    asked = {Question(*each) for each in known["questions"]}
    needed = {each for each in asked if each.action in known["named"]}
    wanted = statements(needed, NAME, ACCOUNT, REGION)
    if request.config.getoption("--write"):
        documents.write(playbook, wanted)
        documents.write_table()
    assert documents.read(playbook) == wanted, f"docs/iam/{playbook}.json: run make iam"
    assert (known["hidden"], known["unnamed"]) == ([], [])


@pytest.mark.parametrize("playbook", CLUSTER)
def test_what_is_written_exists_and_is_limited(playbook: str) -> None:
    wanted = documents.read(playbook)
    assert [action for action in documents.actions(wanted) if not exists(action)] == []
    assert documents.limitless(wanted) == []
