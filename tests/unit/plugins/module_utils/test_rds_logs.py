"""The log groups of a database: each setting is repaired by its own call, or left alone."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._rds import logs
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Plan
from support.stubbed import Script

NAME = "/aws/rds/instance/n/postgresql"
ARN = f"arn:aws:logs:us-east-1:0:log-group:{NAME}"
KEY = "arn:aws:kms:us-east-1:0:key/a"
WANTED = {"log_retention_days": 30, "log_kms_key_arn": KEY, "tags": {"Project": "ragops"}}


def described(**more: Any) -> dict[str, Any]:
    group = {"logGroupName": NAME, "arn": f"{ARN}:*", "retentionInDays": 30, "kmsKeyId": KEY}
    return {"logGroups": [{key: v for key, v in {**group, **more}.items() if v is not None}]}


@pytest.mark.parametrize(
    ("there", "tags", "options", "call", "arguments"),
    [
        ({}, {"Project": "ragops", "theirs": "stays"}, {}, None, {}),
        (
            {},
            {"Project": "ragops"},
            {"log_retention_days": 0},
            "delete_retention_policy",
            {"logGroupName": NAME},
        ),
        (
            {"retentionInDays": None},
            {"Project": "ragops"},
            {},
            "put_retention_policy",
            {"logGroupName": NAME, "retentionInDays": 30},
        ),
        (
            {},
            {"Project": "ragops"},
            {"log_kms_key_arn": None},
            "disassociate_kms_key",
            {"logGroupName": NAME},
        ),
        (
            {"kmsKeyId": None},
            {"Project": "ragops"},
            {},
            "associate_kms_key",
            {"logGroupName": NAME, "kmsKeyId": KEY},
        ),
        ({}, {}, {}, "tag_resource", {"resourceArn": ARN, "tags": {"Project": "ragops"}}),
    ],
)
def test_each_difference_has_its_call(
    there: dict[str, Any],
    tags: dict[str, str],
    options: dict[str, Any],
    call: str | None,
    arguments: dict[str, Any],
) -> None:
    script = Script("logs").says("describe_log_groups", described(**there))
    script.says("list_tags_for_resource", {"tags": tags}, resourceArn=ARN)
    if call:
        script.says(call, {}, **arguments)
    plan = Plan()
    with script.played() as api:
        logs.ensure(api, plan, "n", ["postgresql"], {**WANTED, **options})
    assert plan.changed is bool(call)


def test_a_group_that_rds_made_meanwhile_is_kept() -> None:
    script = Script("logs").says("describe_log_groups", {"logGroups": []})
    script.refuses("create_log_group", "ResourceAlreadyExistsException")
    with script.played() as api:
        options = {**WANTED, "log_retention_days": 0, "log_kms_key_arn": None}
        logs.ensure(api, Plan(), "n", ["postgresql"], options)


def test_a_group_that_its_last_lines_bring_back_is_removed_again() -> None:
    script = Script("logs")
    for _ in range(2):
        script.says("describe_log_groups", described(), logGroupNamePrefix="/aws/rds/instance/n/")
        script.says("list_tags_for_resource", {"tags": {}}, resourceArn=ARN)
        script.says("delete_log_group", {}, logGroupName=NAME)
    with script.played() as api:
        logs.remove(api, Plan(), "n", WANTED["tags"])


def test_a_group_that_somebody_else_tagged_is_not_removed() -> None:
    script = Script("logs").says("describe_log_groups", described())
    script.says("list_tags_for_resource", {"tags": {"Project": "theirs"}}, resourceArn=ARN)
    with script.played() as api, pytest.raises(AwsError, match=r"log group .* is somebody else's"):
        logs.remove(api, Plan(), "n", WANTED["tags"])
