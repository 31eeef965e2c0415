# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Node groups and add-ons: several of one kind, all begun before any is awaited.

A `Kind` says what differs between the two; the reconciliation is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .. import ownership
from ..aws import AwsError, Dict, call, wait_until
from .common import GONE, Session, at_work, reasons


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
    can't be changed; repair: shape -> the updates which repeat one that failed.
    """

    title: str
    key: str
    parameter: str
    shape: Callable[[Dict], Dict]
    after: Callable[[Dict | None, Mapping[str, Any]], Dict]
    creation: Callable[[Dict], Dict]
    steps: Callable[[Dict, Dict, str], list[Step]]
    arn: str
    repair: Callable[[Dict], list[Step]] = lambda _: []

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


# While a member is in one of these, AWS takes no update of it.
BUSY = ("CREATING", "UPDATING")
Outcome = tuple[bool, dict[str, Dict | None], dict[str, Dict | None]]


@dataclass
class Change:
    """What is done about one member. member: what is asked for; raw: as AWS describes it.

    failed: it was never made; begun: AWS has taken one of the steps.
    """

    member: Mapping[str, Any]
    raw: Dict | None
    before: Dict | None
    target: Dict
    failed: bool
    steps: list[Step]
    begun: bool = False


def ensure_present(
    session: Session, kind: Kind, cluster: str, wanted: Sequence[Mapping[str, Any]]
) -> Outcome:
    """Create or update all of `wanted`: (changed, before by name, after by name).

    A member which AWS could not make (CREATE_FAILED) is removed and made anew, since AWS takes no
    update of it.
    """
    # Refuse anything that can't be done before anything is done.
    changes = {member["name"]: _change_of(session, kind, cluster, member) for member in wanted}
    _remove_failed(session, kind, cluster, changes)
    for name, change in changes.items():
        if change.before is None:
            _insist(
                session, kind, cluster, name, f"create_{kind.key}", kind.creation(change.target)
            )
    _update(session, kind, cluster, changes)
    if session.wait and not session.check_mode:
        wait_ready(session, kind, cluster, list(changes))
    before = {name: change.before for name, change in changes.items()}
    after: dict[str, Dict | None] = {name: change.target for name, change in changes.items()}
    return before != after, before, after


def _change_of(session: Session, kind: Kind, cluster: str, member: Mapping[str, Any]) -> Change:
    """What has to be done about one member; one that is being deleted counts as gone."""
    name = member["name"]
    raw = kind.describe(session, cluster, name)
    if raw and raw["status"] in BUSY and not session.check_mode:
        # Till then it is told of as before.
        wait_idle(session, kind, cluster, [name])
        raw = kind.describe(session, cluster, name)
    status = raw["status"] if raw else ""
    if status == "DELETING":
        wait_gone(session, kind, cluster, [name])
        raw = None
    if raw:
        about = kind.about(cluster, name)
        ownership.refuse_others(about, raw.get("tags", {}), member.get("tags") or {})
    failed = status == "CREATE_FAILED"
    before = kind.shape(raw) if raw and not failed else None
    target = kind.after(before, member)
    planned = kind.steps(before, target, kind.about(cluster, name)) if before else []
    if before and status == "UPDATE_FAILED" and not planned:
        before, planned = {**before, "status": status}, kind.repair(target)
    return Change(member, raw, before, target, failed, planned)


def _remove_failed(
    session: Session, kind: Kind, cluster: str, changes: Mapping[str, Change]
) -> None:
    failed = [name for name, change in changes.items() if change.failed]
    for name in failed:
        _insist(session, kind, cluster, name, f"delete_{kind.key}", {})
    wait_gone(session, kind, cluster, failed)


def _update(session: Session, kind: Kind, cluster: str, changes: Mapping[str, Change]) -> None:
    """Send each member its steps in turn, side by side: AWS takes one update of each."""
    busy = {name: change for name, change in changes.items() if change.steps}
    wait_idle(session, kind, cluster, list(busy))
    turn = 0
    while any(turn < len(change.steps) for change in busy.values()):
        begun = {
            name: _begin(session, kind, cluster, change, turn)
            for name, change in busy.items()
            if turn < len(change.steps)
        }
        for name, answer in begun.items():
            which = {"name": cluster, kind.parameter: name}
            session.follow(answer, kind.about(cluster, name), **which)
        turn += 1
    for name, change in changes.items():
        if change.raw and change.before:
            about = kind.about(cluster, name)
            session.tag(change.raw[kind.arn], change.before["tags"], change.target["tags"], about)


def _begin(session: Session, kind: Kind, cluster: str, change: Change, turn: int) -> Dict:
    """Send a step of a member; planned anew when an update that AWS did not show is in its way."""
    name = change.member["name"]
    refused = False

    def attempt() -> Dict:
        nonlocal refused
        if refused:
            fresh = _change_of(session, kind, cluster, change.member)
            change.steps[turn:] = fresh.steps
            if not change.begun:
                change.before, change.target = fresh.before, fresh.target
        refused = True
        if turn >= len(change.steps):
            return {}
        step = change.steps[turn]
        answer = _send(session, kind, cluster, name, step.operation, step.parameters)
        change.begun = True
        return answer

    return session.insist(kind.about(cluster, name), attempt)


def _insist(
    session: Session, kind: Kind, cluster: str, name: str, operation: str, parameters: Dict
) -> None:
    """Make or delete a member, once AWS is not at work on it or on its cluster."""
    about = kind.about(cluster, name)
    session.insist(about, lambda: _send(session, kind, cluster, name, operation, parameters))


def _send(
    session: Session, kind: Kind, cluster: str, name: str, operation: str, parameters: Dict
) -> Dict:
    """Send one call about a member. Raises AwsError: one that is not well takes no update."""
    about = kind.about(cluster, name)
    which = {"clusterName": cluster, kind.parameter: name}
    missing = GONE if operation.startswith("delete_") else ()
    try:
        return session.write(operation, about, missing=missing, **which, **parameters)
    except AwsError as error:
        raw = kind.describe(session, cluster, name) if at_work(error) else None
        if raw is None or raw["status"] != "DEGRADED":
            raise
        raise AwsError(
            f"{about} is DEGRADED, and AWS refuses changes until it is healthy:"
            f" {reasons(raw.get('health', {}).get('issues', []))}. Remove the cause and run again."
        ) from error


def wait_idle(session: Session, kind: Kind, cluster: str, names: Sequence[str]) -> None:
    """Wait until no member is being made or changed, since AWS takes one update at a time."""
    if session.check_mode or not names:
        return

    def lacking(name: str) -> str | None:
        raw = kind.describe(session, cluster, name)
        status = raw["status"] if raw else "gone"
        return f"{name} {status}" if status in BUSY else None

    def probe() -> str | None:
        return ", ".join(filter(None, map(lacking, names))) or None

    wait_until(f"{kind.title}s of EKS cluster {cluster}", probe, timeout=session.timeout)


def wait_gone(session: Session, kind: Kind, cluster: str, names: Sequence[str]) -> None:
    """Wait until no member is there. Raises AwsError with AWS's reasons when one stays."""
    if session.check_mode or not names:
        return

    def probe() -> str | None:
        found = {name: kind.describe(session, cluster, name) for name in names}
        for name, raw in found.items():
            if raw and raw["status"] == "DELETE_FAILED":
                issues = raw.get("health", {}).get("issues", [])
                raise AwsError(
                    f"{kind.about(cluster, name)} could not be deleted: {reasons(issues)}. Remove "
                    "the cause and run again."
                )
        left = [f"{name} {raw['status']}" for name, raw in found.items() if raw]
        return f"{', '.join(left)} still there" if left else None

    wait_until(
        f"deletion of {kind.title}s of EKS cluster {cluster}", probe, timeout=session.timeout
    )


def wait_ready(session: Session, kind: Kind, cluster: str, names: Sequence[str]) -> None:
    """Wait until all are ACTIVE. Raises AwsError with AWS's reasons when one fails."""

    def lacking(name: str) -> str | None:
        raw = kind.describe(session, cluster, name)
        status = raw["status"] if raw else "gone"
        issues = (raw or {}).get("health", {}).get("issues", [])
        if status == "gone" or status.endswith("FAILED"):
            raise AwsError(
                f"{kind.about(cluster, name)} is {status}: {reasons(issues)}. Remove the cause and"
                " run again. What AWS failed to create is then created again."
            )
        if status == "ACTIVE":
            return None
        return f"{name} {status}" + (f" ({reasons(issues)})" if issues else "")

    def probe() -> str | None:
        return ", ".join(filter(None, map(lacking, names))) or None

    wait_until(f"{kind.title}s of EKS cluster {cluster}", probe, timeout=session.timeout)


def ensure_absent(
    session: Session, kind: Kind, cluster: str, unwanted: Sequence[Mapping[str, Any]]
) -> Outcome:
    """Delete all of `unwanted`, then await them: (changed, before by name, {}).

    Raises AwsError, before anything is deleted, when one has not the tags that it is to have.
    """
    changed = False
    before: dict[str, Dict | None] = {}
    names = [member["name"] for member in unwanted]
    for member in unwanted:
        tags = member.get("tags") or {}
        raw = kind.describe(session, cluster, member["name"]) if ownership.proof(tags) else None
        if raw:
            ownership.require_ours(kind.about(cluster, member["name"]), raw.get("tags", {}), tags)
    wait_idle(session, kind, cluster, names)
    for name in names:
        raw = kind.describe(session, cluster, name)
        if raw is None:
            continue
        before[name] = kind.shape(raw)
        if raw["status"] != "DELETING":  # one that is being deleted is only awaited
            changed = True
            _insist(session, kind, cluster, name, f"delete_{kind.key}", {})
    if session.wait:
        wait_gone(session, kind, cluster, list(before))
    return changed, before, {}
