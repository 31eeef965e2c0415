"""The inventory `dev` as it is shipped, on this machine, in order: `make dev-inventory`.

Its API server is private and reached through the bastion. Only what the machine lacks is set beside
it. Each test goes on where the one before it stopped: run with -x.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import REHEARSAL, Outcome, inside, playbook, run

MACHINE = "inventories/rehearsal/group_vars/platform/machine.yml"
DOCUMENT = "docs/architecture.md"
QUESTION = "How does the platform find its own resources again?"

pytestmark = pytest.mark.usefixtures("world")


def dev(name: str, *arguments: str) -> Outcome:
    """Run a playbook with the inventory of dev."""
    return playbook(name, "-e", f"@{MACHINE}", *arguments, inventory="dev")


def open_sessions() -> list[Any]:
    """The sessions of SSM that are open."""
    script = (
        "import boto3, json; "
        "print(json.dumps(boto3.client('ssm').describe_sessions(State='Active')['Sessions']))"
    )
    found: list[Any] = json.loads(inside(".venv/bin/python", "-c", script).output.splitlines()[-1])
    return found


def rows(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text())
    return found


def test_a_plan_of_an_empty_account(reports: Path) -> None:
    outcome = dev("playbooks/plan.yml", "-e", f"plan_file={reports}/plan.json")
    assert outcome.returncode == 0
    assert {row["action"] for row in rows(reports / "plan.json")} == {"create"}


def test_it_is_rolled_out_through_the_tunnel(reports: Path) -> None:
    outcome = dev("site.yml", "-e", f"changes_file={reports}/changes.json")
    assert outcome.returncode == 0
    made = {row["resource"] for row in rows(reports / "changes.json")}
    assert "instance ragops-dev-bastion" in made
    assert not [name for name in made if name.startswith("ingress ")], "nobody named a host"
    assert open_sessions() == [], "the run has left its tunnel open"


def test_the_application_answers_and_cites() -> None:
    outcome = run(REHEARSAL, "ask", "--document", DOCUMENT, QUESTION)
    assert outcome.returncode == 0
    assert "[1] document" in outcome.output


def test_the_second_run_changes_nothing() -> None:
    outcome = dev("site.yml")
    assert outcome.returncode == 0
    assert outcome.recap
    assert outcome.changed == {}


def test_the_plan_of_a_platform_that_runs_is_empty(reports: Path) -> None:
    outcome = dev("playbooks/plan.yml", "-e", f"plan_file={reports}/again.json")
    assert outcome.returncode == 0
    assert rows(reports / "again.json") == []
    assert open_sessions() == []


def test_destroy_leaves_nothing_and_runs_twice() -> None:
    for _ in range(2):
        outcome = dev("destroy.yml", "-e", "confirm=dev", "-e", "destroy_data=true")
        assert outcome.returncode == 0
    assert open_sessions() == []
