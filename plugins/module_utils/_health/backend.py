# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The backend that is verified, and what the checks have learned of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .checks import Check, Dict
from .web import Client


@dataclass
class Backend:
    """What a check looks at, and where it leaves what the module returns beside the checks.

    Args:
        client: knows the backend's address and the time there is.
        params: the module's parameters.
        unready: says why the Service sends nobody to the backend, and "" if it does; None when
            there is no Service to ask.
    """

    client: Client
    params: Mapping[str, Any]
    unready: Callable[[], str] | None = None
    dependencies: dict[str, Dict] = field(default_factory=dict)
    observed: Dict = field(default_factory=dict)
    slo: Dict | None = None
    e2e: Dict | None = None


@dataclass(frozen=True)
class Look:
    """One entry of the list of checks.

    Args:
        name: id of the check that it gives.
        look: looks, and returns the check and those that are part of it (`<name>` and others).
        repeated: whether it is repeated until it passes or the attempts are over.
        writes: whether it writes, so that check mode skips it.
        needs: names of entries; it is skipped when one of their checks failed.
        cause: why it is skipped then.
        parts: ids that are listed when it is skipped, instead of its name.
        wanted: says whether the options ask for it, else it is not listed; None: they always do.
    """

    name: str
    look: Callable[[Backend], list[Check]]
    repeated: bool = False
    writes: bool = False
    needs: tuple[str, ...] = ()
    cause: str = "an earlier check failed"
    parts: tuple[str, ...] = ()
    wanted: Callable[[Backend], object] | None = None
