# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The networks in which whatever lies is the platform's, too."""

from __future__ import annotations

from typing import Any

from .._platform.scope import Scope
from ..aws import collect, tag_dict
from .item import reason


def own_vpcs(connection: Any, scope: Scope) -> dict[str, str]:
    """Id of each of the platform's VPCs: why it is the platform's."""
    about = f"VPCs of {scope.name}"
    listed = collect(connection, "describe_vpcs", "Vpcs", about, Filters=scope.filters)
    tags = {str(vpc["VpcId"]): tag_dict(vpc.get("Tags")) for vpc in listed}
    return {vpc: reason(scope, own) for vpc, own in tags.items() if scope.owns(own)}
