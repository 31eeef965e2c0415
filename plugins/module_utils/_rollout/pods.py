# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Why a pod is not ready: scheduling, volumes, node, containers, gates, or that it won't go."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from .containers import cause_of_container
from .gates import causes_of_gates
from .model import (
    CAPACITY,
    COMING,
    GRACE,
    HEALS,
    Cause,
    Dict,
    Snapshot,
    event_time,
    one_line,
    seconds_since,
)

SLOW_TO_GO = 10.0
"""Seconds past its grace period after which a pod that won't go is worth telling of."""

SETTLED = 60.0
"""A pod that is ready for so long need not prove that it stays so. More than clocks differ by."""

CONTAINERS_BEGIN = ("Pulling", "Pulled", "Created", "Started")

NODE_COMES = ("TriggeredScaleUp", "Nominated")
"""What the cluster autoscaler and Karpenter say of a pod that they make room for."""

MISSING_OBJECT = re.compile(r'(?:secret|configmap|serviceaccount)s? "[^"]+" not found', re.I)


def causes_of_pod(
    snapshot: Snapshot, pod: Mapping[str, Any], crash_limit: int, now: datetime.datetime
) -> list[Cause]:
    """Return why a pod is not ready: the first cause in the order in which a pod comes up.

    Args:
        snapshot: for events, claims and nodes.
        pod: of the newest revision.
        crash_limit: see cause_of_container.
        now: for pods that should be gone.
    """
    if pod["metadata"].get("deletionTimestamp"):
        return _terminating(pod, now)
    done = pod["status"].get("phase") == "Succeeded"
    if done or _condition(pod, "Ready").get("status") == "True":
        return []
    looks = (_lost, _unscheduled, _evicted)
    for look in looks:
        if cause := look(snapshot, pod):
            return [cause]
    statuses = [
        *pod["status"].get("initContainerStatuses", []),
        *pod["status"].get("containerStatuses", []),
    ]
    causes = [cause_of_container(snapshot, pod, status, crash_limit) for status in statuses]
    found = [cause for cause in causes if cause]
    return found or _preparing(snapshot, pod) or causes_of_gates(snapshot, pod)


def is_probed(pod: Mapping[str, Any]) -> bool:
    """Whether each container had to answer before the pod was ready. One without a probe is ready
    at once, also one that ends a second later."""
    containers = pod["spec"]["containers"]
    return all({"readinessProbe", "startupProbe"} & set(container) for container in containers)


def is_settled(pod: Mapping[str, Any], now: datetime.datetime) -> bool:
    """Whether the pod is ready for long, or was never said to be."""
    since = _condition(pod, "Ready").get("lastTransitionTime", "")
    return not since or seconds_since(since, now) > SETTLED


def _about(pod: Mapping[str, Any]) -> str:
    return f"Pod {pod['metadata']['name']}"


def _condition(item: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    for condition in item.get("status", {}).get("conditions") or []:
        if condition["type"] == kind:
            found: Mapping[str, Any] = condition
            return found
    return {}


def _terminating(pod: Mapping[str, Any], now: datetime.datetime) -> list[Cause]:
    # The time at which it should be gone: the grace period is part of it.
    late = seconds_since(pod["metadata"]["deletionTimestamp"], now)
    if late < SLOW_TO_GO:
        return []
    finalizers = pod["metadata"].get("finalizers") or []
    if finalizers:
        text = (
            f"should have been deleted {late:.0f} s ago, but its finalizers block it: "
            f"{', '.join(finalizers)}"
        )
        return [Cause("terminating", _about(pod), text, GRACE)]
    node = pod["spec"].get("nodeName", "")
    text = f"should have been deleted {late:.0f} s ago, but node {node} still runs its containers"
    return [Cause("terminating", _about(pod), text, HEALS)]


def _lost(snapshot: Snapshot, pod: Mapping[str, Any]) -> Cause | None:
    for node in snapshot.nodes:
        ready = _condition(node, "Ready")
        if node["metadata"]["name"] != pod["spec"].get("nodeName") or ready.get("status") == "True":
            continue
        text = f"node {node['metadata']['name']} is lost: {ready.get('reason', 'not ready')}"
        said = one_line(ready.get("message"))
        return Cause("node_lost", _about(pod), f"{text}: {said}" if said else text, HEALS)
    return None


def _unscheduled(snapshot: Snapshot, pod: Mapping[str, Any]) -> Cause | None:
    scheduled = _condition(pod, "PodScheduled")
    if scheduled.get("status") != "False":
        return None
    message = one_line(scheduled.get("message"))
    if "persistentvolumeclaim" in message.lower():
        claims = _claims(snapshot, pod)
        return Cause("volume", _about(pod), "; ".join([message, *claims]), GRACE)
    if asked := _node_is_coming(snapshot, pod):
        message += f" (a node was requested and has not started: {asked})"
        return Cause("unschedulable", _about(pod), message, COMING)
    hopeless = snapshot.events_of(pod, "NotTriggerScaleUp")
    if hopeless and not snapshot.events_of(pod, "TriggeredScaleUp"):
        message += f" (autoscaler: {one_line(hopeless[-1].get('message'))})"
        if not snapshot.leaving():
            return Cause("unschedulable", _about(pod), message, GRACE)
    # A node group that grows makes room, or a pod of the revision before that ends.
    return Cause("unschedulable", _about(pod), message, CAPACITY)


def _node_is_coming(snapshot: Snapshot, pod: Mapping[str, Any]) -> str:
    """Return what the autoscaler or Karpenter said last, if it was that a node comes."""
    said = snapshot.events_of(pod, *NODE_COMES, "NotTriggerScaleUp")
    newest = max(said, key=event_time, default=None)
    if newest is None or newest["reason"] not in NODE_COMES:
        return ""
    return one_line(newest.get("message"))


def _claims(snapshot: Snapshot, pod: Mapping[str, Any]) -> list[str]:
    """Return what the claims of a pod wait for."""
    named = {
        (volume.get("persistentVolumeClaim") or {}).get("claimName")
        for volume in pod["spec"].get("volumes", [])
    }
    said = []
    for claim in snapshot.claims:
        if claim["metadata"]["name"] not in named or claim["status"].get("phase") == "Bound":
            continue
        events = snapshot.events_of(claim, "ProvisioningFailed", "FailedBinding")
        why = one_line(events[-1].get("message")) if events else "no volume was created for it"
        said.append(f"claim {claim['metadata']['name']} is not bound: {why}")
    return said


# Called as the other finders are.
def _evicted(snapshot: Snapshot, pod: Mapping[str, Any]) -> Cause | None:  # noqa: ARG001
    if pod["status"].get("phase") != "Failed" or not pod["status"].get("reason"):
        return None
    text = f"{pod['status']['reason']}: {one_line(pod['status'].get('message'))}"
    return Cause("evicted", _about(pod), text, HEALS)


def _preparing(snapshot: Snapshot, pod: Mapping[str, Any]) -> list[Cause]:
    """What keeps a pod from having containers at all: volumes, network."""
    statuses = pod["status"].get("containerStatuses", [])
    if any("running" in (status.get("state") or {}) for status in statuses):
        return []
    # Volumes and network come before the first image: what failed before that is over, such as a
    # Secret that External Secrets made a second later. Its event stays.
    past = [event_time(event) for event in snapshot.events_of(pod, *CONTAINERS_BEGIN)]

    def failed(*reasons: str) -> list[Dict]:
        events = snapshot.events_of(pod, *reasons)
        return [event for event in events if not past or event_time(event) > past[-1]]

    if mounts := failed("FailedMount", "FailedAttachVolume", "FailedMapVolume"):
        text = one_line(mounts[-1].get("message"))
        missing = [event for event in mounts if MISSING_OBJECT.search(event.get("message", ""))]
        if missing:
            return [
                Cause("config_missing", _about(pod), one_line(missing[-1].get("message")), GRACE)
            ]
        return [Cause("volume", _about(pod), text, HEALS)]
    for event in reversed(failed("FailedCreatePodSandBox")):
        return [Cause("sandbox", _about(pod), one_line(event.get("message")), HEALS)]
    return []
