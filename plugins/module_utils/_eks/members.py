# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Node groups and add-ons: several of one kind, all begun before any is awaited.

A `Kind` says what differs between the two; the reconciliation is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..aws import AwsError, Dict, call, wait_until
from .common import GONE, Session, reasons


@dataclass(frozen=True)
class Step:
    """One update of a member: a call and its parameters (without cluster and member)."""

    operation: str
    parameters: Dict


@dataclass(frozen=True)
class Kind:
    """One kind of member of a cluster.

    title: as errors say it; key, parameter: where AWS has it in answers and calls;
    shape: AWS's description -> ours; after: (before or None, wanted) -> shape;
    creation: shape -> parameters; steps: (before, after) -> updates, refusing what
    can't be changed; degraded: statuses that may heal, so that they are awaited.
    """

    title: str
    key: str
    parameter: str
    shape: Callable[[Dict], Dict]
    after: Callable[[Dict | None, Mapping[str, Any]], Dict]
    creation: Callable[[Dict], Dict]
    steps: Callable[[Dict, Dict, str], list[Step]]
    arn: str

    def about(self, cluster: str, name: str) -> str:
        """How errors name a member."""
        return f"{self.title} {name} of EKS cluster {cluster}"

    def describe(self, session: Session, cluster: str, name: str) -> Dict | None:
        """The member as AWS describes it; None without one."""
        answer = call(
            session.eks,
            f"describe_{self.key}",
            self.about(cluster, name),
            missing=GONE,
            **{"clusterName": cluster, self.parameter: name},
        )
        return answer[self.key] if answer else None


Outcome = tuple[bool, dict[str, Dict | None], dict[str, Dict | None]]


def ensure_present(
    session: Session, kind: Kind, cluster: str, wanted: Sequence[Mapping[str, Any]]
) -> Outcome:
    """Create or update all of `wanted`: (changed, before by name, after by name)."""
    before: dict[str, Dict | None] = {}
    target: dict[str, Dict | None] = {}
    raw: dict[str, Dict | None] = {}
    for member in wanted:  # refuse anything that can't be done before anything is done
        name = member["name"]
        raw[name] = kind.describe(session, cluster, name)
        known = raw[name]
        shaped = kind.shape(known) if known else None
        planned = kind.after(shaped, member)
        if shaped is not None:
            kind.steps(shaped, planned, kind.about(cluster, name))
        before[name], target[name] = shaped, planned
    for name, planned_ in target.items():
        _reconcile(session, kind, cluster, raw[name], before[name], planned_ or {})
    if session.wait and not session.check_mode:
        wait_ready(session, kind, cluster, list(target))
    return before != target, before, target


def _reconcile(
    session: Session, kind: Kind, cluster: str, raw: Dict | None, before: Dict | None, target: Dict
) -> None:
    name = target["name"]
    about = kind.about(cluster, name)
    which = {"clusterName": cluster, kind.parameter: name}
    if raw is None or before is None:
        session.write(f"create_{kind.key}", about, **which, **kind.creation(target))
        return
    session.tag(raw[kind.arn], before["tags"], target["tags"], about)
    for step in kind.steps(before, target, about):
        answer = session.write(step.operation, about, **which, **step.parameters)
        session.follow(answer, about, name=cluster, **{kind.parameter: name})


def wait_ready(session: Session, kind: Kind, cluster: str, names: Sequence[str]) -> None:
    """Wait until all are ACTIVE. Raises AwsError with AWS's reasons when one fails."""

    def lacking(name: str) -> str | None:
        raw = kind.describe(session, cluster, name)
        status = raw["status"] if raw else "gone"
        issues = (raw or {}).get("health", {}).get("issues", [])
        if status == "gone" or status.endswith("FAILED"):
            raise AwsError(f"{kind.about(cluster, name)} is {status}: {reasons(issues)}")
        if status == "ACTIVE":
            return None
        return f"{name} {status}" + (f" ({reasons(issues)})" if issues else "")

    def probe() -> str | None:
        return ", ".join(filter(None, map(lacking, names))) or None

    wait_until(f"{kind.title}s of EKS cluster {cluster}", probe, timeout=session.timeout)


def ensure_absent(session: Session, kind: Kind, cluster: str, names: Sequence[str]) -> Outcome:
    """Delete all of `names`, then await them: (changed, before by name, {})."""
    changed = False
    before: dict[str, Dict | None] = {}
    for name in names:
        raw = kind.describe(session, cluster, name)
        if raw is None:
            continue
        before[name] = kind.shape(raw)
        if raw["status"] != "DELETING":
            changed = True
            session.write(
                f"delete_{kind.key}",
                kind.about(cluster, name),
                **{"clusterName": cluster, kind.parameter: name},
            )
    if session.wait and not session.check_mode:

        def probe() -> str | None:
            left = [name for name in before if kind.describe(session, cluster, name)]
            return f"{', '.join(left)} still there" if left else None

        wait_until(
            f"deletion of {kind.title}s of EKS cluster {cluster}", probe, timeout=session.timeout
        )
    return changed, before, {}
