# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the inputs of role s3 must be."""

from __future__ import annotations

from collections.abc import Iterator

from .._inputs import forms, names
from .._inputs.platform import region_problems
from .._inputs.rules import Inputs, Rules, Run, key_of

PURPOSE = forms.pattern(
    r"(?!access-logs$)[a-z0-9]([a-z0-9-]*[a-z0-9])?",
    "a part of a bucket's name: lower-case letters, digits and dashes; access-logs is taken",
)


def problems(inputs: Inputs, run: Run) -> Iterator[str]:
    """Yield what is wrong with the inputs of role s3."""
    days = inputs.get("s3_transition_days", 30)
    if days and days < 30:
        yield (
            f"s3: s3_transition_days is {days}. AWS moves objects to STANDARD_IA after 30 days at"
            " the earliest. Give 30 or more, or 0 to never move them."
        )
    for option in ("s3_noncurrent_days", "s3_abort_upload_days", "s3_access_logs_days"):
        value = inputs.get(option, 1)
        if value < 1:
            yield f"s3: {option} is {value}: it must be at least 1 day."
    if replica := inputs.get("s3_replication_region"):
        yield from region_problems("s3: s3_replication_region", replica)
    if replica == run.region:
        yield (
            f"s3: s3_replication_region is {run.region}, the region of the platform. Choose"
            " another region for the replicas, or leave it empty for no replication."
        )


def owned(own: Inputs, _: Run) -> Iterator[tuple[str, ...]]:
    """Yield the names that somebody else may have already."""
    region = own.get("s3_replication_region")
    if own.get("s3_access_logs"):
        yield "bucket", "-access-logs-{account}"
    if region:
        yield "role", "-s3-replication"
    for purpose in own.get("s3_purposes") or []:
        yield "bucket", f"-{purpose}-{{account}}"
        if region:
            yield "bucket", f"-{purpose}-{{account}}-{region}", str(region)


def bounded(own: Inputs, run: Run) -> Iterator[tuple[str, int, str]]:
    """Yield the names that AWS bounds."""
    region = own.get("s3_replication_region")
    for purpose in [*own.get("s3_purposes", []), "access-logs"]:
        full = f"{run.name}-{purpose}-{'0' * names.ACCOUNT}"
        yield full, names.BUCKET, "a bucket"
        if region and purpose != "access-logs":
            yield f"{full}-{region}", names.BUCKET, "a bucket"


RULES = Rules(
    problems=problems,
    forms={"s3_kms_key_id": forms.KEY, "s3_purposes": PURPOSE},
    owned=owned,
    bounded=bounded,
    key=key_of("s3_kms_key_id"),
)
