# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the platform knows of one component: how it is found in AWS, and what it leaves behind.

Each component has it in its folder, `_<component>/component.py`; components.py lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ._platform.outputs import Outputs
from ._platform.scope import Connect, Scope
from ._sweep.item import Item
from ._sweep.kind import Kind
from .aws import Dict
from .reconcile import Api

Reader = Callable[[Connect, Scope], Any]
"""Asks AWS; what it returns goes to the component's Shaper."""
Shaper = Callable[[Any, str], Dict]
"""Makes of AWS's answer and the platform's name the shape that platform_info returns."""
Finder = Callable[[Connect, Scope], list[Item]]
"""Finds what is left after a destroy."""
Look = Callable[[Connect, str], bool]
"""Tells whether the resource with this ARN is there."""
Encrypted = Callable[[Callable[[str], Api], str, Collection[str]], list[str]]
"""Tells, by kind and name, what a key (its ARN) encrypts and stays, among it in named buckets."""


@dataclass(frozen=True)
class Component:
    """One component, by the name of its host in inventories/components.yml.

    data: whether it holds what users stored, which may outlive a destroy (platform_survivors).
    read, shape: for platform_info; without them the component has nothing there.
    outputs: what people look up of the shape.
    leftovers: for platform_sweep, what describes the component's own services.
    elsewhere: those finders that look into the region of the replicas, too.
    kinds: of EC2's resources, those which are this component's.
    services: whose resources `leftovers` find all, so that the tagging API isn't believed: it
        names for hours what is gone.
    looks: by service; the tagging API is asked, and a look tells whether it is right.
    log_groups: what the names of its log groups begin with, before /<platform>/.
    encrypted: for kms_key, what becomes unreadable without the platform's key.
    """

    name: str
    data: bool = False
    read: Reader | None = None
    shape: Shaper | None = None
    outputs: Callable[[Dict], Outputs] | None = None
    leftovers: tuple[Finder, ...] = ()
    elsewhere: tuple[Finder, ...] = ()
    kinds: tuple[Kind, ...] = ()
    services: frozenset[str] = frozenset()
    looks: Mapping[str, Look] = field(default_factory=dict)
    log_groups: tuple[str, ...] = ()
    encrypted: Encrypted | None = None
