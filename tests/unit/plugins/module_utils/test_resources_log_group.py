"""A log group: each setting is repaired by its own call, and a refused key is explained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils import spreading
from ansible_collections.ragops.platform.plugins.module_utils._network import flow_log
from ansible_collections.ragops.platform.plugins.module_utils._rds import logs
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api, Plan
from ansible_collections.ragops.platform.plugins.module_utils.resources import log_group
from support.stubbed import Script

NAME = "/aws/eks/ragops-dev/cluster"
ARN = f"arn:aws:logs:us-east-1:0:log-group:{NAME}"
KEY = "arn:aws:kms:us-east-1:0:key/a"
TAGS = {"Project": "ragops"}
NONE: dict[str, Any] = {"logGroups": []}
THERE = "ResourceAlreadyExistsException"


def described(**more: Any) -> dict[str, Any]:
    group = {"logGroupName": NAME, "arn": f"{ARN}:*", "retentionInDays": 30, "kmsKeyId": KEY}
    return {"logGroups": [{key: v for key, v in {**group, **more}.items() if v is not None}]}


def ensured(script: Script, **wanted: Any) -> Plan:
    plan = Plan()
    settings = {"retention_days": 30, "kms_key_arn": KEY, "tags": TAGS, **wanted}
    with script.played() as api:
        log_group.ensure_present(api, plan, log_group.Wanted(NAME, **settings))
    return plan


@pytest.mark.parametrize(
    ("there", "tags", "wanted", "call", "arguments"),
    [
        ({}, {**TAGS, "theirs": "stays"}, {}, None, {}),
        ({}, TAGS, {"kms_key_arn": None}, None, {}),
        ({}, TAGS, {"retention_days": 0}, "delete_retention_policy", {}),
        ({"retentionInDays": None}, TAGS, {}, "put_retention_policy", {"retentionInDays": 30}),
        ({}, TAGS, {"kms_key_arn": ""}, "disassociate_kms_key", {}),
        ({"kmsKeyId": None}, TAGS, {}, "associate_kms_key", {"kmsKeyId": KEY}),
        ({}, {}, {}, "tag_resource", {"tags": TAGS}),
    ],
)
def test_each_difference_has_its_call(
    there: dict[str, Any],
    tags: dict[str, str],
    wanted: dict[str, Any],
    call: str | None,
    arguments: dict[str, Any],
) -> None:
    script = Script("logs").says("describe_log_groups", described(**there))
    script.says("list_tags_for_resource", {"tags": tags}, resourceArn=ARN)
    if call:
        which = {"resourceArn": ARN} if call == "tag_resource" else {"logGroupName": NAME}
        script.says(call, {}, **which, **arguments)
    assert ensured(script, **wanted).changed is bool(call)


def eks_makes_it(api: Api) -> None:
    log_group.ensure_present(api, Plan(), log_group.Wanted(NAME, 365, KEY, {}))


def rds_makes_it(api: Api) -> None:
    options = {"log_retention_days": 365, "log_kms_key_arn": KEY, "tags": {}}
    logs.ensure(api, Plan(), "n", ["postgresql"], options)


def a_flow_log_makes_it(api: Api) -> None:
    options = {"name": "n", "retention_days": 365, "kms_key_arn": KEY, "tags": {}}
    flow_log.ensure_group(flow_log.Run(api, api, api, Plan(), options))


@pytest.mark.parametrize("make", [eks_makes_it, rds_makes_it, a_flow_log_makes_it])
def test_a_key_that_cloudwatch_may_not_use_is_explained(
    make: Callable[[Api], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreading, "TIMEOUT", 0.0)  # it may be a new one
    text = "The specified KMS Key Id could not be found or is not allowed to be used"
    script = Script("logs").says("describe_log_groups", NONE)
    script.refuses("create_log_group", "InvalidParameterException", text)
    told = r"logs:CreateLogGroup failed .*logs.us-east-1.amazonaws.com to encrypt.*kms_log_groups"
    with script.played() as api, pytest.raises(AwsError, match=told):
        make(api)


def test_another_refusal_is_told_as_it_is() -> None:
    script = Script("logs").says("describe_log_groups", NONE)
    script.refuses("create_log_group", "LimitExceededException", "Too many log groups")
    with pytest.raises(AwsError, match=r"Too many log groups$"):
        ensured(script)


def test_a_group_that_its_service_makes_meanwhile_is_repaired() -> None:
    """It may take CloudWatch a moment to list it."""
    script = Script("logs").says("describe_log_groups", NONE).refuses("create_log_group", THERE)
    script.says("describe_log_groups", NONE)
    script.says("describe_log_groups", described(retentionInDays=None, kmsKeyId=None))
    script.says("list_tags_for_resource", {"tags": {}})
    script.says("put_retention_policy", {}, logGroupName=NAME, retentionInDays=30)
    script.says("associate_kms_key", {}, logGroupName=NAME, kmsKeyId=KEY)
    script.says("tag_resource", {}, resourceArn=ARN, tags=TAGS)
    plan = ensured(script)
    unset = {"retention_days": 0, "kms_key_arn": None, "tags": {}}
    assert plan.before == {f"log group {NAME}": unset}


def test_a_group_that_was_made_just_before_is_kept_as_it_is() -> None:
    """CloudWatch does not list it yet: no creation is told of."""
    script = Script("logs").says("describe_log_groups", NONE).refuses("create_log_group", THERE)
    script.says("describe_log_groups", described())
    script.says("list_tags_for_resource", {"tags": TAGS})
    assert not ensured(script).changed


def test_a_group_that_somebody_else_makes_meanwhile_is_left_alone() -> None:
    script = Script("logs").says("describe_log_groups", NONE).refuses("create_log_group", THERE)
    script.says("describe_log_groups", described(retentionInDays=None))
    script.says("list_tags_for_resource", {"tags": {"Project": "theirs"}})
    with pytest.raises(AwsError, match=f"log group {NAME} belongs to somebody else"):
        ensured(script)


def test_a_group_of_a_longer_name_is_another() -> None:
    script = Script("logs").says("describe_log_groups", described(logGroupName=NAME + "-2"))
    with script.played() as api:
        assert log_group.called(api, NAME) == []


def removed(script: Script, tags: dict[str, str], **how: Any) -> Plan:
    plan = Plan()
    with script.played() as api:
        log_group.ensure_absent(api, plan, lambda: log_group.called(api, NAME), tags, **how)
    return plan


def test_a_group_that_its_last_lines_bring_back_is_removed_again() -> None:
    script = Script("logs")
    for days in (30, None):
        script.says("describe_log_groups", described(retentionInDays=days))
        script.says("list_tags_for_resource", {"tags": {}}, resourceArn=ARN)
        script.says("delete_log_group", {}, logGroupName=NAME)
    assert removed(script, TAGS).before == {f"log group {NAME}": {"retention_days": 30}}


def test_a_group_that_comes_back_as_somebody_elses_stays() -> None:
    script = Script("logs")
    for owner in ("ragops", "theirs"):
        script.says("describe_log_groups", described())
        script.says("list_tags_for_resource", {"tags": {"Project": owner}}, resourceArn=ARN)
        if owner == "ragops":
            script.says("delete_log_group", {}, logGroupName=NAME)
    with pytest.raises(AwsError, match=r"log group .* belongs to somebody else"):
        removed(script, TAGS)


def test_a_group_that_no_service_makes_needs_our_tags_and_does_not_come_back() -> None:
    script = Script("logs").says("describe_log_groups", described())
    script.says("list_tags_for_resource", {"tags": TAGS})
    script.says("delete_log_group", {}, logGroupName=NAME)
    removed(script, TAGS, service_made=False)
    untagged = Script("logs").says("describe_log_groups", described())
    untagged.says("list_tags_for_resource", {"tags": {}})
    with pytest.raises(AwsError, match="is not removed"):
        removed(untagged, TAGS, service_made=False)
