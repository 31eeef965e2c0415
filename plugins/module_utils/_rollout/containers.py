# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Why a container does not run, or is not ready, by its status and the events about its pod."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .model import GRACE, HEALS, NOW, Cause, Dict, Log, Snapshot, event_time, one_line, plain

PULL = ("ErrImagePull", "ImagePullBackOff", "RegistryUnavailable")
UNPULLABLE = ("InvalidImageName", "ErrImageNeverPull", "ImageInspectError")
NOT_STARTED = ("RunContainerError", "CreateContainerError", "ContainerCannotRun", "StartError")
# A registry's answers that stay the same; what else fails (a name, a connection) may heal.
NO_SUCH_IMAGE = re.compile(
    r"not found|manifest unknown|name unknown|denied|unauthorized|forbidden|no match for platform"
    r"|invalid reference|\b40[134]\b",
    re.I,
)


def crashes_of(status: Mapping[str, Any]) -> int:
    """Return how often a container has ended by itself so far."""
    state = status.get("state") or {}
    over = "terminated" in state or (state.get("waiting") or {}).get("reason") == "CrashLoopBackOff"
    return int(status.get("restartCount", 0)) + int(over)


def cause_of_container(
    snapshot: Snapshot, pod: Mapping[str, Any], status: Mapping[str, Any], crash_limit: int
) -> Cause | None:
    """Return why a container of a pod is not up; None if it is, or if it is still coming up.

    Args:
        snapshot: for the events.
        pod: the container's.
        status: an entry of containerStatuses or initContainerStatuses.
        crash_limit: so many crashes are taken for a container that will go on crashing.
    """
    cause = _cause(snapshot, pod, status, crash_limit)
    if cause is None:
        return None
    initial = status in pod["status"].get("initContainerStatuses", [])
    which = "init container" if initial else "container"
    name = pod["metadata"]["name"]
    return replace(cause, about=f"Pod {name}, {which} {status['name']}", pod=name)


def _cause(
    snapshot: Snapshot, pod: Mapping[str, Any], status: Mapping[str, Any], crash_limit: int
) -> Cause | None:
    state = status.get("state") or {}
    waiting = state.get("waiting") or {}
    reason = waiting.get("reason", "")
    message = one_line(waiting.get("message"))
    if reason in PULL:
        return _pull(snapshot, pod, status, plain(waiting.get("message")))
    if reason in UNPULLABLE:
        return Cause("image_pull", "", f"{reason}: {message}", NOW)
    if reason == "CreateContainerConfigError":
        return Cause("config_missing", "", message, GRACE)
    if reason in NOT_STARTED:
        return Cause("start_error", "", f"{reason}: {message}", GRACE)
    ended = state.get("terminated") or (status.get("lastState") or {}).get("terminated") or {}
    # One that is ready has come over its end; so has an init container that did its work.
    if ended and not status.get("ready"):
        return _crash(snapshot, pod, status, ended, crash_limit)
    if "running" in state and not status.get("ready"):
        return _unready(snapshot, pod, status)
    return None


def _pull(
    snapshot: Snapshot, pod: Mapping[str, Any], status: Mapping[str, Any], message: str
) -> Cause:
    """The registry's words are in the event of the first try; later ones only tell of waiting."""
    said = [
        plain(event.get("message"))
        for event in snapshot.events_of(pod, "Failed")
        if status["image"] in event.get("message", "") and "pull image" in event["message"]
    ]
    text = max([message, *said[-1:]], key=len)
    patience = GRACE if NO_SUCH_IMAGE.search(text) else HEALS
    return Cause("image_pull", "", one_line(text), patience)


def _crash(
    snapshot: Snapshot,
    pod: Mapping[str, Any],
    status: Mapping[str, Any],
    ended: Mapping[str, Any],
    crash_limit: int,
) -> Cause:
    crashes = crashes_of(status)
    times = f"ended {crashes} times" if crashes > 1 else "ended"
    patience = NOW if crashes >= crash_limit else HEALS
    reason = ended.get("reason", "")
    words = one_line(ended.get("message"))
    previous = "terminated" not in (status.get("state") or {})
    log = Log(pod["metadata"]["name"], status["name"], previous)
    if reason in NOT_STARTED:
        return Cause("start_error", "", f"{reason}: {words}", GRACE)
    if reason == "OOMKilled":
        limit = _memory_limit(pod, status["name"])
        text = f"{times}, killed for more memory than its limit{f' of {limit}' if limit else ''}"
        return Cause("out_of_memory", "", text, patience, log)
    if probe := _killed_by_probe(snapshot, pod, status["name"]):
        return Cause("probe", "", f"{times}, killed by its {probe}", patience, log)
    text = f"{times} with exit code {ended.get('exitCode')}"
    if reason not in ("", "Error", "Completed"):
        text += f" ({reason})"
    return Cause("crash_loop", "", f"{text}{f': {words}' if words else ''}", patience, log)


def _memory_limit(pod: Mapping[str, Any], container: str) -> str:
    spec = pod["spec"]
    for item in [*spec["containers"], *spec.get("initContainers", [])]:
        if item["name"] == container:
            limits = (item.get("resources") or {}).get("limits") or {}
            return str(limits.get("memory", ""))
    return ""


def _probe_events(snapshot: Snapshot, pod: Mapping[str, Any], container: str) -> list[Dict]:
    return [
        event
        for event in snapshot.events_of(pod, "Unhealthy")
        if event["involvedObject"].get("fieldPath", "").endswith(f"{{{container}}}")
    ]


def _killed_by_probe(snapshot: Snapshot, pod: Mapping[str, Any], container: str) -> str:
    """Return which probe had the container killed, and what it answered."""
    pattern = re.compile(rf"Container {re.escape(container)} failed (\w+) probe")
    matches = [pattern.search(event["message"]) for event in snapshot.events_of(pod, "Killing")]
    killed = [match[1].lower() for match in matches if match]
    if not killed:
        return ""
    said = [
        one_line(event["message"])
        for event in _probe_events(snapshot, pod, container)
        if event["message"].lower().startswith(f"{killed[-1]} probe")
    ]
    return f"{killed[-1]} probe: {said[-1]}" if said else f"{killed[-1]} probe"


def _unready(snapshot: Snapshot, pod: Mapping[str, Any], status: Mapping[str, Any]) -> Cause | None:
    """What the probes of the container that runs now answered; before a first answer nothing."""
    since = str(status["state"]["running"].get("startedAt", ""))[:19]
    for event in reversed(_probe_events(snapshot, pod, status["name"])):
        if event_time(event) >= since:
            ask = _readiness_address(pod, status["name"]) if "Readiness" in event["message"] else ""
            return Cause("probe", "", one_line(event["message"]), HEALS, ask=ask)
    return None


def _readiness_address(pod: Mapping[str, Any], container: str) -> str:
    """Return port and path of an HTTP readiness probe, empty for one of another sort."""
    for item in pod["spec"]["containers"]:
        probe = (item.get("readinessProbe") or {}).get("httpGet")
        if item["name"] != container or not probe or probe.get("host"):
            continue
        numbers = {port.get("name"): port["containerPort"] for port in item.get("ports", [])}
        port = numbers.get(probe["port"], probe["port"])
        scheme = "https:" if probe.get("scheme") == "HTTPS" else ""
        return f"{scheme}{pod['metadata']['name']}:{port}/proxy{probe.get('path', '/')}"
    return ""
