"""Bad inputs: each is named with what to do, and nothing changes in the account."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import bad_forms
import bad_inputs
import pytest
from support import programs
from support.ansible_runs import run_playbook
from support.checkout import ROOT
from support.emulator import Aws

ROWS = [*bad_inputs.ROWS, *bad_forms.ROWS]


@pytest.fixture
def environment(aws: Aws, tmp_path: Path) -> dict[str, str]:
    """An empty account, and the programs that preflight looks for."""
    return programs.environment(aws, tmp_path)


def test_there_are_enough_rows() -> None:
    assert len(ROWS) >= 40
    assert len({(row.component, json.dumps(row.inputs)) for row in ROWS}) == len(ROWS)


@pytest.fixture(scope="module")
def judged() -> list[list[str]]:
    """What the judge says of each row's inputs in inventory prod: all in one process."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/support/judging.py"), "inventories/prod"],
        cwd=ROOT,
        input=json.dumps([{}, *(row.inputs for row in ROWS)]),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    nothing, *answers = json.loads(done.stdout)
    assert nothing == [], "the shipped inventory is refused"
    return answers


@pytest.mark.parametrize("number", range(len(ROWS)), ids=lambda number: ROWS[number].message)
def test_a_bad_input_is_named(number: int, judged: list[list[str]]) -> None:
    row = ROWS[number]
    assert any(row.message in error for error in judged[number]), f"{row}\n{judged[number]}"


def test_bad_inputs_of_several_components_are_named_before_anything_changes(
    environment: dict[str, str], request_log: Path
) -> None:
    before = len(request_log.read_text().splitlines()) if request_log.exists() else 0
    judged = [row for row in bad_inputs.ROWS if row.component not in ("platform", "network")]
    rows = {row.component: row for row in judged}
    done = run_playbook(
        ROOT,
        *("site.yml", "-i", "inventories/prod", "-e"),
        json.dumps({key: value for row in rows.values() for key, value in row.inputs.items()}),
        environment=environment,
    )
    assert done.returncode == 2, done.output
    assert "nothing was changed" in done.output
    for row in rows.values():
        assert row.message in done.output, f"{row}\n{done.output}"
    calls = [json.loads(line) for line in request_log.read_text().splitlines()[before:]]
    assert [call["action"] for call in calls if call["mutating"]] == []
    assert all(row["changed"] == 0 for row in done.recap.values())


GIVEN = ("-e", "platform_bastion=false", "-e", "rds_backup_retention_days=9", "-e", "s3_purposes=a")


def test_texts_of_the_command_line_are_what_they_say(environment: dict[str, str]) -> None:
    """`false` was true, and a list of one was a list of its letters."""
    plan = ("playbooks/plan.yml", "-i", "inventories/dev", "--limit", "bastion,s3,kms", "--diff")
    ways = {"platform_access": "public", "platform_access_cidr_blocks": ["9.9.9.0/24"]}
    done = run_playbook(ROOT, *plan, *GIVEN, "-e", json.dumps(ways), environment=environment)
    assert done.returncode == 0, done.output
    table = done.output.split("PLAN *")[1]
    assert "ragops-dev-a-" in table
    assert "instance" not in table, "the bastion was switched off"


def test_without_the_callback_such_texts_are_refused(environment: dict[str, str]) -> None:
    done = run_playbook(
        ROOT,
        *("playbooks/preflight.yml", "-i", "inventories/dev", *GIVEN),
        environment={**environment, "ANSIBLE_CALLBACKS_ENABLED": "ragops.platform.plan"},
    )
    assert done.returncode == 2
    assert "platform_bastion is 'false', a text: give true or false" in done.output
    assert "s3_purposes is a text: give a list" in done.output
    assert "rds_backup_retention_days is '9', a text: give a whole number" in done.output
