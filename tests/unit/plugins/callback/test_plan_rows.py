"""Results of tasks become rows of a plan, and rows a table. Pure functions, no Ansible run."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._plan import text
from ansible_collections.ragops.platform.plugins.module_utils._plan.rows import (
    Row,
    Task,
    changed_fields,
    merge,
    rows_of,
)
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import UNKNOWN, Plan


def task(module: str, result: dict[str, Any], **arguments: Any) -> Task:
    return Task("here", module, "network : present | Do a thing", arguments, result)


def rows(module: str, result: dict[str, Any], **arguments: Any) -> list[tuple[Any, ...]]:
    """The rows of a task, as tuples without their component."""
    found = rows_of(task(module, result, **arguments))
    assert {row.component for row in found} == {"here"}
    return [(row.resource, row.id, row.action, row.fields) for row in found]


@pytest.mark.parametrize(
    ("before", "after", "fields"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["a"]),
        ({"a": 1}, {"b": 1}, ["a", "b"]),
        ({"tags": {"x": 1, "y": 2}}, {"tags": {"x": 1, "y": 3}}, ["tags.y"]),
        ({"tags": {"x": 1}}, {"tags": {}}, ["tags.x"]),
        ({"a": {"b": {"c": {"d": 1}}}}, {"a": {"b": {"c": {"d": 2}}}}, ["a.b.c"]),
        ({"a": [1, 2]}, {"a": [2, 1]}, ["a"]),
        ({"a": None}, {"a": {"b": 1}}, ["a"]),
        ("text", "other", []),
    ],
)
def test_fields_are_named_by_their_path(before: Any, after: Any, fields: list[str]) -> None:
    assert changed_fields(before, after) == fields


def test_a_plan_of_several_resources_is_a_row_each() -> None:
    plan = Plan()
    plan.record("bucket one", None, {"versioning": True})
    plan.record("bucket two", {"versioning": False}, {"versioning": True})
    plan.record("bucket three", {"versioning": True}, None)
    plan.record("bucket four", {"versioning": True}, {"versioning": True})
    assert rows("ragops.platform.s3_buckets", {"diff": plan.diff()}) == [
        ("bucket two", "two", "change", ("versioning",)),
        ("bucket three", "three", "delete", ()),
        ("bucket one", "one", "create", ()),
    ]


def test_ids_that_aws_gives_are_unknown_before_creation() -> None:
    plan = Plan(named_by_aws=True)
    plan.identify("subnet a", "subnet-1")
    plan.record("subnet a", {"cidr": "1"}, {"cidr": "2"})
    plan.record("subnet b", None, {"cidr": "3"})
    plan.record("subnet c", {"id": "subnet-3"}, None)
    assert rows("ragops.platform.vpc_network", {"diff": plan.diff()}) == [
        ("subnet a", "subnet-1", "change", ("cidr",)),
        ("subnet c", "subnet-3", "delete", ()),
        ("subnet b", UNKNOWN, "create", ()),
    ]


def test_names_without_a_kind_get_the_modules() -> None:
    diff = {"before": {"vpc-cni": None}, "after": {"vpc-cni": {"version": "1"}}}
    assert rows("ragops.platform.eks_addon", {"diff": diff}) == [
        ("eks addon vpc-cni", "vpc-cni", "create", ())
    ]


@pytest.mark.parametrize(
    ("before", "after", "action", "fields"),
    [
        ({}, {"version": "1.35", "tags": {}}, "create", ()),
        ({"version": "1.34", "tags": {}}, {"version": "1.35", "tags": {}}, "change", ("version",)),
        ({"version": "1.34"}, {}, "delete", ()),
    ],
)
def test_the_states_of_one_resource_are_one_row(
    before: dict[str, Any], after: dict[str, Any], action: str, fields: tuple[str, ...]
) -> None:
    result = {"diff": {"before": before, "after": after}}
    assert rows("ragops.platform.milvus_collection", result, name="documents") == [
        ("milvus collection documents", "documents", action, fields)
    ]


def test_modules_without_a_diff_are_judged_by_what_they_return() -> None:
    role = "amazon.aws.iam_role"
    assert rows(role, {"changed": True}, name="nodes") == [
        ("iam role nodes", "nodes", "create", ())
    ]
    known = {"changed": True, "iam_role": {"arn": "arn"}}
    assert rows(role, known, name="nodes") == [("iam role nodes", "nodes", "change", ())]
    assert rows(role, known, name="nodes", state="absent") == [
        ("iam role nodes", "nodes", "delete", ())
    ]
    group = "amazon.aws.cloudwatchlogs_log_group"
    assert rows(group, {"msg": "Would"}, log_group_name="/a")[0][:3] == (
        "log group /a",
        "/a",
        "create",
    )


@pytest.mark.parametrize(
    ("result", "state", "action"),
    [
        ({"status": {}}, "present", "create"),
        ({"status": {"revision": "1"}}, "present", "create"),
        ({"status": {"revision": "7"}}, "present", "change"),
        # Check mode: of the release that is there, nothing where there is none.
        ({"status": {"values": {"declared": {"revision": "1"}}}}, "present", "change"),
        ({"status": {"values": {"current": {}, "declared": {}}}}, "present", "create"),
        ({}, "absent", "delete"),
    ],
)
def test_a_release_is_named_with_its_namespace(
    result: dict[str, Any], state: str, action: str
) -> None:
    found = rows(
        "kubernetes.core.helm",
        result,
        release_name="rag",
        release_namespace="app",
        release_state=state,
    )
    assert found == [("helm release app/rag", "app/rag", action, ())]


SECRET = {"kind": "Secret", "metadata": {"name": "rag", "namespace": "app"}, "data": {"A": "czNj"}}
SPACE = {"kind": "Namespace", "metadata": {"name": "app"}}


def test_kubernetes_objects_are_named_and_their_values_are_not() -> None:
    before = {"data": {"A": "czNjcmV0"}, "metadata": {"resourceVersion": "1"}}
    after = {"data": {"A": "b3RoZXI="}, "metadata": {"managedFields": [], "resourceVersion": "2"}}
    diff = {"before": before, "after": after}
    done = {"method": "patch", "diff": diff}
    found = rows("kubernetes.core.k8s", done, definition=SECRET)
    assert found == [("secret app/rag", "app/rag", "change", ("data.A",))]
    assert "czNj" not in str(found)
    hidden = {"censored": "hidden", "changed": True}
    assert rows("kubernetes.core.k8s", hidden, definition=SECRET)[0][0] == "secret app/rag"


def test_of_several_objects_only_those_that_change_are_rows() -> None:
    results = [{"changed": True, "method": "create"}, {"changed": False, "method": "patch"}]
    done = {"result": {"results": results}}
    assert rows("kubernetes.core.k8s", done, definition=[SPACE, SECRET]) == [
        ("namespace app", "app", "create", ())
    ]
    gone = {"result": {"results": [{"changed": True, "method": "delete"}] * 2}}
    assert [row[2] for row in rows("kubernetes.core.k8s", gone, definition=[SPACE, SECRET])] == [
        "delete",
        "delete",
    ]


@pytest.mark.parametrize("count", [1, 2])
def test_objects_of_a_file_are_known_by_what_came_back(count: int) -> None:
    made = {"changed": True, "method": "create", "result": SECRET}
    same = {"changed": False, "method": "update", "result": SPACE}
    done = made if count == 1 else {"result": {"results": [same, made]}}
    assert rows("kubernetes.core.k8s", done, src="objects.yml") == [
        ("secret app/rag", "app/rag", "create", ())
    ]


def test_what_cannot_be_told_apart_is_the_tasks_name() -> None:
    assert rows("kubernetes.core.k8s", {"changed": True}, src="objects.yml") == [
        ("Do a thing", "", "create", ())
    ]
    assert rows("ansible.builtin.command", {"changed": True}, argv=["helm"]) == [
        ("Do a thing", "", "change", ())
    ]
    written = {"diff": [{"before": "", "after": "text"}]}
    assert rows("ansible.builtin.copy", written, dest="/f")[0][2] == "change"
    odd = {"diff": [{"before": "text", "after": "other"}]}
    assert rows("ragops.platform.any", odd) == [("Do a thing", "", "change", ())]


def test_two_changes_of_a_resource_are_one_row() -> None:
    merged = merge(
        [
            Row("rds", "db instance a", UNKNOWN, "create"),
            Row("rds", "db instance a", "a", "change", ("tags",)),
            Row("rds", "group", "group", "change", ("b",)),
            Row("rds", "group", "group", "change", ("a",)),
            Row("kms", "group", "group", "delete"),
        ]
    )
    assert merged == [
        Row("kms", "group", "group", "delete"),
        Row("rds", "db instance a", "a", "create"),
        Row("rds", "group", "group", "change", ("a", "b")),
    ]
    assert merged[2].record() == {
        "component": "rds",
        "resource": "group",
        "id": "group",
        "action": "change",
        "fields": ["a", "b"],
    }


def test_the_table_is_aligned_and_counts() -> None:
    found = [
        Row("kms", "key", "1", "change", ("a", "b", "c", "d", "e", "f")),
        Row("s3", "bucket one", "one", "create"),
    ]
    assert text.table(found) == [
        "component  resource    action  fields",
        "kms        key         change  a, b, c, d and 2 more",
        "s3         bucket one  create",
    ]
    assert text.totals(found) == [
        "component  create  change  delete",
        "kms        0       1       0",
        "s3         1       0       0",
        "all        1       1       0",
    ]
    assert text.totals(found[:1])[-1] == "kms        0       1       0"
    assert text.table([]) == text.totals([]) == []
