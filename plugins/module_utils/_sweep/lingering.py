# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the tagging API names for a while after it was deleted: a look tells whether it is there.

Looked for only when it is named, so that who has none of it needs no permission to look.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .._platform.read import Connect
from ..aws import AwsError, call

_DENIED = ("AccessDenied", "AccessDeniedException")


def _queue(connect: Connect, arn: str) -> bool:
    """Whether a queue is there."""
    gone = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
    name = arn.rsplit(":", 1)[-1]
    about = f"SQS queue {name}"
    return call(connect("sqs"), "get_queue_url", about, missing=gone, QueueName=name) is not None


def _rule(connect: Connect, arn: str) -> bool:
    """Whether an event rule is there; others of the service are taken as named."""
    kind, *bus, name = arn.split(":", 5)[-1].split("/")
    if kind != "rule":
        return True
    which = {"Name": name, **({"EventBusName": bus[0]} if bus else {})}
    gone = ("ResourceNotFoundException",)
    about = f"event rule {name}"
    return call(connect("events"), "describe_rule", about, missing=gone, **which) is not None


def _certificate(connect: Connect, arn: str) -> bool:
    """Whether a certificate is there."""
    gone = ("ResourceNotFoundException",)
    about = f"certificate {arn}"
    found = call(connect("acm"), "describe_certificate", about, missing=gone, CertificateArn=arn)
    return found is not None


_LOOKS: Mapping[str, Callable[[Connect, str], bool]] = {
    "acm": _certificate,
    "events": _rule,
    "sqs": _queue,
}


def is_there(connect: Connect, service: str, arn: str) -> bool:
    """Whether what the tagging API names is there; what can't be looked at is.

    Raises:
        AwsError: AWS gave no answer.
    """
    look = _LOOKS.get(service)
    try:
        return look is None or look(connect, arn)
    except AwsError as error:
        if error.code in _DENIED:
            return True
        raise
