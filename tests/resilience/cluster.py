"""The rehearsal's cluster, as kubectl shows it."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

NAMESPACE, RELEASE = "rag", "rag"


def command(*argv: str, stdin: str = "", timeout: float = 120) -> str:
    """Run a command; its output. Fails with what it said."""
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, f"{' '.join(argv)}\n{done.stdout}{done.stderr}"
    return done.stdout


def kubectl(*argv: str, stdin: str = "", timeout: float = 120) -> str:
    """kubectl in the application's namespace."""
    return command("kubectl", "--namespace", NAMESPACE, *argv, stdin=stdin, timeout=timeout)


def items(kind: str, *argv: str) -> list[dict[str, Any]]:
    """Objects of a kind."""
    found: list[dict[str, Any]] = json.loads(kubectl("get", kind, "-o", "json", *argv))["items"]
    return found


def ready(pod: dict[str, Any]) -> bool:
    """Whether a pod takes requests."""
    conditions = pod["status"].get("conditions", [])
    return "deletionTimestamp" not in pod["metadata"] and any(
        each["type"] == "Ready" and each["status"] == "True" for each in conditions
    )


def pods(component: str) -> list[dict[str, Any]]:
    """The pods of a component that take requests."""
    label = f"app.kubernetes.io/instance={RELEASE},app.kubernetes.io/component={component}"
    return [pod for pod in items("pods", "-l", label) if ready(pod)]


def wait(what: str, met: Callable[[], object], timeout: float) -> float:
    """Wait until something is met; how many seconds it took."""
    began = time.monotonic()
    while not met():
        assert time.monotonic() - began < timeout, f"{what}: not within {timeout:.0f} s"
        time.sleep(0.5)
    return time.monotonic() - began
