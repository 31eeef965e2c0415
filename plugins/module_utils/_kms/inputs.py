# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the inputs of role kms must be."""

from __future__ import annotations

from collections.abc import Iterator

from .._inputs import forms
from .._inputs.rules import Inputs, Rules, Run

SERVICE = forms.pattern(r"[a-z0-9-]+", "a service's prefix, such as rds")


def problems(inputs: Inputs, _: Run) -> Iterator[str]:
    """Yield what is wrong with the inputs of role kms."""
    days = inputs.get("kms_deletion_window", 30)
    if not 7 <= days <= 30:
        yield f"kms: kms_deletion_window is {days}, but AWS allows 7 to 30 days."
    rotation = inputs.get("kms_rotation_days", 365)
    if rotation and not 90 <= rotation <= 2560:
        yield (
            f"kms: kms_rotation_days is {rotation}, but AWS allows 90 to 2560 days, or 0 for no"
            " rotation."
        )


RULES = Rules(problems=problems, forms={"kms_services": SERVICE})
