"""rag_health against a real HTTP server with faults, and against sockets that never answer."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import pytest
from support.module_process import examples, play, run_module
from support.rag_backend import DEPENDENCIES, backend


def health(url: str, fails: bool = False, check: bool = False, **options: Any) -> dict[str, Any]:
    """Run the module once with no patience for faults."""
    arguments = {"url": url, "retries": 0, "delay": 0.1, "latency_requests": 5, **options}
    return run_module("rag_health", arguments, fails=fails, check=check)


def statuses(result: dict[str, Any]) -> dict[str, str]:
    """Return each check's status by its name."""
    return {check["id"]: check["status"] for check in result["checks"]}


def test_healthy_backend_leaves_nothing_behind() -> None:
    """Everything passes, and the document is gone."""
    with backend() as state:
        found = health(state.url, expected_version="1.4.2", stable_for=0.3)
    assert set(statuses(found).values()) == {"pass"}
    assert found["msg"] == f"healthy: {len(found['checks'])} checks passed"
    assert (found["changed"], found["healthy"], found["verdict"]) == (False, True, "pass")
    assert found["dependencies"]["milvus"]["latency_ms"] == 1.5
    assert found["slo"]["samples"] == 5
    assert found["slo"]["p50_ms"] <= found["slo"]["p95_ms"] <= found["slo"]["p99_ms"]
    steps = [step["step"] for step in found["e2e"]["steps"]]
    assert steps == ["upload", "index", "ask", "refuse", "delete", "gone"]
    assert found["e2e"]["cleaned_up"]
    assert state.documents == {}


def test_the_api_key_is_sent_and_never_shown() -> None:
    """Whoever asks for keys gets it, and without it the cause is told."""
    key = "rag_5f0c9be34a4c0e9d_" + "7" * 64
    with backend(key=key) as state:
        found = health(state.url, api_key=key)
        assert found["verdict"] == "pass"
        assert key not in str(found)
        refused = health(state.url, api_key="x" * 40, fails=True)
    assert "HTTP 401: there is no such API key" in refused["msg"]


def test_the_api_key_does_not_follow_a_redirect() -> None:
    """Another server learns nothing."""
    with backend(key="another") as other, backend(redirects=other.url) as state:
        health(state.url, api_key="k" * 40, fail_on="never")
    assert f"Bearer {'k' * 40}" in state.keys
    assert other.keys
    assert set(other.keys) == {None}


@pytest.mark.parametrize("dependency", DEPENDENCIES)
def test_failed_dependency_is_named_with_its_cause(dependency: str) -> None:
    """Exactly the dependency that is down fails; what was asked for beside it is skipped."""
    with backend(down={dependency: "connection refused by 10.0.0.7"}) as state:
        found = health(state.url, fails=True)
    assert found["failed_checks"] == ["readyz", f"dependency.{dependency}"]
    assert f"{dependency}: connection refused by 10.0.0.7 (after 1000.0 ms)" in found["msg"]
    assert statuses(found)["livez"] == "pass"
    steps = ("upload", "index", "ask", "refuse", "delete", "gone")
    assert found["skipped_checks"] == ["latency", *(f"synthetic.{step}" for step in steps)]
    assert not any(line.startswith("POST") for line in state.requests)


def test_retries_wait_for_readiness() -> None:
    """A backend that becomes ready in time is healthy."""
    with backend(down={"milvus": "loading"}, heals_after=2) as state:
        found = health(state.url, retries=5)
    assert found["attempts"] == 3
    assert "dependency.milvus: milvus: loading" in found["waited_for"]
    assert found["msg"].startswith("healthy: ")
    assert "waited for readyz: not ready, HTTP 503: failed: milvus" in found["msg"]


def test_lost_readiness_within_the_stable_time_fails() -> None:
    """A flip while it should hold is a failure that names the dependency."""
    with backend() as state:
        state.down, state.heals_after = {"redis": "gone"}, None
        original, looks = state.readyz, []

        def flipping() -> tuple[int, dict[str, Any]]:
            looks.append(1)
            down, state.down = state.down, {} if len(looks) < 3 else state.down
            answer = original()
            state.down = down
            return answer

        state.readyz = flipping  # type: ignore[method-assign]
        found = health(state.url, fails=True, stable_for=2)
    assert "stable: readiness was lost" in found["msg"]
    assert "redis: gone" in found["msg"]


def test_wrong_version() -> None:
    """The message names what runs and what should."""
    with backend(version="1.4.1") as state:
        found = health(state.url, fails=True, expected_version="1.4.2")
        assert "runs 1.4.1 (git 8c1f2e7), expected 1.4.2" in found["msg"]
        assert found["versions"]["skew"] == ["backend"]
        assert health(state.url, expected_version="8c1f2e7")["healthy"]


def test_slow_answers_warn() -> None:
    """A warning fails the task only if asked for."""
    with backend(slow=0.15) as state:
        found = health(state.url, latency_p95_ms=100)
        assert (found["verdict"], found["healthy"]) == ("warn", True)
        assert "more than 100 ms" in found["msg"]
        health(state.url, latency_p95_ms=100, fail_on="warn", fails=True)
        assert health(state.url, latency_p95_ms=5000)["verdict"] == "pass"


@pytest.mark.parametrize(
    ("fault", "check", "cause"),
    [
        ("no_citations", "synthetic.ask", "the answer has no citation"),
        ("answers_all", "synthetic.refuse", "was answered instead of refused"),
        ("keeps_deleted", "synthetic.gone", "still there after its deletion"),
        ("delete_fails", "synthetic.delete", "s3: access denied"),
        ("never_ready", "synthetic.index", "still processing as the timeout ends"),
    ],
)
def test_faults_of_the_synthetic_question(fault: str, check: str, cause: str) -> None:
    """Each fault fails its own check, and the document is deleted whatever failed before."""
    with backend(faults=frozenset({fault})) as state:
        found = health(state.url, fails=True, timeout=6)
    assert found["failed_checks"] == [check]
    assert f"{check}: " in found["msg"]
    assert cause in found["msg"]
    leaking = fault in ("keeps_deleted", "delete_fails")
    assert (state.documents == {}) is not leaking
    if fault == "delete_fails":
        assert not found["e2e"]["cleaned_up"]
        assert found["e2e"]["document_id"] in found["msg"]


def test_check_mode_only_reads() -> None:
    """The checks that write are listed as skipped."""
    with backend() as state:
        found = health(state.url, check=True)
    assert {line.split()[0] for line in state.requests} == {"GET"}
    assert [name for name in found["skipped_checks"] if name.startswith("synthetic.")] == found[
        "skipped_checks"
    ]
    assert len(found["skipped_checks"]) == 6
    assert found["healthy"]


@pytest.mark.parametrize(
    ("hang", "cause"),
    [
        ("GET /readyz", "readyz: GET /readyz: no answer within"),
        ("POST /v1/ask", "synthetic.ask: POST /v1/ask: no answer within"),
        ("DELETE", "synthetic.delete: DELETE /v1/documents/"),
    ],
)
def test_timeout_holds_when_a_request_hangs(hang: str, cause: str) -> None:
    """A hanging part is named and the whole ends within its time."""
    with backend(hang=(hang,)) as state:
        began = time.monotonic()
        found = health(state.url, fails=True, timeout=5, retries=50)
        assert time.monotonic() - began < 20  # its retries would take minutes
    assert cause in found["msg"]
    if hang == "POST /v1/ask":
        assert state.documents == {}


def test_black_hole_and_closed_port() -> None:
    """A socket that accepts and is silent, and one that isn't there, are told apart in time."""
    with socket.create_server(("127.0.0.1", 0)) as hole:
        url = f"http://127.0.0.1:{hole.getsockname()[1]}"
        began = time.monotonic()
        found = health(url, fails=True, timeout=4, retries=100)
        assert time.monotonic() - began < 20  # its retries would take minutes
    assert "livez: GET /livez: no answer within" in found["msg"]
    found = health(url, fails=True, timeout=4)
    assert "connect: no TCP connection to 127.0.0.1:" in found["msg"]
    assert found["failed_checks"] == ["connect"]
    assert not health(url, timeout=2, fail_on="never")["healthy"]


def test_a_service_without_pods_is_waited_for_and_named() -> None:
    """No pod is there to be asked: that is tried again like any check, then it is the cause."""
    config = {
        "current-context": "x",
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
    }
    service = {"kubeconfig": config, "namespace": "rag", "service": "rag-backend", "port": "http"}
    began = time.monotonic()
    arguments = {"kubernetes": service, "retries": 2, "delay": 1.0}
    found = run_module("rag_health", arguments, fails=True)
    assert time.monotonic() - began > 2
    assert "the backend cannot be reached" in found["msg"]
    assert "service rag/rag-backend" in found["msg"]


def test_bad_input() -> None:
    """Input is refused before any request."""
    assert "must start with http" in health("rag.example.com", fails=True)["msg"]
    said = health("http://127.0.0.1:1", fails=True, synthetic_document="no token")["msg"]
    assert "synthetic_document must contain {token}" in said


def test_examples(tmp_path: Path) -> None:
    """The documented tasks run; only the way to the backend is the test's."""
    tasks = examples("rag_health")
    with backend() as state:
        for task in tasks:
            options = task["ragops.platform.rag_health"]
            options.pop("kubernetes", None)
            options |= {"url": state.url, "stable_for": 0.5}
        verified, looked = play(tasks, tmp_path)
    assert verified["verdict"] == "pass"
    assert looked["e2e"] is None
