"""Role kube_access: where the way into the cluster is written, and what is left of it."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from support.ansible_runs import Ran, local_play, run_playbook
from support.checkout import ROOT
from support.emulator import Aws

NAME = "ragops-dev"
SOON = 240
"""Seconds: long before any wait for an add-on ends."""

SEE = {
    "name": "See the file",
    "ansible.builtin.stat": {"path": "{{ __kube_access_kubeconfig | default('/nowhere') }}"},
    "register": "seen",
    "check_mode": False,
}
TELL = {
    "name": "Tell",
    "ansible.builtin.debug": {
        "msg": "FILE={{ __kube_access_kubeconfig | default('') }} MODE={{ seen['stat']['mode'] "
        "| default('') }} USE={{ __kube_access_available }}"
    },
}
COPY = {
    "name": "Keep what is in it",
    "ansible.builtin.copy": {"src": "{{ __kube_access_kubeconfig }}", "dest": "{{ kept }}"},
    "when": "seen['stat']['exists']",
    "check_mode": False,
}


def run(aws: Aws, folder: Path, *flags: str, **inputs: Any) -> Ran:
    file = local_play(
        folder,
        vars_files=[str(ROOT / "group_vars/all.yml")],
        roles=["ragops.platform.kube_access"],
        post_tasks=[SEE, COPY, TELL],
    )
    # No API server stands behind the emulated EKS.
    quiet = {"kube_access_reach_timeout": 0}
    given = {"platform_environment": "dev", "kept": str(folder / "kept"), **quiet, **inputs}
    arguments = [file, "-vv", "-e", json.dumps(given), *flags]
    return run_playbook(ROOT, *arguments, environment=aws.environment)


def told(ran: Ran) -> dict[str, str]:
    assert ran.returncode == 0, ran.output
    found = re.search(r"FILE=(\S*)\s+MODE=(\S*)\s+USE=(\w+)", ran.output)
    assert found, ran.output
    return dict(zip(("FILE", "MODE", "USE"), found.groups(), strict=True))


@pytest.fixture
def cluster(aws: Aws) -> Aws:
    aws.client("eks").create_cluster(
        name=NAME,
        version="1.35",
        roleArn="arn:aws:iam::000000000000:role/eks",
        resourcesVpcConfig={"subnetIds": ["subnet-a", "subnet-b"]},
    )
    return aws


@pytest.mark.parametrize("flags", [(), ("--check",)])
def test_no_file_of_the_run_holds_a_token(
    cluster: Aws, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    ran = run(cluster, tmp_path, *flags)
    seen = told(ran)
    assert (seen["MODE"], seen["USE"]) == ("0600", "True")
    assert not Path(seen["FILE"]).parent.exists(), "the run's folder is gone"
    config = json.loads((tmp_path / "kept").read_text())
    assert set(config["users"][0]["user"]) == {"exec"}
    assert "k8s-aws-v1" not in ran.output
    assert config["clusters"][0]["name"] == NAME


def test_what_does_not_answer_is_named_within_seconds(cluster: Aws, tmp_path: Path) -> None:
    started = time.monotonic()
    for flags in ((), ("--check",)):
        ran = run(cluster, tmp_path, *flags, kube_access_reach_timeout=1)
        assert ran.returncode != 0
        assert "does not answer from here" in ran.output
        assert "Set platform_access to tunnel" in ran.output
    assert time.monotonic() - started < SOON


def test_a_tunnel_needs_its_bastion_in_a_run_and_not_in_a_plan(
    cluster: Aws, tmp_path: Path
) -> None:
    assert told(run(cluster, tmp_path, "--check", platform_access="tunnel"))["USE"] == "False"
    refused = run(cluster, tmp_path, platform_access="tunnel")
    assert refused.returncode != 0
    assert "No instance ragops-dev-bastion for a tunnel runs in us-east-1" in refused.output


def test_a_kubeconfig_given_as_content_becomes_a_file(aws: Aws, tmp_path: Path) -> None:
    given = {"apiVersion": "v1", "users": [{"name": "a", "user": {"token": "very-secret"}}]}
    ran = run(aws, tmp_path, platform_kubeconfig=given)
    assert told(ran)["MODE"] == "0600"
    assert json.loads((tmp_path / "kept").read_text()) == given
    assert ran.recap["localhost"]["changed"] == 1  # the test's own copy


def test_a_path_is_used_as_it_is(aws: Aws, tmp_path: Path) -> None:
    path = tmp_path / "mine"
    path.write_text("{}")
    assert told(run(aws, tmp_path, platform_kubeconfig=str(path)))["FILE"] == str(path)


def test_without_a_cluster_a_plan_goes_on_and_a_run_says_what_to_do(
    aws: Aws, tmp_path: Path
) -> None:
    assert told(run(aws, tmp_path, "--check"))["USE"] == "False"
    refused = run(aws, tmp_path)
    assert refused.returncode != 0
    assert "There is no EKS cluster ragops-dev in us-east-1 to reach" in refused.output
