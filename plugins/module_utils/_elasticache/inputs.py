# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the inputs of role elasticache must be; where its module can say it, it is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .._inputs import forms, names
from .._inputs.options import refused
from .._inputs.rules import Inputs, Rules, Run
from . import checks

COMPUTED = {
    "replication_group_id": "ragops",
    "auth_token": "",
    "encryption_in_transit": True,
    "multi_az": False,
}
"""Options of the module that the role computes, at values which pass."""
TYPE = re.compile(r"cache\.[a-z]+[0-9]+[a-z]*\.(micro|small|medium|[0-9]{0,2}x?large)")
"""ElastiCache lists no offers: what can be told of a type without it is how it is written."""
USER_GROUP = forms.pattern(
    r"|[a-z](-?[a-z0-9]){0,39}", "a user group's id: lower-case letters, digits, single dashes"
)


def _engine(inputs: Inputs) -> Iterator[str]:
    """What ElastiCache has of the two engines: Redis OSS ended where Valkey began."""
    engine = str(inputs.get("elasticache_engine", ""))
    version = str(inputs.get("elasticache_engine_version", ""))
    found = checks.order(version)
    low, high = {"redis": ([4, 0], [7, 1]), "valkey": ([7, 2], [99])}.get(engine, ([], []))
    if re.match(r"\d", version) and not low <= found <= high:
        yield (
            f"elasticache: elasticache_engine_version is {version}, which ElastiCache does not"
            f" offer for {engine}. redis (with encryption) has versions up to 7.1, valkey has 7.2"
            " and later. Set the engine that has this version."
        )


def problems(inputs: Inputs, _: Run) -> Iterator[str]:
    """Yield what is wrong with the inputs of role elasticache."""
    kind = str(inputs.get("elasticache_node_type", ""))
    if TYPE.fullmatch(kind) is None:
        yield f"elasticache: elasticache_node_type is '{kind}': give a type such as cache.t3.micro."
    yield from _engine(inputs)
    yield from refused(
        "elasticache", inputs, COMPUTED, lambda own: checks.check("replication group", own)
    )


def owned(_: Inputs, __: Run) -> Iterator[tuple[str, ...]]:
    """Yield the names that somebody else may have already."""
    yield "cache", ""
    yield "secret", "/redis-url"


def bounded(_: Inputs, run: Run) -> Iterator[tuple[str, int, str]]:
    """Yield the names that AWS bounds."""
    yield run.name, names.GROUP, "a replication group"


RULES = Rules(
    problems=problems,
    forms={
        "elasticache_secret_readers": forms.PRINCIPALS,
        "elasticache_user_group_id": USER_GROUP,
    },
    owned=owned,
    bounded=bounded,
    needs=("network",),
)
