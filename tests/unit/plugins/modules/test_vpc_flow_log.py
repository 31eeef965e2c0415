"""A flow log: made with group and role, repaired, replaced, removed; who may use the role."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._network import flow_log
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api, Plan
from botocore.stub import Stubber
from support.drifts import iam, log_groups, named, network
from support.emulator import Aws
from support.lifecycle import TAGS, Life, World, planned

GROUP = "/aws/vpc/ragops-test/flow-logs"
ROLE = "ragops-test-flow-logs"
LOG = "flow log ragops-test"


@pytest.fixture
def life(world: World) -> Life:
    """A flow log of a VPC, encrypted by a key."""
    vpc = world.aws.client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    kms = world.aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/ragops-test", TargetKeyId=key)
    return Life(
        world,
        "vpc_flow_log",
        {
            "name": "ragops-test",
            "vpc_id": vpc,
            "kms_key_id": "alias/ragops-test",
            "tags": {**TAGS, "Component": "network"},
        },
    )


def log_group(aws: Aws) -> dict[str, Any]:
    found = aws.client("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    return dict(found[0])


def logs(aws: Aws) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = aws.client("ec2").describe_flow_logs()["FlowLogs"]
    return found


def test_a_flow_log_is_made_with_retention_key_and_role(life: Life) -> None:
    done = life.settles()["flow_log"]
    group = log_group(life.world.aws)
    assert group["retentionInDays"] == 365
    assert group["kmsKeyId"].startswith("arn:aws:kms:")
    (log,) = logs(life.world.aws)
    assert (log["FlowLogId"], log["TrafficType"], log["ResourceId"]) == (
        done["flow_log_id"],
        "ALL",
        life.options["vpc_id"],
    )
    assert log["DeliverLogsPermissionArn"] == done["role_arn"]
    assert {tag["Key"] for tag in log["Tags"]} == {"Project", "Environment", "Component", "Name"}


def test_only_flow_logs_of_this_account_write_and_only_here(life: Life) -> None:
    life.settles()
    iam = life.world.aws.client("iam")
    (trust,) = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "000000000000"},
        "ArnLike": {"aws:SourceArn": "arn:aws:ec2:us-east-1:000000000000:vpc-flow-log/*"},
    }
    policy = iam.get_role_policy(RoleName=ROLE, PolicyName=flow_log.POLICY)["PolicyDocument"]
    allowed, look = policy["Statement"]
    assert look == {"Effect": "Allow", "Action": "logs:DescribeLogGroups", "Resource": "*"}
    assert all(GROUP in resource for resource in allowed["Resource"])
    assert "logs:CreateLogGroup" not in allowed["Action"]
    assert not any("*" in action for action in allowed["Action"])


DRIFTS = [
    *((drift, GROUP) for drift in log_groups.DRIFTS),
    *((drift, "ragops-test") for drift in network.FLOW_LOG),
    (named("role's trust opened", iam.DRIFTS), ROLE),
    (named("role's policy widened", iam.DRIFTS), ROLE),
    (named("role untagged", iam.DRIFTS), ROLE),
]


def test_each_drift_is_planned_by_name_and_repaired(life: Life) -> None:
    life.settles()
    for drift, name in DRIFTS:
        drift.on(name)(life.world.aws)
        quiet = len(life.world.mutations())
        assert list(planned(life.settles())) == list(drift.planned(name)), drift.what
        assert life.world.mutations()[quiet:] == list(drift.repair), drift.what


def test_other_settings_replace_the_flow_log_and_keep_the_records(life: Life) -> None:
    before = life.settles()["flow_log"]["flow_log_id"]
    made = log_group(life.world.aws)["creationTime"]
    life.options |= {"interval": 60, "retention_days": 0, "kms_key_id": ""}
    after = life.settles()["flow_log"]["flow_log_id"]
    (log,) = logs(life.world.aws)
    assert (log["FlowLogId"], log["MaxAggregationInterval"]) == (after, 60)
    assert before != after
    group = log_group(life.world.aws)
    assert group["creationTime"] == made
    assert "retentionInDays" not in group
    assert "kmsKeyId" not in group


def test_it_is_removed_with_group_and_role(life: Life) -> None:
    life.settles()
    life.settles("absent")
    assert logs(life.world.aws) == []
    with pytest.raises(IndexError):
        log_group(life.world.aws)
    with pytest.raises(life.world.aws.client("iam").exceptions.NoSuchEntityException):
        life.world.aws.client("iam").get_role(RoleName=ROLE)


def test_on_an_empty_account_all_of_it_is_planned(life: Life) -> None:
    """Neither VPC nor key exist yet."""
    options = {**life.options, "vpc_id": "(known after creation)", "kms_key_id": "alias/later"}
    quiet = life.world.mutations()
    foreseen = life.world.run(life.module, options, check=True)
    assert set(foreseen["diff"]["after"]) == {f"log group {GROUP}", f"IAM role {ROLE}", LOG}
    assert foreseen["flow_log"]["flow_log_id"] == "(known after creation)"
    assert life.world.mutations() == quiet


@pytest.mark.parametrize("what", ["role", "group"])
def test_anothers_is_neither_taken_nor_removed(life: Life, what: str) -> None:
    theirs = {"Project": "theirs", "Environment": "test"}
    if what == "role":
        tags = [{"Key": key, "Value": value} for key, value in theirs.items()]
        life.world.aws.client("iam").create_role(
            RoleName=ROLE, AssumeRolePolicyDocument='{"Statement": []}', Tags=tags
        )
    else:
        life.world.aws.client("logs").create_log_group(logGroupName=GROUP, tags=theirs)
    for state in ("present", "absent"):
        wanted = {**life.options, "state": state}
        message = life.world.run(life.module, wanted, fails=True)["msg"]
        assert "Project=theirs" in message


def test_a_key_behind_our_alias_that_is_somebody_elses_is_not_used(life: Life) -> None:
    kms, alias = life.world.aws.client("kms"), "alias/ragops-test"
    key = kms.describe_key(KeyId=alias)["KeyMetadata"]["KeyId"]
    kms.tag_resource(KeyId=key, Tags=[{"TagKey": "Project", "TagValue": "theirs"}])
    quiet = life.world.mutations()
    message = life.world.run(life.module, life.options, fails=True)["msg"]
    assert f"kms key {alias} belongs to somebody else" in message
    assert life.world.mutations() == quiet


def stubbed(aws: Aws) -> tuple[flow_log.Run, Stubber]:
    ec2 = aws.client("ec2")
    options = {"name": "n", "vpc_id": "vpc-1", "interval": 600, "region": "us-east-1", "tags": {}}
    api = Api(ec2)
    return flow_log.Run(api, api, api, Plan(), options, account="1"), Stubber(ec2)


@pytest.mark.parametrize("in_answer", [False, True])
def test_a_role_that_is_not_known_everywhere_yet_is_awaited(aws: Aws, in_answer: bool) -> None:
    run, stub = stubbed(aws)
    stub.add_response("describe_flow_logs", {"FlowLogs": []})
    refuse(stub, "Unable to assume given IAM role", in_answer=in_answer)
    stub.add_response("create_flow_logs", {"FlowLogIds": ["fl-1"]})
    with stub:
        assert flow_log.ensure_log(run) == "fl-1"


def test_a_refusal_is_told_with_its_cause(aws: Aws) -> None:
    run, stub = stubbed(aws)
    stub.add_response("describe_flow_logs", {"FlowLogs": []})
    error = {"Code": "FlowLogLimitExceeded", "Message": "too many"}
    refused = {"Unsuccessful": [{"ResourceId": "vpc-1", "Error": error}]}
    stub.add_response("create_flow_logs", refused)
    with stub, pytest.raises(AwsError, match="refused the flow log of vpc-1: too many"):
        flow_log.ensure_log(run)


def refuse(stub: Stubber, message: str, *, in_answer: bool) -> None:
    """As AWS refuses one: the call, or a resource of it, with a code that says nothing."""
    if not in_answer:
        codes = {"There": "FlowLogAlreadyExists", "Unable": "InvalidParameter"}
        stub.add_client_error("create_flow_logs", codes[message.split()[0]], message)
        return
    error = {"Code": "400", "Message": message}
    refused = {"Unsuccessful": [{"ResourceId": "vpc-1", "Error": error}]}
    stub.add_response("create_flow_logs", refused)


def described(run: flow_log.Run, **other: Any) -> dict[str, Any]:
    return {
        "FlowLogId": "fl-1",
        "ResourceId": "vpc-1",
        "LogGroupName": run.group,
        "TrafficType": "ALL",
        "MaxAggregationInterval": 600,
        "DeliverLogsPermissionArn": run.role_arn,
        "Tags": [{"Key": "Name", "Value": "n"}],
        **other,
    }


THERE = "There is an existing Flow Log with the same configuration and log destination."


@pytest.mark.parametrize("in_answer", [False, True])
def test_a_log_of_which_aws_had_not_told_is_kept_as_it_is(aws: Aws, in_answer: bool) -> None:
    """A run just before has made it: nothing is changed, and no creation is told."""
    run, stub = stubbed(aws)
    for _ in range(2):
        stub.add_response("describe_flow_logs", {"FlowLogs": []})
        refuse(stub, THERE, in_answer=in_answer)
    stub.add_response("describe_flow_logs", {"FlowLogs": [described(run)]})
    with stub:
        assert flow_log.ensure_log(run) == "fl-1"
    assert not run.plan.changed


def test_a_log_that_aws_is_still_removing_is_made_again(aws: Aws) -> None:
    """Its settings differ from the wanted, so it was deleted; AWS knows it for a while."""
    run, stub = stubbed(aws)
    other = {"FlowLogs": [described(run, FlowLogId="fl-0", MaxAggregationInterval=60)]}
    stub.add_response("describe_flow_logs", other)
    stub.add_response("delete_flow_logs", {})
    refuse(stub, THERE, in_answer=False)
    stub.add_response("describe_flow_logs", other)
    stub.add_response("create_flow_logs", {"FlowLogIds": ["fl-1"]})
    with stub:
        assert flow_log.ensure_log(run) == "fl-1"
    assert run.plan.changed


def test_a_log_of_others_is_told_of_and_not_waited_for(aws: Aws) -> None:
    run, stub = stubbed(aws)
    stub.add_response("describe_flow_logs", {"FlowLogs": []})
    refuse(stub, THERE, in_answer=False)
    run.options["tags"] = {"Project": "ours"}
    theirs = described(run, Tags=[{"Key": "Project", "Value": "theirs"}])
    stub.add_response("describe_flow_logs", {"FlowLogs": [theirs]})
    with stub, pytest.raises(AwsError, match="Project=theirs"):
        flow_log.ensure_log(run)


def test_a_flow_log_that_delivers_nothing_is_told(aws: Aws) -> None:
    run, stub = stubbed(aws)
    failing = {"DeliverLogsStatus": "FAILED", "DeliverLogsErrorMessage": "Access error"}
    stub.add_response("describe_flow_logs", {"FlowLogs": [described(run, **failing)]})
    with stub:
        flow_log.ensure_log(run)
    assert run.warnings == ["flow log n (fl-1) delivers nothing: Access error."]
