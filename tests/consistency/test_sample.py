"""Single modules in an account that sees its changes late: what `make unit` runs of this.

The three that failed without a word: a default group left open, egress left open, an instance
called running that nobody has seen. And what one module makes, found by the next one's names.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from support.emulator import Aws, adjusted
from support.faults.killing import Failed, run_module
from support.faults.subjects import (
    NAME,
    SUBJECTS,
    TAGS,
    ZONE,
    Subject,
    make_names,
    named,
    remove_names,
    single,
)

READS = 2
GROUPS = [
    {"key": "bastion", "description": "no flow of its own"},
    {"key": "eks_nodes", "description": "nodes"},
]
NETWORK: dict[str, Any] = {
    "name": NAME,
    "cidr_block": "10.20.0.0/16",
    "availability_zones": ["us-east-1a", "us-east-1b"],
    "nat": "none",
    "security_groups": GROUPS,
    "tags": TAGS,
}


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """An account that sees its changes two calls late."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_SPREAD_READS", str(READS))
        patch.setenv("AWS_CACHE_SECONDS", "4")
        # However slow this machine is: only calls count here.
        patch.setenv("AWS_SPREAD_SECONDS", "600")
        with adjusted(tmp_path_factory.mktemp("late") / "requests.jsonl") as aws:
            yield aws


@pytest.fixture(autouse=True)
def _new_account(late: Aws) -> None:
    late.reset()


def refused(aws: Aws) -> int:
    """How many calls the account has refused because of what it had yet to spread."""
    return int(httpx.get(f"{aws.url}/_ministack/spread", timeout=10).json()["refused"])


def shown_late(aws: Aws) -> int:
    """How many answers told of what was before."""
    return int(httpx.get(f"{aws.url}/_ministack/spread", timeout=10).json()["late"])


def seen(client: Any, operation: str, key: str, **arguments: Any) -> list[dict[str, Any]]:
    """What there is once all is spread."""
    for _ in range(2 * READS + 1):
        found: list[dict[str, Any]] = getattr(client, operation)(**arguments)[key]
    return found


def insist(call: Callable[..., Any], **arguments: Any) -> Any:
    """The answer to a call, once the account knows what it names."""
    for _ in range(READS):
        with contextlib.suppress(ClientError):
            return call(**arguments)
    return call(**arguments)


def test_a_new_network_lets_nobody_in_or_out_in_its_first_run(late: Aws) -> None:
    """Neither by the default group, which AWS opens, nor by a group without flows."""
    before = refused(late)
    made = run_module(late.environment, "vpc_network", NETWORK)
    assert refused(late) > before
    inside = [{"Name": "vpc-id", "Values": [made["network"]["vpc_id"]]}]
    groups = seen(late.client("ec2"), "describe_security_groups", "SecurityGroups", Filters=inside)
    rules = {
        group["GroupName"]: group["IpPermissions"] + group["IpPermissionsEgress"]
        for group in groups
    }
    assert rules == {"default": [], f"{NAME}-bastion": [], f"{NAME}-eks-nodes": []}


def private_network(aws: Aws) -> dict[str, Any]:
    """Two subnets and a security group that are not the platform's, once EC2 knows them."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        insist(
            ec2.create_subnet,
            VpcId=vpc,
            CidrBlock=f"10.40.{number}.0/24",
            AvailabilityZone=f"us-east-1{zone}",
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    ]
    about = {"GroupName": "stores", "Description": "x"}
    group = insist(ec2.create_security_group, VpcId=vpc, **about)["GroupId"]
    insist(ec2.describe_security_groups, GroupIds=[group])
    return {"subnets": subnets, "group": group}


def flow_log(aws: Aws) -> Subject:
    """A flow log of a network of ours, and its removal."""
    made = run_module(aws.environment, "vpc_network", NETWORK)
    options = {"name": NAME, "vpc_id": made["network"]["vpc_id"]}
    return single("flow log", "vpc_flow_log", options, {"name": NAME})


AT_ONCE = ("network", "flow log", "kms", "ecr", "secrets", "s3", "karpenter", "eks")
LISTED = ("network", "flow log", "eks")
"""What a second run finds by lists; what it finds by a name was awaited by the first."""


@pytest.mark.parametrize("name", AT_ONCE)
def test_a_second_run_right_after_the_first_finds_what_that_made(late: Aws, name: str) -> None:
    """It makes nothing twice, is refused nothing, and tells of no change."""
    subject = flow_log(late) if name == "flow log" else SUBJECTS[name]
    ground = private_network(late) if name == "eks" else subject.prepare(late)
    done: list[bool] = []

    def run(module: str, options: dict[str, Any]) -> dict[str, Any]:
        result = run_module(late.environment, module, options)
        done.append(result["changed"])
        return result

    subject.present(run, ground)
    before, first = shown_late(late), len(done)
    subject.present(run, ground)
    assert done == [True] * first + [False] * first
    assert (shown_late(late) > before) is (name in LISTED)


def test_an_instance_is_running_only_when_it_is_seen(late: Aws) -> None:
    """The role and profile are new, too: EC2 takes them only when IAM has spread them."""
    ec2 = late.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    zone = {"AvailabilityZone": "us-east-1a", "CidrBlock": "10.40.1.0/24"}
    subnet = insist(ec2.create_subnet, VpcId=vpc, **zone)["Subnet"]["SubnetId"]
    about = {"GroupName": "bastion", "Description": "x"}
    group = insist(ec2.create_security_group, VpcId=vpc, **about)["GroupId"]
    late.client("ssm").put_parameter(Name="/image", Value="ami-0123456789abcdef0", Type="String")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "ec2.amazonaws.com"},
            }
        ],
    }
    role = {"name": f"{NAME}-bastion", "trust": trust}
    run_module(late.environment, "iam_roles", {"roles": [role], "tags": TAGS})
    made = run_module(
        late.environment,
        "ec2_bastion",
        {
            "name": f"{NAME}-bastion",
            "role": f"{NAME}-bastion",
            "subnet_ids": [subnet],
            "security_group_id": group,
            "image_parameter": "/image",
            "tags": TAGS,
        },
    )
    found = ec2.describe_instances(InstanceIds=[made["instance_id"]])
    assert found["Reservations"][0]["Instances"][0]["State"]["Name"] == "running"


def test_a_secret_is_there_for_whoever_asks_next(late: Aws) -> None:
    """ListSecrets does not show it for minutes, and platform_info does."""
    wanted = [{"name": f"{NAME}/redis-auth-token", "generate_length": 64}]
    run_module(late.environment, "secretsmanager_secrets", {"secrets": wanted, "tags": TAGS})
    listed = late.client("secretsmanager").list_secrets()["SecretList"]
    assert listed == []
    asked = {"project": "ragops", "environment": "test", "components": ["secrets"]}
    found = run_module(late.environment, "platform_info", asked)["resources"]["secrets"]
    assert found["redis_auth_token"]


def test_a_key_that_was_ending_is_enabled_rotated_and_used_in_one_run(late: Aws) -> None:
    """KMS calls it pending deletion, then disabled; the logs that it encrypts know no such key."""
    kms, tags = late.client("kms"), {**TAGS, "Component": "kms"}
    wanted = {"alias": f"alias/{NAME}", "rotation_days": 365, "tags": tags}
    made = run_module(late.environment, "kms_key", wanted)["key"]["key_arn"]
    group = {"cluster": NAME, "kms_key_arn": made, "tags": {**TAGS, "Component": "eks"}}
    assert run_module(late.environment, "eks_log_group", group)["changed"]
    kms.disable_key_rotation(KeyId=made)
    kms.schedule_key_deletion(KeyId=made, PendingWindowInDays=7)
    for key in [made, wanted["alias"]] * (2 * READS + 1):
        ending = kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    assert ending == "PendingDeletion"
    before = refused(late)
    assert run_module(late.environment, "kms_key", wanted)["key"]["restored"]
    assert refused(late) > before


def test_a_certificate_is_requested_once_and_a_new_load_balancer_waited_for(late: Aws) -> None:
    """The list does not show it yet, and Route 53 has not heard of the target."""
    ground, done = named(late), []

    def run(module: str, options: dict[str, Any]) -> None:
        done.append(run_module(late.environment, module, options)["changed"])

    before = shown_late(late)
    for _ in range(2):
        make_names(run, ground)
    assert done == [True, True, False, False]
    assert shown_late(late) > before
    acm = late.client("acm")
    (only,) = acm.list_certificates()["CertificateSummaryList"]
    assert only["Status"] == "ISSUED"
    for _ in range(2):
        remove_names(run, ground)
    assert done[4:] == [True, True, False, False]
    for zone in late.client("route53").list_hosted_zones()["HostedZones"]:
        assert (zone["Name"], zone["ResourceRecordSetCount"]) == (f"{ZONE}.", 2)


def test_what_is_not_there_is_said_at_once(late: Aws) -> None:
    """Somebody else's group that is gone is no young one: its absence is an error, and quick."""
    before = refused(late)
    asked = {"project": "ragops", "environment": "test"}
    found = run_module(late.environment, "platform_info", {**asked, "components": ["eks", "rds"]})
    assert found["resources"]["eks"]["name"] is None
    assert refused(late) == before
    with pytest.raises(Failed, match="the key does not exist"):
        run_module(
            late.environment,
            "secretsmanager_secrets",
            {
                "secrets": [{"name": f"{NAME}/x", "generate_length": 20}],
                "kms_key_id": "alias/none",
                "wait_timeout": 0,
                "tags": TAGS,
            },
        )


def test_a_cache_gets_snapshots_later_and_goes_while_aws_is_at_work_on_it(late: Aws) -> None:
    """The account is new to ElastiCache; tags are not told of a group that is being modified."""
    ground = private_network(late)
    wanted = {
        "replication_group_id": NAME,
        "subnet_group": {"name": NAME, "subnet_ids": ground["subnets"]},
        "security_group_ids": [ground["group"]],
        "parameter_group": {"name": f"{NAME}-redis7"},
        "auth_token": "a-token-of-sixteen-or-more",
        "tags": TAGS,
    }
    module = "elasticache_replication_group"
    run_module(late.environment, module, {**wanted, "snapshot_retention_days": 0})
    run_module(late.environment, module, {**wanted, "snapshot_retention_days": 3})
    cache = late.client("elasticache")
    described = seen(cache, "describe_replication_groups", "ReplicationGroups")
    assert described[0]["SnapshotRetentionLimit"] == 3
    absent = {key: wanted[key] for key in ("replication_group_id", "parameter_group", "tags")}
    absent["subnet_group"] = {"name": NAME}
    gone = run_module(late.environment, module, {**absent, "state": "absent"})
    assert gone["changed"]
    assert seen(cache, "describe_replication_groups", "ReplicationGroups") == []
