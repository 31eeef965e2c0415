# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Waits until all workloads run their newest generation, or until it is clear that they won't."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from ..kube import KubeError
from ..progress import Teller, telling
from .mask import mask
from .model import CAPACITY, COMING, GRACE, HEALS, NOW, Cause, Dict, Snapshot, name_of
from .pods import causes_of_pod, is_probed, is_settled
from .read import Reader, first_by_workload
from .workloads import causes_of_workload, newest_pods, progress

POLL = 1.0
"""Seconds between two looks."""


@dataclass(frozen=True)
class Limits:
    """How long to wait, in seconds: in all, for what can't heal, for room on the nodes, for a
    node that an autoscaler has asked for; for how long all must stay ready; after how many
    crashes a container is given up; lines of a log. empty: there may be no workload at all.
    """

    timeout: float
    grace: float
    capacity: float
    scale_up: float
    stable: float
    crashes: int
    log_lines: int
    empty: bool = False

    def patience(self, cause: Cause) -> float:
        """Return how many seconds a cause may last before waiting is given up."""
        allowed = {
            NOW: 0.0,
            GRACE: self.grace,
            CAPACITY: self.capacity,
            COMING: self.scale_up,
            HEALS: float("inf"),
        }
        return allowed[cause.patience]


@dataclass
class Finding:
    """A cause of a workload, and for how many seconds it has been seen."""

    workload: str
    cause: Cause
    seconds: float
    log: list[str] = field(default_factory=list)
    final: bool = False

    def as_dict(self) -> Dict:
        """Return it as the module reports it."""
        return {
            "workload": self.workload,
            "kind": self.cause.kind,
            "object": self.cause.about,
            "message": self.cause.message,
            "final": self.final,
            "seconds": round(self.seconds, 1),
            "log": self.log,
        }


@dataclass
class Outcome:
    """How the wait ended: ready, or why not. early: before the time was over."""

    ready: bool
    seconds: float
    workloads: list[Dict]
    findings: list[Finding] = field(default_factory=list)
    early: bool = False


def now() -> datetime.datetime:
    """Return the time, as the API writes it."""
    return datetime.datetime.now(datetime.UTC)


def causes_by_workload(snapshot: Snapshot, crashes: int) -> dict[str, list[Cause]]:
    """Return why each workload that is not up is not, the workload's own causes last.

    Args:
        snapshot: one look.
        crashes: see Limits.
    """
    found = {}
    for workload in snapshot.workloads:
        if progress(workload)[0]:
            continue
        causes = [
            cause
            for pod in newest_pods(snapshot, workload)
            for cause in causes_of_pod(snapshot, pod, crashes, now())
        ]
        # What can't heal says more than what may.
        causes.sort(key=lambda cause: cause.patience == HEALS)
        coming = any(cause.patience == COMING for cause in causes)
        # A Deployment's own deadline knows nothing of a machine that boots.
        causes += [
            cause
            for cause in causes_of_workload(snapshot, workload)
            if not (coming and cause.kind == "deadline")
        ]
        found[name_of(workload)] = first_by_workload(causes)
    return found


class Watch:
    """One wait for the workloads of a release."""

    def __init__(
        self, reader: Reader, limits: Limits, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.reader = reader
        self.limits = limits
        self.clock = clock
        self.started = clock()
        self.lacking = ""
        """What the last look has found to be missing."""
        self._seen: dict[tuple[str, str, str], float] = {}
        self._ready_since: float | None = None

    def run(self) -> Outcome:
        """Wait.

        Raises:
            KubeError: the cluster can't be read, for longer than the grace for what is not there.
        """
        what = f"workloads of {self.reader.namespace}/{self.reader.release or '*'}"
        with telling(what, self.limits.timeout) as teller:
            return self._until_clear(teller)

    def _until_clear(self, teller: Teller) -> Outcome:
        answered = self.clock()
        while True:
            try:
                outcome = self.look()
                answered = self.clock()
            except KubeError as error:
                # An API server that is being replaced answers again within seconds.
                passing = error.status == 0 or error.status >= 500 or error.status == 429
                if not passing or self.clock() - answered > self.limits.grace:
                    raise
                outcome = None
                self.lacking = f"no answer from the API server: {error}"
            if outcome:
                return outcome
            teller.tell(self.lacking)
            time.sleep(POLL)

    def look(self) -> Outcome | None:
        """Look once; None: go on waiting."""
        workloads = self.reader.workloads()
        states = [(name_of(item), *progress(item)) for item in workloads]
        told = [{"name": name, "ready": ready, "state": text} for name, ready, text in states]
        missing = [f"{name}: {text}" for name, ready, text in states if not ready]
        self.lacking = "; ".join(missing) or "ready, but not for long enough to be sure"
        elapsed = self.clock() - self.started
        if not workloads and self.limits.empty:
            return Outcome(True, elapsed, told)
        if workloads and all(ready for _, ready, _ in states):
            if self._stays():
                return Outcome(True, elapsed, told)
            return self._late(elapsed, told, workloads)
        self._ready_since = None
        findings = self._findings(self.reader.snapshot(workloads)) if workloads else []
        early = any(finding.final for finding in findings)
        early = early or (not workloads and elapsed >= self.limits.grace)
        if early or elapsed >= self.limits.timeout:
            return Outcome(False, elapsed, told, self._explained(findings), early)
        return None

    def _late(self, elapsed: float, told: list[Dict], workloads: list[Dict]) -> Outcome | None:
        """Ready, but not for long enough to be sure: what its pods did before is told, if any."""
        if elapsed < self.limits.timeout + self.limits.stable:
            return None
        findings = self._findings(self.reader.snapshot(workloads))
        return Outcome(not findings, elapsed, told, self._explained(findings))

    def _stays(self) -> bool:
        """Whether all have been ready for long enough."""
        if self._ready_since is None:
            self._ready_since = self.clock()
        if self.clock() - self._ready_since >= self.limits.stable:
            return True
        owned = (pod for pod in self.reader.pods() if pod["metadata"].get("ownerReferences"))
        return all(is_probed(pod) or is_settled(pod, now()) for pod in owned)

    def _findings(self, snapshot: Snapshot) -> list[Finding]:
        """Return the causes of this look with the time since they were seen first."""
        self._snapshot = snapshot
        moment = self.clock()
        found = []
        seen: dict[tuple[str, str, str], float] = {}
        for workload, causes in causes_by_workload(snapshot, self.limits.crashes).items():
            for cause in causes:
                # What could heal until now counts anew from when it can't.
                key = (workload, cause.kind, cause.patience)
                seen[key] = self._seen.get(key, moment)
                lasted = moment - seen[key]
                final = lasted >= self.limits.patience(cause)
                found.append(Finding(workload, cause, lasted, final=final))
        self._seen = seen
        return found

    def _explained(self, findings: list[Finding]) -> list[Finding]:
        """Add what takes further questions: log lines and the probe's answer, secrets hidden."""
        pods: dict[str, Any] = {}
        if findings:
            pods = {pod["metadata"]["name"]: pod for pod in self._snapshot.pods}
        for finding in findings:
            pod = pods.get(finding.cause.pod)
            if pod is None:
                continue
            hidden = self.reader.hidden(pod)
            message = mask(finding.cause.message, hidden or ())
            if answer := self.reader.answer(finding.cause, hidden):
                message += f"; it answers: {answer}"
            finding.log = self.reader.log(finding.cause, hidden, self.limits.log_lines)
            finding.cause = replace(finding.cause, message=message)
        return findings


def report(what: str, outcome: Outcome) -> str:
    """Return the outcome as text: one line per workload that is not up, its causes below it."""
    if outcome.ready:
        names = ", ".join(item["name"] for item in outcome.workloads)
        return f"{what} is ready: {names or 'it has no workloads'}"
    if not outcome.workloads:
        return f"{what} has no Deployment, StatefulSet or DaemonSet"
    why = (
        f"and cannot become ready (known after {outcome.seconds:.0f} s)"
        if outcome.early
        else f"not even after {outcome.seconds:.0f} s"
    )
    lines = [f"{what} is not ready, {why}."]
    for item in outcome.workloads:
        if item["ready"]:
            continue
        lines.append(f"{item['name']}: {item['state']}")
        mine = [finding for finding in outcome.findings if finding.workload == item["name"]]
        for finding in mine:
            cause = finding.cause
            lines.append(f"  {cause.kind}: {cause.about}: {cause.message}")
            lines += [f"    | {line}" for line in finding.log]
        if not mine:
            lines.append("  nothing says why")
    return "\n".join(lines)
