# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The log groups that RDS writes to: made before it does, so that retention and key are ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import datastore
from ..reconcile import Api, Plan
from ..resources import log_group


def prefix_of(identifier: str) -> str:
    """Return with what the names of an instance's log groups begin."""
    return f"/aws/rds/instance/{identifier}/"


def ensure(
    logs: Api,
    plan: Plan,
    identifier: str,
    exports: list[str],
    options: Mapping[str, Any],
) -> None:
    """Make a log group for each exported log, and repair those that are there.

    Args:
        options: log_retention_days (0: for ever), log_kms_key_arn, tags.
    """
    for export in exports:
        wanted = log_group.Wanted(
            prefix_of(identifier) + export,
            options["log_retention_days"],
            options["log_kms_key_arn"] or "",
            datastore.text_tags(options["tags"]),
        )
        log_group.ensure_present(logs, plan, wanted)


def remove(logs: Api, plan: Plan, identifier: str, tags: Mapping[str, Any]) -> None:
    """Delete an instance's log groups, whichever logs it exported.

    Args:
        tags: those that say whose they are; without any RDS has made them.
    """
    prefix = prefix_of(identifier)
    log_group.ensure_absent(logs, plan, lambda: log_group.beginning(logs, prefix), tags)
