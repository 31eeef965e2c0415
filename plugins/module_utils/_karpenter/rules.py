# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The EventBridge rules that tell Karpenter which instances AWS is about to take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .. import ownership
from ..aws import AwsError, Dict, tag_dict
from ..reconcile import Api, missing_tags, tag_list
from .run import Run

GONE = ("ResourceNotFoundException",)
TARGET = "karpenter"


def _event(kind: str, source: str = "aws.ec2", **detail: list[str]) -> Dict:
    pattern: Dict = {"source": [source], "detail-type": [kind]}
    return {**pattern, "detail": detail} if detail else pattern


PATTERNS: Mapping[str, Dict] = {
    "spot-interruption": _event("EC2 Spot Instance Interruption Warning"),
    "rebalance": _event("EC2 Instance Rebalance Recommendation"),
    "reservation": _event("EC2 Capacity Reservation Instance Interruption Warning"),
    # Karpenter drops what these two leave out; so it is not sent.
    "state-change": _event(
        "EC2 Instance State-change Notification",
        state=["stopping", "stopped", "shutting-down", "terminated"],
    ),
    "health": _event(
        "AWS Health Event", "aws.health", service=["EC2"], eventTypeCategory=["scheduledChange"]
    ),
}
"""What is sent, by the end of the rule's name. A pattern is about the account and not about the
cluster, which EventBridge doesn't know: Karpenter leaves the messages about others' instances."""


def names(run: Run) -> list[str]:
    """Return the names of the rules that there should be."""
    return [run.prefix + key for key in PATTERNS]


def ensure(run: Run) -> None:
    """Make or repair the rules; remove those of ours that an earlier version made."""
    found = _find(run)
    for key, pattern in PATTERNS.items():
        _ensure_rule(run, run.prefix + key, pattern, found)
    for name in sorted(found.keys() - set(names(run))):
        if ownership.is_ours(_tags(run, name), run.tags):
            _remove_rule(run, name)


def remove(run: Run) -> None:
    """Remove the rules. One of another name that only begins like ours must say that it is ours."""
    wanted = set(names(run))
    for name in sorted(_find(run)):
        tags = _tags(run, name)
        if name in wanted:
            ownership.require_ours(_label(name), tags, run.tags)
        if ownership.is_ours(tags, run.tags):
            _remove_rule(run, name)


def _label(name: str) -> str:
    return f"event rule {name}"


def _find(run: Run) -> dict[str, Dict]:
    """Return the rules whose names begin like ours."""
    about = f"event rules {run.prefix}*"
    found = run.events.pages("list_rules", "Rules", about, NamePrefix=run.prefix)
    return {str(rule["Name"]): rule for rule in found}


def _tags(run: Run, name: str) -> dict[str, str]:
    answer = run.events.read(
        "list_tags_for_resource", _label(name), GONE, ResourceARN=run.rule_arn(name)
    )
    return tag_dict(answer.get("Tags"))


def _targets(run: Run, name: str) -> list[Dict]:
    return run.events.pages("list_targets_by_rule", "Targets", _label(name), GONE, Rule=name)


def _ensure_rule(run: Run, name: str, pattern: Dict, found: Mapping[str, Dict]) -> None:
    label = _label(name)
    described = f"What Karpenter of {run.name} is told"
    wanted = {
        "description": described,
        "pattern": pattern,
        "state": "ENABLED",
        "targets": {TARGET: run.queue_arn},
        "tags": dict(run.tags),
    }
    before: Dict | None = None
    seen: dict[str, str] = {}
    if rule := found.get(name):
        seen = _tags(run, name)
        ownership.refuse_others(label, seen, run.tags)
        before = {
            "description": rule.get("Description", ""),
            "pattern": json.loads(rule.get("EventPattern") or "{}"),
            "state": rule.get("State"),
            "targets": {item["Id"]: item["Arn"] for item in _targets(run, name)},
            "tags": {key: seen[key] for key in run.tags if key in seen},
        }
    if not run.plan.record(label, before, wanted):
        return
    if before is None or any(
        before[key] != wanted[key] for key in ("description", "pattern", "state")
    ):
        # Tags count when the rule is made only.
        tags: Dict = {"Tags": tag_list(run.tags)} if before is None else {}
        run.events.write(
            "put_rule",
            label,
            Name=name,
            Description=described,
            EventPattern=json.dumps(pattern),
            State="ENABLED",
            **tags,
        )
    if before and (missing := missing_tags(seen, run.tags)):
        run.events.write(
            "tag_resource", label, ResourceARN=run.rule_arn(name), Tags=tag_list(missing)
        )
    _ensure_target(run, name, before["targets"] if before else {})


def _ensure_target(run: Run, name: str, current: Mapping[str, str]) -> None:
    """Send what the rule finds to the queue, and nowhere else."""
    if others := sorted(set(current) - {TARGET}):
        _checked(run.events, "remove_targets", _label(name), Rule=name, Ids=others)
    if current.get(TARGET) != run.queue_arn:
        target = {"Id": TARGET, "Arn": run.queue_arn}
        _checked(run.events, "put_targets", _label(name), Rule=name, Targets=[target])


def _remove_rule(run: Run, name: str) -> None:
    label = _label(name)
    run.plan.record(label, {"arn": run.rule_arn(name)}, None)
    if targets := [item["Id"] for item in _targets(run, name)]:
        _checked(run.events, "remove_targets", label, Rule=name, Ids=targets)
    run.events.write("delete_rule", label, GONE, Name=name)


def _checked(events: Api, operation: str, label: str, **arguments: Any) -> None:
    """Write; EventBridge answers 200 for entries that it did not take.

    Raises:
        AwsError: it did not take one.
    """
    answer = events.write(operation, label, GONE, **arguments)
    for entry in answer.get("FailedEntries", []):
        raise AwsError(
            f"EventBridge did not change target {entry.get('TargetId')} of {label}"
            f" ({entry.get('ErrorCode')}): {entry.get('ErrorMessage')}. Fix the cause, then run"
            " again."
        )
