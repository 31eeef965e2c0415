"""Service-linked roles: AWS makes each when its service is first used, and lets nobody change it.

ministack has them only when they are asked for, under other names, and as ordinary roles.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from rehearsal.aws.wire.query import Action, Parameters, Response, one

# Service: its role, of each service's page on service-linked roles.
ROLES = {
    "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
    "eks.amazonaws.com": "AWSServiceRoleForAmazonEKS",
    "eks-nodegroup.amazonaws.com": "AWSServiceRoleForAmazonEKSNodegroup",
    "elasticache.amazonaws.com": "AWSServiceRoleForElastiCache",
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
    "rds.amazonaws.com": "AWSServiceRoleForRDS",
    "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
}
PATH = "/aws-service-role/"
PROTECTED = (
    "AddRoleToInstanceProfile", "AttachRolePolicy", "DeleteRole", "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy", "DetachRolePolicy", "PutRolePermissionsBoundary", "PutRolePolicy",
    "UpdateAssumeRolePolicy", "UpdateRole",
)  # fmt: skip
"""Calls about a role that IAM refuses for one of these."""
_PRINCIPAL = re.compile(rf"arn:[\w-]+:iam::\d+:role{PATH}[\w./-]+/([\w+=,.@-]+)")


def adjust(iam: Any, load: Callable[[str], Any]) -> None:
    """Put our functions in the places of ministack's. iam: its module; load: gives the others."""
    handlers: dict[str, Action] = iam._IAM_HANDLERS
    make = handlers["CreateServiceLinkedRole"]
    for name in PROTECTED:
        handlers[name] = functools.partial(refuse_protected, iam, handlers[name])
    handlers["CreateServiceLinkedRole"] = functools.partial(create, iam, make)
    of = functools.partial(first_use, iam, make)
    rds, cache, eks, ec2 = (load(name) for name in ("rds", "elasticache", "eks", "ec2"))
    rds._ACTION_MAP["CreateDBInstance"] = of(rds._ACTION_MAP["CreateDBInstance"], "rds")
    cache._create_subnet_group = of(cache._create_subnet_group, "elasticache")
    cache._create_replication_group = of(cache._create_replication_group, "elasticache")
    eks._create_cluster = of(eks._create_cluster, "eks")
    # The node groups' role makes the one of Auto Scaling, which makes the one of spot instances.
    eks._create_nodegroup = of(eks._create_nodegroup, "eks-nodegroup", "autoscaling")
    eks._create_nodegroup = of(eks._create_nodegroup, "spot", when=asks_for_spot)
    balancers = load("alb")._ACTION_MAP
    balancers["CreateLoadBalancer"] = of(balancers["CreateLoadBalancer"], "elasticloadbalancing")
    for name in ("CreateFleet", "RunInstances"):
        ec2._ACTION_MAP[name] = of(ec2._ACTION_MAP[name], "spot", when=are_spot)
    kms = load("kms")
    for name in ("_create_key", "_put_key_policy"):
        setattr(kms, name, functools.partial(refuse_unmade, iam, kms, getattr(kms, name)))


def first_use(
    iam: Any,
    make: Action,
    action: Callable[..., Response],
    *services: str,
    when: Callable[..., bool] = lambda *_: True,
) -> Callable[..., Response]:
    """AWS: what is made with a service for the first time makes the service's own role.

    services: without .amazonaws.com. when: of the call's arguments, whether it needs them.
    """

    @functools.wraps(action)
    def used(*arguments: Any, **options: Any) -> Response:
        response = action(*arguments, **options)
        if response[0] == 200 and when(*arguments):
            for service in services:
                _make(iam, make, f"{service}.amazonaws.com", {})
        return response

    return used


def asks_for_spot(_: str, body: Mapping[str, Any]) -> bool:
    """Whether a node group is to have spot instances."""
    return body.get("capacityType") == "SPOT"


def are_spot(parameters: Parameters) -> bool:
    """Whether a fleet, or instances, are to be spot instances."""
    names = (
        "TargetCapacitySpecification.DefaultTargetCapacityType",
        "InstanceMarketOptions.MarketType",
    )
    return any(one(parameters, name) == "spot" for name in names)


def create(iam: Any, make: Action, parameters: Parameters) -> Response:
    """AWS: CreateServiceLinkedRole gives the role the service's name for it, and only once."""
    service = one(parameters, "AWSServiceName")
    name = ROLES.get(service)
    if name in iam._roles:
        text = (
            f"Service role name {name} has been taken in this account, please try a different "
            "suffix."
        )
        return refused(iam, "InvalidInput", text)
    if name is None:
        return make(parameters)
    _make(iam, make, service, parameters)
    answer: Response = iam._xml(
        200,
        "CreateServiceLinkedRoleResponse",
        f"<CreateServiceLinkedRoleResult><Role>{iam._role_xml(name)}</Role>"
        "</CreateServiceLinkedRoleResult>",
        ns="iam",
    )
    return answer


def _make(iam: Any, make: Action, service: str, parameters: Parameters) -> None:
    name = ROLES[service]
    if name in iam._roles:
        return
    before = set(iam._roles)
    make({**parameters, "AWSServiceName": [service]})
    (other,) = set(iam._roles) - before
    role = iam._roles.pop(other)
    arn = role["Arn"].rpartition("/")[0]
    iam._roles[name] = {**role, "RoleName": name, "Arn": f"{arn}/{name}"}


def refuse_protected(iam: Any, action: Action, parameters: Parameters) -> Response:
    """AWS: only AWS changes or deletes a service's own role."""
    name = one(parameters, "RoleName")
    if name in iam._roles and iam._roles[name].get("Path", "").startswith(PATH):
        text = (
            f"Cannot perform the operation on the protected role '{name}' - this role is only "
            "modifiable by AWS"
        )
        return refused(iam, "UnmodifiableEntity", text)
    return action(parameters)


def refuse_unmade(iam: Any, kms: Any, action: Callable[[Any], Response], wanted: Any) -> Response:
    """AWS: a key policy names no service's role that the account does not have yet."""
    named = set(_PRINCIPAL.findall(json.dumps(wanted.get("Policy") or "")))
    if named - set(iam._roles):
        text = "Policy contains a statement with one or more invalid principals."
        answer: Response = kms.error_response_json("MalformedPolicyDocumentException", text, 400)
        return answer
    return action(wanted)


def refused(iam: Any, code: str, text: str) -> Response:
    """A refusal in the form of IAM."""
    response: Response = iam._error(400, code, text, ns="iam")
    return response
