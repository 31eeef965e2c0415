"""playbooks/upgrade.yml and its way back, as an operator runs them, against the emulated EKS."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.ansible_runs import Ran, run_playbook
from support.checkout import ROOT
from support.emulator import Aws

pytestmark = pytest.mark.slow

NAME = "ragops-dev"
INPUTS = {
    "network_nat": "none",
    "network_interface_endpoints": [],
    "network_flow_logs": False,
    "eks_version": "1.34",
}
UP, BACK = {"eks_version": "1.35"}, {"eks_version": "1.34", "eks_rollback": True}
STEPS = {
    "control plane": rf"POST /clusters/{NAME}/updates",
    "add-ons": rf"POST /clusters/{NAME}/addons/[\w-]+/update",
    "nodes": rf"POST /clusters/{NAME}/node-groups/[\w-]+/update-version",
    "insights": rf"POST /clusters/{NAME}/insights-refresh",
}
"""What an upgrade does: the calls of EKS, as the log notes them."""


@dataclass(frozen=True)
class Report:
    """A run. rows: what it says that it changes; sent: its mutating calls."""

    ran: Ran
    rows: list[dict[str, Any]]
    sent: list[str]

    @property
    def steps(self) -> list[str]:
        """What the run did, in order, each once."""
        done = [
            step
            for call in self.sent
            for step, pattern in STEPS.items()
            if re.fullmatch(pattern, call)
        ]
        return list(dict.fromkeys(done))


Play = Callable[..., Report]


@pytest.fixture
def play(aws: Aws, request_log: Path, tmp_path: Path) -> Play:
    """Runs playbooks against one account."""

    def sent() -> list[str]:
        lines = map(json.loads, request_log.read_text().splitlines())
        return [line["action"] for line in lines if line["mutating"]]

    def run(playbook: str, *flags: str, fails: bool = False, **inputs: Any) -> Report:
        file, before = tmp_path / "report.json", len(sent())
        file.unlink(missing_ok=True)
        report = "plan_file" if "--check" in flags else "changes_file"
        ran = run_playbook(
            ROOT,
            *(playbook, "-i", "inventories/dev", "--limit", "network,kms,eks"),
            *("--skip-tags", "preflight,lock", *flags),
            *("-e", json.dumps({**INPUTS, **inputs, report: str(file)})),
            environment=aws.environment,
        )
        assert (ran.returncode != 0) is fails, ran.output
        rows = json.loads(file.read_text()) if file.exists() else []
        return Report(ran, rows, sent()[before:])

    return run


def versions(aws: Aws) -> set[str]:
    """The Kubernetes versions of control plane, nodes, and the add-on that must fit both."""
    eks = aws.client("eks")
    groups = eks.list_nodegroups(clusterName=NAME)["nodegroups"]
    proxy = eks.describe_addon(clusterName=NAME, addonName="kube-proxy")["addon"]
    return {
        eks.describe_cluster(name=NAME)["cluster"]["version"],
        ".".join(proxy["addonVersion"].removeprefix("v").split(".")[:2]),
        *(
            eks.describe_nodegroup(clusterName=NAME, nodegroupName=group)["nodegroup"]["version"]
            for group in groups
        ),
    }


def foreseen(play: Play, **inputs: Any) -> Report:
    """What check mode says; it sends nothing that changes anything."""
    planned = play("playbooks/upgrade.yml", "--check", "--diff", **inputs)
    assert planned.sent == []
    assert {row["action"] for row in planned.rows} == {"change"}
    return planned


def test_up_and_back(play: Play, aws: Aws) -> None:
    missing = play("playbooks/upgrade.yml", fails=True, **UP)
    assert f"There is no EKS cluster {NAME}" in missing.ran.output
    play("site.yml")
    assert versions(aws) == {"1.34"}
    refused = play("playbooks/upgrade.yml", fails=True, eks_version="1.36")
    assert "AWS upgrades one minor version at a time" in " ".join(refused.ran.output.split())
    assert refused.sent == []

    planned = foreseen(play, **UP)
    assert "1.34 would become 1.35" in planned.ran.output
    done = play("playbooks/upgrade.yml", **UP)
    assert versions(aws) == {"1.35"}
    assert planned.rows == done.rows
    assert done.steps == ["insights", "control plane", "add-ons", "nodes"]
    assert "rolled back for seven days" in done.ran.output
    again = play("playbooks/upgrade.yml", **UP)
    assert (again.rows, again.steps) == ([], [])

    planned = foreseen(play, **BACK)
    done = play("playbooks/upgrade.yml", **BACK)
    assert versions(aws) == {"1.34"}
    assert planned.rows == done.rows
    assert done.steps == ["nodes", "add-ons", "insights", "control plane"]

    a_group_over_zones_goes_only_when_it_may(play, aws)


def a_group_over_zones_goes_only_when_it_may(play: Play, aws: Aws) -> None:
    """As a cluster has it that was made before its groups were those of single zones."""
    eks = aws.client("eks")
    assert set(eks.list_nodegroups(clusterName=NAME)["nodegroups"]) == {"main-a", "main-b"}
    one = eks.describe_nodegroup(clusterName=NAME, nodegroupName="main-a")["nodegroup"]
    assert len(one["subnets"]) == 1
    eks.create_nodegroup(
        clusterName=NAME,
        nodegroupName="main",
        nodeRole=one["nodeRole"],
        subnets=one["subnets"],
        tags=one["tags"],
    )
    alone = ("--limit", "eks")
    refused = play("site.yml", *alone, fails=True)
    words = " ".join(refused.ran.output.split())
    assert (
        f"EKS cluster {NAME} has node group main, for which eks_node_groups requests one" in words
    )
    assert refused.sent == []
    done = play("site.yml", *alone, eks_replace_node_groups=True)
    assert [(row["resource"], row["action"]) for row in done.rows] == [
        ("eks nodegroup main", "delete")
    ]
    assert set(eks.list_nodegroups(clusterName=NAME)["nodegroups"]) == {"main-a", "main-b"}
