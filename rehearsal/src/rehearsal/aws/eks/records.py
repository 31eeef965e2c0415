"""What AWS keeps of a cluster and its members, refuses and reports, and ministack does not."""

from __future__ import annotations

import asyncio
import functools
import importlib
import os
from collections.abc import Callable, Iterator
from typing import Any

from rehearsal.aws.eks.nodegroups import Response, answered, refused
from rehearsal.aws.eks.updates import groups_of
from rehearsal.aws.wire.query import Action, Parameters

Create = Callable[..., Response]
LATE_LOGS = 3.0
"""Seconds after a control plane's end for its last lines; AWS needs minutes."""


def adjust(eks: Any) -> None:
    """Put our functions in the places of ministack's. eks: its module."""
    eks._create_cluster = functools.partial(with_cluster_settings, eks, eks._create_cluster)
    eks._delete_cluster = functools.partial(with_refusals, eks, eks._delete_cluster)
    eks._tag_resource = functools.partial(with_kept_tags, eks, eks._tag_resource)
    eks._untag_resource = functools.partial(with_kept_tags, eks, eks._untag_resource)


def with_cluster_settings(eks: Any, create: Create, body: Any, *more: Any) -> Response:
    """AWS keeps deletion protection and upgrade policy (EXTENDED by default). ministack doesn't."""
    response = create(body, *more)
    if response[0] != 200:
        return response
    cluster = eks._clusters[body["name"]]
    cluster["deletionProtection"] = bool(body.get("deletionProtection", False))
    cluster["upgradePolicy"] = body.get("upgradePolicy") or {"supportType": "EXTENDED"}
    return answered(eks, {"cluster": eks._sanitize(cluster)})


def with_refusals(eks: Any, delete: Callable[[str], Response], name: str) -> Response:
    """AWS deletes no protected cluster and none with node groups; add-ons go with it."""
    cluster = eks._clusters.get(name)
    if cluster is None:
        return delete(name)
    if cluster.get("deletionProtection"):
        text = f"Cluster {name} has deletion protection enabled. Disable it to delete the cluster."
        return refused(eks, 400, "InvalidRequestException", text)
    if groups_of(eks, cluster):
        return refused(eks, 409, "ResourceInUseException", "Cluster has nodegroups attached")
    for key in [key for key in eks._addons if key.startswith(f"{name}/")]:
        eks._addons.pop(key)
    logged = (cluster.get("logging") or {}).get("clusterLogging", ())
    if any(entry.get("enabled") for entry in logged):
        delay = float(os.environ.get("AWS_LATE_LOGS_SECONDS", LATE_LOGS))
        asyncio.get_running_loop().call_later(delay, deliver_last_lines, name)
    return delete(name)


def deliver_last_lines(name: str) -> None:
    """AWS: what a control plane logged last comes after it, and makes its log group if need be."""
    logs = importlib.import_module("ministack.services.cloudwatch_logs")
    logs._create_log_group({"logGroupName": f"/aws/eks/{name}/cluster"})


def records(eks: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Everything that carries tags: (ARN, record)."""
    for store, key in (
        (eks._clusters, "arn"),
        (eks._nodegroups, "nodegroupArn"),
        (eks._addons, "addonArn"),
        (eks._access_entries, "accessEntryArn"),
    ):
        for record in list(store.values()):
            yield record[key], record


def with_kept_tags(eks: Any, change: Callable[..., Response], arn: str, more: Any) -> Response:
    """AWS describes a resource with the tags it has now. ministack: with those of its creation."""
    response = change(arn, more)
    for known, record in records(eks):
        if known == arn:
            record["tags"] = dict(eks._tags.get(arn, {}))
    return response


def adjust_templates(ec2: Any) -> None:
    """Correct what is told of launch templates. ec2: ministack's module."""
    name = "DescribeLaunchTemplates"
    actions: dict[str, Action] = ec2._ACTION_MAP
    actions[name] = functools.partial(with_tags_of_now, ec2, actions[name])


def with_tags_of_now(ec2: Any, describe: Action, parameters: Parameters) -> Response:
    """AWS describes a template with the tags it has now. ministack: with those of its creation."""
    for template in ec2._launch_templates.values():
        template["Tags"] = list(ec2._tags.get(template["LaunchTemplateId"], ()))
    return describe(parameters)
