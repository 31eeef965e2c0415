# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Remove a replication group and what belongs to it, in the order that AWS asks for."""

from __future__ import annotations

import re
from typing import Any

from .. import datastore, ownership
from ..reconcile import Api, Plan
from ..resources import parameter_group, subnet_group
from . import api as cache
from . import transform
from .ensure import pattern_of

NAME_TAKEN = ("SnapshotAlreadyExistsFault", "SnapshotAlreadyExists")


def ensure_absent(api: Api, plan: Plan, options: dict[str, Any]) -> str | None:
    """Delete the group, wait until it is gone, then delete its parameter and subnet groups.

    Returns the name of the last snapshot, if one was made (or would be, in check mode).
    """
    group_id, timeout = options["replication_group_id"], options["wait_timeout"]
    label, snapshot = f"replication group {group_id}", None
    group = cache.find(api, group_id)
    if group is not None:
        plan.record(label, transform.facts_of(group), None)
        if group["Status"] != "deleting":
            ownership.require_ours(label, cache.tags_of(api, group, timeout), options["tags"])
            # A group that was never made has nothing to keep.
            wanted = options["final_snapshot_id"] if group["Status"] != "create-failed" else None
            snapshot = _delete(api, label, group_id, wanted, timeout)
        if not api.check_mode:
            datastore.await_gone(label, lambda: cache.status(api, group_id), timeout)
    parameter_group.retire(
        api,
        plan,
        parameter_group.CACHE,
        parameter_group.listed(api, parameter_group.CACHE),
        rf"{pattern_of(group_id)}|{re.escape(options['parameter_group']['name'])}",
        set(),
        options["tags"],
    )
    subnet_group.ensure_absent(api, plan, "Cache", options["subnet_group"]["name"], options["tags"])
    return snapshot


def _delete(
    api: Api, label: str, group_id: str, snapshot: str | None, timeout: float
) -> str | None:
    def delete(name: str | None) -> None:
        final = {"FinalSnapshotIdentifier": name} if name else {}
        datastore.write_when_free(
            api,
            label,
            "delete_replication_group",
            {"ReplicationGroupId": group_id, "RetainPrimaryCluster": False, **final},
            busy=cache.BUSY,
            missing=cache.NOT_FOUND,
            timeout=timeout,
        )

    if not snapshot:
        delete(None)
        return None
    return datastore.with_free_name(snapshot, NAME_TAKEN, delete)
