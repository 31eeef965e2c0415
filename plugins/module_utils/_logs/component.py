# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How log groups are found, and what a destroy can leave of them: those of all components."""

from __future__ import annotations

from collections.abc import Collection

from .._platform.scope import Connect, Scope
from .._sweep.item import Item, by_name
from ..aws import Dict, call, collect
from ..component import Component


def component(parents: Collection[str]) -> Component:
    """Return the component of the log groups whose names are <parent>/<platform>/...

    AWS makes them without tags; those that somebody else tagged are somebody else's.
    """

    def listed(connect: Connect, scope: Scope) -> dict[str, str]:
        """Return ARNs by name."""
        connection = connect("logs")
        return {
            str(group["logGroupName"]): str(group["arn"]).removesuffix(":*")
            for parent in parents
            for group in collect(
                connection,
                "describe_log_groups",
                "logGroups",
                f"log groups {parent}/{scope.name}/*",
                logGroupNamePrefix=f"{parent}/{scope.name}/",
            )
        }

    def read(connect: Connect, scope: Scope) -> list[str]:
        return sorted(listed(connect, scope))

    def leftovers(connect: Connect, scope: Scope) -> list[Item]:
        connection = connect("logs")
        found = []
        for group, arn in sorted(listed(connect, scope).items()):
            about, gone = f"log group {group}", ("ResourceNotFoundException",)
            tags = call(connection, "list_tags_for_resource", about, missing=gone, resourceArn=arn)
            if tags is not None and not scope.is_claimed(tags.get("tags", {})):
                found.append(
                    Item("logs", "logs", "log_group", group, True, by_name(scope), data=True)
                )
        return found

    return Component(
        "logs",
        data=True,
        read=read,
        shape=shape,
        leftovers=(leftovers,),
        services=frozenset({"logs"}),
    )


def shape(raw: list[str], _: str) -> Dict:
    """Names of log groups."""
    return {"groups": list(raw)}
