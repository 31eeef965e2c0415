# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Checks and what follows from them: pure functions over answers of the backend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Dict = dict[str, Any]

ORDER = ("pass", "warn", "inconclusive", "fail")
"""Verdicts from mild to grave; `skipped` counts for none of them."""

FEWEST_SAMPLES = 5


@dataclass
class Check:
    """One thing looked at; see RETURN of the module for its fields."""

    id: str
    status: str
    hint: str = ""
    observed: Any = None
    expected: Any = None
    severity: str = "critical"
    duration_ms: float | None = None
    attempts: int = 1

    def as_dict(self) -> Dict:
        """Return it as the module reports it."""
        return asdict(self)


def verdict_of(checks: Sequence[Check]) -> str:
    """Return the gravest status of all checks."""
    grades = [ORDER.index(check.status) for check in checks if check.status in ORDER]
    return ORDER[max(grades, default=0)]


def fails(verdict: str, fail_on: str) -> bool:
    """Return whether a verdict is at least as grave as `fail_on` says."""
    return fail_on != "never" and ORDER.index(verdict) >= ORDER.index(fail_on)


def causes_of(checks: Sequence[Check]) -> str:
    """Return each check that didn't pass with its cause, in one line."""
    bad = [check for check in checks if check.status in ORDER[1:]]
    return "; ".join(f"{check.id}: {check.hint}" for check in bad)


def message_of(checks: Sequence[Check], verdict: str, waited_for: str = "") -> str:
    """Return the verdict in one line, each check that didn't pass with its cause.

    Args:
        checks: those that count.
        verdict: the gravest of them.
        waited_for: what the last attempt that failed had found, told if it is over.
    """
    passed = sum(check.status == "pass" for check in checks)
    skipped = sum(check.status == "skipped" for check in checks)
    counts = f"{passed} checks passed" + (f", {skipped} skipped" if skipped else "")
    causes = causes_of(checks)
    if not causes:
        return f"healthy: {counts}" + (f"; waited for {waited_for}" if waited_for else "")
    word = "healthy with warnings" if verdict == "warn" else f"not healthy ({verdict})"
    return f"{word}: {causes} [{counts}]"


def dependencies_of(readyz: Mapping[str, Any]) -> dict[str, Dict]:
    """Return each dependency of a /readyz body by name: status, latency in ms, cause.

    A check is an object, or as in the draft of application/health+json a list of objects.
    """
    found: dict[str, Dict] = {}
    checks = readyz.get("checks")
    for name, entry in (checks if isinstance(checks, Mapping) else {}).items():
        one = entry[0] if isinstance(entry, list) and entry else entry
        if isinstance(one, Mapping):
            found[str(name)] = {
                "status": str(one.get("status", "unknown")),
                "latency_ms": one.get("latency", one.get("observedValue")),
                "output": str(one.get("output") or ""),
            }
    return found


def dependency_checks(dependencies: Mapping[str, Mapping[str, Any]]) -> list[Check]:
    """Return one check per dependency."""
    checks = []
    for name, found in dependencies.items():
        status = found["status"] if found["status"] in ("pass", "warn") else "fail"
        latency = found["latency_ms"]
        hint = ""
        if status != "pass":
            cause = found["output"] or f"reported as {found['status']} without a cause"
            hint = f"{name}: {cause}" + (f" (after {latency} ms)" if latency is not None else "")
        checks.append(
            Check(f"dependency.{name}", status, hint, dict(found), "pass", duration_ms=latency)
        )
    return checks


def version_check(observed: Mapping[str, Any], expected: str | None) -> Check:
    """Compare what /version says with what should run."""
    shown = {key: observed.get(key) for key in ("version", "git_sha")}
    if expected is None or expected in shown.values():
        return Check("version", "pass", observed=shown, expected=expected)
    hint = (
        f"runs {shown['version']} (git {shown['git_sha']}), expected {expected}: the rollout is"
        " not complete, or another release is deployed"
    )
    return Check("version", "fail", hint, shown, expected)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` (0 to 1) of the values don't exceed (nearest rank)."""
    ordered = sorted(values)
    rank = max(0, -int(-share * len(ordered) // 1) - 1)
    return ordered[rank]


def slo_of(durations: Sequence[float], errors: int) -> Dict:
    """Return the figures of measured requests; percentiles in milliseconds."""
    samples = len(durations) + errors
    shares = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}
    figures = {
        name: percentile(durations, share) if durations else None for name, share in shares.items()
    }
    rate = round(errors / samples, 4) if samples else None
    return {"samples": samples, "errors": errors, **figures, "error_rate": rate}


def latency_check(slo: Mapping[str, Any], wanted: int, limit: int | None, cause: str) -> Check:
    """Judge the measured requests.

    Args:
        slo: figures of `slo_of`.
        wanted: how many requests should have been sent.
        limit: milliseconds that 95 of 100 may take, None for no limit.
        cause: what went wrong with the last failed request.
    """
    common: Dict = {"observed": dict(slo), "expected": {"p95_ms": limit, "errors": 0}}
    if slo["errors"]:
        hint = f"{slo['errors']} of {slo['samples']} requests failed, the last one: {cause}"
        return Check("latency", "fail", hint, **common)
    if slo["samples"] < min(wanted, FEWEST_SAMPLES):
        hint = f"only {slo['samples']} of {wanted} requests were possible within the timeout"
        return Check("latency", "inconclusive", hint, **common)
    if limit is not None and slo["p95_ms"] > limit:
        hint = f"the 95th percentile of the latency is {slo['p95_ms']} ms, more than {limit} ms"
        return Check("latency", "warn", hint, severity="warn", **common)
    return Check("latency", "pass", **common)


def answer_problem(answer: Mapping[str, Any], document_id: str, token: str) -> str:
    """Return why an answer doesn't show that the document was found, or nothing."""
    if answer.get("refused"):
        return "the question was refused although the document answers it"
    citations = answer.get("citations") or []
    own = [c for c in citations if str(c.get("document_id")) == document_id]
    if not citations:
        return "the answer has no citation"
    if not own:
        return f"the answer cites {len(citations)} other documents, not {document_id}"
    texts = [str(answer.get("answer") or ""), *(str(c.get("excerpt") or "") for c in own)]
    if not any(token in text for text in texts):
        return "neither the answer nor its excerpt carries the document's token"
    return ""


def refusal_problem(answer: Mapping[str, Any]) -> str:
    """Return why an answer to the unanswerable question is no refusal, or nothing."""
    if answer.get("refused") is not True:
        return f"was answered instead of refused: {str(answer.get('answer'))[:120]!r}"
    if answer.get("citations"):
        return "was refused but carries citations"
    return ""
