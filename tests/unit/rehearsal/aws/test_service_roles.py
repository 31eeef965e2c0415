"""The roles that AWS's services have in an account: there from their first use, and nobody's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.lifecycle import World

PATH = "/aws-service-role/"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "eks.amazonaws.com"},
        }
    ],
}


def made(iam: Any) -> list[str]:
    roles = iam.list_roles(PathPrefix=PATH)["Roles"]
    return sorted(role["Arn"].partition(PATH)[2] for role in roles)


def test_a_service_makes_its_role_when_it_is_first_used(world: World) -> None:
    aws, iam = world.aws, world.aws.client("iam")
    assert made(iam) == []
    role = iam.create_role(RoleName="cluster", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.20.{number}.0/24", AvailabilityZone=f"us-east-1{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    ]
    cache = aws.client("elasticache")
    for number in range(2):
        about = {"CacheSubnetGroupDescription": "x", "SubnetIds": subnets}
        cache.create_cache_subnet_group(CacheSubnetGroupName=f"group-{number}", **about)
    assert made(iam) == ["elasticache.amazonaws.com/AWSServiceRoleForElastiCache"]
    eks, network = aws.client("eks"), {"subnetIds": subnets}
    eks.create_cluster(name="x", roleArn=role["Arn"], resourcesVpcConfig=network)
    assert "eks.amazonaws.com/AWSServiceRoleForAmazonEKS" in made(iam)


def test_only_aws_changes_one_and_it_is_made_once(world: World) -> None:
    iam, service = world.aws.client("iam"), {"AWSServiceName": "autoscaling.amazonaws.com"}
    name = iam.create_service_linked_role(**service)["Role"]["RoleName"]
    assert iam.get_role(RoleName=name)["Role"]["Path"] == f"{PATH}autoscaling.amazonaws.com/"
    with pytest.raises(ClientError, match=r"InvalidInput.*has been taken in this account"):
        iam.create_service_linked_role(**service)
    with pytest.raises(ClientError, match=r"UnmodifiableEntity.*only modifiable by AWS"):
        iam.delete_role(RoleName=name)
    with pytest.raises(ClientError, match="UnmodifiableEntity"):
        iam.put_role_policy(RoleName=name, PolicyName="x", PolicyDocument="{}")


def test_a_key_policy_names_none_that_is_not_there(world: World) -> None:
    """A new account has never started a group of nodes."""
    account, path = "000000000000", f"{PATH}autoscaling.amazonaws.com"
    principal = f"arn:aws:iam::{account}:role{path}/AWSServiceRoleForAutoScaling"
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": "*"}]})
    kms = world.aws.client("kms")
    with pytest.raises(ClientError, match=r"MalformedPolicyDocument.*invalid principals"):
        kms.create_key(Policy=policy)
    iam = world.aws.client("iam")
    iam.create_service_linked_role(AWSServiceName="autoscaling.amazonaws.com")
    assert kms.create_key(Policy=policy)["KeyMetadata"]["KeyId"]


def test_they_are_nobodys_leftovers(world: World) -> None:
    """The platform neither reports nor sweeps them, whatever they are tagged with."""
    iam = world.aws.client("iam")
    name = iam.create_service_linked_role(AWSServiceName="rds.amazonaws.com")["Role"]["RoleName"]
    tags = {"Project": "ragops", "Environment": "test", "ManagedBy": "ragops.platform"}
    iam.tag_role(RoleName=name, Tags=[{"Key": key, "Value": value} for key, value in tags.items()])
    asked = {"project": "ragops", "environment": "test"}
    assert name not in json.dumps(world.run("platform_sweep", asked))
    found = world.run("platform_info", {**asked, "components": ["iam"]})
    assert name not in json.dumps(found)
