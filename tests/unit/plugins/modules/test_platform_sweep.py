"""platform_sweep against an emulated AWS in which something of everything is left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.leftovers import leave, leave_network, tag_list
from support.lifecycle import World
from support.module_process import examples, play


def sweep(world: World, **options: Any) -> dict[str, Any]:
    quiet = world.mutations()
    result = world.run("platform_sweep", {"project": "ragops", "environment": "dev", **options})
    assert world.mutations() == quiet, "a sweep reads only"
    assert result["changed"] is False
    return result


def identities(items: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(item["type"], item["id"]) for item in items}


def test_an_empty_account_has_nothing_left(world: World) -> None:
    result = sweep(world)
    assert result["left"] == result["kept"] == []
    assert result["name"] == "ragops-dev"


def test_everything_of_the_platform_is_found_and_nothing_of_its_neighbours(
    world: World, account: Callable[..., None]
) -> None:
    account(quotas={"vpcs": 10})  # A new account may have five.
    ours = leave(world.aws, "dev")
    for neighbour in ("devel", "dev-2", "prod"):
        leave(world.aws, neighbour)
    result = sweep(world)
    assert identities(result["left"]) == ours
    assert result["kept"] == []
    assert "not-told" not in str(result)
    free = {
        *("launch_template", "network_interface", "security_group", "subnet", "target_group"),
        *("vpc", "subnet_group", "parameter_group", "role", "policy", "oidc_provider"),
    }
    assert {item["type"] for item in result["left"] if not item["billed"]} == free
    flags = [item["billed"] for item in result["left"]]
    assert flags == sorted(flags, reverse=True), "what costs money comes first"


def test_each_finding_says_why(world: World) -> None:
    leave(world.aws, "dev")
    why = {(item["service"], item["type"]): item["why"] for item in sweep(world)["left"]}
    assert why["ec2", "vpc"] == "tagged Project=ragops, Environment=dev, ManagedBy=ragops.platform"
    assert why["ec2", "volume"] == (
        "made by the cluster (tagged kubernetes.io/cluster/ragops-dev=owned)"
    )
    assert "is in the VPC of the platform, vpc-" in why["ec2", "network_interface"]
    assert why["rds", "snapshot"] == "taken of ragops-dev"
    assert why["ecr", "repository"] == why["s3", "bucket"] == why["ec2", "vpc"]


def test_what_is_kept_on_purpose_is_told_apart(world: World) -> None:
    leave(world.aws, "dev")
    survivors = ["s3", "kms", "rds", "milvus", "logs", "ecr", "elasticache", "secrets"]
    result = sweep(world, survivors=survivors)
    kept = {(item["service"], item["type"]) for item in result["kept"]}
    assert kept == {
        ("ec2", "volume"),
        ("ec2", "snapshot"),
        ("ecr", "repository"),
        ("kms", "key"),
        ("logs", "log_group"),
        ("rds", "snapshot"),
        ("s3", "bucket"),
        ("secretsmanager", "secret"),
    }
    computing = {(item["service"], item["type"]) for item in result["left"]}
    assert ("rds", "instance") in computing
    assert ("elasticache", "replication_group") in computing


def test_what_ends_by_itself_is_kept_and_not_billed(world: World) -> None:
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tag_list("dev")]
    kms, secrets = world.aws.client("kms"), world.aws.client("secretsmanager")
    key = kms.create_key(Tags=tags)["KeyMetadata"]
    kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    secrets.create_secret(Name="ragops-dev/redis-url", SecretString="x", Tags=tag_list("dev"))
    secrets.delete_secret(SecretId="ragops-dev/redis-url", RecoveryWindowInDays=7)
    result = sweep(world)
    assert result["left"] == []
    assert identities(result["kept"]) == {("key", key["Arn"]), ("secret", "ragops-dev/redis-url")}
    assert not any(item["billed"] for item in result["kept"])
    assert all("deletion" in item["why"] for item in result["kept"])


def test_what_is_over_is_not_left(world: World) -> None:
    """AWS lists terminated instances and deleted gateways for an hour; tags live on as long."""
    ec2 = world.aws.client("ec2")
    left = dict(leave_network(world.aws, "dev"))
    ec2.terminate_instances(InstanceIds=[left["instance"]])
    ec2.delete_nat_gateway(NatGatewayId=left["nat_gateway"])
    found = dict(identities(sweep(world)["left"]))
    assert left.keys() - found.keys() == {"instance", "nat_gateway"}


def test_backups_that_outlived_their_instance_are_found(world: World) -> None:
    rds = world.aws.client("rds")
    for name, environment, retained in (
        ("ragops-dev", "dev", True),
        ("ragops-test", "test", False),
    ):
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            MasterUsername="ragops",
            MasterUserPassword="not-a-secret",
            AllocatedStorage=20,
            BackupRetentionPeriod=7,
            Tags=tag_list(environment),
        )
        listed = rds.describe_db_instance_automated_backups(DBInstanceIdentifier=name)
        (backup,) = listed["DBInstanceAutomatedBackups"]
        assert backup["Status"] == "active"
        rds.delete_db_instance(
            DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=not retained
        )
    left = sweep(world)["left"]
    assert [(item["type"], item["billed"]) for item in left] == [("automated_backup", True)]
    assert sweep(world, survivors=["rds"])["left"] == []
    (backup,) = rds.describe_db_instance_automated_backups()["DBInstanceAutomatedBackups"]
    assert (backup["DBInstanceIdentifier"], backup["Status"]) == ("ragops-dev", "retained")


def test_the_region_of_the_replicas_is_swept_too(world: World) -> None:
    here = {"region_name": "us-west-2"}
    tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tag_list("dev")]
    key = world.aws.client("kms", **here).create_key(Tags=tags)["KeyMetadata"]["Arn"]
    topic = world.aws.client("sns", **here).create_topic(Name="copied", Tags=tag_list("dev"))
    s3, bucket = world.aws.client("s3", **here), "ragops-dev-documents-000000000000-us-west-2"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_list("dev")})

    alone = sweep(world)
    assert identities(alone["left"]) == {("bucket", bucket)}
    both = sweep(world, replica_region="us-west-2")
    assert identities(both["left"]) == {
        ("bucket", bucket),
        ("key", key),
        ("resource", topic["TopicArn"]),
    }
    kept = sweep(world, replica_region="us-west-2", survivors=["kms", "s3"])
    assert identities(kept["kept"]) == {("bucket", bucket), ("key", key)}


def test_a_cluster_that_only_uses_something_does_not_own_it(world: World) -> None:
    shared = [{"Key": "kubernetes.io/cluster/ragops-dev", "Value": "shared"}]
    world.aws.client("ec2").create_volume(
        AvailabilityZone="us-east-1a",
        Size=1,
        TagSpecifications=[{"ResourceType": "volume", "Tags": shared}],
    )
    assert sweep(world)["left"] == []


def test_what_karpenter_leaves_is_found(world: World) -> None:
    """Made by this collection (queue, rules, profile), and by Karpenter: nodes, a profile."""
    iam, ec2 = world.aws.client("iam"), world.aws.client("ec2")
    iam.create_role(RoleName="ragops-dev-eks-nodes", AssumeRolePolicyDocument="{}")
    tags = {"Project": "ragops", "Environment": "dev", "ManagedBy": "ragops.platform"}
    options = {"name": "ragops-dev", "node_role": "ragops-dev-eks-nodes", "tags": tags}
    made = world.run("karpenter_resources", options)["karpenter"]
    marks = {"kubernetes.io/cluster/ragops-dev": "owned", "karpenter.sh/nodepool": "general"}
    owned = [{"Key": key, "Value": value} for key, value in marks.items()]
    iam.create_instance_profile(
        InstanceProfileName="ragops-dev_1234567890", Path="/karpenter/us-east-1/", Tags=owned
    )
    (node,) = ec2.run_instances(
        ImageId="ami-1",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": owned}],
    )["Instances"]
    found = sweep(world)["left"]
    rules = {
        ("rule", f"arn:aws:events:us-east-1:000000000000:rule/{name}") for name in made["rules"]
    }
    assert identities(found) == {
        ("instance", node["InstanceId"]),
        ("instance_profile", "ragops-dev_1234567890"),
        ("instance_profile", "ragops-dev-karpenter-nodes"),
        ("resource", made["queue_arn"]),
        *rules,
    }
    ec2.terminate_instances(InstanceIds=[node["InstanceId"]])
    iam.delete_instance_profile(InstanceProfileName="ragops-dev_1234567890")
    world.run("karpenter_resources", {**options, "state": "absent"})
    assert sweep(world)["left"] == []


def test_examples_run(world: World, tmp_path: Path) -> None:
    results = play(examples("platform_sweep"), tmp_path, world.aws.environment)
    assert results[0]["left"] == []


def test_a_refused_look_is_an_error_and_not_an_empty_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ansible_collections.ragops.platform.plugins.module_utils._sweep import sweep as sweeping
    from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
    from ansible_collections.ragops.platform.plugins.module_utils.component import Component

    def refuse(*_: Any) -> None:
        raise AwsError("The caller is not allowed to eks:DescribeCluster", action="eks:X")

    monkeypatch.setattr(sweeping, "ALL", (*sweeping.ALL, Component("x", leftovers=(refuse,))))
    options = {"project": "ragops", "environment": "dev"}
    result = world.run("platform_sweep", options, fails=True)
    assert "not allowed to eks:DescribeCluster" in result["msg"]


def test_what_holds_no_data_can_not_survive(world: World) -> None:
    options = {"project": "ragops", "environment": "dev", "survivors": ["rds", "network"]}
    result = world.run("platform_sweep", options, fails=True)
    assert result["msg"].startswith("survivors has network, which keep no data after destroy.yml")
