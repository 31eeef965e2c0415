"""The conditions of a statement, from what the resources carried when IAM was asked about them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from support.authorization_reference import DATA

OWN = {"Project": "ragops", "Environment": "prod", "ManagedBy": "ragops.platform"}
"""The tags by which the platform knows its own, and their values in the emulated account."""
BOUNDARY = "iam:PermissionsBoundary"
BOUND = {"iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePolicy"}
"""What may only be done within the platform's boundary. Less power for a role is no matter."""
JOINED = {
    "ec2:CreateAction": "StringEquals",
    "iam:AWSServiceName": "StringEquals",
    "iam:PassedToService": "StringEquals",
    "iam:PolicyARN": "ArnEquals",
    "kms:ViaService": "StringEquals",
}
"""Keys with a closed list of values, all that were asked."""
READ = {"kms:Decrypt", "secretsmanager:GetSecretValue"}
"""Reading that is limited as writing is. Else the platform may look at what is not its own, to
tell whose it is."""

Condition = dict[str, dict[str, Any]]


class Question(NamedTuple):
    """What IAM was asked. keys: what conditions could have asked about, as JSON."""

    action: str
    resource: str
    keys: str = "{}"

    @property
    def context(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.keys)
        return found


def level(action: str) -> str:
    """How the reference calls what an action does: Write, Tagging, Read, ..."""
    service, name = action.split(":")
    return str(DATA.actions.get_action_details(service, name)["accessLevel"])


def tags(context: Mapping[str, Any], kind: str) -> dict[str, str]:
    """The platform's own tags that a resource has (Resource), or is given (Request)."""
    found = {f"aws:{kind}Tag/{key}": value for key, value in OWN.items()}
    return found if all(context.get(key) == value for key, value in found.items()) else {}


def knows_tags(action: str, resource: str) -> bool:
    """Whether conditions of an action may ask for tags that such a resource has."""
    from policies import form

    service, name = action.split(":")
    details = DATA.actions.get_action_details(service, name)
    key = "aws:ResourceTag/${TagKey}"
    for each in details["resourceTypes"]:
        kind = DATA.resources.get_resource_type_details(service, each["name"])
        if form(kind["arn"]).fullmatch(resource):
            return key in [*each["conditionKeys"], *kind.get("conditionKeys", ())]
    return key in details["conditionKeys"]


def of(question: Question) -> Condition:
    """The condition under which a question is to be allowed: as narrow as what was known."""
    action, context = question.action, question.context
    if action not in READ and level(action) in ("Read", "List"):
        return {}
    there, given = tags(context, "Resource"), tags(context, "Request")
    found = listed(action, context, {**there, **given})
    if action == "kms:ScheduleKeyDeletion":
        found["ForAnyValue:StringEquals"] = {"kms:ResourceAliases": context["kms:ResourceAliases"]}
    if untaken(question, bool(there)):
        # Another's is not taken over: what is made has no tags yet, and AWS's own never has.
        found["Null"] = {"aws:ResourceTag/Project": "true"}
        if action.startswith("kms:"):
            found["Null"]["kms:ResourceAliases"] = "true"
    return {**found, **of_groups(action, context, found)}


def listed(action: str, context: Mapping[str, Any], equals: dict[str, Any]) -> Condition:
    """Tags, the boundary, and keys with closed lists of values."""
    found: Condition = {}
    if action in BOUND and (boundary := context.get(BOUNDARY)):
        equals[BOUNDARY] = boundary
    if equals:
        found["StringEquals"] = dict(equals)
    for key, operator in JOINED.items():
        if key in context:
            found.setdefault(operator, {})[key] = [context[key]]
    if "kms:GrantIsForAWSResource" in context:
        found["Bool"] = {"kms:GrantIsForAWSResource": "true"}
    return found


def of_groups(action: str, context: Mapping[str, Any], found: Condition) -> Condition:
    """The group that AWS makes with a VPC gets tags, and is never deleted by itself: a group that
    was nobody's can't be taken and deleted in two steps.
    """
    if action == "ec2:DeleteSecurityGroup":
        return {"StringLike": {"aws:ResourceTag/SecurityGroup": "?*"}}
    if action == "ec2:CreateTags" and "ec2:CreateAction" not in context:
        name = {"aws:RequestTag/Name": context["aws:RequestTag/Name"]}
        return {
            "StringEquals": {**found["StringEquals"], **name},
            "ForAllValues:StringEquals": {"aws:TagKeys": sorted(context["aws:TagKeys"])},
        }
    return {}


def untaken(question: Question, owned: bool) -> bool:
    """Whether this is about something without tags that could be somebody else's by its ARN."""
    action, resource = question.action, question.resource
    if owned or "ec2:CreateAction" in question.context or not knows_tags(action, resource):
        return False
    if action in ("iam:CreateServiceLinkedRole", "iam:PassRole", *BOUND):
        return False
    if not resource.startswith("arn:") or resource.split(":")[4] in ("", "aws"):
        return False
    made = resource.endswith("/*")
    if action.startswith(("iam:Tag", "kms:")):
        return True
    return not made and action.startswith("ec2:")


def join(conditions: Iterable[Condition]) -> Condition:
    """One condition of several that differ in closed lists only."""
    found: Condition = {}
    for condition in conditions:
        for operator, keys in condition.items():
            for key, value in keys.items():
                known = found.setdefault(operator, {}).get(key, [])
                found[operator][key] = (
                    sorted({*known, *value}) if isinstance(value, list) else value
                )
    return {operator: dict(sorted(keys.items())) for operator, keys in sorted(found.items())}


def alike(condition: Condition) -> str:
    """What conditions that may be joined have in common."""
    return json.dumps(
        {
            operator: {key: "" if key in JOINED else value for key, value in keys.items()}
            for operator, keys in condition.items()
        },
        sort_keys=True,
    )
