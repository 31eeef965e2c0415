"""Namespaces and node groups that others made: the roles refuse or pass over them, and say so."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import kube_api
from support.ansible_runs import Ran, local_play, run_playbook
from support.checkout import ROOT
from support.emulator import Aws
from support.kube_api import Kube

pytestmark = pytest.mark.slow

NAMESPACES = "/api/v1/namespaces"
LABEL = "app.kubernetes.io/managed-by"
NAMES = {"app_rollout": "rag", "milvus": "milvus", "cluster_addons": "reports"}
LABELS = {"app_rollout": {}, "milvus": {LABEL: "Helm"}, "cluster_addons": {"team": "reports"}}
MAKE = {"app_rollout": "rollout", "milvus": "install", "cluster_addons": "install"}
OURS = {
    **{"Project": "ragops", "Environment": "dev", "Component": "eks"},
    "ManagedBy": "ragops.platform",
}
ROLE = "arn:aws:iam::000000000000:role/ragops-dev-eks-nodes"


@pytest.fixture(scope="module")
def kube(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kube]:
    with kube_api.serving(tmp_path_factory.mktemp("kubernetes")) as served:
        yield served


def include(role: str, tasks: str) -> dict[str, Any]:
    which = {"name": f"ragops.platform.{role}", "tasks_from": tasks}
    return {"ansible.builtin.include_role": which}


def tried(role: str, tasks: str, folder: Path) -> dict[str, Any]:
    """Tasks of a role; what failed is written into a file."""
    message = {"content": "{{ ansible_failed_result['msg'] }}", "dest": f"{folder}/{role}.said"}
    return {"block": [include(role, tasks)], "rescue": [{"ansible.builtin.copy": message}]}


def play(
    environment: dict[str, str], folder: Path, tasks: list[dict[str, Any]], **inputs: Any
) -> Ran:
    given = {
        **{"platform_project": "ragops", "platform_environment": "dev"},
        **{"platform_region": "us-east-1", **inputs},
    }
    book = local_play(folder, vars_files=[str(ROOT / "group_vars/all.yml")], tasks=tasks)
    return run_playbook(ROOT, book, "-e", json.dumps(given), environment=environment)


def test_their_namespaces_are_neither_taken_nor_removed(
    aws: Aws, kube: Kube, tmp_path: Path
) -> None:
    """Nor is what is in them: releases of our names, too, which removal does not look for."""
    for role, name in NAMES.items():
        kube.make(NAMESPACES, {"metadata": {"name": name, "labels": LABELS[role]}})
        theirs = {"metadata": {"name": "theirs"}, "data": {"a": "b"}}
        kube.make(f"{NAMESPACES}/{name}/configmaps", theirs)
    inputs = {
        "platform_namespace": NAMES["app_rollout"],
        "milvus_namespace": NAMES["milvus"],
        "cluster_addons_namespaces": [{"name": NAMES["cluster_addons"]}],
        "cluster_addons_releases": [{"name": "theirs", "namespace": NAMES["cluster_addons"]}],
        "__kube_access_available": True,
        "__kube_access_kubeconfig": str(kube.kubeconfig),
    }
    # Without helm on it: to look for a release in there fails.
    environment = {**aws.environment, "PATH": os.defpath}
    before = there(kube)
    making = [tried(role, file, tmp_path) for role, file in MAKE.items()]
    made = play(environment, tmp_path, making, **inputs)
    for role, name in NAMES.items():
        said = " ".join((tmp_path / f"{role}.said").read_text().split())
        assert name in said, (role, said, made.output)
        assert f"lack the label {LABEL}" in said.replace("lacks", "lack"), role
        assert "kubectl label namespace" in said, role
    gone = play(environment, tmp_path, [include(role, "absent") for role in NAMES], **inputs)
    assert gone.returncode == 0, gone.output
    assert there(kube) == before


def there(kube: Kube) -> list[Any]:
    """The namespaces, and what is in them."""
    return [
        [kube.get(f"{NAMESPACES}/{name}"), kube.get(f"{NAMESPACES}/{name}/configmaps/theirs")]
        for name in NAMES.values()
    ]


def test_their_node_groups_stay_and_keep_the_cluster(aws: Aws, tmp_path: Path) -> None:
    """A run that has no use for one of ours any more removes that; a removal refuses them."""
    eks, vpc = aws.client("eks"), {"subnetIds": ["subnet-a", "subnet-b"]}
    eks.create_cluster(
        name="ragops-dev", version="1.35", roleArn=ROLE, resourcesVpcConfig=vpc, tags=OURS
    )
    for name, tags in (
        ("old", OURS),
        ("terraform", {**OURS, "ManagedBy": "terraform"}),
        ("untagged", {}),
    ):
        eks.create_nodegroup(
            **{"clusterName": "ragops-dev", "nodegroupName": name, "tags": tags},
            **{"nodeRole": ROLE, "subnets": ["subnet-a"]},
        )
    read = {
        "ragops.platform.platform_info": {
            **{"project": "ragops", "environment": "dev", "region": "us-east-1"},
            "components": ["eks", "iam", "kms", "network"],
        },
        "register": "__eks_platform",
    }
    inputs = {
        **{"eks_node_groups": [], "eks_deletion_protection": False},
        "__eks_roles": {"roles": {"ragops-dev-eks-nodes": ROLE}},
    }
    ran = play(aws.environment, tmp_path, [read, include("eks", "nodes")], **inputs)
    assert ran.returncode == 0, ran.output
    assert sorted(eks.list_nodegroups(clusterName="ragops-dev")["nodegroups"]) == THEIRS
    refused = play(aws.environment, tmp_path, [include("eks", "absent")], **inputs)
    assert refused.returncode == 2
    said = (
        "has node groups that this platform did not create (terraform, untagged: no tag ManagedBy"
    )
    assert said in " ".join(refused.output.split())
    assert sorted(eks.list_nodegroups(clusterName="ragops-dev")["nodegroups"]) == THEIRS


THEIRS = ["terraform", "untagged"]
