# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What a destroy can leave of Milvus: its pods' volumes, and their snapshots."""

from __future__ import annotations

from .._sweep.kind import Kind, always, state
from ..component import Component

KINDS = (
    Kind(
        "volume",
        "describe_volumes",
        "Volumes",
        "VolumeId",
        billed=always,
        over=state("deleted", "deleting"),
        data=True,
    ),
    Kind(
        "snapshot",
        "describe_snapshots",
        "Snapshots",
        "SnapshotId",
        billed=always,
        data=True,
        arguments={"OwnerIds": ["self"]},
    ),
)

COMPONENT = Component("milvus", data=True, kinds=KINDS)
