# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the inputs of role bastion must be."""

from __future__ import annotations

from collections.abc import Iterator

from .._inputs import forms
from .._inputs.machines import ARM_64, X86_64, architecture
from .._inputs.rules import Inputs, Rules, Run, key_of

PARAMETER = forms.pattern(r"/[\w./-]+", "the name of an SSM parameter, such as /aws/service/...")


def problems(inputs: Inputs, _: Run) -> Iterator[str]:
    """Yield what EC2 refuses of the bastion: a type of another architecture than its image."""
    kind = str(inputs.get("bastion_instance_type", ""))
    image = str(inputs.get("bastion_image_parameter", ""))
    known = next((each for each in (ARM_64, X86_64) if image.endswith(each)), None)
    if known and architecture(kind) != known:
        yield (
            f"bastion: bastion_instance_type is {kind} ({architecture(kind)}), and"
            f" bastion_image_parameter names an image of {known}. Both must have the same"
            " architecture."
        )


def owned(_: Inputs, run: Run) -> Iterator[tuple[str, ...]]:
    """Yield the names that somebody else may have already; none where there shall be no bastion."""
    if run.shared.get("platform_bastion"):
        yield "role", "-bastion"


RULES = Rules(
    problems=problems,
    forms={"bastion_image_parameter": PARAMETER, "bastion_kms_key_id": forms.KEY},
    at_least={"bastion_disk_size": 8},
    owned=owned,
    key=key_of("bastion_kms_key_id"),
    needs=("network",),
)
