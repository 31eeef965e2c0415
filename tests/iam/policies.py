"""From the questions that were put to IAM to the policy that answers them, and no others."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

import conditions
from conditions import Question
from support.authorization_reference import DATA, form

SEVERAL = 10
"""More kinds of resources than this are named by one pattern (ec2:CreateTags has a hundred)."""
MOST_CHARACTERS = 6144
"""What AWS takes in a managed policy, without white space."""
# The parts of ARNs that are names which the platform gives: they begin with its own.
NAMED = {
    "${" + part + "}"
    for part in (
        *("Alias", "CacheParameterGroupName", "CacheSubnetGroupName", "ClusterName"),
        *("InstanceProfileNameWithPath", "ParameterGroupName", "RepositoryName", "SecretId"),
        "SubnetGroupName",
    )
}
# AWS answers these to anybody with credentials.
ALWAYS_ALLOWED = {"sts:GetCallerIdentity"}


def types_of(action: str) -> list[tuple[str, bool]]:
    """The forms of ARN that an action is about, and whether AWS always asks for them."""
    service, name = action.split(":")
    details = DATA.actions.get_action_details(service, name)
    return [
        (DATA.resources.get_resource_type_details(service, each["name"])["arn"], each["required"])
        for each in details["resourceTypes"]
    ]


def wide(template: str, name: str, account: str, region: str) -> str:
    """All resources of a form in this account and region, by name where the platform names them."""
    known = {"${Partition}": "aws", "${Region}": region, "${Account}": account}
    named = next((part for part in re.findall(r"\$\{[^}]+\}", template) if part in NAMED), "")
    known[named] = f"{name}*"
    return re.sub(r"\$\{[^}]+\}", lambda match: known.get(match.group(), "*"), template)


def narrow(resource: str, template: str, name: str, account: str, region: str) -> str:
    """The resources of a form whose names begin with the platform's, where this one's does."""
    head, found, rest = resource.partition(name)
    if ":role/aws-service-role/" in resource or resource.startswith("arn:aws:iam::aws:"):
        return resource
    if resource.split(":")[4] == "" and "${Account}" in template:
        # AWS's own, of no account: the public parameters that name machine images.
        return "/".join([*resource.split("/")[:3], "*"])
    if not found and any(part in template for part in NAMED):
        # One that AWS names, such as a managed password's: up to what is random in it.
        number = re.search(r"-?[0-9a-f]{8}-", resource.split(":", 5)[5])
        start = resource.index(number.group()) if number else len(resource)
        return resource[:start] + "*" if number else resource
    if not found:
        return wide(template, name, account, region)
    return head + found + (rest[0] + "*" if rest else "")


def resources_of(
    action: str, asked: Iterable[str], name: str, account: str, region: str
) -> frozenset[str]:
    """The patterns that an action is to be allowed on."""
    types = types_of(action)
    found: set[str] = set()
    for template, _ in types:
        fitting = [each for each in asked if form(template).fullmatch(each)]
        found |= {narrow(each, template, name, account, region) for each in fitting}
    # A name with a colon in it, which the form has none for: a default option group's.
    found |= {re.sub(r"(:og:default:).*", r"\1*", each) for each in asked if ":og:default:" in each}
    if len(types) > SEVERAL and not found:
        service = action.partition(":")[0]
        found = {f"arn:aws:{service}:{region}:{account}:*/*"}
    elif types and not found:
        found = {wide(template, name, account, region) for template, _ in types}
    return frozenset(found or {"*"})


def statements(
    questions: Collection[Question], name: str, account: str, region: str
) -> list[dict[str, Any]]:
    """Statements that allow what was asked, under the conditions that held.

    Those of a service with the same condition are one: an action is about resources of its own
    types only, so that the others' give it nothing.
    """
    asked: dict[tuple[str, str], list[Question]] = defaultdict(list)
    for question in questions:
        if question.action not in ALWAYS_ALLOWED:
            asked[question.action, conditions.alike(conditions.of(question))].append(question)
    actions: dict[tuple[Any, str], set[str]] = defaultdict(set)
    resources: dict[tuple[Any, str], set[str]] = defaultdict(set)
    for (action, _), alike in sorted(asked.items()):
        named = {each.resource for each in alike}
        exact = action == "iam:PassRole"
        found = frozenset(named) if exact else resources_of(action, named, name, account, region)
        condition = json.dumps(conditions.join(conditions.of(each) for each in alike))
        alone = condition == "{}" or "*" in found
        key = (found if alone else action.partition(":")[0], condition)
        actions[key].add(action)
        resources[key] |= found
    return [
        {"Effect": "Allow", "Action": sorted(actions[key]), "Resource": sorted(resources[key])}
        | ({"Condition": json.loads(key[1])} if key[1] != "{}" else {})
        for key in actions
    ]


def without(wanted: list[dict[str, Any]], action: str) -> list[dict[str, Any]]:
    """The statements without one action."""
    left = [
        {**each, "Action": [name for name in each["Action"] if name != action]} for each in wanted
    ]
    return [each for each in left if each["Action"]]
