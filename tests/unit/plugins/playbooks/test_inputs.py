"""Bad inputs: each is named with what to do, and nothing changes in the account."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from bad_inputs import ROWS, Row
from running import ROOT, Aws, run_playbook

# Their checks say the first thing that is wrong, or judge several inputs together: only one of
# their rows fits into a run.
ONE_AT_A_TIME = {"network", "rds", "elasticache", "app_rollout"}

# Judged by the inputs of both: whether people come from outside, and which ranges overlap.
TOGETHER = ({"app_rollout", "cluster_addons"}, {"eks", "network"})


def goes_alone(row: Row) -> bool:
    """Whether no other row of the component can be judged beside it: its type is wrong."""
    return row.component in ONE_AT_A_TIME or any(
        text in row.message for text in ("must be one", ": give true")
    )


def fits(row: Row, batch: list[Row]) -> bool:
    """Whether a row can be one of a run's bad inputs."""
    # The others are judged by the names and the region that these rows break.
    if {row.component, batch[0].component} & {"platform"} and row.component != batch[0].component:
        return False
    if any({row.component, other.component} in TOGETHER for other in batch):
        return False
    beside = [other for other in batch if other.component == row.component]
    return not ({key for other in batch for key in other.inputs} & set(row.inputs)) and not (
        beside and any(goes_alone(each) for each in [row, *beside])
    )


def batches(rows: list[Row]) -> list[list[Row]]:
    """Rows that one run can have together: no input twice, and each is answered."""
    found: list[list[Row]] = []
    for row in rows:
        batch = next((batch for batch in found if fits(row, batch)), None)
        if batch is None:
            found.append(batch := [])
        batch.append(row)
    return found


PROGRAMS = (
    ("helm", "v3.20.0+g0"),
    ("buildah", "buildah"),
    ("session-manager-plugin", "1.2.707.0"),
)
"""What preflight looks for, and what each says."""


@pytest.fixture
def environment(aws: Aws, tmp_path: Path) -> dict[str, str]:
    """An environment with an empty AWS and the programs that preflight looks for."""
    for name, says in PROGRAMS:
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {says}\n")
        program.chmod(0o755)
    return {**aws.environment, "PATH": f"{tmp_path}:{os.environ['PATH']}", "KUBECONFIG": ""}


def test_there_are_enough_rows() -> None:
    assert len(ROWS) >= 40
    assert len({(row.component, json.dumps(row.inputs)) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("batch", batches(ROWS), ids=lambda batch: f"{len(batch)} inputs")
def test_a_bad_input_is_named_before_anything_changes(
    batch: list[Row], environment: dict[str, str], request_log: Path
) -> None:
    before = len(request_log.read_text().splitlines()) if request_log.exists() else 0
    inputs: dict[str, Any] = {}
    for row in batch:
        inputs |= row.inputs
    done = run_playbook(
        ROOT,
        *("site.yml", "-i", "inventories/prod", "-e", json.dumps(inputs)),
        environment=environment,
    )
    assert done.returncode == 2, done.output
    assert "nothing was changed" in done.output
    for row in batch:
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
