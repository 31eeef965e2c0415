"""What AWS says of what was changed by hand; lists in an order that is always the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from accounts import NAME
from botocore.exceptions import ClientError
from support.drifts import kms, network
from support.emulator import Aws

Read = Callable[[Aws], Any]


def ordered(items: Iterable[Any]) -> list[str]:
    return sorted(json.dumps(item, sort_keys=True, default=str) for item in items)


def told(service: str, operation: str, *path: str | int, **which: Any) -> Read:
    """The value at a path in the answer of one call."""

    def read(aws: Aws) -> Any:
        found = getattr(aws.client(service), operation)(**which)
        for step in path:
            found = found.get(step) if isinstance(step, str) else found[step]
        return ordered(found) if isinstance(found, list) else found

    return read


def parsed(read: Read) -> Read:
    """A document that AWS keeps as text."""
    return lambda aws: json.loads(read(aws))


def if_there(read: Read) -> Read:
    """None for what AWS refuses to tell, since there is none."""

    def reading(aws: Aws) -> Any:
        try:
            return read(aws)
        except ClientError:
            return None

    return reading


def rules(key: str) -> Read:
    """The rules of a security group."""

    def read(aws: Aws) -> Any:
        found = network.group(aws, NAME, key)
        return ordered(
            [way, rule.get("FromPort"), rule.get("IpProtocol"), places(rule)]
            for way in ("IpPermissions", "IpPermissionsEgress")
            for rule in found[way]
        )

    return read


def places(rule: dict[str, Any]) -> list[str]:
    """Where a rule leads."""
    ranges = [item["CidrIp"] for item in rule.get("IpRanges", [])]
    groups = [item["GroupId"] for item in rule.get("UserIdGroupPairs", [])]
    lists = [item["PrefixListId"] for item in rule.get("PrefixListIds", [])]
    return sorted(ranges + groups + lists)


def each(kind: str, name: str, field: str, *keys: str) -> Read:
    """Some keys of each item of a list that something of the network has."""
    return lambda aws: ordered(
        [item.get(key) for key in keys] for item in network.the(aws, kind, f"{NAME}{name}")[field]
    )


def host_names(aws: Aws) -> Any:
    which = {"VpcId": network.the(aws, "vpcs", NAME)["VpcId"], "Attribute": "enableDnsHostnames"}
    return aws.client("ec2").describe_vpc_attribute(**which)["EnableDnsHostnames"]


def key(operation: str, *path: str) -> Read:
    """What AWS says of the platform's key."""
    return lambda aws: told("kms", operation, *path, KeyId=kms.key_id(aws, NAME))(aws)


def cluster(*path: str) -> Read:
    return told("eks", "describe_cluster", "cluster", *path, name=NAME)


def role(name: str) -> Read:
    """Who may take a role, and the policies that are attached to it."""
    which = {"RoleName": name}
    trust = told("iam", "get_role", "Role", "AssumeRolePolicyDocument", **which)
    policies = told("iam", "list_attached_role_policies", "AttachedPolicies", **which)
    return lambda aws: (trust(aws), policies(aws))


def kept(group: str) -> Read:
    """How long CloudWatch keeps a group's logs."""
    path = ("logGroups", 0, "retentionInDays")
    return told("logs", "describe_log_groups", *path, logGroupNamePrefix=group)


def database(field: str) -> Read:
    which = {"DBInstanceIdentifier": NAME}
    return told("rds", "describe_db_instances", "DBInstances", 0, field, **which)


def parameter(name: str) -> Read:
    """A parameter of the database."""

    def read(aws: Aws) -> Any:
        asked = aws.client("rds").get_paginator("describe_db_parameters")
        pages = asked.paginate(DBParameterGroupName=f"{NAME}-postgres15")
        found = [item for page in pages for item in page["Parameters"]]
        return [item.get("ParameterValue") for item in found if item["ParameterName"] == name]

    return read


def cache(field: str) -> Read:
    which = {"ReplicationGroupId": NAME}
    return told(
        "elasticache", "describe_replication_groups", "ReplicationGroups", 0, field, **which
    )


def cache_tags(aws: Aws) -> Any:
    which = {"ResourceName": cache("ARN")(aws)}
    return told("elasticache", "list_tags_for_resource", "TagList", **which)(aws)
