# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What a look at the cluster saw, and a cause as the functions of this package tell it."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Dict = dict[str, Any]

# How long a cause may last before waiting on makes no sense. What can't heal still gets a grace:
# the Secret that is missing may be the next object that somebody makes.
NOW, GRACE, CAPACITY, COMING, HEALS = "now", "grace", "capacity", "coming", "heals"

HELM_RELEASE = "meta.helm.sh/release-name"
INSTANCE = "app.kubernetes.io/instance"


@dataclass(frozen=True)
class Log:
    """Where the last words of a container are. previous: of the one before this restart."""

    pod: str
    container: str
    previous: bool


@dataclass(frozen=True)
class Cause:
    """Why a workload is not up.

    kind: one word, see the module's RETURN; about: the object in words; message: Kubernetes' or
    the registry's own words; patience: NOW, GRACE, CAPACITY, COMING or HEALS; log: whose last
    lines say more; pod: name of the pod, whose Secrets must not be seen in the message; ask: port
    and path of a readiness probe that fails, whose answer says more.
    """

    kind: str
    about: str
    message: str
    patience: str = HEALS
    log: Log | None = None
    pod: str = ""
    ask: str = ""


@dataclass
class Snapshot:
    """The objects of a namespace at one moment, as the API gives them.

    bindings: TargetGroupBindings; None where they can't be read, or no pod waits for one.
    """

    workloads: list[Dict] = field(default_factory=list)
    replica_sets: list[Dict] = field(default_factory=list)
    pods: list[Dict] = field(default_factory=list)
    events: list[Dict] = field(default_factory=list)
    claims: list[Dict] = field(default_factory=list)
    nodes: list[Dict] = field(default_factory=list)
    bindings: list[Dict] | None = None

    def owned(self, objects: Iterable[Dict], owner: Mapping[str, Any]) -> list[Dict]:
        """Return the objects that an object controls."""
        uid = owner["metadata"]["uid"]
        return [
            item
            for item in objects
            if any(
                reference["uid"] == uid for reference in item["metadata"].get("ownerReferences", [])
            )
        ]

    def leaving(self) -> list[Dict]:
        """Return the pods that end: until they are gone they keep their places and quota."""
        return [pod for pod in self.pods if pod["metadata"].get("deletionTimestamp")]

    def events_of(self, item: Mapping[str, Any], *reasons: str) -> list[Dict]:
        """Return the events about an object with one of the reasons, the latest last."""
        uid = item["metadata"]["uid"]
        return [
            event
            for event in self.events
            if event["involvedObject"].get("uid") == uid and event.get("reason") in reasons
        ]


def event_time(event: Mapping[str, Any]) -> str:
    """Return when an event was seen last, as ISO time: sorts as text."""
    series = event.get("series") or {}
    return str(
        series.get("lastObservedTime")
        or event.get("lastTimestamp")
        or event.get("eventTime")
        or event["metadata"].get("creationTimestamp")
        or ""
    )[:19]


def seconds_since(stamp: str | None, now: datetime.datetime) -> float:
    """Return the seconds from a time of the API to now; endless without one."""
    if not stamp:
        return float("inf")
    then = datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    return (now - then).total_seconds()


def name_of(item: Mapping[str, Any]) -> str:
    """Return kind and name: Deployment rag-backend."""
    return f"{item['kind']} {item['metadata']['name']}"


def plain(text: Any) -> str:
    """Return text without line breaks and repeated blanks."""
    return " ".join(str(text or "").split())


def one_line(text: Any) -> str:
    """Return text without line breaks and repeated blanks, of about 600 characters at most.

    Beginning and end are kept: runtimes and registries say last why something failed, behind
    the image's name several times over.
    """
    said = plain(text)
    return said if len(said) <= 600 else f"{said[:250]} ... {said[-350:]}"
