"""playbooks/rotate_secrets.yml on a platform that runs: it answers afterwards; no value is seen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, Outcome, inside, playbook

PLATFORM = "ragops-rehearsal"
GENERATED = {
    "database-login",
    "database-app-login",
    "redis-auth-token",
    "milvus-app-login",
    "api-key",
}
WRITTEN = {"database-url", "redis-url", "api-key-previous"}
"""Of the new values, or, for the key that was good before, of the old one."""
ROWS = {
    ("secrets", f"secret {PLATFORM}/redis-auth-token"),
    ("secrets", f"secret {PLATFORM}/milvus-app-login"),
    ("secrets", f"secret {PLATFORM}/api-key"),
    ("secrets", f"secret {PLATFORM}/api-key-previous"),
    ("milvus", "milvus role ragops_app"),
    ("elasticache", f"replication group {PLATFORM}"),
    ("elasticache", f"secret {PLATFORM}/redis-url"),
    ("rds", f"secret {PLATFORM}/database-login"),
    ("rds", f"secret {PLATFORM}/database-app-login"),
    ("rds", f"db instance {PLATFORM}"),
    ("rds", f"secret {PLATFORM}/database-url"),
}

pytestmark = pytest.mark.usefixtures("platform")


def look(*arguments: str) -> dict[str, Any]:
    """What look_at_secrets.py prints."""
    script = str(ROOT / "tests/integration/look_at_secrets.py")
    outcome = inside(".venv/bin/python", script, f"{PLATFORM}/", *arguments)
    assert outcome.returncode == 0
    report: dict[str, Any] = json.loads(outcome.output.splitlines()[-1])
    return report


def rotate(folder: Path) -> tuple[Outcome, set[tuple[str, str]]]:
    """Rotate; return the run and the rows of what it changed.

    Tasks that a run hides are shown, as far as their modules do: no value even so.
    """
    report = folder / "changes.json"
    shown = {f"{role}_no_log": False for role in ("secrets", "rds", "elasticache", "milvus")}
    inputs = json.dumps({**shown, "changes_file": str(report)})
    outcome = playbook("playbooks/rotate_secrets.yml", "-v", "--diff", "-e", inputs)
    assert outcome.returncode == 0
    rows = {(row["component"], row["resource"]) for row in json.loads(report.read_text())}
    return outcome, rows


def test_all_that_can_be_rotated_is_and_the_application_answers(tmp_path: Path) -> None:
    before = look()["digests"]
    outcome, rows = rotate(tmp_path)
    (tmp_path / "output").write_text(outcome.output)
    after = look(str(tmp_path / "output"))
    assert after["found"] == [], "a value was printed"
    changed = {name for name, digest in after["digests"].items() if before.get(name) != digest}
    assert changed == {f"{PLATFORM}/{name}" for name in GENERATED | WRITTEN}
    assert {row for row in rows if row[0] != "app_rollout"} == ROWS
    assert outcome.recap["health"]["ok"] > 0, "the application was asked"
    assert outcome.recap["health"]["failed"] == 0
