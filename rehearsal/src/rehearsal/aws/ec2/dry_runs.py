"""Requests to EC2 that only ask whether they would be allowed."""

from __future__ import annotations

import functools
from typing import Any

from rehearsal.aws.wire.query import Action, Parameters, Response, one


def adjust(ec2: Any) -> None:
    """Correct all calls; after the others' corrections. ec2: ministack's module."""
    actions: dict[str, Action] = ec2._ACTION_MAP
    for name, action in actions.items():
        actions[name] = functools.partial(unless_dry, ec2, action)


def unless_dry(ec2: Any, action: Action, parameters: Parameters) -> Response:
    """AWS: with DryRun nothing is done, and who may do it is told so. ministack: it is done.

    Who may not has been refused before.
    """
    if one(parameters, "DryRun").lower() != "true":
        return action(parameters)
    text = "Request would have succeeded, but DryRun flag is set."
    refused: Response = ec2._error("DryRunOperation", text, 412)
    return refused
