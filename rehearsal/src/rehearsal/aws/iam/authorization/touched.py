"""The resources that a call names, by their types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rehearsal.aws.iam.authorization.calls import Call
from rehearsal.aws.iam.authorization.records import Records
from rehearsal.aws.iam.authorization.reference import Action, Kind, fill, pattern

EC2 = {
    "acl": "network-acl",
    "ami": "image",
    "dopt": "dhcp-options",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "fleet": "fleet",
    "i": "instance",
    "igw": "internet-gateway",
    "lt": "launch-template",
    "nat": "natgateway",
    "pl": "prefix-list",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "snap": "snapshot",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
"""Types of EC2's resources by the start of their ids."""
ELSEWHERE = ("Filter", "IpPermissions", "TagSpecification", "Tag")
"""Parameters whose ids are not what the call is about: a rule's other end, what to look for."""
NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "ecr": {"repository": ("repositoryName", "repositoryNames")},
    "elasticache": {
        "cluster": ("CacheClusterId",),
        "parametergroup": ("CacheParameterGroupName",),
        "replicationgroup": ("ReplicationGroupId",),
        "snapshot": ("SnapshotName", "FinalSnapshotIdentifier"),
        "subnetgroup": ("CacheSubnetGroupName",),
        "user": ("UserId",),
        "usergroup": ("UserGroupId", "UserGroupIds"),
    },
    "iam": {
        "group": ("GroupName",),
        "instance-profile": ("InstanceProfileName",),
        "role": ("RoleName",),
        "user": ("UserName",),
    },
    "logs": {"log-group": ("logGroupName",)},
    "rds": {
        "db": ("DBInstanceIdentifier",),
        "og": ("OptionGroupName",),
        "pg": ("DBParameterGroupName",),
        "snapshot": ("DBSnapshotIdentifier", "FinalDBSnapshotIdentifier"),
        "subgrp": ("DBSubnetGroupName",),
    },
}
"""Parameters with the names of resources, by service and type."""
ARNS = (
    *(
        "CertificateArn",
        "OpenIDConnectProviderArn",
        "PolicyArn",
        "ResourceArn",
        "ResourceArns",
        "ResourceName",
    ),
    *("resourceArn", "resourceArns"),
)
"""Parameters with whole ARNs."""


@dataclass(frozen=True)
class Touched:
    """A resource. kind: what the reference says about it for the action."""

    kind: Kind
    arn: str


def touched(action: Action, call: Call, records: Records) -> list[Touched]:
    """All resources that AWS asks about.

    Those of optional types only where the call names them; those of required ones that it does
    not name, by *: it makes them, or is about all.
    """
    service = action.name.partition(":")[0]
    find = FINDERS.get(service, by_name)
    found = [
        Touched(kind, arn)
        for kind in action.kinds
        for arn in dict.fromkeys(find(kind, call, records))
    ]
    found += [
        Touched(kind, arn)
        for kind in action.kinds
        for arn in call.many(*ARNS)
        if arn.startswith("arn:") and pattern(kind.form).fullmatch(arn)
    ]
    named = {each.kind.name for each in found}
    lacking = [kind for kind in action.kinds if kind.required and kind.name not in named]
    if service == "elasticloadbalancing" and found:
        # The reference has each sort of balancer as required; a call is about one of them.
        lacking = []
    if not found and not lacking:
        lacking = list(action.kinds)
    return list(dict.fromkeys(found)) + [
        Touched(kind, fill(kind.form, call.region, call.account)) for kind in lacking
    ]


def by_name(kind: Kind, call: Call, records: Records) -> Iterator[str]:  # noqa: ARG001
    """Those whose names are parameters."""
    for name in call.many(*NAMES.get(call.service, {}).get(kind.name, ())):
        yield fill(kind.form, call.region, call.account, name)
    if call.service == "rds":
        yield from _defaults(kind, call)


def _defaults(kind: Kind, call: Call) -> Iterator[str]:
    """A new database's groups that it does not name are asked about, too: AWS's example policies
    allow og:default* and pg:default* (RDS User Guide, "Identity-based policy examples").
    """
    if call.one("Action") == "CreateDBInstance" and kind.name in ("og", "pg"):
        names = NAMES["rds"][kind.name]
        if not call.one(*names):
            engine, version = call.one("Engine"), call.one("EngineVersion").partition(".")[0]
            joined = f"{engine}-{version}" if kind.name == "og" else f"{engine}{version}"
            name = f"default:{joined}" if kind.name == "og" else f"default.{joined}"
            yield fill(kind.form, call.region, call.account, name)


def of_ec2(kind: Kind, call: Call, records: Records) -> Iterator[str]:
    """Those whose ids are anywhere in the parameters."""
    for name, value in call.parameters.items():
        if name.split(".")[0].rstrip("0123456789") in ELSEWHERE:
            continue
        if EC2.get(value.rpartition("-")[0]) == kind.name:
            yield fill(kind.form, call.region, call.account, value)
    name = call.one("LaunchTemplateName", "LaunchTemplate.LaunchTemplateName")
    if kind.name == "launch-template" and name and not kind.made:
        for each in records.load("ec2")._launch_templates.values():
            if each["LaunchTemplateName"] == name:
                yield fill(kind.form, call.region, call.account, each["LaunchTemplateId"])


def of_iam(kind: Kind, call: Call, records: Records) -> Iterator[str]:
    """By name, with the path that it has or gets."""
    if kind.name == "role" and (service := call.one("AWSServiceName")):
        yield fill(kind.form, call.region, call.account, f"aws-service-role/{service}/*")
    elif kind.name == "role" and (name := call.one("RoleName")):
        arn = records.role(name).get("Arn")
        path = call.one("Path").strip("/")
        yield arn or fill(kind.form, "", call.account, f"{path}/{name}" if path else name)
    elif kind.name == "policy" and (name := call.one("PolicyName")):
        if call.one("Action") == "CreatePolicy":
            path = call.one("Path").strip("/")
            yield fill(kind.form, "", call.account, f"{path}/{name}" if path else name)
    elif kind.name == "instance-profile" and (name := call.one("InstanceProfileName")):
        found = records.load("iam")._instance_profiles.get(name) or {}
        yield found.get("Arn") or fill(kind.form, "", call.account, name)
    elif kind.name == "oidc-provider" and (url := call.one("Url")):
        yield fill(kind.form, "", call.account, url.partition("://")[2])
    else:
        yield from by_name(kind, call, records)


def of_kms(kind: Kind, call: Call, records: Records) -> Iterator[str]:
    """Keys by id, ARN or alias; an alias also has the key behind it."""
    alias = call.one("AliasName")
    if kind.name == "alias" and alias:
        yield fill(kind.form, call.region, call.account, alias.removeprefix("alias/"))
    elif kind.name == "key":
        named = call.many("KeyId", "TargetKeyId") or ([alias] if alias else [])
        for name in named:
            yield records.key(name) or fill(kind.form, call.region, call.account, name)


def of_secretsmanager(kind: Kind, call: Call, records: Records) -> Iterator[str]:
    """By name or ARN: AWS asks about the whole ARN, with the end that it gave it."""
    if name := call.one("SecretId", "Name"):
        secret = records.load("secretsmanager")._resolve(name)[1]
        if secret:
            yield str(secret["ARN"])
        else:
            yield (
                name
                if name.startswith("arn:")
                else fill(kind.form, call.region, call.account, name)
            )


def of_eks(kind: Kind, call: Call, records: Records) -> Iterator[str]:  # noqa: ARG001
    """By the path: /clusters/<name>/<collection>/<name>."""
    if call.path[:1] == ("tags",):
        arn = "/".join(call.path[1:])
        if pattern(kind.form).fullmatch(arn):
            yield arn
        return
    if call.path[:1] != ("clusters",):
        return
    cluster = call.path[1] if len(call.path) > 1 else call.one("name")
    if not cluster:
        return
    collections = {
        "access-entry": "access-entries",
        "addon": "addons",
        "nodegroup": "node-groups",
        "podidentityassociation": "pod-identity-associations",
    }
    if kind.name == "cluster":
        yield fill(kind.form, call.region, call.account, cluster)
    elif collections.get(kind.name) == "".join(call.path[2:3]) and len(call.path) > 3:
        if kind.name == "access-entry":
            # The whole ARN of a principal, with the slashes that it has.
            arn = "/".join(call.path[3:]).partition("/access-policies")[0]
            yield fill(kind.form, call.region, call.account, cluster, *entry(arn))
        else:
            yield fill(kind.form, call.region, call.account, cluster, call.path[3])


def entry(principal: str) -> tuple[str, str, str]:
    """Type, account and name of a principal, as ARNs of access entries have them."""
    account, resource = principal.split(":")[4:6]
    kind, _, name = resource.partition("/")
    return kind, account, name.rpartition("/")[2]


def of_autoscaling(kind: Kind, call: Call, records: Records) -> Iterator[str]:
    """A group by its name, or by an instance of it."""
    if kind.name != "autoScalingGroup":
        return
    wanted = call.one("InstanceId")
    names = call.many("AutoScalingGroupName", "AutoScalingGroupNames")
    if wanted and not names:
        groups = records.load("autoscaling")._asgs.items()
        names = [
            name
            for name, group in groups
            if any(member["InstanceId"] == wanted for member in group["Instances"])
        ]
    for name in names:
        yield fill(kind.form, call.region, call.account, "*", name)


def of_balancing(kind: Kind, call: Call, records: Records) -> Iterator[str]:  # noqa: ARG001
    """By whole ARNs; what is made has a name already."""
    for value in call.parameters.values():
        if value.startswith("arn:") and pattern(kind.form).fullmatch(value):
            yield value
    made = call.one("Action")
    wanted = "net" if call.one("Type") == "network" else "app"
    if (made, kind.name) in (
        ("CreateLoadBalancer", f"loadbalancer/{wanted}/"),
        ("CreateTargetGroup", "targetgroup"),
    ):
        yield fill(kind.form, call.region, call.account, call.one("Name"))


def of_route53(kind: Kind, call: Call, records: Records) -> Iterator[str]:  # noqa: ARG001
    """By the path: /2013-04-01/hostedzone/<id>/..., /2013-04-01/change/<id>."""
    if call.path[1:2] == (kind.name,) and len(call.path) > 2:
        yield fill(kind.form, call.region, call.account, call.path[2])


def of_quotas(kind: Kind, call: Call, _records: Records) -> Iterator[str]:
    """By service and code."""
    yield fill(kind.form, call.region, call.account, call.one("ServiceCode"), call.one("QuotaCode"))


FINDERS: dict[str, Callable[[Kind, Call, Records], Iterator[str]]] = {
    "autoscaling": of_autoscaling,
    "ec2": of_ec2,
    "eks": of_eks,
    "elasticloadbalancing": of_balancing,
    "iam": of_iam,
    "kms": of_kms,
    "route53": of_route53,
    "secretsmanager": of_secretsmanager,
    "servicequotas": of_quotas,
}
"""Services whose resources are not just named by a parameter."""
