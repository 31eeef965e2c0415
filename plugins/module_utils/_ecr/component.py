# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How the repositories are found, and what a destroy can leave of them."""

from __future__ import annotations

from collections.abc import Mapping

from .._platform.outputs import Outputs
from .._platform.scope import Connect, Scope
from .._sweep.item import Item, reason
from ..aws import call, collect, tag_dict
from ..component import Component

REPOSITORIES = ("backend", "frontend")


def read(connect: Connect, scope: Scope) -> dict[str, str | None]:
    """URIs of the image repositories that exist, by what they hold."""
    connection = connect("ecr")
    found: dict[str, str | None] = {}
    for name in REPOSITORIES:
        about = f"ECR repository {scope.name}/{name}"
        missing = ("RepositoryNotFoundException",)
        names = [f"{scope.name}/{name}"]
        answer = call(
            connection, "describe_repositories", about, missing=missing, repositoryNames=names
        )
        repository = answer["repositories"][0] if answer else None
        if repository:
            arn = repository["repositoryArn"]
            tags = call(
                connection, "list_tags_for_resource", about, missing=missing, resourceArn=arn
            )
            scope.check_repairable(tag_dict((tags or {}).get("tags")), about)
        found[name] = repository["repositoryUri"] if repository else None
    return found


def shape(raw: Mapping[str, str | None], _: str) -> dict[str, str | None]:
    """Repository URIs, and the registry's host which they have in common."""
    uris: dict[str, str | None] = {repository: raw.get(repository) for repository in REPOSITORIES}
    known = [uri for uri in uris.values() if uri]
    return {**uris, "registry": known[0].split("/", 1)[0] if known else None}


def outputs(found: Mapping[str, str | None]) -> Outputs:
    """What people look up of the registry and its repositories."""
    repositories = {name: found[name] for name in REPOSITORIES}
    return Outputs(
        lines={f"image {name}": uri for name, uri in repositories.items()},
        summary={"registry": found["registry"]},
        variables={
            "ECR_REGISTRY": found["registry"],
            **{f"ECR_{name.upper()}": uri for name, uri in repositories.items()},
        },
    )


def leftovers(connect: Connect, scope: Scope) -> list[Item]:
    """Repositories under <name>/ with the platform's tags."""
    connection, about = connect("ecr"), f"repositories of {scope.name}"
    found = []
    for item in collect(connection, "describe_repositories", "repositories", about):
        name = str(item["repositoryName"])
        if not name.startswith(f"{scope.name}/"):
            continue
        answer = call(
            connection,
            "list_tags_for_resource",
            f"ECR repository {name}",
            missing=("RepositoryNotFoundException",),
            resourceArn=item["repositoryArn"],
        )
        if why := reason(scope, tag_dict((answer or {}).get("tags"))):
            found.append(Item("ecr", "ecr", "repository", name, True, why, data=True))
    return found


COMPONENT = Component(
    "ecr",
    data=True,
    read=read,
    shape=shape,
    outputs=outputs,
    leftovers=(leftovers,),
    services=frozenset({"ecr"}),
)
