"""The pure half of platform_info: what AWS says -> one stable shape."""

from __future__ import annotations

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._platform import transform
from ansible_collections.ragops.platform.plugins.module_utils._platform.read import READERS
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError

NAME = "ragops-dev"
NOTHING = {
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


def subnet(name: str, zone: str, block: str, *, public: bool) -> dict[str, object]:
    role = "kubernetes.io/role/elb" if public else "kubernetes.io/role/internal-elb"
    return {
        "SubnetId": name,
        "AvailabilityZone": zone,
        "CidrBlock": block,
        "Tags": [{"Key": role, "Value": "1"}],
    }


def test_nothing_has_every_key_and_nothing_is_found() -> None:
    shape = transform.shape(NOTHING, NAME)
    assert set(shape) == set(READERS)
    assert transform.found(shape) == []
    assert shape["network"]["vpc_id"] is None
    assert shape["network"]["security_group_ids"]["rds"] is None
    assert shape["rds"]["endpoint"] is None
    assert shape["secrets"] == dict.fromkeys(transform.SECRETS)


def test_the_network_is_sorted_by_zone() -> None:
    raw = {
        **NOTHING["network"],  # type: ignore[dict-item]
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
    network = transform.network(raw, NAME)
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
        transform.network({**NOTHING["network"], "vpcs": vpcs}, NAME)  # type: ignore[dict-item]


def test_a_database_without_an_endpoint_yet() -> None:
    shape = transform.rds({"DBInstanceIdentifier": NAME, "DBInstanceStatus": "creating"}, NAME)
    assert shape["status"] == "creating"
    assert shape["endpoint"] is None
    assert shape["master_secret_arn"] is None


def test_the_cache_answers_at_its_primary() -> None:
    shards = [{"PrimaryEndpoint": {"Address": "primary", "Port": 6379}}]
    shape = transform.elasticache(
        {"ReplicationGroupId": NAME, "NodeGroups": shards, "MultiAZ": "disabled"}, NAME
    )
    assert (shape["endpoint"], shape["port"], shape["multi_az"]) == ("primary", 6379, False)


def test_the_registry_is_the_host_of_the_repositories() -> None:
    shape = transform.ecr({"backend": None, "frontend": "1.dkr.ecr/ragops-dev/frontend"}, NAME)
    assert shape == {
        "backend": None,
        "frontend": "1.dkr.ecr/ragops-dev/frontend",
        "registry": "1.dkr.ecr",
    }


def test_something_of_one_component_is_found() -> None:
    shape = transform.shape({**NOTHING, "logs": ["/aws/eks/ragops-dev/cluster"]}, NAME)
    assert transform.found(shape) == ["logs"]
