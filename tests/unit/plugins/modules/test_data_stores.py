"""Key, buckets, repositories, secrets, database: made, repaired, removed."""

from __future__ import annotations

import json
from typing import Any

from aws_lifecycle import TAGS, Life, World


def test_secrets_are_made_once_and_never_shown(world: World) -> None:
    given, name = "a-key-that-was-given", "ragops-test/redis-auth-token"
    secrets = [
        {"name": name, "description": "AUTH token", "generate_length": 64},
        {"name": "ragops-test/openai-api-key", "value": given},
    ]
    life = Life(world, "secretsmanager_secrets", {"secrets": secrets, "tags": TAGS})
    life.settles()
    manager = world.aws.client("secretsmanager")
    made = manager.get_secret_value(SecretId=name)["SecretString"]
    assert len(made) == 64
    manager.update_secret(SecretId=name, Description="changed")
    manager.put_secret_value(SecretId="ragops-test/openai-api-key", SecretString="other-value")
    life.settles()
    assert manager.get_secret_value(SecretId=name)["SecretString"] == made
    key = manager.get_secret_value(SecretId="ragops-test/openai-api-key")["SecretString"]
    assert key == given
    life.settles("absent", recovery_window_days=0)
    printed = "".join(world.printed)
    assert not [value for value in (made, given, "other-value") if value in printed]


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
