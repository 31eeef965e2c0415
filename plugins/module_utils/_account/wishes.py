# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the inputs ask of the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Wishes:
    """What the inputs ask of the account.

    name: platform_name; tags: that prove what is the platform's; network, node_groups,
    neighbours, names: as the module's options of these names, empty where the run is not about
    them.
    """

    name: str
    region: str
    tags: Mapping[str, str]
    network: Mapping[str, Any] = field(default_factory=dict)
    node_groups: Sequence[Mapping[str, Any]] = ()
    neighbours: Sequence[Mapping[str, str]] = ()
    names: Sequence[Mapping[str, str]] = ()
    database_class: str = ""
    replica_region: str = ""
