"""The real Redis behind ministack's ElastiCache."""

from __future__ import annotations

import functools
import logging
from typing import Any

from rehearsal.aws.elasticache.server import RedisServer
from rehearsal.aws.servers import DataError
from rehearsal.aws.wire.query import Action, Parameters, Response, one

log = logging.getLogger("rehearsal.elasticache")


def adjust(elasticache: Any, server: RedisServer) -> None:
    """Put our functions in the places of ministack's. elasticache: its module."""
    elasticache._create_replication_group = functools.partial(
        create_on_server, elasticache, server, elasticache._create_replication_group
    )
    elasticache._modify_replication_group = functools.partial(
        modify_on_server, elasticache, server, elasticache._modify_replication_group
    )
    elasticache._delete_replication_group = functools.partial(
        delete_on_server, server, elasticache._delete_replication_group
    )


def create_on_server(
    elasticache: Any, server: RedisServer, create: Action, parameters: Parameters
) -> Response:
    """AWS: the group is a server that asks for the token. ministack only writes it down."""
    response = create(parameters)
    if response[0] == 200:
        name = one(parameters, "ReplicationGroupId")
        group = elasticache._replication_groups[name]
        try:
            server.create(name, group["_auth_tokens"], bool(group["TransitEncryptionEnabled"]))
        except DataError as failure:
            log.error("Replication group %s: %s", name, failure)
            group["Status"] = "create-failed"
    return response


def modify_on_server(
    elasticache: Any, server: RedisServer, modify: Action, parameters: Parameters
) -> Response:
    """Carry a token's rotation to the real server."""
    response = modify(parameters)
    if response[0] == 200:
        name = one(parameters, "ReplicationGroupId")
        group = elasticache._replication_groups[name]
        server.set_tokens(name, group["_auth_tokens"], bool(group.get("_auth_optional")))
    return response


def delete_on_server(server: RedisServer, delete: Action, parameters: Parameters) -> Response:
    """Close the port and drop the data with the group."""
    response = delete(parameters)
    if response[0] == 200:
        server.delete(one(parameters, "ReplicationGroupId"))
    return response
