"""The questions about a call: its own action, and those that depend on what it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.aws.iam.authorization import dependent
from rehearsal.aws.iam.authorization.calls import Call
from rehearsal.aws.iam.authorization.records import Records
from rehearsal.aws.iam.authorization.reference import Action, find
from rehearsal.aws.iam.authorization.touched import Touched, touched

SERVICES = {
    *(
        "acm",
        "autoscaling",
        "ec2",
        "ecr",
        "eks",
        "elasticache",
        "elasticloadbalancing",
        "iam",
        "kms",
    ),
    *("logs", "rds", "route53", "secretsmanager", "servicequotas"),
}
"""Those of which it is known here which parameters name resources; others are ministack's, but
for what depends on their calls."""


@dataclass(frozen=True)
class Question:
    """May this be done with that? context: what conditions may ask about."""

    action: str
    arn: str
    context: Mapping[str, Any] = field(default_factory=dict)


def questions(name: str, call: Call, records: Records) -> Iterator[Question]:
    """All questions about an action of these services. What is not asked is not in it."""
    action = find(name)
    if action is None:
        return
    resources = touched(action, call, records)
    for each in resources:
        yield Question(name, each.arn, context(action, each, call, records))
    if not resources:
        yield Question(name, "*", asked_for(action, call))
    for part in dependent.of(name, call, records):
        yield settled(part, records)


def settled(part: dependent.Part, records: Records) -> Question:
    """A question about what depends, with the tags that its resource has."""
    known = dict(part.context)
    if part.there:
        known |= carried(part.arn, records)
    if part.action.startswith("kms:"):
        known |= of_key(part.arn, records)
    if takes_tags(part.action):
        known |= requested(part.tags)
    return Question(part.action, part.arn, known)


def takes_tags(name: str) -> bool:
    """Whether conditions of an action may ask about tags that are given."""
    action = find(name)
    kinds = action.kinds if action else ()
    keys = [*(action.keys if action else ()), *(key for kind in kinds for key in kind.keys)]
    return "aws:RequestTag/${TagKey}" in keys


def context(action: Action, each: Touched, call: Call, records: Records) -> dict[str, Any]:
    """What conditions may ask about for one of the resources: only what AWS tells them."""
    known = asked_for(action, call)
    makes = each.arn.endswith("*") and each.kind.made
    if call.service == "ec2":
        tags = call.specified.get(each.kind.name, {}) if makes else {}
        if action.name in ("ec2:CreateTags", "ec2:DeleteTags"):
            tags = call.tags
        known |= requested(tags)
    elif "aws:RequestTag/${TagKey}" in each.kind.keys:
        known |= requested(call.tags)
    if each.kind.tags_asked or "aws:ResourceTag/${TagKey}" in action.keys:
        known |= carried(each.arn, records)
    if "ec2:Vpc" in each.kind.keys and (vpc := records.vpc(each.arn)):
        known["ec2:Vpc"] = f"arn:aws:ec2:{call.region}:{call.account}:vpc/{vpc}"
    if action.name.startswith("kms:"):
        known |= of_key(each.arn, records)
    if action.name.startswith("iam:"):
        known |= of_iam(action, call, records)
    return known


def asked_for(action: Action, call: Call) -> dict[str, Any]:
    """The tags that a call gives, where the action's conditions know them."""
    takes = "aws:RequestTag/${TagKey}" in action.keys
    known = requested(call.tags) if takes and call.service != "ec2" else {}
    return {**known, **of_names(action, call)}


def of_names(action: Action, call: Call) -> dict[str, Any]:
    """What a call asks of names: for a certificate, or as records."""
    if action.name == "acm:RequestCertificate":
        names = call.many("DomainName", "SubjectAlternativeNames")
        method = call.one("ValidationMethod")
        return {"acm:DomainNames": sorted(set(names)), "acm:ValidationMethod": method}
    if action.name == "route53:ChangeResourceRecordSets":
        key = action.name
        return {
            f"{key}Actions": call.many("ChangeActions"),
            f"{key}NormalizedRecordNames": call.many("ChangeNames"),
            f"{key}RecordTypes": call.many("ChangeTypes"),
        }
    return {}


def requested(tags: Mapping[str, str]) -> dict[str, Any]:
    """Tags that are given."""
    known: dict[str, Any] = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    return {**known, "aws:TagKeys": list(tags)} if tags else known


def carried(arn: str, records: Records) -> dict[str, Any]:
    """Tags that a resource has. EC2 and IAM tell them by a key of their own, too."""
    service = arn.split(":")[2] if arn.startswith("arn:") else ""
    found: dict[str, Any] = {}
    if not service or (arn.endswith("/*") and service != "eks"):
        return found
    for key, value in records.tags(arn).items():
        found[f"aws:ResourceTag/{key}"] = value
        if service in ("ec2", "iam", "ecr", "secretsmanager"):
            found[f"{service}:ResourceTag/{key}"] = value
    return found


def of_key(arn: str, records: Records) -> dict[str, Any]:
    """Who a key belongs to and how it is called."""
    if ":key/" not in arn:
        return {}
    known: dict[str, Any] = {"kms:CallerAccount": arn.split(":")[4]}
    if aliases := records.aliases(arn):
        known["kms:ResourceAliases"] = aliases
    return known


def of_iam(action: Action, call: Call, records: Records) -> dict[str, Any]:
    """The boundary, the policy and the service that a call is about.

    A call that sets a boundary is asked about the new one, any other about the one that is there.
    """
    known: dict[str, Any] = {}
    if "iam:PermissionsBoundary" in action.keys:
        there = records.role(call.one("RoleName")).get("PermissionsBoundary")
        boundary = call.one("PermissionsBoundary") or there
        if boundary:
            known["iam:PermissionsBoundary"] = boundary
    if "iam:PolicyARN" in action.keys and (policy := call.one("PolicyArn")):
        known["iam:PolicyARN"] = policy
    if "iam:AWSServiceName" in action.keys and (service := call.one("AWSServiceName")):
        known["iam:AWSServiceName"] = service
    return known
