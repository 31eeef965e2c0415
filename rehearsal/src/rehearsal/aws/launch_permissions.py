"""Whom EC2 lets launch, tag and end instances: asked about each thing that a call touches."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from rehearsal.aws.launch_questions import Questions
from rehearsal.aws.query import Parameters

SESSION = "ASIA"
"""How the key of a role's session starts."""


def adjust(ec2: Any, iam: Any, evaluator: Any, iam_actions: Any) -> None:
    """Ask all questions of a call; after the log of decisions is there.

    ec2, iam, evaluator, iam_actions: ministack's modules.
    """
    asked: ContextVar[Parameters] = ContextVar("asked")
    original = iam_actions.extract_resource_arn
    iam_actions.extract_resource_arn = functools.partial(noting, asked, original)
    questions = Questions(ec2, iam)
    evaluator.enforce = functools.partial(enforce, questions, asked, evaluator.enforce)


def noting(
    asked: ContextVar[Parameters],
    original: Callable[..., str],
    service: str,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query_params: Parameters,
    region: str,
    account_id: str,
) -> str:
    """Keep a call's parameters for the decision about it.

    AWS: a public parameter of Systems Manager has no account in its ARN. ministack: the caller's.
    """
    asked.set(query_params)
    arn = original(service, method, path, headers, body, query_params, region, account_id)
    own = f"arn:aws:ssm:{region}:{account_id}:parameter/aws/service/"
    return arn.replace(f":{account_id}:", "::", 1) if arn.startswith(own) else arn


def enforce(
    questions: Questions,
    asked: ContextVar[Parameters],
    decide: Callable[..., Any],
    key: str,
    action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: dict[str, Any] | None = None,
) -> Any:
    """AWS decides about each thing that a launch, its tags or its end touches, with that one's own
    tags. ministack: once, about any one of them, whose tags it does not know.

    For roles only: what operators need is proved against AWS's reference (docs/iam.md).
    """
    if not (key.startswith(SESSION) and questions.known(action, asked.get({}))):
        return decide(
            key, action, service, region, resource_arn=resource_arn, service_context=service_context
        )
    for question in questions.about(action, asked.get({})):
        denied = decide(
            key,
            question.action,
            question.action.partition(":")[0],
            region,
            resource_arn=questions.arn(question.resource, region),
            service_context=question.context,
        )
        if denied:
            return denied
    return None
