"""All that is corrected for a controller that launches instances, in the order that it needs."""

from __future__ import annotations

import importlib
from typing import Any

from rehearsal.aws import (
    authorization,
    dry_runs,
    fleets,
    instance_events,
    instance_types,
    launch_templates,
    node_images,
    prices,
    quotas,
)
from rehearsal.aws.account import Account


def adjust(app: Any, ec2: Any, account: Account) -> None:
    """Correct EC2, its prices, quotas and images, and what IAM is asked about all calls.

    app, ec2: ministack's modules; ec2's other corrections and the log of decisions are there.
    account: what it has of zones and types.
    """
    load = importlib.import_module
    launch_templates.adjust(ec2)
    instance_types.adjust(ec2, account)
    node_images.adjust(load("ministack.services.ssm"), ec2)
    fleets.adjust(ec2)
    instance_events.adjust(ec2, load("ministack.services.eventbridge"))
    iam_actions = load("ministack.core.iam_actions")
    prices.adjust(app, load("ministack.core.router"), iam_actions, ec2, account)
    quotas.adjust(app, load("ministack.core.router"), iam_actions, account)
    evaluator = load("ministack.core.iam_evaluator")
    authorization.adjust(evaluator, iam_actions, lambda name: load(f"ministack.services.{name}"))
    # Last: it stands before all other corrections of a call.
    dry_runs.adjust(ec2)
