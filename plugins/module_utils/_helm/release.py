# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Brings a release to a chart with values, or back to one of its revisions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..kube import Kube
from .command import Chart, Helm, HelmError
from .compare import Change, Wish, compare, put_right, wishes_of
from .history import BUSY, Revision, deployed, read
from .objects import Cluster, Key, fields

Dict = dict[str, Any]


@dataclass
class Plan:
    """What is to be done. target: the content to be; wishes: its objects; record: what of the
    release itself changes, before and after, such as values that no object shows.
    """

    last: Revision | None
    base: Revision | None
    target: Mapping[str, Any]
    wishes: dict[Key, Wish]
    changes: list[Change]
    record: tuple[Dict, Dict] = field(default_factory=lambda: ({}, {}))

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.changes) or self.record[0] != self.record[1]

    def diff(self, name: str) -> Dict:
        """Return the states of all that changes, by resource; name: of the release."""
        before: Dict = {str(change.key): change.before for change in self.changes}
        after: Dict = {str(change.key): change.after for change in self.changes}
        if self.changed:
            before[name], after[name] = (self.record[0] if self.last else None), self.record[1]
        return {
            "before": {key: value for key, value in before.items() if value is not None},
            "after": {key: value for key, value in after.items() if value is not None},
        }


class Release:
    """One release in one cluster. history: how many revisions are kept."""

    def __init__(self, kube: Kube, helm: Helm, history: int) -> None:
        self.cluster = Cluster(kube)
        self.helm = helm
        self.history = history

    def plan(self, chart: Chart | None, revision: int) -> Plan:
        """Return what is to be done for a chart, or for an earlier revision.

        Raises:
            KubeError: the cluster can't be read.
            HelmError: the release is held by another operation, is of another chart, has no such
                revision, the chart refuses its values, or the API server would refuse an object.
        """
        helm = self.helm
        revisions = read(self.cluster.kube, helm.namespace, helm.name)
        last = revisions[-1] if revisions else None
        self._refuse_busy(last)
        target = helm.render(chart) if chart else self._revision(revisions, revision).content
        base = deployed(revisions)
        self._refuse_other_chart(base or last, target)
        old = [item.manifest for item in (base, last) if item]
        wishes = wishes_of(self.cluster, helm.namespace, old, str(target.get("manifest", "")))
        plan = Plan(last, base, target, wishes, compare(self.cluster, wishes))
        plan.record = self._record(plan)
        return plan

    def _refuse_busy(self, last: Revision | None) -> None:
        if last is None or last.status not in BUSY:
            return
        verb = "uninstall" if last.number == 1 else "rollback"
        raise HelmError(
            f"release {self.helm.name} in {self.helm.namespace} is {last.status} since"
            f" {last.updated}. Another run is working on it, or a run was killed. If no other run"
            f" is active, unlock it with: helm -n {self.helm.namespace} {verb} {self.helm.name}"
        )

    def _refuse_other_chart(self, there: Revision | None, target: Mapping[str, Any]) -> None:
        """Helm would take somebody else's release of our name for ours, and replace its objects."""
        known = there.chart.get("name") if there else None
        wanted = ((target.get("chart") or {}).get("metadata") or {}).get("name")
        if known and wanted and known != wanted:
            helm = self.helm
            raise HelmError(
                f"release {helm.name} in {helm.namespace} belongs to somebody else: it has the "
                f"chart {known}, not {wanted}. Nothing was changed. Choose another release or"
                f" namespace. If the existing release may be deleted: helm -n {helm.namespace}"
                f" uninstall {helm.name}"
            )

    def _revision(self, revisions: list[Revision], number: int) -> Revision:
        for item in revisions:
            if item.number == number:
                return item
        there = ", ".join(str(item.number) for item in revisions) or "none"
        raise HelmError(
            f"release {self.helm.name} in {self.helm.namespace} has no revision {number}; "
            f"there are: {there}"
        )

    def _record(self, plan: Plan) -> tuple[Dict, Dict]:
        """Return what helm keeps of the release before and after, without what stays."""
        before = _kept(plan.last.content) if plan.last else {}
        after = _kept(plan.target)
        done = plan.last is not None and plan.last.status == "deployed"
        if before == after and not plan.changes and done:
            return {}, {}
        number = plan.last.number if plan.last else 0
        names = {key for key in {**before, **after} if before.get(key) != after.get(key)}
        status = plan.last.status if plan.last else ""
        return (
            {"revision": number, "status": status} | {k: before[k] for k in before if k in names},
            {"revision": number + 1, "status": "deployed"}
            | {k: after[k] for k in after if k in names},
        )

    def carry_out(self, plan: Plan, chart: Chart | None, revision: int) -> None:
        """Do what is planned; the pods are not waited for.

        Raises:
            KubeError: what was added by hand can't be removed.
            HelmError: helm failed.
        """
        failed = plan.last is not None and plan.last.status == "failed"
        if chart and failed and plan.base:
            # Helm compares with the revision that was brought out last. What a failed one brought
            # since is in neither, and would stay for ever: going back first removes it.
            self.helm.rollback(plan.base.number, self.history)
        for change in plan.changes:
            if change.drifted and change.after is not None:
                wish = plan.wishes[change.key]
                put_right(self.cluster, change, wish)
        if chart:
            self.helm.upgrade(chart, self.history)
        else:
            self.helm.rollback(revision, self.history)

    def now(self) -> Revision | None:
        """Return the newest revision."""
        revisions = read(self.cluster.kube, self.helm.namespace, self.helm.name)
        return revisions[-1] if revisions else None


def _kept(content: Mapping[str, Any]) -> Dict:
    """Return what tells two revisions apart beside their objects: chart and values."""
    metadata = (content.get("chart") or {}).get("metadata") or {}
    values = fields(content.get("config") or {})
    return {
        "chart": f"{metadata.get('name')}-{metadata.get('version')}",
        **{f"values.{name}": value for name, value in values.items()},
    }


def described(content: Mapping[str, Any]) -> Dict:
    """Return chart, versions and checksum of a release's content.

    The checksum is that of the objects: it changes with chart and values, whatever their order.
    """
    metadata = (content.get("chart") or {}).get("metadata") or {}
    manifest = str(content.get("manifest", ""))
    return {
        "chart": f"{metadata.get('name')}-{metadata.get('version')}",
        "chart_version": str(metadata.get("version", "")),
        "app_version": str(metadata.get("appVersion", "")),
        "checksum": hashlib.sha256(manifest.encode()).hexdigest(),
        "values": dict(content.get("config") or {}),
    }
