"""Runs of role cluster_addons, and what it would give to Helm."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from support import chart_facts as facts
from support.ansible_runs import Ran, local_play, run_playbook
from support.charts import helm_program
from support.checkout import ROOT
from support.emulator import Aws

ROLE = ROOT / "roles/cluster_addons"

ALL = {
    "cluster_addons_load_balancer_controller": True,
    "cluster_addons_external_secrets": True,
    "cluster_addons_autoscaler": "cluster_autoscaler",
    "cluster_addons_metrics_server": True,
}

ROLES = {
    name: f"arn:aws:iam::000000000000:role/ragops-dev-{name.replace('_', '-')}"
    for name in (
        *("workload_load_balancer_controller", "workload_cluster_autoscaler"),
        "workload_karpenter",
    )
}


def play(aws: Aws, folder: Path, tasks: dict[str, Any], *flags: str, **inputs: Any) -> Ran:
    file = local_play(folder, **{"vars_files": [str(ROOT / "group_vars/all.yml")], **tasks})
    given = {"platform_environment": "dev", **inputs}
    arguments = [file, "-e", json.dumps(given), *flags]
    path = f"{Path(helm_program()).parent}:{os.environ['PATH']}"
    return run_playbook(ROOT, *arguments, environment={**aws.environment, "PATH": path})


def run(aws: Aws, folder: Path, *flags: str, **inputs: Any) -> Ran:
    role = {"roles": ["ragops.platform.cluster_addons"]}
    return play(aws, folder, role, *flags, **inputs)


def releases(aws: Aws, folder: Path, **inputs: Any) -> dict[str, dict[str, Any]]:
    """What the role would give to Helm: {release: {chart, repo, version, values}}."""
    lookup = (
        f"lookup('ansible.builtin.template', '{ROLE}/templates/values/' ~ addon['key'] ~ '.yml.j2')"
    )
    made = "{{ addon | combine({'values': " + lookup + " | from_yaml}) | to_json }}"
    tasks = {
        "vars_files": [
            str(ROOT / "group_vars/all.yml"),
            str(ROLE / "defaults/main.yml"),
            *map(str, sorted((ROLE / "vars/main").iterdir())),
        ],
        "tasks": [
            {
                "name": "Write what would be installed",
                "ansible.builtin.copy": {
                    "content": made,
                    "dest": f"{folder}/{{{{ addon['release'] }}}}.json",
                },
                "loop": "{{ __cluster_addons_wanted }}",
                "loop_control": {"loop_var": "addon"},
            }
        ],
    }
    known = {"resources": {"network": {"vpc_id": "vpc-1"}, "iam": {"roles": ROLES}}}
    ran = play(aws, folder, tasks, **{"__cluster_addons_platform": known, **ALL, **inputs})
    assert ran.returncode == 0, ran.output
    return {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}


def suits(name: str, values: dict[str, Any]) -> None:
    """The official chart has a place for each value, and calls its pods as the spread does."""
    chart = facts.known()[name]
    assert facts.misplaced(values, chart["values"]) == []
    selectors = [each["labelSelector"] for each in values["topologySpreadConstraints"]]
    called = {each["matchLabels"]["app.kubernetes.io/name"] for each in selectors}
    assert called <= set(chart["pods"].values())


def make_cluster(aws: Aws) -> None:
    """A cluster whose API nobody reaches."""
    aws.client("eks").create_cluster(
        name="ragops-dev",
        version="1.35",
        roleArn="arn:aws:iam::000000000000:role/eks",
        resourcesVpcConfig={"subnetIds": ["subnet-a", "subnet-b"]},
    )
