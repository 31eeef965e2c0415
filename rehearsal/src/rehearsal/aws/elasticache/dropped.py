"""Settings of replication groups that AWS keeps and reports, and ministack takes and forgets."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from rehearsal.aws.elasticache import changes, states
from rehearsal.aws.wire.query import Action, Parameters, Response, one


def adjust(elasticache: Any) -> None:
    """Keep a replication group's key. elasticache: ministack's module."""
    elasticache._create_replication_group = functools.partial(
        keep_of_group, elasticache, elasticache._create_replication_group
    )
    elasticache._rg_xml = functools.partial(with_key, elasticache._rg_xml)
    changes.adjust(elasticache)
    states.adjust(elasticache, os.environ)


def keep_of_group(elasticache: Any, create: Action, parameters: Parameters) -> Response:
    """AWS: a group encrypted with a key of one's own names it."""
    response = create(parameters)
    if response[0] == 200:
        name = one(parameters, "ReplicationGroupId")
        elasticache._replication_groups[name]["KmsKeyId"] = one(parameters, "KmsKeyId")
    return response


def with_key(original: Callable[[Any], str], group: Mapping[str, Any]) -> str:
    """AWS: DescribeReplicationGroups reports KmsKeyId."""
    key = group.get("KmsKeyId")
    return original(group) + (f"<KmsKeyId>{escape(key)}</KmsKeyId>" if key else "")
