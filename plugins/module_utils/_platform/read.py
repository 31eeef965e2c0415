# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What AWS has of the components, asked of all at the same time, in one stable shape.

Every key is always there. What does not exist is None, an empty list or an empty
dict, so that a role may write resources['network']['vpc_id'] on an empty account.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import Executor
from typing import Any

from ..aws import Dict
from ..components import READ
from .outputs import together
from .scope import Connect, Scope


def read(
    pool: Executor, connect: Connect, scope: Scope, components: Collection[str]
) -> dict[str, Dict]:
    """Return the components of these names. Raises AwsError: the first failure, in READ's order."""
    jobs = [
        (each, pool.submit(each.read, connect, scope))
        for each in READ.values()
        if each.read and each.name in components
    ]
    answers = [(each, job.result()) for each, job in jobs]
    return {each.name: each.shape(raw, scope.name) for each, raw in answers if each.shape}


def outputs(resources: Mapping[str, Dict]) -> dict[str, dict[str, Any]]:
    """Return what people look up of components, in their order."""
    told = (each for each in READ.values() if each.outputs and each.name in resources)
    return together(each.outputs(resources[each.name]) for each in told if each.outputs)


def found(resources: Mapping[str, Dict]) -> list[str]:
    """The components of which anything at all exists, sorted."""
    return sorted(component for component, shape in resources.items() if _any(shape))


def _any(value: Any) -> bool:
    """Whether anything in a nested shape is set."""
    if isinstance(value, Mapping):
        return any(_any(item) for item in value.values())
    return value not in (None, [], "")
