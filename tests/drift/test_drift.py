"""The plan is true: from an empty account, a converged one, after changes by hand, to none.

In this order, on one account. All changes by hand are made at once, since each is of another
resource or field: the plan must name all of them and nothing else.
"""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from accounts import UNPROTECTED, Account, Report
from kinds import DRIFTS, Kind

# For a change that is suspected to hide another.
APART = {
    "change": [[drift] for drift in DRIFTS],
    "component": [
        [drift for drift in DRIFTS if drift.component == component]
        for component in dict.fromkeys(drift.component for drift in DRIFTS)
    ],
    "": [DRIFTS],
}
GROUPS = APART[os.environ.get("DRIFT_EACH", "")]


def comparable(report: Report) -> dict[tuple[str, str], Any]:
    """The rows without ids, which a plan can't know before AWS gives them."""
    return {key: (row["action"], row["fields"]) for key, row in report.keyed().items()}


@pytest.fixture(scope="session")
def from_empty(account: Account) -> tuple[Report, Report]:
    """The plan of an empty account, and the run that follows it."""
    planned, done = account.plan(), account.run()
    account.times["plan of an empty account"] = planned.seconds
    account.times["run from an empty account"] = done.seconds
    return planned, done


@pytest.fixture
def converged(account: Account, from_empty: tuple[Report, Report]) -> Account:
    assert from_empty[1].rows
    return account


def test_the_plan_of_an_empty_account_is_what_the_run_makes(
    from_empty: tuple[Report, Report],
) -> None:
    planned, done = from_empty
    assert comparable(planned) == comparable(done)
    assert {row["action"] for row in planned.rows} == {"create"}
    assert done.sent


def test_the_plan_of_a_converged_account_is_empty(converged: Account) -> None:
    planned = converged.plan()
    converged.times["plan of a converged account"] = planned.seconds
    assert planned.rows == []
    assert "Nothing to change." in planned.table
    again = converged.run()
    converged.times["run on a converged account"] = again.seconds
    assert again.rows == []
    assert {host: row["changed"] for host, row in again.ran.recap.items() if row["changed"]} == {}


@pytest.mark.parametrize("drifts", GROUPS, ids=lambda drifts: drifts[0].what)
def test_drift_is_planned_exactly_and_repaired(converged: Account, drifts: list[Kind]) -> None:
    aws = converged.aws
    tags = ("--tags", ",".join(dict.fromkeys(drift.component for drift in drifts)))
    good = [drift.read(aws) for drift in drifts]
    for drift in drifts:
        drift.make(aws)
    unmade = [d.what for d, value in zip(drifts, good, strict=True) if d.read(aws) == value]
    assert unmade == [], "not made: the emulated AWS keeps nothing of it"

    planned, done, again = converged.plan(*tags), converged.run(*tags), converged.plan(*tags)

    rows = planned.keyed()
    for drift, value in zip(drifts, good, strict=True):
        key = (drift.component, drift.resource)
        row = rows.get(key, {"action": "", "fields": []})
        named = row["action"] == drift.action and set(drift.fields) <= set(row["fields"])
        repaired = drift.read(aws) == value
        quiet = key not in again.keyed()
        converged.table.append(
            (
                drift.what,
                drift.component,
                "yes" if named else "NO",
                "yes" if repaired else "NO",
                "unchanged" if quiet else "CHANGES",
            )
        )
    converged.times[f"{tags[1]}: plan, run, plan"] = planned.seconds + done.seconds + again.seconds
    assert set(rows) == {(drift.component, drift.resource) for drift in drifts}, planned.table
    assert comparable(planned) == comparable(done)
    assert again.rows == []
    assert "NO" not in {cell for line in converged.table[-len(drifts) :] for cell in line}


def test_the_plan_of_a_destroy_is_what_destroy_removes(converged: Account) -> None:
    """Last, since nothing is there afterwards but the key, which is kept."""
    planned = converged.plan("-e", json.dumps({**UNPROTECTED, "plan_goal": "absent"}))
    done = converged.destroy()
    converged.times["plan of a destroy"] = planned.seconds
    converged.times["destroy"] = done.seconds
    assert comparable(planned) == comparable(done)
    assert {row["action"] for row in planned.rows} == {"delete"}
    components = {row["component"] for row in planned.rows}
    assert components == {"network", "ecr", "secrets", "s3", "eks", "rds", "elasticache"}
