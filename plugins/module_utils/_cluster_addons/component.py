# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What a destroy can leave of the add-ons: Karpenter's queue and its rules."""

from __future__ import annotations

from .._platform.scope import Connect
from ..aws import call
from ..component import Component
from ..resources.sqs_queue import GONE


def _queue(connect: Connect, arn: str) -> bool:
    """Whether a queue is there."""
    name = arn.rsplit(":", 1)[-1]
    about = f"SQS queue {name}"
    return call(connect("sqs"), "get_queue_url", about, missing=GONE, QueueName=name) is not None


def _rule(connect: Connect, arn: str) -> bool:
    """Whether an event rule is there; others of the service are taken as named."""
    kind, *bus, name = arn.split(":", 5)[-1].split("/")
    if kind != "rule":
        return True
    which = {"Name": name, **({"EventBusName": bus[0]} if bus else {})}
    gone = ("ResourceNotFoundException",)
    about = f"event rule {name}"
    return call(connect("events"), "describe_rule", about, missing=gone, **which) is not None


COMPONENT = Component("cluster_addons", looks={"events": _rule, "sqs": _queue})
