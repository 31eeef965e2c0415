"""How a module that reconciles ends: what it is given, and what a failure tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils import aws, journal
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Connect,
    Plan,
    reconcile,
    require_tags,
)


class Ended(Exception):
    """A module's result."""


class Module:
    """As much of an AnsibleAWSModule as `reconcile` touches."""

    check_mode = False

    def exit_json(self, **result: Any) -> None:
        raise Ended(result)

    def fail_json(self, **result: Any) -> None:
        raise Ended({"failed": True, **result})


def ended(run: Callable[[Any, Plan, Connect], dict[str, Any]]) -> dict[str, Any]:
    with pytest.raises(Ended) as end:
        reconcile(Module(), run)
    return dict(end.value.args[0])


def test_what_changes_and_what_is_returned_stand_in_the_result() -> None:
    def run(_module: Any, plan: Plan, _connect: Connect) -> dict[str, Any]:
        plan.record("bucket one", None, {"versioning": True})
        return {"buckets": ["one"]}

    assert ended(run) == {
        "changed": True,
        "diff": {"before": {}, "after": {"bucket one": {"versioning": True}}},
        "buckets": ["one"],
    }


def test_a_failure_tells_action_code_and_what_was_changed_before() -> None:
    journal.clear()

    def run(_module: Any, _plan: Plan, _connect: Connect) -> dict[str, Any]:
        journal.note("create_bucket", "bucket one")
        raise aws.AwsError("no", code="AccessDenied", action="s3:PutBucketTagging")

    result = ended(run)
    journal.clear()
    made = {"resource": "bucket one", "action": "create", "operation": "create_bucket"}
    assert result.pop("changed_before_failure") == [made]
    assert result == {
        "failed": True,
        "changed": True,
        "msg": "no",
        "code": "AccessDenied",
        "action": "s3:PutBucketTagging",
    }


def test_one_client_serves_all_calls_of_a_service_in_a_region(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aws, "client", lambda _module, *where: where)

    def run(_module: Any, _plan: Plan, connect: Connect) -> dict[str, Any]:
        assert connect("s3") is connect("s3")
        assert connect("s3", "eu-west-1").client == ("s3", "eu-west-1")
        assert connect("s3").quiet().check_mode
        return {}

    assert ended(run)["changed"] is False


@pytest.mark.parametrize("tags", [{}, {"Project": "ragops", "Environment": ""}])
def test_tags_that_do_not_tell_whose_it_is_are_refused(tags: dict[str, str]) -> None:
    with pytest.raises(aws.AwsError, match=r"tags lacks (Project|Environment), by which"):
        require_tags(tags)
