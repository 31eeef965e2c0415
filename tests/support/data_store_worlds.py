"""What the tests of databases and caches share: a network, a drift, a repair."""

from __future__ import annotations

import re
from typing import Any

from support.emulator import Aws
from support.lifecycle import TAGS, Drift, Life, planned

NAME = "ragops-test"
TOKEN = "a-token-that-must-never-be-shown-0123456789"


def network(aws: Aws, cidr: str = "10.20") -> tuple[list[str], str]:
    """Make a VPC; return two of its subnets in different zones, and a security group."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock=f"{cidr}.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"{cidr}.{number}.0/24", AvailabilityZone=f"us-east-1{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="data", Description="d", VpcId=vpc)["GroupId"]
    return subnets, group


def cache_options(aws: Aws) -> dict[str, Any]:
    """As the role gives them for an environment with a replica."""
    subnets, group = network(aws)
    return {
        "replication_group_id": NAME,
        "replicas": 1,
        "multi_az": True,
        "parameter_group": {
            "name": f"{NAME}-redis7",
            "parameters": {"maxmemory-policy": "allkeys-lru"},
        },
        "subnet_group": {"name": NAME, "subnet_ids": subnets},
        "security_group_ids": [group],
        "kms_key_arn": aws.client("kms").create_key()["KeyMetadata"]["Arn"],
        "auth_token": TOKEN,
        "snapshot_window": "03:00-04:00",
        "maintenance_window": "sun:05:00-sun:06:00",
        "wait_timeout": 30,
        "tags": TAGS,
    }


def database_options(aws: Aws) -> dict[str, Any]:
    """As the role gives them for an environment that is protected."""
    subnets, group = network(aws)
    iam = aws.client("iam")
    role = iam.create_role(RoleName="monitoring", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    return {
        "identifier": NAME,
        "subnet_group": {"name": NAME, "subnet_ids": subnets},
        "parameter_group": {
            "name": f"{NAME}-postgres15",
            "parameters": {"rds.force_ssl": "1", "log_statement": "ddl"},
        },
        "security_group_ids": [group],
        "kms_key_arn": key,
        "log_kms_key_arn": key,
        "backup_window": "02:00-03:00",
        "maintenance_window": "sun:04:00-sun:05:00",
        "ca_certificate": "rds-ca-rsa2048-g1",
        "monitoring_interval": 60,
        "monitoring_role_arn": role,
        "log_exports": ["postgresql", "upgrade"],
        "multi_az": True,
        "wait_timeout": 30,
        "tags": TAGS,
    }


def refused(life: Life, message: str, **wrong: Any) -> None:
    """Refused before anything changes, in check mode and without; message: a regular expression."""
    quiet = life.world.mutations()
    for check in (True, False):
        answer = life.world.run(life.module, {**life.options, **wrong}, check=check, fails=True)
        assert re.search(message, answer["msg"]), answer["msg"]
    assert life.world.mutations() == quiet


def repaired(life: Life, drift: Drift, expected: dict[str, list[str]], **more: Any) -> None:
    """Check mode names exactly the drift and sends nothing; a run repairs it; the next rests."""
    drift(life.world.aws)
    quiet = life.world.mutations()
    foreseen = life.world.run(life.module, {**life.options, **more}, check=True)
    assert planned(foreseen) == expected
    assert life.world.mutations() == quiet, "check mode sent mutating calls"
    done = life.world.run(life.module, {**life.options, **more})
    assert planned(done) == expected
    life.rests(**more)
