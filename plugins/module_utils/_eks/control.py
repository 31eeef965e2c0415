# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring a control plane to its state: create, change, await, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import ownership
from ..aws import AwsError, Dict, wait_until
from . import version
from .cluster import (
    about,
    after,
    creation,
    describe,
    enabled_logs,
    log_config,
    refuse,
    shape,
    steps,
)
from .common import GONE, Session, reasons
from .places import check_ranges, check_subnets


def wait_active(session: Session, name: str) -> None:
    """Wait until the cluster is ACTIVE. Raises AwsError with AWS's reasons when it fails."""

    def probe() -> str | None:
        raw = describe(session.eks, name)
        status = raw["status"] if raw else "gone"
        issues = (raw or {}).get("health", {}).get("issues", [])
        if status == "FAILED":
            raise AwsError(
                f"{about(name)} could not be created (FAILED): {reasons(issues)}. Remove the"
                " cause, delete the cluster (state=absent), and run again."
            )
        if status in ("gone", "DELETING"):
            raise AwsError(
                f"{about(name)} is {status}: somebody is deleting it. Run again when it is deleted."
            )
        return None if status == "ACTIVE" else f"status {status}"

    wait_until(about(name), probe, timeout=session.timeout)


def wait_gone(session: Session, name: str) -> None:
    """Wait until there is no such cluster."""

    def probe() -> str | None:
        raw = describe(session.eks, name)
        return f"status {raw['status']}" if raw else None

    wait_until(f"deletion of {about(name)}", probe, timeout=session.timeout)


def wait_idle(session: Session, name: str) -> Dict | None:
    """The cluster, once it is neither being made nor changed: it is told of as before till then."""
    found: Dict | None = None

    def probe() -> str | None:
        nonlocal found
        found = describe(session.eks, name)
        busy = found is not None and found["status"] in ("CREATING", "UPDATING")
        return f"status {found['status']}" if found and busy else None

    wait_until(about(name), probe, timeout=session.timeout)
    return found


def living(session: Session, name: str) -> Dict | None:
    """The cluster at rest, once one that is being deleted is gone.

    Check mode waits for neither: it takes it as it is told of, and what is going for gone.
    """
    raw = describe(session.eks, name) if session.check_mode else wait_idle(session, name)
    if raw is None or raw["status"] != "DELETING":
        return raw
    if not session.check_mode:
        wait_gone(session, name)
    return None


def ensure_present(
    session: Session,
    name: str,
    wanted: Mapping[str, Any],
    *,
    creator_is_admin: bool,
    intent: version.Intent | None = None,
    ec2: Callable[[], Any] | None = None,
) -> tuple[bool, Dict | None, Dict]:
    """Create the cluster or change what differs: (changed, before, after).

    ec2: gives an EC2 client, asked for only when subnets change.
    """
    check_ranges(wanted.get("public_access_cidrs") or ())
    version.minor(wanted["version"])
    begun: list[Dict] = []

    def attempt() -> tuple[Dict | None, Dict]:
        raw = living(session, name)
        before = shape(raw)
        target = after(before, name, wanted)
        if raw is None or before is None:
            parameters = creation(target, creator_is_admin=creator_is_admin)
            session.write("create_cluster", about(name), **parameters)
            return None, target
        ownership.refuse_others(about(name), before["tags"], wanted.get("tags") or {})
        refuse(before, target)
        chosen = intent or version.Intent()
        version.refuse_step(name, before["version"], target["version"], chosen)
        if ec2 and before["subnet_ids"] != target["subnet_ids"]:
            check_subnets(ec2(), name, before["subnet_ids"], target["subnet_ids"])
        update(session, raw, target, chosen, begun)
        return (begun[0] if begun else before), target

    before, target = session.insist(about(name), attempt)
    if session.wait and not session.check_mode:
        wait_active(session, name)
    return before != target, before, target


def update(
    session: Session, raw: Dict, target: Dict, intent: version.Intent, begun: list[Dict]
) -> None:
    """Change an existing cluster, step by step; each is awaited since AWS takes one at a time.

    begun: is told what it was before each step that AWS took.
    """
    name, before = target["name"], shape(raw) or {}
    planned = steps(before, target, intent)
    if planned and not session.check_mode:
        wait_active(session, name)
    version.check(session, raw, target["version"], intent)
    for step in planned:
        key = "clusterName" if step.operation == "associate_encryption_config" else "name"
        answer = session.write(step.operation, about(name), **{key: name}, **step.parameters)
        begun.append(before)
        session.follow(answer, about(name), name=name)
    session.tag(raw["arn"], before["tags"], target["tags"], about(name))


def ensure_absent(
    session: Session,
    name: str,
    *,
    unprotect: bool = False,
    tags: Mapping[str, str] | None = None,
) -> tuple[bool, Dict | None, None]:
    """Delete the cluster: (changed, before, None). One that is being deleted is only awaited.

    tags: those that say whose it is; without them it goes whoever it belongs to.
    unprotect: whether protection against deletion may be switched off for it.
    """
    raw = describe(session.eks, name)
    before = shape(raw)
    if raw is None:
        return False, None, None
    if ownership.proof(tags or {}):
        ownership.require_ours(about(name), raw.get("tags", {}), tags or {})
    deleting = raw["status"] == "DELETING"
    if not deleting:
        _refuse_deletion(session, raw, unprotect=unprotect)
        session.insist(about(name), lambda: _delete(session, name, raw))
    if session.wait and not session.check_mode:
        wait_gone(session, name)
    return not deleting, before, None


def _delete(session: Session, name: str, seen: Dict) -> None:
    """Delete a cluster that is at rest; AWS refuses it while an update is in progress."""
    raw = seen if session.check_mode else wait_idle(session, name)
    if raw is None or raw["status"] == "DELETING":
        return
    _silence(session, raw)
    if raw.get("deletionProtection"):
        answer = session.write(
            "update_cluster_config", about(name), name=name, deletionProtection=False
        )
        session.follow(answer, about(name), name=name)
    session.write("delete_cluster", about(name), missing=GONE, name=name)


def _silence(session: Session, raw: Dict) -> None:
    """Switch the logs off: the last lines of a control plane, minutes after it, would make its log
    group anew, without retention or owner.
    """
    name = raw["name"]
    if raw["status"] == "ACTIVE" and enabled_logs(raw):
        answer = session.write(
            "update_cluster_config", about(name), name=name, logging=log_config([])
        )
        session.follow(answer, about(name), name=name)


def _refuse_deletion(session: Session, raw: Dict, *, unprotect: bool) -> None:
    """Raise AwsError for a protected cluster, or (outside check mode) one that has nodes."""
    name = raw["name"]
    if raw.get("deletionProtection") and not unprotect:
        raise AwsError(
            f"{about(name)} is protected against deletion. To delete it anyway, set"
            " deletion_protection to false."
        )
    # In check mode the tasks before this one have not removed them.
    groups = [] if session.check_mode else version.node_groups(session, name)
    if groups:
        raise AwsError(
            f"{about(name)} still has the node groups {', '.join(groups)}, and AWS cannot delete a"
            " cluster with node groups. Delete them first. Without a control plane their instances"
            " would need half an hour to terminate."
        )
