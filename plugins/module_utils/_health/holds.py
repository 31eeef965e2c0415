# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What takes longer to see: whether readiness holds, and how fast answers come."""

from __future__ import annotations

import time

from .backend import Backend
from .checks import Check, Dict, latency_check, slo_of
from .reads import readiness_problem
from .web import WebError


def stable(backend: Backend) -> list[Check]:
    """Look at readiness again and again, for as long as it must hold."""
    hold, clock = backend.params["stable_for"], backend.client.clock
    started, looks, problem = time.monotonic(), 0, ""
    pause = max(min(backend.params["delay"], hold / 3), 0.1)
    while not problem and time.monotonic() - started < hold and clock.left() > pause:
        time.sleep(pause)
        looks += 1
        problem = readiness_problem(backend)
    held = round(time.monotonic() - started, 1)
    observed: Dict = {"held_s": held, "looks": looks}
    if problem:
        hint = f"readiness was lost after {held} s: {problem}"
        return [Check("stable", "fail", hint, observed, hold)]
    if held < hold:
        hint = f"the backend stayed ready for {held} s only, because the timeout ended"
        return [Check("stable", "inconclusive", hint, observed, hold)]
    return [Check("stable", "pass", "", observed, hold)]


def latency(backend: Backend) -> list[Check]:
    """Measure some requests."""
    wanted, errors, cause = backend.params["latency_requests"], 0, ""
    durations: list[float] = []
    while len(durations) + errors < wanted and backend.client.clock.left() > 0.5:
        try:
            reply = backend.client.get(backend.params["latency_path"])
        except WebError as error:
            errors, cause = errors + 1, str(error)
            continue
        if reply.status < 400:
            durations.append(reply.duration_ms)
        else:
            errors, cause = errors + 1, reply.problem()
    backend.slo = slo_of(durations, errors)
    return [latency_check(backend.slo, wanted, backend.params["latency_p95_ms"], cause)]
