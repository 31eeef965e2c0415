"""What EC2 tells EventBridge of its instances, and ministack keeps to itself."""

from __future__ import annotations

import functools
import json
import time
import uuid
from typing import Any

from rehearsal.aws.wire.query import Action, Parameters, Response

CHANGING = ("RunInstances", "CreateFleet", "StartInstances", "StopInstances", "TerminateInstances")
"""Calls after which instances are in another state."""


def adjust(ec2: Any, events: Any) -> None:
    """Correct these calls; after their other corrections. ec2, events: ministack's modules."""
    actions: dict[str, Action] = ec2._ACTION_MAP
    for name in CHANGING:
        actions[name] = functools.partial(telling, ec2, events, actions[name])


def telling(ec2: Any, events: Any, action: Action, parameters: Parameters) -> Response:
    """AWS: each new state of an instance is an event. ministack: none is.

    There is no state on the way here: an instance runs, or is terminated, at once.
    """
    before = states(ec2)
    response = action(parameters)
    for instance, state in states(ec2).items():
        if before.get(instance) != state:
            events._dispatch_event(event(ec2, instance, state))
    return response


def states(ec2: Any) -> dict[str, str]:
    """Instance -> its state."""
    return {name: each["State"]["Name"] for name, each in list(ec2._instances.items())}


def event(ec2: Any, instance: str, state: str) -> dict[str, Any]:
    """The event of a new state, as ministack's EventBridge takes it."""
    region, account = ec2.get_region(), ec2.get_account_id()
    return {
        "EventId": str(uuid.uuid4()),
        "Source": "aws.ec2",
        "DetailType": "EC2 Instance State-change Notification",
        "Detail": json.dumps({"instance-id": instance, "state": state}),
        "EventBusName": "default",
        "Time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "Resources": [f"arn:aws:ec2:{region}:{account}:instance/{instance}"],
        "Account": account,
        "Region": region,
    }
