# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""From the result of a task to rows of a plan: one row per resource that changes.

Rows name fields and never hold values, so that no secret can get into a plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .._helm.objects import SERVERS
from .unknown import UNKNOWN

OURS = "ragops.platform."
DEPTH = 3
"""Down to how many levels a field is named: spec.template.metadata, and no deeper."""

# What a module that reports no diff calls the resource it is about, the most telling first.
_NAMES = ("name", "release_name", "log_group_name", "repository", "identifier", "path")
_KINDS = {"cloudwatchlogs_log_group": "log group", "helm": "helm release"}
# Keys of a result that say nothing about a resource.
_NOISE = frozenset(
    {"attempts", "changed", "diff", "failed", "invocation", "item", "msg", "results", "skipped"}
    | {"warnings", "deprecations"}
)
# What the API server keeps of an object for itself.
_SERVER_S = frozenset(f"metadata.{name}" for name in SERVERS)


@dataclass(frozen=True, order=True)
class Row:
    """One resource that changes.

    component: the host that the task ran for; id: how AWS or Kubernetes calls the resource,
    UNKNOWN if it is still to be given; action: create, change or delete; fields: dotted names
    of what changes, empty for a resource that comes or goes.
    """

    component: str
    resource: str
    id: str
    action: str
    fields: tuple[str, ...] = ()

    def record(self) -> dict[str, Any]:
        """Return the row as JSON takes it."""
        return {**asdict(self), "fields": list(self.fields)}


@dataclass(frozen=True)
class Task:
    """A task that reported a change.

    component: host; module: resolved name; name: the task's; arguments: templated; result: as
    a callback gets it, of one item if the task is a loop.
    """

    component: str
    module: str
    name: str
    arguments: Mapping[str, Any]
    result: Mapping[str, Any]


def changed_fields(before: Any, after: Any, prefix: str = "", depth: int = DEPTH) -> list[str]:
    """Return the dotted names of the fields in which two states differ, sorted."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return [] if before == after or not prefix else [prefix]
    if depth == 0:
        return [] if before == after else [prefix]
    names: list[str] = []
    for key in sorted({*before, *after}, key=str):
        path = f"{prefix}.{key}" if prefix else str(key)
        old, new = before.get(key), after.get(key)
        if key not in before or key not in after:
            names.append(path)
        else:
            names += changed_fields(old, new, path, depth - 1)
    return names


def rows_of(task: Task) -> list[Row]:
    """Return the rows of a task that reported a change; at least one."""
    diffs = task.result.get("diff")
    diffs = diffs if isinstance(diffs, list) else [diffs]
    diffs = [diff for diff in diffs if isinstance(diff, Mapping)]
    if task.module.startswith(OURS):
        rows = [row for diff in diffs for row in _rows_of_diff(task, diff)]
        if rows:
            return rows
    if task.module == "kubernetes.core.k8s":
        return _rows_of_objects(task)
    return [_row_of_task(task, diffs[0] if diffs else {})]


def rows_before_failure(component: str, result: Mapping[str, Any]) -> list[Row]:
    """Return the rows of what a module changed before it failed (`aws.fail`)."""
    changes = result.get("changed_before_failure") or []
    return [
        # Its id may not be known; which fields of it changed is not.
        Row(component, change["resource"], "", change["action"])
        for change in changes
    ]


def _rows_of_diff(task: Task, diff: Mapping[str, Any]) -> list[Row]:
    """Return the rows of one of our modules: states by resource, or the states of one resource."""
    before, after = diff.get("before") or {}, diff.get("after") or {}
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return []
    before, after = _without_none(before), _without_none(after)
    if any(not isinstance(state, Mapping) for state in (*before.values(), *after.values())):
        return [_row_of_task(task, diff)]
    rows = []
    for name in {**before, **after}:
        action = "create" if name not in before else "delete" if name not in after else "change"
        fields = changed_fields(before.get(name), after.get(name)) if action == "change" else []
        if action == "change" and not fields:
            continue
        resource = name if " " in name else f"{_kind(task)} {name}"
        rows.append(
            Row(task.component, resource, _id_of(diff, name, action), action, tuple(fields))
        )
    return rows


def _without_none(states: Mapping[str, Any]) -> dict[str, Any]:
    """Return the states of resources that are there."""
    return {name: state for name, state in states.items() if state is not None}


def _id_of(diff: Mapping[str, Any], name: str, action: str) -> str:
    """Return a resource's id: AWS's own if it gives one (`ids` is there), else the name."""
    ids = diff.get("ids")
    if ids is not None and action == "create":
        return str(ids.get(name, UNKNOWN))
    state = diff["before"][name] if action == "delete" else {}
    # What is removed is often known by nothing but its id.
    known = (ids or {}).get(name) or state.get("id") or state.get("arn")
    return str(known or name.rsplit(" ", 1)[-1])


def _rows_of_objects(task: Task) -> list[Row]:
    """Return the rows of Kubernetes objects, by the definitions that were sent.

    Of a file (`src`) only what came back is known.
    """
    given = task.arguments.get("definition") or task.arguments.get("resource_definition")
    definitions = given if isinstance(given, list) else [given]
    definitions = [item for item in definitions if isinstance(item, Mapping)]
    inner = task.result.get("result")
    inner = inner if isinstance(inner, Mapping) else {}
    if not definitions and task.arguments.get("src"):
        objects = [done.get("result") or {} for done in inner.get("results", [task.result])]
        definitions = [item for item in objects if item.get("kind")]
    results = inner.get("results") if len(definitions) > 1 else [task.result]
    if not isinstance(results, list) or len(results) != len(definitions) or not definitions:
        return [_row_of_task(task, {})]
    pairs = zip(definitions, results, strict=True)
    return [_row_of_object(task, item, done) for item, done in pairs if done.get("changed", True)]


def _row_of_object(task: Task, item: Mapping[str, Any], result: Mapping[str, Any]) -> Row:
    metadata = item.get("metadata") or {}
    place = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    name = f"{place}{metadata.get('name', '')}"
    method = {"create": "create", "delete": "delete"}.get(str(result.get("method")), "change")
    diff = result.get("diff") or {}
    if result.get("method") == "apply" and diff.get("after") and not diff.get("before"):
        method = "create"
    fields = changed_fields(diff.get("before"), diff.get("after")) if method == "change" else []
    fields = [field for field in fields if field not in _SERVER_S]
    resource = f"{str(item.get('kind', 'object')).lower()} {name}"
    return Row(task.component, resource, name, method, tuple(fields))


def _row_of_task(task: Task, diff: Mapping[str, Any]) -> Row:
    """Return the row of a task that is about one resource."""
    name = next((str(task.arguments[key]) for key in _NAMES if task.arguments.get(key)), "")
    action = _action(task, diff)
    fields = changed_fields(diff.get("before"), diff.get("after")) if action == "change" else []
    if not name or task.module.startswith("ansible."):
        return Row(task.component, _plain(task.name), "", action, tuple(fields))
    place = task.arguments.get("release_namespace")
    identity = f"{place}/{name}" if place else name
    if UNKNOWN in name:
        identity = UNKNOWN
    if identity == UNKNOWN and action != "delete":
        return Row(task.component, _kind(task), identity, action, tuple(fields))
    return Row(task.component, f"{_kind(task)} {identity}", identity, action, tuple(fields))


def _action(task: Task, diff: Mapping[str, Any]) -> str:
    """Return what happens to the resource, from the diff or from what the module says."""
    states = [task.arguments.get("state"), task.arguments.get("release_state")]
    if "absent" in states:
        return "delete"
    if task.module.startswith("ansible."):
        return "change"  # these report a diff with --diff only
    before, after = diff.get("before"), diff.get("after")
    if before or after:
        return "create" if not before else "delete" if not after else "change"
    if task.module == "kubernetes.core.helm":
        status = task.result.get("status") or {}
        # In check mode it tells of the release that is there in this place, if there is one.
        there = (status.get("values") or {}).get("declared")
        if "revision" not in status and there:
            return "change"
        return "create" if str(status.get("revision", "1")) == "1" else "change"
    # Modules of amazon.aws return the resource they change, and nothing for one that they
    # would make.
    said = set(task.result) - _NOISE
    told = any(not key.startswith(("_", "ansible_")) and task.result[key] for key in said)
    return "change" if told else "create"


def _kind(task: Task) -> str:
    short = task.module.rsplit(".", 1)[-1]
    return _KINDS.get(short, short.replace("_", " "))


def _plain(name: str) -> str:
    """Return a task's name without its role and file: `role : file | Do` is `Do`."""
    return re.sub(r"^([\w.]+ : )?(\w+ \| )?", "", name)


def merge(rows: Iterable[Row]) -> list[Row]:
    """Return one row per component and resource, sorted: a second change joins the first."""
    merged: dict[tuple[str, str], Row] = {}
    for row in rows:
        key = (row.component, row.resource)
        seen = merged.get(key)
        if seen is None:
            merged[key] = row
            continue
        action = "create" if seen.action == "create" else row.action
        fields = {*seen.fields, *row.fields} if action == "change" else set()
        known = seen.id if seen.id not in ("", UNKNOWN) else row.id
        merged[key] = Row(row.component, row.resource, known, action, tuple(sorted(fields)))
    return sorted(merged.values())
