"""The log groups of a database: one for each exported log, all removed by how their names begin."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._rds import logs
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Plan
from support.stubbed import Script

PREFIX = "/aws/rds/instance/n/"
TAGS = {"Project": "ragops"}


def described(*logs: str) -> dict[str, Any]:
    names = [PREFIX + log for log in logs]
    return {"logGroups": [{"logGroupName": name, "arn": arn_of(name)} for name in names]}


def arn_of(name: str) -> str:
    return f"arn:aws:logs:us-east-1:0:log-group:{name}"


def test_each_exported_log_has_its_group() -> None:
    script = Script("logs")
    for name in (f"{PREFIX}postgresql", f"{PREFIX}upgrade"):
        script.says("describe_log_groups", {"logGroups": []}, logGroupNamePrefix=name)
        script.says("create_log_group", {}, logGroupName=name, tags=TAGS)
        script.says("put_retention_policy", {}, logGroupName=name, retentionInDays=30)
    options = {"log_retention_days": 30, "log_kms_key_arn": None, "tags": TAGS}
    with script.played() as api:
        logs.ensure(api, Plan(), "n", ["postgresql", "upgrade"], options)


def test_groups_of_logs_that_are_no_longer_exported_are_removed_too() -> None:
    script = Script("logs")
    found = ["postgresql", "upgrade"]
    script.says("describe_log_groups", described(*found), logGroupNamePrefix=PREFIX)
    for name in (f"{PREFIX}{log}" for log in found):
        script.says("list_tags_for_resource", {"tags": {}}, resourceArn=arn_of(name))
        script.says("delete_log_group", {}, logGroupName=name)
    script.says("describe_log_groups", {"logGroups": []})
    with script.played() as api:
        logs.remove(api, Plan(), "n", TAGS)


def test_a_group_that_somebody_else_tagged_is_not_removed() -> None:
    script = Script("logs").says("describe_log_groups", described("postgresql"))
    script.says("list_tags_for_resource", {"tags": {"Project": "theirs"}})
    with (
        script.played() as api,
        pytest.raises(AwsError, match=r"log group .* belongs to somebody else"),
    ):
        logs.remove(api, Plan(), "n", TAGS)
