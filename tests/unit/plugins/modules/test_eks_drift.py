"""Drift of everything that belongs to a cluster: named before it is repaired, and repaired once."""

from __future__ import annotations

from typing import Any

import pytest
from support.drifts import Drift, eks, log_groups
from support.lifecycle import TAGS, Life, World, planned

NAME = "ragops-test"
KEY = "arn:aws:kms:us-east-1:000000000000:key/1"
ROLE = "arn:aws:iam::000000000000:role/ragops-test-"
THUMBPRINT = "a" * 40
LOGS = f"/aws/eks/{NAME}/cluster"

MODULES: dict[str, dict[str, Any]] = {
    "eks_log_group": {"cluster": NAME, "kms_key_arn": KEY, "tags": TAGS},
    "eks_cluster": {
        "name": NAME,
        "version": "1.35",
        "role_arn": f"{ROLE}eks-cluster",
        "subnet_ids": ["subnet-a", "subnet-b"],
        "security_group_ids": ["sg-1"],
        "encryption_key_arn": KEY,
        "deletion_protection": True,
        "upgrade_policy": "EXTENDED",
        "tags": TAGS,
    },
    "iam_oidc_provider": {"url": eks.ISSUER, "thumbprints": [THUMBPRINT], "tags": TAGS},
    "eks_access_entry": {
        "cluster": NAME,
        "purge": True,
        "entries": [
            {
                "principal_arn": eks.OPERATORS,
                "kubernetes_groups": ["readers"],
                "policies": [{"policy_arn": "AmazonEKSEditPolicy", "namespaces": ["rag"]}],
                "tags": TAGS,
            }
        ],
    },
    "eks_addon": {
        "cluster": NAME,
        "service_account_role_arns": {"vpc-cni": f"{ROLE}eks-vpc-cni"},
        "addons": [
            {"name": "vpc-cni", "configuration": {"enableNetworkPolicy": "true"}, "tags": TAGS},
            {"name": "kube-proxy", "version": "v1.35.3-eksbuild.2", "tags": TAGS},
            {"name": "coredns", "tags": TAGS},
        ],
    },
    "eks_launch_template": {
        "cluster": NAME,
        "templates": [{"name": "main"}],
        "security_group_ids": ["sg-own", "sg-nodes"],
        "tags": TAGS,
    },
    "eks_nodegroup": {
        "cluster": NAME,
        "node_groups": [
            {
                "name": "main",
                "node_role_arn": f"{ROLE}eks-nodes",
                "subnet_ids": ["subnet-a", "subnet-b"],
                "instance_types": ["t3.medium", "t3a.medium"],
                "max_unavailable_percentage": 33,
                "node_repair": True,
                "version": "1.35",
                "labels": {"kept": "1"},
                "tags": TAGS,
            }
        ],
    },
}


@pytest.fixture(scope="module")
def platform(modules_world: World) -> World:
    """A cluster with all that belongs to it; each test leaves it as it was."""
    modules_world.aws.reset()
    for module, options in MODULES.items():
        result = modules_world.run(module, {**options, "state": "present"})
        if module == "eks_launch_template":
            MODULES["eks_nodegroup"]["launch_templates"] = result["launch_templates"]
    return modules_world


DRIFTS = [
    *(("eks_log_group", drift, LOGS) for drift in log_groups.DRIFTS),
    *((module, drift, NAME) for module, drifts in eks.DRIFTS.items() for drift in drifts),
]


@pytest.mark.parametrize(
    ("module", "drift", "name"), DRIFTS, ids=[drift.what for _, drift, _ in DRIFTS]
)
def test_drift_is_named_and_repaired(platform: World, module: str, drift: Drift, name: str) -> None:
    drift.on(name)(platform.aws)
    options = {**MODULES[module], "state": "present"}
    if module == "eks_launch_template":  # nodes are rolled to the repaired version afterwards
        options.pop("state")
    life = Life(platform, module, options)
    quiet = platform.mutations()
    foreseen = platform.run(module, options, check=True)
    assert platform.mutations() == quiet, "check mode sent mutating calls"
    assert planned(foreseen) == planned(life.settles()) == drift.planned(name)


def test_the_number_of_nodes_is_the_autoscalers(platform: World) -> None:
    """No drift, though it differs from the desired size of the inputs."""
    platform.aws.client("eks").update_nodegroup_config(
        clusterName=NAME,
        nodegroupName="main",
        scalingConfig={"minSize": 2, "maxSize": 4, "desiredSize": 3},
    )
    Life(platform, "eks_nodegroup", MODULES["eks_nodegroup"]).rests()


def test_entries_of_aws_itself_are_left_alone(platform: World) -> None:
    eks_ = platform.aws.client("eks")
    service = f"{ROLE.removesuffix('ragops-test-')}aws-service-role/eks.amazonaws.com/Insights"
    eks_.create_access_entry(clusterName=NAME, principalArn=service)
    node = f"{ROLE}eks-nodes"
    eks_.create_access_entry(clusterName=NAME, principalArn=node, type="EC2_LINUX")
    Life(platform, "eks_access_entry", MODULES["eks_access_entry"]).rests()
    listed = eks_.list_access_entries(clusterName=NAME)["accessEntries"]
    assert sorted(listed) == sorted([eks.OPERATORS, service, node])
