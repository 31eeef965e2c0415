# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The SQS queue from which Karpenter reads which instances AWS is about to take."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from .. import ownership, policies
from ..aws import AwsError, Dict, wait_until
from ..reconcile import missing_tags
from .run import Run

# By the query and by the JSON protocol.
GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
DELETED_RECENTLY = ("AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently")
NAME_PAUSE = 90.0
"""Seconds to wait for the name of a queue that was deleted: SQS keeps it for 60."""


def label_of(run: Run) -> str:
    """Return how plan and errors call the queue."""
    return f"sqs queue {run.queue}"


def policy(run: Run, rules: Iterable[str]) -> Dict:
    """Return who may send: these rules, and SQS itself from this account; all of them by TLS."""

    def may_send(sid: str, service: str, condition: Dict) -> Dict:
        return {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": run.queue_arn,
            "Condition": condition,
        }

    sources = [run.rule_arn(rule) for rule in rules]
    return {
        "Version": "2012-10-17",
        "Statement": [
            may_send("Rules", "events.amazonaws.com", {"ArnEquals": {"aws:SourceArn": sources}}),
            may_send(
                "Redrive",
                "sqs.amazonaws.com",
                {"StringEquals": {"aws:SourceAccount": run.account}},
            ),
            {
                "Sid": "OnlyTls",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "sqs:*",
                "Resource": run.queue_arn,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }


def ensure(run: Run, rules: Iterable[str]) -> None:
    """Make or repair the queue: retention, encryption, who may send, tags."""
    label, document = label_of(run), policy(run, rules)
    wanted = {
        "retention_seconds": run.retention_seconds,
        "encryption": "SSE-SQS",
        "policy": document,
        "tags": dict(run.tags),
    }
    url = find(run)
    if url is None:
        run.plan.record(label, None, wanted)
        _create(run, _attributes({}, wanted))
        return
    found = run.sqs.read("get_queue_attributes", label, QueueUrl=url, AttributeNames=["All"])
    seen = run.sqs.read("list_queue_tags", label, QueueUrl=url).get("Tags") or {}
    ownership.refuse_others(label, seen, run.tags)
    before = _shape(found.get("Attributes", {}), document)
    before["tags"] = {key: seen[key] for key in run.tags if key in seen}
    run.plan.record(label, before, wanted)
    if changes := _attributes(before, wanted):
        run.sqs.write("set_queue_attributes", label, QueueUrl=url, Attributes=changes)
    if missing := missing_tags(seen, run.tags):
        run.sqs.write("tag_queue", label, QueueUrl=url, Tags=missing)


def remove(run: Run) -> None:
    """Delete the queue if it is there and ours."""
    url, label = find(run), label_of(run)
    if url is None:
        return
    seen = run.sqs.read("list_queue_tags", label, GONE, QueueUrl=url).get("Tags") or {}
    ownership.require_ours(label, seen, run.tags)
    run.plan.record(label, {"arn": run.queue_arn}, None)
    run.sqs.write("delete_queue", label, GONE, QueueUrl=url)


def find(run: Run) -> str | None:
    """Return the queue's URL, or None."""
    return run.sqs.read("get_queue_url", label_of(run), GONE, QueueName=run.queue).get("QueueUrl")


def _shape(attributes: Mapping[str, str], document: Dict) -> Dict:
    """Return what AWS says in the form of what is wanted."""
    current = policies.parse(attributes.get("Policy"))
    key = attributes.get("KmsMasterKeyId")
    managed = attributes.get("SqsManagedSseEnabled") == "true"
    return {
        "retention_seconds": int(attributes.get("MessageRetentionPeriod", 0)),
        "encryption": key or ("SSE-SQS" if managed else "none"),
        "policy": document if policies.same(current, document) else current,
    }


def _attributes(before: Mapping[str, object], wanted: Dict) -> dict[str, str]:
    """Return the attributes that differ, as SQS takes them."""
    changes: dict[str, str] = {}
    if before.get("retention_seconds") != wanted["retention_seconds"]:
        changes["MessageRetentionPeriod"] = str(wanted["retention_seconds"])
    if before.get("encryption") != wanted["encryption"]:
        changes["SqsManagedSseEnabled"] = "true"
        # With a key of one's own EventBridge could not send; a queue has one kind or the other.
        if before.get("encryption") not in (None, "none"):
            changes["KmsMasterKeyId"] = ""
    if before.get("policy") != wanted["policy"]:
        changes["Policy"] = json.dumps(wanted["policy"])
    return changes


def _create(run: Run, attributes: dict[str, str]) -> None:
    """Make the queue; of one that was deleted a moment ago the name is awaited first."""
    label = label_of(run)

    def pending() -> str | None:
        try:
            # Asked twice it answers the same: its URL.
            run.sqs.write(
                "create_queue",
                label,
                QueueName=run.queue,
                Attributes=attributes,
                tags=dict(run.tags),
            )
        except AwsError as error:
            if error.code not in DELETED_RECENTLY:
                raise
            return "SQS keeps the name of a deleted queue for a minute"
        return None

    wait_until(label, pending, timeout=NAME_PAUSE, interval=10)
