"""The database: made, repaired, removed."""

from __future__ import annotations

import json
from typing import Any

from support.lifecycle import TAGS, Life, World


def database(world: World, **more: Any) -> Life:
    ec2 = world.aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.20.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.20.{n}.0/24", AvailabilityZone=f"us-east-1{z}")[
            "Subnet"
        ]["SubnetId"]
        for n, z in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="rds", Description="d", VpcId=vpc)["GroupId"]
    options = {
        "identifier": "ragops-test",
        "engine_version": "15",
        "subnet_group": {"name": "ragops-test", "subnet_ids": subnets},
        "parameter_group": {
            "name": "ragops-test-postgres15",
            "parameters": {"rds.force_ssl": "1"},
        },
        "security_group_ids": [group],
        "deletion_protection": True,
        "wait_timeout": 30,
        "tags": TAGS,
        **more,
    }
    return Life(world, "rds_postgres", options)


def test_a_database_stays_protected_and_its_password_unseen(world: World) -> None:
    life, which = database(world), {"DBInstanceIdentifier": "ragops-test"}
    made = life.settles()["instance"]
    assert made["engine_version"] == "15.18"
    rds = world.aws.client("rds")
    found = rds.describe_db_instances(**which)["DBInstances"][0]
    assert (found["PubliclyAccessible"], found["StorageEncrypted"]) == (False, True)
    rds.modify_db_instance(
        **which, DeletionProtection=False, BackupRetentionPeriod=1, ApplyImmediately=True
    )
    life.settles()
    quiet = world.mutations()
    refused = world.run(life.module, {**life.options, "state": "absent"}, fails=True)
    assert "rds_deletion_protection: false" in refused["msg"]
    assert world.mutations() == quiet
    answer = world.aws.client("secretsmanager").get_secret_value(SecretId=made["master_secret_arn"])
    password = json.loads(answer["SecretString"])["password"]
    life.settles("absent", deletion_protection=False)
    assert password not in "".join(world.printed)
