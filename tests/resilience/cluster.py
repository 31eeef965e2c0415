"""The rehearsal's cluster, as kubectl shows it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
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


def autoscaled(component: str) -> tuple[int, int]:
    """How many pods a component has, and how many its autoscaler wants."""
    status = next(
        each["status"]
        for each in items("horizontalpodautoscalers")
        if each["metadata"]["name"] == f"{RELEASE}-{component}"
    )
    return status["currentReplicas"], status["desiredReplicas"]


def node_of(pod: dict[str, Any]) -> str:
    """Where a pod runs."""
    return str(pod["spec"]["nodeName"])


def other_than_milvus_s() -> str:
    """A node with a backend, and not with Milvus, which there is one of."""
    milvus = json.loads(command("kubectl", "--namespace", "milvus", "get", "pods", "-o", "json"))
    taken = {node_of(pod) for pod in milvus["items"]}
    return next(node for pod in pods("backend") if (node := node_of(pod)) not in taken)


def power(action: str, node: str) -> str:
    """Take a node away as a power cut does (stop), or let it return (start)."""
    program = (sys.executable, "-m", "rehearsal.cluster.outage")
    return command(*program, action, node, os.environ["REHEARSAL_WORLD"])


def wait(what: str, met: Callable[[], object], timeout: float) -> float:
    """Wait until something is met; how many seconds it took."""
    began = time.monotonic()
    while not met():
        assert time.monotonic() - began < timeout, f"{what}: not within {timeout:.0f} s"
        time.sleep(0.5)
    return time.monotonic() - began
