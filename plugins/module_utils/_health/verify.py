# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The order of the checks, their repetition and the time they share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ..progress import Teller, telling
from .checks import (
    Check,
    Dict,
    causes_of,
    dependencies_of,
    dependency_checks,
    latency_check,
    message_of,
    slo_of,
    verdict_of,
    version_check,
)
from .synthetic import STEPS, Synthetic
from .web import Client, WebError, tcp_problem


class Verification:
    """One run of all checks against one backend.

    Args:
        client: knows the backend's address and the time there is.
        params: the module's parameters.
        read_only: whether the checks that write are skipped (check mode).
        unready: says why the Service sends nobody to the backend, and "" if it does; None when
            there is no Service to ask.
    """

    def __init__(
        self,
        client: Client,
        params: Mapping[str, Any],
        read_only: bool,
        unready: Callable[[], str] | None = None,
    ) -> None:
        self.client = client
        self.params = params
        self.read_only = read_only
        self.unready = unready
        self.waited_for = ""
        self.checks: list[Check] = []
        self.dependencies: dict[str, Dict] = {}
        self.observed: Dict = {}
        self.attempts = 0
        self.slo: Dict | None = None
        self.e2e: Dict | None = None
        self.started_at = _now()

    def run(self) -> Dict:
        """Run all checks and return the module's result without `changed`."""
        self._read_until_good()
        if self._failed():
            for skipped in ("stable", "latency", *(f"synthetic.{step}" for step in STEPS)):
                self._skip(skipped, "an earlier check failed")
        else:
            self._stability()
            self._latency()
            self._synthetic()
        return self._result()

    def _failed(self) -> bool:
        return any(check.status == "fail" for check in self.checks)

    def _skip(self, name: str, cause: str) -> None:
        self.checks.append(Check(name, "skipped", cause))

    # --- connection, liveness, readiness, version --------------------------------------------

    def _read_until_good(self) -> None:
        with telling("backend to be ready", self.client.clock.left()) as teller:
            self._read_until(teller)

    def _read_until(self, teller: Teller) -> None:
        while True:
            self.attempts += 1
            self.checks = []
            self._read_once()
            for check in self.checks:
                check.attempts = self.attempts
            out_of_time = self.client.clock.left() <= self.params["delay"]
            if not self._failed() or self.attempts > self.params["retries"] or out_of_time:
                return
            self.waited_for = causes_of(self.checks)
            teller.tell(self.waited_for)
            time.sleep(self.params["delay"])

    def _read_once(self) -> None:
        started = time.monotonic()
        limit = min(self.params["request_timeout"], self.client.clock.left())
        problem = tcp_problem(self.client.base, limit)
        duration = round((time.monotonic() - started) * 1000, 1)
        status = "fail" if problem else "pass"
        self.checks.append(Check("connect", status, problem, duration_ms=duration))
        if problem:
            for skipped in ("livez", "readyz", "version"):
                self._skip(skipped, "no connection")
            return
        self._endpoints()
        self._livez()
        self._readyz()
        self._version()

    def _endpoints(self) -> None:
        # The relay leads to one pod, ready or not; users come through the Service only.
        if self.unready is None:
            return
        problem = self.unready()
        self.checks.append(Check("endpoints", "fail" if problem else "pass", problem))

    def _livez(self) -> None:
        try:
            reply = self.client.get("/livez")
        except WebError as error:
            self.checks.append(Check("livez", "fail", str(error), expected=200))
            return
        status = "pass" if reply.status == 200 else "fail"
        hint = "" if status == "pass" else f"/livez answers {reply.problem()}"
        self._add("livez", status, hint, reply.status, 200, reply.duration_ms)

    def _readyz(self) -> None:
        try:
            reply = self.client.get("/readyz")
        except WebError as error:
            self.checks.append(Check("readyz", "fail", str(error), expected=200))
            return
        body = reply.json()
        self.dependencies = dependencies_of(body)
        found = dependency_checks(self.dependencies)
        bad = [check.id.split(".")[1] for check in found if check.status == "fail"]
        hint, status = "", "pass"
        if reply.status != 200:
            status = "fail"
            cause = body.get("output") or (f"failed: {', '.join(bad)}" if bad else reply.problem())
            hint = f"not ready, HTTP {reply.status}: {cause}"
        elif bad:
            status, hint = "fail", f"answers 200 although these failed: {', '.join(bad)}"
        elif not found:
            status, hint = "warn", "names no dependency; is this the backend of this project?"
        self._add("readyz", status, hint, reply.status, 200, reply.duration_ms)
        self.checks += found

    def _version(self) -> None:
        expected = self.params["expected_version"]
        try:
            reply = self.client.get("/version")
        except WebError as error:
            self.checks.append(Check("version", "fail", str(error), expected=expected))
            return
        if reply.status != 200:
            hint = f"/version answers {reply.problem()}"
            self._add("version", "fail", hint, reply.status, expected, reply.duration_ms)
            return
        self.observed = reply.json()
        check = version_check(self.observed, expected)
        check.duration_ms = reply.duration_ms
        self.checks.append(check)

    def _add(
        self, name: str, status: str, hint: str, observed: Any, expected: Any, duration: float
    ) -> None:
        check = Check(name, status, hint, observed, expected, duration_ms=duration)
        self.checks.append(check)

    # --- what takes longer ---------------------------------------------------------------------

    def _stability(self) -> None:
        hold = self.params["stable_for"]
        if not hold:
            return
        started, looks, problem = time.monotonic(), 0, ""
        pause = max(min(self.params["delay"], hold / 3), 0.1)
        while not problem and time.monotonic() - started < hold:
            if self.client.clock.left() <= pause:
                break
            time.sleep(pause)
            looks += 1
            problem = self._readiness_problem()
        held = round(time.monotonic() - started, 1)
        observed: Dict = {"held_s": held, "looks": looks}
        if problem:
            hint = f"readiness was lost after {held} s: {problem}"
            self.checks.append(Check("stable", "fail", hint, observed, hold))
        elif held < hold:
            hint = f"held for {held} s only, then the timeout left no more time"
            self.checks.append(Check("stable", "inconclusive", hint, observed, hold))
        else:
            self.checks.append(Check("stable", "pass", "", observed, hold))

    def _readiness_problem(self) -> str:
        try:
            reply = self.client.get("/readyz")
        except WebError as error:
            return str(error)
        if reply.status == 200:
            return ""
        checks = dependency_checks(dependencies_of(reply.json()))
        return "; ".join(c.hint for c in checks if c.status == "fail") or reply.problem()

    def _latency(self) -> None:
        wanted = self.params["latency_requests"]
        if not wanted:
            return
        durations: list[float] = []
        errors, cause = 0, ""
        while len(durations) + errors < wanted and self.client.clock.left() > 0.5:
            try:
                reply = self.client.get(self.params["latency_path"])
            except WebError as error:
                errors, cause = errors + 1, str(error)
                continue
            if reply.status < 400:
                durations.append(reply.duration_ms)
            else:
                errors, cause = errors + 1, reply.problem()
        self.slo = slo_of(durations, errors)
        limit = self.params["latency_p95_ms"]
        self.checks.append(latency_check(self.slo, wanted, limit, cause))

    def _synthetic(self) -> None:
        if not self.params["synthetic"]:
            return
        causes = {
            "check mode": self.read_only,
            "an earlier check failed": self._failed(),
        }
        for cause, applies in causes.items():
            if applies:
                for step in STEPS:
                    self._skip(f"synthetic.{step}", cause)
                return
        found, self.e2e = Synthetic(self.client, self.params).run()
        self.checks += found

    def _result(self) -> Dict:
        verdict = verdict_of(self.checks)
        expected = self.params["expected_version"]
        skewed = any(c.id == "version" and c.status == "fail" for c in self.checks)
        shown = {key: self.observed.get(key) for key in ("version", "git_sha")}
        return {
            "msg": message_of(self.checks, verdict, self.waited_for),
            "healthy": verdict in ("pass", "warn"),
            "verdict": verdict,
            "checks": [check.as_dict() for check in self.checks],
            "failed_checks": [check.id for check in self.checks if check.status == "fail"],
            "skipped_checks": [check.id for check in self.checks if check.status == "skipped"],
            "dependencies": self.dependencies,
            "versions": {
                "expected": expected,
                "observed": shown,
                "skew": ["backend"] if skewed and self.observed else [],
            },
            "slo": self.slo,
            "e2e": self.e2e,
            "attempts": self.attempts,
            "waited_for": self.waited_for,
            "waited_s": round(self.client.clock.elapsed(), 2),
            "started_at": self.started_at,
            "finished_at": _now(),
        }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
