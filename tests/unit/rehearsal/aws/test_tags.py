"""The emulated IAM and EKS refuse tags, labels and machines that AWS refuses."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.emulator import Aws


@pytest.mark.parametrize(
    ("tags", "says"),
    [
        ({"Project": "a", "project": "b"}, "Tag keys are case insensitive"),
        ({"Note": "Search (R&D), #2"}, "failed to satisfy constraint"),
        ({"": "x"}, "ParamValidation|failed to satisfy constraint|Invalid length"),
    ],
)
def test_iam_refuses_tags(aws: Aws, tags: dict[str, str], says: str) -> None:
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    iam = aws.client("iam")
    with pytest.raises(Exception, match=says):
        iam.create_role(RoleName="one", AssumeRolePolicyDocument="{}", Tags=listed)
    assert iam.list_roles()["Roles"] == []
    iam.create_role(RoleName="one", AssumeRolePolicyDocument="{}")
    with pytest.raises(Exception, match=says):
        iam.tag_role(RoleName="one", Tags=listed)


@pytest.mark.parametrize("key", ["kubernetes.io/role", "node-role.kubernetes.io/a", "k8s.io/a"])
def test_eks_refuses_labels_of_kubernetes_domains(aws: Aws, key: str) -> None:
    eks = aws.client("eks")
    network: dict[str, Any] = {"subnetIds": ["subnet-a", "subnet-b"]}
    role = "arn:aws:iam::000000000000:role/eks"
    eks.create_cluster(name="one", version="1.35", roleArn=role, resourcesVpcConfig=network)
    group = {"clusterName": "one", "nodegroupName": "main"}
    made = {**group, "subnets": ["subnet-a"], "nodeRole": role}
    with pytest.raises(ClientError, match="Label cannot contain reserved prefixes"):
        eks.create_nodegroup(**made, labels={key: "x"})
    eks.create_nodegroup(**made, labels={"team": "x"})
    with pytest.raises(ClientError, match="Label cannot contain reserved prefixes"):
        eks.update_nodegroup_config(**group, labels={"addOrUpdateLabels": {key: "x"}})


@pytest.mark.parametrize(
    ("kind", "image"),
    [("m7g.large", "AL2023_x86_64_STANDARD"), ("t3.large", "AL2023_ARM_64_STANDARD")],
)
def test_eks_refuses_machines_of_another_architecture(aws: Aws, kind: str, image: str) -> None:
    eks = aws.client("eks")
    network: dict[str, Any] = {"subnetIds": ["subnet-a", "subnet-b"]}
    role = "arn:aws:iam::000000000000:role/eks"
    eks.create_cluster(name="one", version="1.35", roleArn=role, resourcesVpcConfig=network)
    made = {"clusterName": "one", "subnets": ["subnet-a"], "nodeRole": role, "amiType": image}
    with pytest.raises(ClientError, match="is not a valid instance type for requested amiType"):
        eks.create_nodegroup(**made, nodegroupName="main", instanceTypes=[kind])
    with pytest.raises(ClientError, match="at most 20 values"):
        eks.create_nodegroup(**made, nodegroupName="main", instanceTypes=[kind] * 21)
