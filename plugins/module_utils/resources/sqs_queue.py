# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""An SQS queue with its policy, encrypted by SQS's own key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from .. import ownership, policies
from ..aws import AwsError, Dict, wait_until
from ..reconcile import Api, Plan, missing_tags

# By the query and by the JSON protocol.
GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
DELETED_RECENTLY = ("AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently")
NAME_PAUSE = 90.0
"""Seconds to wait for the name of a queue that was deleted: SQS keeps it for 60."""


@dataclass(frozen=True)
class Queue:
    """A queue as it shall be.

    retention_seconds: for how long it keeps a message; policy: who may send and receive.
    """

    name: str
    policy: Dict
    tags: Mapping[str, str]
    retention_seconds: int

    @property
    def state(self) -> Dict:
        """The state that plans tell of."""
        return {
            "retention_seconds": self.retention_seconds,
            "encryption": "SSE-SQS",
            "policy": self.policy,
            "tags": dict(self.tags),
        }


def label_of(name: str) -> str:
    """Return how plans and errors call a queue."""
    return f"sqs queue {name}"


def find(sqs: Api, name: str) -> str | None:
    """Return the queue's URL, or None."""
    answer = sqs.read("get_queue_url", label_of(name), GONE, QueueName=name)
    url: str | None = answer.get("QueueUrl")
    return url


def ensure_present(sqs: Api, plan: Plan, queue: Queue) -> None:
    """Make or repair the queue: retention, encryption, policy, tags."""
    label, wanted = label_of(queue.name), queue.state
    url = find(sqs, queue.name)
    if url is None:
        plan.record(label, None, wanted)
        _create(sqs, queue, _attributes({}, wanted))
        return
    found = sqs.read("get_queue_attributes", label, QueueUrl=url, AttributeNames=["All"])
    seen = sqs.read("list_queue_tags", label, QueueUrl=url).get("Tags") or {}
    ownership.refuse_others(label, seen, queue.tags)
    before = _shape(found.get("Attributes", {}), queue.policy)
    before["tags"] = {key: seen[key] for key in queue.tags if key in seen}
    plan.record(label, before, wanted)
    if changes := _attributes(before, wanted):
        sqs.write("set_queue_attributes", label, QueueUrl=url, Attributes=changes)
    if missing := missing_tags(seen, queue.tags):
        sqs.write("tag_queue", label, QueueUrl=url, Tags=missing)


def ensure_absent(sqs: Api, plan: Plan, name: str, tags: Mapping[str, str]) -> None:
    """Delete the queue if it is there and ours."""
    url, label = find(sqs, name), label_of(name)
    if url is None:
        return
    seen = sqs.read("list_queue_tags", label, GONE, QueueUrl=url).get("Tags") or {}
    ownership.require_ours(label, seen, tags)
    plan.record(label, {"name": name}, None)
    sqs.write("delete_queue", label, GONE, QueueUrl=url)


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


def _create(sqs: Api, queue: Queue, attributes: dict[str, str]) -> None:
    """Make the queue; of one that was deleted a moment ago the name is awaited first."""
    label = label_of(queue.name)

    def pending() -> str | None:
        try:
            # Asked twice it answers the same: its URL.
            sqs.write(
                "create_queue",
                label,
                QueueName=queue.name,
                Attributes=attributes,
                tags=dict(queue.tags),
            )
        except AwsError as error:
            if error.code not in DELETED_RECENTLY:
                raise
            return "SQS reserves the name of a deleted queue for a minute"
        return None

    wait_until(label, pending, timeout=NAME_PAUSE, interval=10)
