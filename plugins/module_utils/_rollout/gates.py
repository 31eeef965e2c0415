# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Readiness gates: what keeps a pod from being ready when all its containers are.

Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-readiness-gate and
https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/pod_readiness_gate/
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .model import CAPACITY, GRACE, HEALS, Cause, Snapshot, one_line

TARGET_HEALTH = "target-health.elbv2.k8s.aws/"
"""The AWS Load Balancer Controller's gates; the TargetGroupBinding's name follows."""


def binding_of(gate: str) -> str:
    """Return the name of the TargetGroupBinding that opens a gate, empty for another's gate."""
    return gate.removeprefix(TARGET_HEALTH) if gate.startswith(TARGET_HEALTH) else ""


def gates_of(pod: Mapping[str, Any]) -> list[str]:
    """Return the types of a pod's readiness gates."""
    return [gate["conditionType"] for gate in pod["spec"].get("readinessGates") or []]


def any_binding(pods: Iterable[Mapping[str, Any]]) -> bool:
    """Whether one of the pods waits for a TargetGroupBinding."""
    return any(binding_of(gate) for pod in pods for gate in gates_of(pod))


def causes_of_gates(snapshot: Snapshot, pod: Mapping[str, Any]) -> list[Cause]:
    """Return which readiness gates of a pod are closed, once its containers are ready."""
    conditions = {each["type"]: each for each in pod["status"].get("conditions") or []}
    if conditions.get("ContainersReady", {}).get("status") != "True":
        return []
    closed = [g for g in gates_of(pod) if conditions.get(g, {}).get("status") != "True"]
    return [_cause(snapshot, pod, gate, conditions.get(gate)) for gate in closed]


def _cause(
    snapshot: Snapshot, pod: Mapping[str, Any], gate: str, condition: Mapping[str, Any] | None
) -> Cause:
    about = f"Pod {pod['metadata']['name']}, readiness gate {gate}"
    binding = binding_of(gate)
    if binding and _gone(snapshot, binding):
        text = (
            f"its target group was deleted: there is no TargetGroupBinding {binding}. The pod is"
            " older than the removal of an Ingress or of one of its paths, so it cannot become"
            " ready. A new pod can (kubectl delete pod)"
        )
        return Cause("readiness_gate", about, text, GRACE)
    if condition is None:
        # A controller that is just being replaced needs a while until it speaks.
        text = "not true, and no reason is reported: its controller was removed, or does not run"
        return Cause("readiness_gate", about, text, CAPACITY)
    said = ": ".join(filter(None, (condition.get("reason"), one_line(condition.get("message")))))
    return Cause("readiness_gate", about, f"closed: {said}" if said else "closed", HEALS)


def _gone(snapshot: Snapshot, binding: str) -> bool:
    """Whether it is certain that there is no such TargetGroupBinding."""
    there = snapshot.bindings
    return there is not None and all(item["metadata"]["name"] != binding for item in there)
