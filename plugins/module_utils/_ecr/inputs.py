# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the inputs of role ecr must be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .._inputs import forms
from .._inputs.rules import Inputs, Rules, Run, key_of
from . import transform


def problems(inputs: Inputs, _: Run) -> Iterator[str]:
    """Yield what is wrong with the inputs of role ecr."""
    for option in ("ecr_keep_images", "ecr_untagged_days"):
        if inputs.get(option, 1) < 1:
            yield f"ecr: {option} is {inputs[option]}: it must be at least 1."
    for image in inputs.get("ecr_images", []):
        if re.fullmatch(r"[a-z0-9]+([._-][a-z0-9]+)*", image) is None:
            yield f"ecr: ecr_images has '{image}': use lower-case letters, digits and . _ -"
    for principal in inputs.get("ecr_pull_principals", []):
        if transform.PRINCIPAL.fullmatch(principal) is None:
            yield (
                f"ecr: ecr_pull_principals has '{principal[:80]}'. Give the 12 digits of an"
                " account, in quotes, so that leading zeros are kept, or the ARN of an IAM role or"
                " user."
            )


def owned(own: Inputs, _: Run) -> Iterator[tuple[str, ...]]:
    """Yield the names that somebody else may have already."""
    for image in own.get("ecr_images") or []:
        yield "repository", f"/{image}"


RULES = Rules(
    problems=problems,
    forms={"ecr_kms_key_id": forms.KEY},
    owned=owned,
    key=key_of("ecr_kms_key_id"),
)
