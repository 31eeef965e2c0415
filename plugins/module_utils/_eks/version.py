# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The Kubernetes version of a cluster: one minor up, or back within AWS's week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ..aws import AwsError, Dict, call, collect, wait_until
from .common import GONE, Session

# AWS takes a rollback for seven days after an upgrade ended; updates tell when they began.
WINDOW = timedelta(days=7)
LONGEST_UPGRADE = timedelta(hours=2)
BUSY = ("InvalidRequestException",)


@dataclass(frozen=True)
class Intent:
    """What the caller allows. rollback: to go back; force: to pass over blocking insights."""

    rollback: bool = False
    force: bool = False


def minor(version: str) -> int:
    """ "1.35" -> 35. Raises AwsError for anything else."""
    major, _, number = version.partition(".")
    if major != "1" or not number.isdigit():
        raise AwsError(f"'{version}' is not a Kubernetes minor version. Write it as 1.35.")
    return int(number)


def check(session: Session, cluster: Dict, wanted: str, intent: Intent) -> None:
    """Raise AwsError unless AWS would take the cluster from its version to `wanted`.

    cluster: as AWS describes it. Only reads, but for a refresh of the insights, which is left
    out in check mode.
    """
    name, current = cluster["name"], cluster["version"]
    step = minor(wanted) - minor(current)
    if step == 0:
        return
    refuse_step(name, current, wanted, intent)
    groups = node_groups(session, name)
    if step > 0:
        _refuse_lagging(name, current, groups)
        category = "UPGRADE_READINESS"
    else:
        refuse_late(session, name, wanted)
        if session.check_mode:  # the nodes have not moved, which they and EKS would complain of
            return
        _refuse_leading(name, wanted, groups)
        category = "ROLLBACK_READINESS"
    if not intent.force:
        _refuse_insights(session, name, wanted, category)


def refuse_step(name: str, current: str, wanted: str, intent: Intent) -> None:
    """Raise AwsError for a step that is not one minor, or not in the allowed direction."""
    step = minor(wanted) - minor(current)
    about = f"EKS cluster {name} is at {current}"
    if step > 1:
        raise AwsError(
            f"{about}. AWS upgrades one minor version at a time, and {wanted} is {step} steps"
            f" away. Upgrade to 1.{minor(current) + 1} first, including the nodes. Then run again"
            " with the next version."
        )
    if step == 1 and intent.rollback:
        raise AwsError(
            f"{about}, and {wanted} is newer, so this is not a rollback. Give the version before"
            f" {current}, or remove the option rollback."
        )
    if step < -1:
        raise AwsError(
            f"{about}. AWS rolls back one minor version only, and {wanted} is {-step} steps away."
            f" If you need {wanted}, create a new cluster."
        )
    if step == -1 and not intent.rollback:
        raise AwsError(
            f"{about}, and {wanted} is older. Set the version to {current}. AWS can roll back to"
            f" {wanted} within seven days after the upgrade, which must be requested explicitly"
            " (rollback)."
        )


def node_groups(session: Session, cluster: str) -> dict[str, str]:
    """The Kubernetes version of each managed node group, by name."""
    about = f"node groups of EKS cluster {cluster}"
    names = collect(
        session.eks, "list_nodegroups", "nodegroups", about, missing=GONE, clusterName=cluster
    )
    found = {}
    for name in names:
        answer = call(
            session.eks,
            "describe_nodegroup",
            about,
            missing=GONE,
            clusterName=cluster,
            nodegroupName=name,
        )
        if answer:
            found[name] = str(answer["nodegroup"].get("version"))
    return found


def _refuse_lagging(cluster: str, current: str, groups: dict[str, str]) -> None:
    lagging = [f"{name} ({at})" for name, at in groups.items() if minor(at) < minor(current)]
    if lagging:
        raise AwsError(
            f"EKS cluster {cluster} is at {current}, but its node groups {', '.join(lagging)} are"
            " not. AWS upgrades a control plane only if all nodes have its version. Upgrade them"
            f" to {current} first."
        )


def _refuse_leading(cluster: str, wanted: str, groups: dict[str, str]) -> None:
    leading = [f"{name} ({at})" for name, at in groups.items() if minor(at) > minor(wanted)]
    if leading:
        raise AwsError(
            f"Node groups {', '.join(leading)} of EKS cluster {cluster} are newer than {wanted},"
            f" but a kubelet must not be newer than its API server. Roll them back to {wanted}"
            " first."
        )


def check_way_back(session: Session, cluster: Dict | None, versions: Sequence[str | None]) -> None:
    """Raise AwsError when nodes would go back to `versions` and the cluster could not follow.

    cluster: as AWS describes it; nothing is asked without one.
    """
    for wanted in sorted({item for item in versions if item}):
        if cluster and minor(wanted) < minor(cluster["version"]):
            refuse_step(cluster["name"], cluster["version"], wanted, Intent(rollback=True))
            refuse_late(session, cluster["name"], wanted)


def refuse_late(session: Session, cluster: str, wanted: str) -> None:
    """Raise AwsError unless the last change of version was an upgrade, within the week."""
    about = f"EKS cluster {cluster}"
    changes = [
        update
        for update in updates(session, cluster)
        if update["type"] in ("VersionUpdate", "VersionRollback")
        and update["status"] == "Successful"
    ]
    last = max(changes, key=lambda update: update["createdAt"], default=None)
    if last is None or last["type"] != "VersionUpdate":
        raise AwsError(
            f"{about} was not upgraded from {wanted}, so AWS cannot roll it back to that version."
            " Only the last upgrade of an existing cluster can be rolled back."
        )
    age = datetime.now(UTC) - last["createdAt"]
    if age > WINDOW + LONGEST_UPGRADE:
        raise AwsError(
            f"{about} was upgraded on {last['createdAt']:%Y-%m-%d}, {age.days} days ago. AWS rolls"
            f" back to {wanted} within {WINDOW.days} days only. Keep the new version, or create a"
            " new cluster."
        )


def updates(session: Session, cluster: str) -> list[Dict]:
    """All updates of the cluster itself that AWS still knows."""
    about = f"updates of EKS cluster {cluster}"
    identifiers = collect(session.eks, "list_updates", "updateIds", about, name=cluster)
    answers = [
        call(session.eks, "describe_update", about, missing=GONE, name=cluster, updateId=item)
        for item in identifiers
    ]
    return [answer["update"] for answer in answers if answer]


def _refuse_insights(session: Session, cluster: str, wanted: str, category: str) -> None:
    _refresh(session, cluster)
    told = blocking(session, cluster, wanted, category)
    if told:
        listed = "\n".join(f"- {item}" for item in told)
        raise AwsError(
            f"EKS says that cluster {cluster} is not ready for {wanted} "
            f"({category.lower().replace('_', ' ')}):\n{listed}\n"
            "Put this right, or pass over it (ignore insights) if you know better: deprecated "
            "calls, for one, are reported for 30 days after the last."
        )


def _refresh(session: Session, cluster: str) -> None:
    """Have AWS look at the cluster now; its findings are up to a day old otherwise."""
    about = f"insights of EKS cluster {cluster}"
    if session.check_mode:
        return
    session.write("start_insights_refresh", about, missing=BUSY, clusterName=cluster)

    def probe() -> str | None:
        answer = call(session.eks, "describe_insights_refresh", about, clusterName=cluster) or {}
        return "refresh in progress" if answer.get("status") == "IN_PROGRESS" else None

    wait_until(about, probe, timeout=session.timeout)


def blocking(session: Session, cluster: str, wanted: str, category: str) -> list[str]:
    """The insights that stand in the way: name, reason and what EKS recommends."""
    about = f"insights of EKS cluster {cluster}"
    found: Sequence[Any] = collect(
        session.eks,
        "list_insights",
        "insights",
        about,
        clusterName=cluster,
        filter={
            "categories": [category],
            "kubernetesVersions": [wanted],
            "statuses": ["ERROR"],
        },
    )
    told = []
    for item in found:
        answer = call(
            session.eks, "describe_insight", about, clusterName=cluster, id=item["id"]
        ) or {"insight": item}
        reason = item.get("insightStatus", {}).get("reason", "no reason given")
        advice = answer["insight"].get("recommendation", "")
        told.append(f"{item.get('name', item['id'])}: {reason.rstrip('.')}. {advice}".strip())
    return told
