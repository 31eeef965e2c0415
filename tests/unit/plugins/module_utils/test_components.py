"""The list of components, and the shape in which platform_info tells of each."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.ragops.platform.plugins.module_utils._platform.read import found
from ansible_collections.ragops.platform.plugins.module_utils._secrets.component import SECRETS
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.components import COMPONENTS, READ
from support.checkout import ROOT

NAME = "ragops-dev"
NOTHING: dict[str, Any] = {
    "network": {
        "vpcs": [],
        "subnets": [],
        "security_groups": [],
        "nat_gateways": [],
        "addresses": [],
        "endpoints": [],
    },
    "eks": None,
    "iam": {"roles": [], "oidc_providers": []},
    "rds": None,
    "elasticache": None,
    "s3": {"documents": None, "embeddings": None},
    "ecr": {"backend": None, "frontend": None},
    "secrets": [],
    "kms": None,
    "logs": [],
}


def shaped(component: str, raw: Any) -> dict[str, Any]:
    """What platform_info returns of a component, of which AWS says `raw`."""
    shape = READ[component].shape
    assert shape is not None
    return shape(raw, NAME)


def shapes(raw: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {component: shaped(component, answer) for component, answer in raw.items()}


def test_each_host_is_a_component() -> None:
    groups = yaml.safe_load((ROOT / "inventories/components.yml").read_text())
    phases = groups["all"]["children"]["platform"]["children"].values()
    hosts = [host for phase in phases for host in phase["hosts"]]
    assert sorted(hosts) == sorted(each.name for each in COMPONENTS)


def subnet(name: str, zone: str, block: str, *, public: bool) -> dict[str, object]:
    role = "kubernetes.io/role/elb" if public else "kubernetes.io/role/internal-elb"
    return {
        "SubnetId": name,
        "AvailabilityZone": zone,
        "CidrBlock": block,
        "Tags": [{"Key": role, "Value": "1"}],
    }


def test_nothing_has_every_key_and_nothing_is_found() -> None:
    shape = shapes(NOTHING)
    assert set(shape) == set(READ)
    assert found(shape) == []
    assert shape["network"]["vpc_id"] is None
    assert shape["network"]["security_group_ids"]["rds"] is None
    assert shape["rds"]["endpoint"] is None
    assert shape["secrets"] == dict.fromkeys(what.replace("-", "_") for what in SECRETS)


def test_the_network_is_sorted_by_zone() -> None:
    raw = {
        **NOTHING["network"],
        "vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.20.0.0/16"}],
        "subnets": [
            subnet("subnet-b", "us-east-1b", "10.20.2.0/24", public=False),
            subnet("subnet-p", "us-east-1a", "10.20.3.0/24", public=True),
            subnet("subnet-a", "us-east-1a", "10.20.1.0/24", public=False),
        ],
        "security_groups": [
            {"GroupName": "ragops-dev-eks-nodes", "GroupId": "sg-1"},
            {"GroupName": "ragops-dev-bastion", "GroupId": "sg-2"},
        ],
        "nat_gateways": [
            {"NatGatewayId": "nat-1", "State": "available"},
            {"NatGatewayId": "nat-0", "State": "deleted"},
        ],
    }
    network = shaped("network", raw)
    assert network["private_subnet_ids"] == ["subnet-a", "subnet-b"]
    assert network["public_subnet_ids"] == ["subnet-p"]
    assert network["private_subnet_zones"] == ["us-east-1a", "us-east-1b"]
    assert network["private_subnet_cidrs"] == ["10.20.1.0/24", "10.20.2.0/24"]
    assert network["public_subnet_cidrs"] == ["10.20.3.0/24"]
    assert network["availability_zones"] == ["us-east-1a", "us-east-1b"]
    assert network["security_group_ids"]["eks_nodes"] == "sg-1"
    assert network["security_group_ids"]["bastion"] == "sg-2"
    assert network["security_group_ids"]["rds"] is None
    assert network["nat_gateway_ids"] == ["nat-1"]


def test_two_networks_are_refused_by_name() -> None:
    vpcs = [{"VpcId": "vpc-2", "CidrBlock": "a"}, {"VpcId": "vpc-1", "CidrBlock": "b"}]
    with pytest.raises(AwsError, match=r"ragops-dev: vpc-1, vpc-2"):
        shaped("network", {**NOTHING["network"], "vpcs": vpcs})


def test_a_database_without_an_endpoint_yet() -> None:
    shape = shaped("rds", {"DBInstanceIdentifier": NAME, "DBInstanceStatus": "creating"})
    assert shape["status"] == "creating"
    assert shape["endpoint"] is None
    assert shape["master_secret_arn"] is None


def test_the_cache_answers_at_its_primary() -> None:
    shards = [{"PrimaryEndpoint": {"Address": "primary", "Port": 6379}}]
    shape = shaped(
        "elasticache", {"ReplicationGroupId": NAME, "NodeGroups": shards, "MultiAZ": "disabled"}
    )
    assert (shape["endpoint"], shape["port"], shape["multi_az"]) == ("primary", 6379, False)


def test_the_registry_is_the_host_of_the_repositories() -> None:
    shape = shaped("ecr", {"backend": None, "frontend": "1.dkr.ecr/ragops-dev/frontend"})
    assert shape == {
        "backend": None,
        "frontend": "1.dkr.ecr/ragops-dev/frontend",
        "registry": "1.dkr.ecr",
    }


def test_something_of_one_component_is_found() -> None:
    shape = shapes({**NOTHING, "logs": ["/aws/eks/ragops-dev/cluster"]})
    assert found(shape) == ["logs"]
