"""Health checks of targets, with an ALB's thresholds and words."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rehearsal.balancer.wanted import Group

INITIAL, HEALTHY, UNHEALTHY, DRAINING = "initial", "healthy", "unhealthy", "draining"
Address = tuple[str, int]


@dataclass
class Target:
    """A pod's address in a target group, and what is known of it."""

    group: Group
    address: Address
    pod: str = ""
    state: str = INITIAL
    reason: str = "Elb.RegistrationInProgress"
    passed: int = 0
    failed: int = 0
    next_check: float = 0
    gone_at: float = 0

    def note(self, problem: str | None) -> bool:
        """Take a check's result; returns whether the state changed. None: it passed."""
        before = self.state
        if problem is None:
            self.passed, self.failed = self.passed + 1, 0
            # One that is new needs to pass once only.
            if self.passed >= (1 if self.state == INITIAL else self.group.healthy):
                self.state, self.reason = HEALTHY, ""
        else:
            self.passed, self.failed = 0, self.failed + 1
            if self.state == INITIAL or self.failed >= self.group.unhealthy:
                # What never passed stays out of service from its first failure on.
                self.state = UNHEALTHY if self.failed >= self.group.unhealthy else INITIAL
                self.reason = problem
        return self.state != before


def matches(status: int, codes: str) -> bool:
    """Whether a status is one of `200`, `200,302`, `200-399`."""
    for part in codes.split(","):
        low, _, high = part.strip().partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False


def problem(group: Group, address: Address) -> str | None:
    """What is wrong with a target, in ELB's reason codes; None when it is well."""
    port = address[1] if group.check_port == "traffic-port" else int(group.check_port)
    connection = http.client.HTTPConnection(address[0], port, timeout=group.timeout)
    try:
        connection.request("GET", group.path, headers={"User-Agent": "ELB-HealthChecker/2.0"})
        answer = connection.getresponse()
        status = answer.status
        answer.read()
    except TimeoutError:
        return "Target.Timeout"
    except (OSError, http.client.HTTPException):
        return "Target.FailedHealthChecks"
    finally:
        connection.close()
    return None if matches(status, group.codes) else "Target.ResponseCodeMismatch"


class Checker:
    """Checks targets at their intervals. changed: is called when a state changed."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._pool = ThreadPoolExecutor(16, "check")
        self._targets: list[Target] = []
        threading.Thread(target=self._run, daemon=True).start()

    def watch(self, targets: list[Target]) -> None:
        """Check these from now on."""
        self._targets = targets

    def _run(self) -> None:
        while True:
            now = time.monotonic()
            for target in self._targets:
                if target.state != DRAINING and now >= target.next_check:
                    # What is new is looked at soon: an ALB's first check comes at once.
                    new = target.state == INITIAL
                    pause = min(target.group.interval, 1.0) if new else target.group.interval
                    target.next_check = now + pause
                    self._pool.submit(self._check, target)
            time.sleep(0.2)

    def _check(self, target: Target) -> None:
        found = problem(target.group, target.address)
        if target.state != DRAINING and target.note(found):
            self._changed()
