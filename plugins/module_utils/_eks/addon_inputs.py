# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the configuration of EKS's own add-ons must be, as far as it is known without AWS.

Each version has a schema of its own, which EKS holds the configuration against when the add-on is
made: minutes into a run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._inputs.rules import Inputs
from .._inputs.types import kind_of

NETWORK = "vpc-cni"
LISTS = ("eks_addons_before_nodes", "eks_addons")


def problems(inputs: Inputs) -> Iterator[str]:
    """Yield what is wrong with the configuration of add-ons in the inputs of role eks."""
    names = [{str(addon.get("name")) for addon in inputs.get(name) or []} for name in LISTS]
    for name in sorted(names[0] & names[1]):
        yield f"eks: {' and '.join(LISTS)} both have {name}. Remove it from one of them."
    for name in LISTS:
        for number, addon in enumerate(inputs.get(name) or []):
            if addon.get("name") == NETWORK:
                place = f"eks: {name}[{number}].configuration"
                yield from _network(addon.get("configuration") or {}, place)


def _network(configuration: Mapping[str, Any], place: str) -> Iterator[str]:
    """Its schema has texts for switches and numbers: variables of the environment."""
    given = {"enableNetworkPolicy": configuration.get("enableNetworkPolicy", "")}
    environment = configuration.get("env", {})
    if not isinstance(environment, Mapping):
        yield f"{place}.env is {kind_of(environment)}: give a dictionary of variables."
        environment = {}
    given |= {f"env.{name}": value for name, value in environment.items()}
    for name, value in given.items():
        if not isinstance(value, str):
            yield (
                f"{place}.{name} is {value!r}, {kind_of(value)}: EKS's schema of {NETWORK} takes a "
                "text there. Write it in quotes."
            )
