# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""One run of the list of checks: their repetition, what is skipped and why, and the result."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from ..progress import Teller, telling
from .backend import Backend, Look
from .checks import Check, Dict, causes_of, message_of, verdict_of
from .looks import LOOKS


class Verification:
    """One run of all checks against one backend.

    Args:
        backend: what is verified.
        read_only: whether the checks that write are skipped (check mode).
    """

    def __init__(self, backend: Backend, read_only: bool) -> None:
        self.backend = backend
        self.read_only = read_only
        self.looks = [each for each in LOOKS if not each.wanted or each.wanted(backend)]
        self.waited_for = ""
        self.checks: list[Check] = []
        self.failed: set[str] = set()
        self.attempts = 0
        self.started_at = _now()

    def run(self) -> Dict:
        """Run all checks and return the module's result without `changed`."""
        with telling("backend to be ready", self.backend.client.clock.left()) as teller:
            self._repeat([look for look in self.looks if look.repeated], teller)
        for look in self.looks:
            if not look.repeated:
                self._look(look)
        return self._result()

    def _repeat(self, looks: list[Look], teller: Teller) -> None:
        """Look until nothing fails, or the attempts or the time are over."""
        clock, delay = self.backend.client.clock, self.backend.params["delay"]
        while True:
            self.attempts += 1
            self.checks, self.failed = [], set()
            for look in looks:
                self._look(look)
            for check in self.checks:
                check.attempts = self.attempts
            over = self.attempts > self.backend.params["retries"] or clock.left() <= delay
            if not self.failed or over:
                return
            self.waited_for = causes_of(self.checks)
            teller.tell(self.waited_for)
            time.sleep(delay)

    def _look(self, look: Look) -> None:
        if cause := self._why_not(look):
            names = look.parts or (look.name,)
            self.checks += [Check(name, "skipped", cause) for name in names]
            return
        found = look.look(self.backend)
        if any(check.status == "fail" for check in found):
            self.failed.add(look.name)
        self.checks += found

    def _why_not(self, look: Look) -> str:
        """Why a check is skipped, or nothing."""
        if self.failed & set(look.needs):
            return look.cause
        return "check mode" if look.writes and self.read_only else ""

    def _result(self) -> Dict:
        verdict, observed = verdict_of(self.checks), self.backend.observed
        skewed = any(c.id == "version" and c.status == "fail" for c in self.checks)
        return {
            "msg": message_of(self.checks, verdict, self.waited_for),
            "healthy": verdict in ("pass", "warn"),
            "verdict": verdict,
            "checks": [check.as_dict() for check in self.checks],
            "failed_checks": [check.id for check in self.checks if check.status == "fail"],
            "skipped_checks": [check.id for check in self.checks if check.status == "skipped"],
            "dependencies": self.backend.dependencies,
            "versions": {
                "expected": self.backend.params["expected_version"],
                "observed": {key: observed.get(key) for key in ("version", "git_sha")},
                "skew": ["backend"] if skewed and observed else [],
            },
            "slo": self.backend.slo,
            "e2e": self.backend.e2e,
            "attempts": self.attempts,
            "waited_for": self.waited_for,
            "waited_s": round(self.backend.client.clock.elapsed(), 2),
            "started_at": self.started_at,
            "finished_at": _now(),
        }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
