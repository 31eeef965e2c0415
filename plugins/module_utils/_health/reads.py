# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What a backend says of itself: connection, endpoints, liveness, readiness and version."""

from __future__ import annotations

import time

from .backend import Backend
from .checks import Check, dependencies_of, dependency_checks, version_check
from .web import WebError, tcp_problem


def connect(backend: Backend) -> list[Check]:
    """Open a connection and close it again."""
    started = time.monotonic()
    limit = min(backend.params["request_timeout"], backend.client.clock.left())
    problem = tcp_problem(backend.client.base, limit)
    duration = round((time.monotonic() - started) * 1000, 1)
    return [Check("connect", "fail" if problem else "pass", problem, duration_ms=duration)]


def endpoints(backend: Backend) -> list[Check]:
    """Ask the Service: the relay leads to one pod, ready or not, and users to ready ones only."""
    problem = backend.unready() if backend.unready else ""
    return [Check("endpoints", "fail" if problem else "pass", problem)]


def livez(backend: Backend) -> list[Check]:
    """Ask whether the process runs."""
    try:
        reply = backend.client.get("/livez")
    except WebError as error:
        return [Check("livez", "fail", str(error), expected=200)]
    hint = "" if reply.status == 200 else f"/livez answers {reply.problem()}"
    status = "fail" if hint else "pass"
    return [Check("livez", status, hint, reply.status, 200, duration_ms=reply.duration_ms)]


def readyz(backend: Backend) -> list[Check]:
    """Ask whether it can do its work, and which of its dependencies can."""
    try:
        reply = backend.client.get("/readyz")
    except WebError as error:
        return [Check("readyz", "fail", str(error), expected=200)]
    body = reply.json()
    backend.dependencies = dependencies_of(body)
    found = dependency_checks(backend.dependencies)
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
    own = Check("readyz", status, hint, reply.status, 200, duration_ms=reply.duration_ms)
    return [own, *found]


def readiness_problem(backend: Backend) -> str:
    """Return why the backend is not ready now, or nothing."""
    try:
        reply = backend.client.get("/readyz")
    except WebError as error:
        return str(error)
    if reply.status == 200:
        return ""
    checks = dependency_checks(dependencies_of(reply.json()))
    return "; ".join(c.hint for c in checks if c.status == "fail") or reply.problem()


def version(backend: Backend) -> list[Check]:
    """Compare the version that runs with the one that should."""
    expected = backend.params["expected_version"]
    try:
        reply = backend.client.get("/version")
    except WebError as error:
        return [Check("version", "fail", str(error), expected=expected)]
    took = reply.duration_ms
    if reply.status != 200:
        hint = f"/version answers {reply.problem()}"
        return [Check("version", "fail", hint, reply.status, expected, duration_ms=took)]
    backend.observed = reply.json()
    check = version_check(backend.observed, expected)
    check.duration_ms = took
    return [check]
