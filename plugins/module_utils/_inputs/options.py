# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Inputs of a role as options of its module: where the module can judge them, it is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..aws import AwsError
from .rules import Inputs


def refused(
    role: str,
    inputs: Inputs,
    computed: Mapping[str, Any],
    check: Callable[[dict[str, Any]], None],
) -> Iterator[str]:
    """Yield what a module's own check says, with the role's names for its options.

    Args:
        role: whose inputs are named <role>_<option>.
        inputs: of the role.
        computed: the options that the role computes, at values which pass.
        check: the module's, of its options; raises AwsError.
    """
    own = {name.removeprefix(f"{role}_"): value for name, value in inputs.items()}
    try:
        check({**computed, **own})
    except AwsError as error:
        names = sorted(own.keys() - computed.keys(), key=len, reverse=True)
        named = "|".join(map(re.escape, names))
        yield f"{role}: " + re.sub(rf"(?<![\w.])({named})(?![\w.])(?= )", rf"{role}_\1", str(error))
