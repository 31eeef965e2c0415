"""The instances of the emulated EC2 that are nodes, and when to look at them again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from rehearsal.machines.user_data import kubelet_of
from rehearsal.names import AWS, AWS_PORT, REGION

CHANGING = {"autoscaling", "ec2", "eks"}
"""Services whose calls may start or end instances."""

OWNER = "kubernetes.io/cluster/"
ALIVE = ["pending", "running"]


@dataclass(frozen=True)
class Instance:
    """An instance that is a node, or will be. taints: key=value:effect."""

    identifier: str
    zone: str
    kind: str
    labels: tuple[tuple[str, str], ...]
    taints: tuple[str, ...]

    @property
    def provider_id(self) -> str:
        """As Kubernetes knows it."""
        return f"aws:///{self.zone}/{self.identifier}"


class Ec2:
    """The emulated EC2."""

    def __init__(self) -> None:
        # The emulated account's root.
        session = boto3.Session("test", "test", region_name=REGION)
        self._ec2: Any = session.client("ec2", endpoint_url=f"http://{AWS}:{AWS_PORT}")

    def nodes(self, known: dict[str, Instance]) -> dict[str, Instance]:
        """Those that are alive. known: those that need not be asked for their user data."""
        pages = self._ec2.get_paginator("describe_instances").paginate(
            Filters=[{"Name": "instance-state-name", "Values": ALIVE}]
        )
        found = [
            each
            for page in pages
            for reservation in page["Reservations"]
            for each in reservation["Instances"]
            if owned(each)
        ]
        return {
            each["InstanceId"]: known.get(each["InstanceId"]) or self._read(each) for each in found
        }

    def _read(self, found: dict[str, Any]) -> Instance:
        identifier = found["InstanceId"]
        answer = self._ec2.describe_instance_attribute(InstanceId=identifier, Attribute="userData")
        labels, taints = kubelet_of(answer["UserData"].get("Value", ""))
        return Instance(
            identifier,
            found["Placement"]["AvailabilityZone"],
            found["InstanceType"],
            tuple(sorted(labels.items())),
            tuple(taints),
        )


def owned(instance: dict[str, Any]) -> bool:
    """Whether an instance says that it is a cluster's."""
    return any(
        tag["Key"].startswith(OWNER) and tag["Value"] == "owned"
        for tag in instance.get("Tags") or []
    )


class Changes:
    """Follows the log of requests, which is cheaper than to ask AWS again and again."""

    def __init__(self, log: Path) -> None:
        self._log, self._read = log, 0

    def any(self) -> bool:
        """Whether something was called since the last time that may start or end instances."""
        return any(
            line["mutating"] and line["service"] in CHANGING and line["status"] < 400
            for line in self._new()
        )

    def _new(self) -> Iterator[dict[str, Any]]:
        if not self._log.exists() or self._log.stat().st_size <= self._read:
            return
        with self._log.open("rb") as stream:
            stream.seek(self._read)
            whole = stream.read().rpartition(b"\n")[0]
        self._read += len(whole) + 1 if whole else 0
        for line in whole.splitlines():
            yield json.loads(line)
