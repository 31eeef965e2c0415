# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The SQS queue from which Karpenter reads which instances AWS is about to take."""

from __future__ import annotations

from collections.abc import Iterable

from ..aws import Dict
from ..resources import sqs_queue
from .run import Run


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
    """Make or repair the queue, to which these rules may send."""
    queue = sqs_queue.Queue(run.queue, policy(run, rules), run.tags, run.retention_seconds)
    sqs_queue.ensure_present(run.sqs, run.plan, queue)


def remove(run: Run) -> None:
    """Delete the queue if it is there and ours."""
    sqs_queue.ensure_absent(run.sqs, run.plan, run.queue, run.tags)
