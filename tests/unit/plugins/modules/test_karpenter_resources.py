"""Karpenter's queue, rules and instance profile: made, repaired, removed, and nobody else's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._karpenter import queue, rules
from ansible_collections.ragops.platform.plugins.module_utils._karpenter.run import Run
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api, Plan
from ansible_collections.ragops.platform.plugins.module_utils.resources import sqs_queue
from botocore.stub import Stubber
from support.emulator import Aws
from support.lifecycle import TAGS, Life, World
from support.module_process import examples

NAME = "ragops-test"
QUEUE, PROFILE = f"{NAME}-karpenter", f"{NAME}-karpenter-nodes"
ARN = f"arn:aws:sqs:us-east-1:000000000000:{QUEUE}"
RULES = {
    f"{QUEUE}-{key}" for key in ("health", "rebalance", "reservation", "spot-interruption")
} | {f"{QUEUE}-state-change"}
SPOT = f"{QUEUE}-spot-interruption"
OTHERS = {"Project": "other", "Environment": "test"}


@pytest.fixture
def life(world: World) -> Life:
    """What Karpenter of a cluster needs, and the role of its nodes."""
    node_role(world.aws, f"{NAME}-eks-nodes")
    options = {
        "name": NAME,
        "node_role": f"{NAME}-eks-nodes",
        "tags": {**TAGS, "Component": "cluster_addons"},
    }
    return Life(world, "karpenter_resources", options)


def node_role(aws: Aws, name: str) -> None:
    aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument='{"Statement": []}')


def url(aws: Aws) -> str:
    found: str = aws.client("sqs").get_queue_url(QueueName=QUEUE)["QueueUrl"]
    return found


def attributes(aws: Aws) -> dict[str, str]:
    found: dict[str, str] = aws.client("sqs").get_queue_attributes(
        QueueUrl=url(aws), AttributeNames=["All"]
    )["Attributes"]
    return found


def targets(aws: Aws, rule: str) -> dict[str, str]:
    found = aws.client("events").list_targets_by_rule(Rule=rule)["Targets"]
    return {target["Id"]: target["Arn"] for target in found}


def there(aws: Aws) -> tuple[list[str], set[str], list[str]]:
    """Queues, rules and profiles of the account."""
    return (
        aws.client("sqs").list_queues().get("QueueUrls", []),
        {rule["Name"] for rule in aws.client("events").list_rules()["Rules"]},
        [
            item["InstanceProfileName"]
            for item in aws.client("iam").list_instance_profiles()["InstanceProfiles"]
        ],
    )


def test_everything_is_made_tagged_and_wired(life: Life) -> None:
    done = life.settles()["karpenter"]
    aws = life.world.aws
    assert done == {
        "queue": QUEUE,
        "queue_arn": ARN,
        "rules": done["rules"],
        "instance_profile": PROFILE,
    }
    found = attributes(aws)
    assert (found["QueueArn"], found["MessageRetentionPeriod"]) == (ARN, "300")
    assert found["SqsManagedSseEnabled"] == "true"
    assert aws.client("sqs").list_queue_tags(QueueUrl=url(aws))["Tags"] == life.options["tags"]
    events = aws.client("events")
    assert set(done["rules"]) == RULES == there(aws)[1]
    for rule in events.list_rules()["Rules"]:
        assert rule["State"] == "ENABLED"
        assert targets(aws, rule["Name"]) == {"karpenter": ARN}
        tags = events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
        assert {tag["Key"]: tag["Value"] for tag in tags} == life.options["tags"]
    (profile,) = aws.client("iam").list_instance_profiles()["InstanceProfiles"]
    assert [role["RoleName"] for role in profile["Roles"]] == [f"{NAME}-eks-nodes"]


def test_only_the_rules_and_sqs_may_send_and_only_by_tls(life: Life) -> None:
    life.settles()
    document = json.loads(attributes(life.world.aws)["Policy"])
    by_sid = {each["Sid"]: each for each in document["Statement"]}
    assert set(by_sid) == {"Rules", "Redrive", "OnlyTls"}
    assert by_sid["Rules"]["Principal"] == {"Service": "events.amazonaws.com"}
    assert {
        arn.split("/")[1] for arn in by_sid["Rules"]["Condition"]["ArnEquals"]["aws:SourceArn"]
    } == RULES
    assert by_sid["Redrive"]["Principal"] == {"Service": "sqs.amazonaws.com"}
    assert by_sid["Redrive"]["Condition"] == {"StringEquals": {"aws:SourceAccount": "000000000000"}}
    for sid in ("Rules", "Redrive"):
        assert (by_sid[sid]["Action"], by_sid[sid]["Resource"]) == ("sqs:SendMessage", ARN)
    tls = by_sid["OnlyTls"]
    assert (tls["Effect"], tls["Principal"], tls["Action"]) == ("Deny", "*", "sqs:*")
    assert tls["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(
    ("rule", "event", "told"),
    [
        ("spot-interruption", {"detail-type": "EC2 Spot Instance Interruption Warning"}, True),
        ("rebalance", {"detail-type": "EC2 Instance Rebalance Recommendation"}, True),
        ("state-change", {"detail": {"state": "terminated"}}, True),
        ("state-change", {"detail": {"state": "running"}}, False),
        ("health", {"detail": {"service": "EC2", "eventTypeCategory": "scheduledChange"}}, True),
        ("health", {"detail": {"service": "RDS", "eventTypeCategory": "scheduledChange"}}, False),
    ],
)
def test_karpenter_is_told_what_it_acts_on(
    life: Life, rule: str, event: dict[str, Any], told: bool
) -> None:
    life.world.run("karpenter_resources", life.options)
    kinds = {
        "state-change": ("EC2 Instance State-change Notification", "aws.ec2"),
        "health": ("AWS Health Event", "aws.health"),
    }
    kind, source = kinds.get(rule, (event.get("detail-type"), "aws.ec2"))
    whole = {
        **{"id": "1", "account": "0" * 12, "time": "2026-11-28T00:00:00Z", "resources": []},
        **{"region": "us-east-1", "source": source, "detail-type": kind, "detail": {}},
        **event,
    }
    events = life.world.aws.client("events")
    pattern = events.describe_rule(Name=f"{QUEUE}-{rule}")["EventPattern"]
    answer = events.test_event_pattern(EventPattern=pattern, Event=json.dumps(whole))
    assert answer["Result"] is told


def shorten(aws: Aws) -> None:
    aws.client("sqs").set_queue_attributes(
        QueueUrl=url(aws), Attributes={"MessageRetentionPeriod": "60"}
    )


def decrypt(aws: Aws) -> None:
    aws.client("sqs").set_queue_attributes(
        QueueUrl=url(aws), Attributes={"SqsManagedSseEnabled": "false"}
    )


def open_queue(aws: Aws) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": ARN}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    aws.client("sqs").set_queue_attributes(
        QueueUrl=url(aws), Attributes={"Policy": json.dumps(document)}
    )


def untag_queue(aws: Aws) -> None:
    aws.client("sqs").untag_queue(QueueUrl=url(aws), TagKeys=["Component"])


def delete_queue(aws: Aws) -> None:
    aws.client("sqs").delete_queue(QueueUrl=url(aws))


def disable(aws: Aws) -> None:
    aws.client("events").disable_rule(Name=SPOT)


def narrow(aws: Aws) -> None:
    aws.client("events").put_rule(Name=SPOT, EventPattern='{"source": ["aws.s3"]}')


def untarget(aws: Aws) -> None:
    aws.client("events").remove_targets(Rule=SPOT, Ids=["karpenter"])


def tell_another(aws: Aws) -> None:
    target = {"Id": "spy", "Arn": "arn:aws:sqs:us-east-1:000000000000:elsewhere"}
    aws.client("events").put_targets(Rule=SPOT, Targets=[target])


def untag_rule(aws: Aws) -> None:
    arn = aws.client("events").describe_rule(Name=SPOT)["Arn"]
    aws.client("events").untag_resource(ResourceARN=arn, TagKeys=["Component"])


def delete_rule(aws: Aws) -> None:
    untarget(aws)
    aws.client("events").delete_rule(Name=SPOT)


def change_the_role(aws: Aws) -> None:
    iam = aws.client("iam")
    which = {"InstanceProfileName": PROFILE}
    iam.remove_role_from_instance_profile(**which, RoleName=f"{NAME}-eks-nodes")
    node_role(aws, "admin")
    iam.add_role_to_instance_profile(**which, RoleName="admin")


DRIFTS: list[tuple[Callable[[Aws], None], str, list[str]]] = [
    (shorten, f"sqs queue {QUEUE}", ["sqs:SetQueueAttributes"]),
    (decrypt, f"sqs queue {QUEUE}", ["sqs:SetQueueAttributes"]),
    (open_queue, f"sqs queue {QUEUE}", ["sqs:SetQueueAttributes"]),
    (untag_queue, f"sqs queue {QUEUE}", ["sqs:TagQueue"]),
    (delete_queue, f"sqs queue {QUEUE}", ["sqs:CreateQueue"]),
    (disable, f"event rule {SPOT}", ["events:PutRule"]),
    (narrow, f"event rule {SPOT}", ["events:PutRule"]),
    (untarget, f"event rule {SPOT}", ["events:PutTargets"]),
    (tell_another, f"event rule {SPOT}", ["events:RemoveTargets"]),
    (untag_rule, f"event rule {SPOT}", ["events:TagResource"]),
    (delete_rule, f"event rule {SPOT}", ["events:PutRule", "events:PutTargets"]),
    (
        change_the_role,
        f"instance profile {PROFILE}",
        ["iam:RemoveRoleFromInstanceProfile", "iam:AddRoleToInstanceProfile"],
    ),
]


def test_each_drift_is_planned_by_name_and_repaired(life: Life) -> None:
    life.settles()
    for drift, label, calls in DRIFTS:
        drift(life.world.aws)
        quiet = len(life.world.mutations())
        done = life.settles()
        assert list(done["diff"]["after"]) == [label], drift.__name__
        assert life.world.mutations()[quiet:] == calls, drift.__name__


def test_a_rule_of_an_earlier_version_goes_and_anothers_stays(life: Life) -> None:
    life.settles()
    events = life.world.aws.client("events")
    ours = [{"Key": key, "Value": value} for key, value in life.options["tags"].items()]
    events.put_rule(Name=f"{QUEUE}-old", EventPattern='{"source": ["aws.ec2"]}', Tags=ours)
    events.put_rule(Name=f"{QUEUE}-mine", EventPattern='{"source": ["aws.ec2"]}')
    life.settles()
    assert there(life.world.aws)[1] == {*RULES, f"{QUEUE}-mine"}
    life.settles("absent")
    assert there(life.world.aws)[1] == {f"{QUEUE}-mine"}


def test_they_are_removed_with_nothing_left_and_twice(life: Life) -> None:
    life.settles()
    aws = life.world.aws
    aws.client("sqs").create_queue(QueueName=f"{QUEUE}-of-another")
    life.settles("absent")
    queues, left, profiles = there(aws)
    assert [each.rsplit("/", 1)[-1] for each in queues] == [f"{QUEUE}-of-another"]
    assert (left, profiles) == (set(), [])
    assert aws.client("iam").get_role(RoleName=f"{NAME}-eks-nodes")["Role"]


def test_what_is_somebody_elses_is_neither_changed_nor_removed(life: Life) -> None:
    aws = life.world.aws
    life.settles()
    aws.client("sqs").tag_queue(QueueUrl=url(aws), Tags=OTHERS)
    quiet = life.world.mutations()
    for state in ("present", "absent"):
        options = {**life.options, "state": state}
        refused = life.world.run("karpenter_resources", options, check=True, fails=True)
        assert f"sqs queue {QUEUE}" in refused["msg"]
        assert "Project=other" in refused["msg"]
    assert life.world.mutations() == quiet


def stubbed(aws: Aws) -> tuple[Run, Stubber]:
    client = aws.client("sqs")
    run = Run(
        *(Api(client), Api(aws.client("events")), Plan(), NAME),
        *("us-east-1", "000000000000", "aws", TAGS),
    )
    return run, Stubber(client)


def test_the_name_of_a_queue_that_was_deleted_just_now_is_awaited(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, stub = stubbed(aws)
    stub.add_client_error("get_queue_url", "AWS.SimpleQueueService.NonExistentQueue")
    stub.add_client_error("create_queue", "AWS.SimpleQueueService.QueueDeletedRecently")
    stub.add_response("create_queue", {"QueueUrl": "x"})
    with stub:
        queue.ensure(run, rules.names(run))
    stub.assert_no_pending_responses()
    monkeypatch.setattr(sqs_queue, "NAME_PAUSE", 0.1)
    stub.add_client_error("get_queue_url", "AWS.SimpleQueueService.NonExistentQueue")
    for _ in range(3):
        stub.add_client_error("create_queue", "AWS.SimpleQueueService.QueueDeletedRecently")
    with stub, pytest.raises(AwsError, match="reserves the name of a deleted queue"):
        queue.ensure(run, rules.names(run))


def test_a_target_that_eventbridge_does_not_take_is_a_failure(aws: Aws) -> None:
    client = aws.client("events")
    entry = {"TargetId": "karpenter", "ErrorCode": "Denied", "ErrorMessage": "no such queue"}
    target = {"Id": "karpenter", "Arn": ARN}
    with Stubber(client) as stub:
        stub.add_response("put_targets", {"FailedEntryCount": 1, "FailedEntries": [entry]})
        with pytest.raises(AwsError, match=r"target karpenter of event rule x .*no such queue"):
            rules._checked(
                *(Api(client), "put_targets", "event rule x"), Rule="x", Targets=[target]
            )


def test_its_examples_run(life: Life) -> None:
    node_role(life.world.aws, "ragops-dev-eks-nodes")
    for task in examples("karpenter_resources"):
        (module,) = [key for key in task if key.startswith("ragops.platform.")]
        assert life.world.run("karpenter_resources", task[module])["changed"] is True
    assert there(life.world.aws) == ([], set(), [])
