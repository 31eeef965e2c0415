"""One emulated account, and the runs of the playbooks against its AWS layer."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.ansible_runs import Ran, run_playbook
from support.checkout import ROOT
from support.drifts import eks
from support.emulator import Aws

NAME = "ragops-prod"
# The production inventory: what can drift is protected, and there twice.
INPUTS = {
    "platform_access": "public",
    "platform_access_cidr_blocks": ["203.0.113.0/24"],
    "eks_access_entries": [
        {
            "principal_arn": eks.OPERATORS,
            "policies": [
                {"policy_arn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"}
            ],
        }
    ],
    # A real run hides these tasks' results, and here they are compared with the plan.
    **{f"{role}_no_log": False for role in ("secrets", "rds", "elasticache")},
}
UNPROTECTED = {
    "eks_deletion_protection": False,
    "rds_deletion_protection": False,
    "eks_log_watch_seconds": 0,
}
"""What a destroy must say."""
LAYER = "foundation,data,!images"


@dataclass(frozen=True)
class Report:
    """What a run says that it changes. rows: of callback `plan`; sent: mutating AWS calls."""

    ran: Ran
    rows: list[dict[str, Any]]
    sent: list[str]
    seconds: float

    @property
    def table(self) -> str:
        """What was printed of it."""
        return self.ran.output.rsplit("\nPLAN **", 1)[-1].rsplit("\nCHANGES **", 1)[-1]

    def keyed(self) -> dict[tuple[str, str], dict[str, Any]]:
        """The rows by component and resource."""
        return {(row["component"], row["resource"]): row for row in self.rows}


@dataclass
class Account:
    """An account. log: of the emulator's requests; table: what the drift tests found out."""

    aws: Aws
    log: Path
    folder: Path
    table: list[tuple[str, str, str, str, str]] = field(default_factory=list)
    times: dict[str, float] = field(default_factory=dict)

    def _sent(self) -> list[str]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [f"{line['service']}:{line['action']}" for line in lines if line["mutating"]]

    def _run(self, playbook: str, report: str, *arguments: str) -> Report:
        file = self.folder / f"{report}.json"
        file.unlink(missing_ok=True)
        before, started = len(self._sent()), time.monotonic()
        ran = run_playbook(
            ROOT,
            *(
                playbook,
                "-i",
                "inventories/prod",
                "--limit",
                LAYER,
                "--skip-tags",
                "preflight,lock",
            ),
            *("-e", json.dumps({**INPUTS, report: str(file)}), *arguments),
            environment=self.aws.environment,
        )
        seconds = time.monotonic() - started
        assert ran.returncode == 0, ran.output
        return Report(ran, json.loads(file.read_text()), self._sent()[before:], seconds)

    def plan(self, *arguments: str) -> Report:
        """What playbooks/plan.yml would change; it sends nothing that changes anything."""
        report = self._run("playbooks/plan.yml", "plan_file", *arguments)
        assert report.sent == [], f"a plan sent {report.sent}\n{report.table}"
        return report

    def run(self, *arguments: str) -> Report:
        """What site.yml changes."""
        return self._run("site.yml", "changes_file", *arguments)

    def destroy(self) -> Report:
        """What destroy.yml removes."""
        return self._run(
            "destroy.yml", "changes_file", "-e", json.dumps({**UNPROTECTED, "confirm": "prod"})
        )
