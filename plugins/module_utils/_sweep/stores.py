# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What is left of a data store: RDS and ElastiCache list and tag their resources alike."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .._platform.scope import Connect, Scope
from ..aws import AwsError, call, collect, tag_dict
from .item import Item, by_name, reason


@dataclass(frozen=True)
class Listing:
    """One type of resource: how the service lists it, and the keys of its id and its ARN.

    billed: whether AWS bills it; data: whether it holds what users stored.
    """

    type: str
    operation: str
    key: str
    id: str
    arn: str
    billed: bool = False
    data: bool = False


def finder(
    service: str,
    listings: Collection[Listing],
    vanished: Collection[str],
    busy: Collection[str] = (),
) -> Callable[[Connect, Scope], list[Item]]:
    """Return what finds a service's resources of the platform.

    Args:
        service: as boto3 and the component are called.
        listings: its types of resources.
        vanished: codes with which it says that what it listed is gone.
        busy: codes with which it tells no tags of what it is at work on.
    """

    def find(connect: Connect, scope: Scope) -> list[Item]:
        connection = connect(service)
        found = []
        for each in listings:
            about = f"{service} {each.type}s of {scope.name}"
            for resource in collect(connection, each.operation, each.key, about):
                name = str(resource[each.id])
                why = why_ours(connection, scope, resource, name, each.arn)
                why = why or _snapshot_of(scope, each.type, resource)
                if why:
                    found.append(
                        Item(service, service, each.type, name, each.billed, why, data=each.data)
                    )
        return found

    def why_ours(
        connection: Any, scope: Scope, resource: Mapping[str, Any], name: str, arn: str
    ) -> str:
        """Say why a resource is the platform's, by its tags; empty: it isn't."""
        if "TagList" in resource:
            return reason(scope, tag_dict(resource["TagList"]))
        if name != scope.name and not name.startswith(f"{scope.name}-"):
            return ""
        which = {"ResourceName": resource[arn]}
        try:
            answer = call(connection, "list_tags_for_resource", name, missing=vanished, **which)
        except AwsError as error:
            # That it is there is known.
            if error.code not in busy:
                raise
            return f"{by_name(scope)}, and AWS is at work on it"
        return reason(scope, tag_dict((answer or {}).get("TagList")))

    return find


def _snapshot_of(scope: Scope, type_: str, resource: Mapping[str, Any]) -> str:
    """Say so of a snapshot that lacks the tags of its source; its source's name is enough.

    Unless its tags say that somebody else made it.
    """
    source = resource.get("DBInstanceIdentifier") or resource.get("ReplicationGroupId")
    if type_ != "snapshot" or source != scope.name:
        return ""
    return "" if scope.is_claimed(tag_dict(resource.get("TagList"))) else f"taken of {scope.name}"
