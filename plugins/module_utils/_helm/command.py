# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The program helm: renders a chart against the cluster, installs, upgrades, goes back."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .owner import LABEL

Dict = dict[str, Any]
NEEDED = "helm 3.13 or newer, or helm 4, is needed"
OLDEST = (3, 13)
"""The first that asks the server in a dry run, and puts labels on releases."""

NEWEST = 4
GRACE = 30
"""Seconds for helm to say what was not gone in time."""

BY_THE_CLIENT = "--server-side=false"
"""Helm 4 would apply objects by the server, under owners: what a plan here says is helm 3's way."""


class HelmError(Exception):
    """Helm failed or the release can't be changed: the text says what to do."""


@dataclass(frozen=True)
class Chart:
    """A chart: folder, archive, oci reference, or name in a repository; its version and values."""

    reference: str
    version: str
    repository: str
    values: Mapping[str, Any]
    owner: str = ""
    """Value of the label by which its releases are known as ours; empty: they get none."""


@dataclass(frozen=True)
class Helm:
    """Helm for one release.

    Args:
        kubeconfig: path, empty for the usual places.
        context: of the kubeconfig, empty for the current one.
        namespace: the release's.
        name: of the release.
        timeout: seconds that one command may take.
    """

    kubeconfig: str
    context: str
    namespace: str
    name: str
    timeout: float

    @cached_property
    def version(self) -> tuple[int, int]:
        """Major and minor version of the program.

        Raises:
            HelmError: see the message.
        """
        found = self._start(["helm", "version", "--template={{.Version}}"], "").strip()
        numbers = re.match(r"v(\d+)\.(\d+)\.", found)
        version = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
        if version < OLDEST or version[0] > NEWEST:
            raise HelmError(
                f"{NEEDED}, found {found}: install one of these versions and put it first on PATH"
            )
        return version

    @property
    def _applying(self) -> list[str]:
        return [BY_THE_CLIENT] if self.version[0] > 3 else []

    def render(self, chart: Chart) -> Dict:
        """Return the release as an upgrade would make it; nothing is changed.

        Raises:
            HelmError: the chart can't be read, or refuses its values.
        """
        arguments = self._upgrade(chart, 0)
        output = self._run([*arguments, "--dry-run=server", "--output=json"], chart.values)
        release: Dict = json.loads(output)
        return release

    def upgrade(self, chart: Chart, history: int) -> None:
        """Install or upgrade the release without waiting for its pods.

        Raises:
            HelmError: the API server refused an object, or helm failed.
        """
        self._run(self._upgrade(chart, history), chart.values)

    def rollback(self, revision: int, history: int) -> None:
        """Make the content of an earlier revision the newest one, without waiting.

        Raises:
            HelmError: the API server refused an object, or helm failed.
        """
        arguments = [*self._applying, f"--history-max={history}"]
        self._run(["rollback", self.name, str(revision), *arguments])

    def uninstall(self) -> None:
        """Remove the release with its history, and wait until its objects are gone.

        Raises:
            HelmError: the API server refused, they are not gone in time, or helm failed.
        """
        seconds = f"{self.timeout:.0f}s"
        self._run(["uninstall", self.name, "--wait", f"--timeout={seconds}"], grace=GRACE)

    def _upgrade(self, chart: Chart, history: int) -> list[str]:
        arguments = ["upgrade", "--install", self.name, chart.reference, "--values=-"]
        if chart.version:
            arguments.append(f"--version={chart.version}")
        if chart.repository:
            arguments.append(f"--repo={chart.repository}")
        if chart.owner:
            arguments.append(f"--labels={LABEL}={chart.owner}")
        arguments += self._applying
        return [*arguments, f"--history-max={history}"] if history else arguments

    def _run(
        self, arguments: Sequence[str], values: Mapping[str, Any] | None = None, grace: float = 0
    ) -> str:
        """Run helm; values go in by its input, since a command line is for all to read."""
        command = ["helm", *arguments, f"--namespace={self.namespace}"]
        if self.kubeconfig:
            command.append(f"--kubeconfig={self.kubeconfig}")
        if self.context:
            command.append(f"--kube-context={self.context}")
        return self._start(command, json.dumps(values or {}), grace)

    def _start(self, command: Sequence[str], given: str, grace: float = 0) -> str:
        """Start a command of helm with its input, and return what it prints."""
        try:
            done = subprocess.run(
                command,
                input=given,
                capture_output=True,
                text=True,
                timeout=self.timeout + grace,
                check=False,
            )
        except FileNotFoundError as error:
            raise HelmError(f"{NEEDED} and is not on PATH: install it") from error
        except subprocess.TimeoutExpired as error:
            text = f"helm {command[1]} {self.name} took longer than {self.timeout:.0f} s"
            raise HelmError(text) from error
        if done.returncode:
            words = done.stderr.replace("Error: ", "").strip()[-2000:]
            raise HelmError(f"helm {command[1]} {self.name} in {self.namespace}: {words}")
        return done.stdout
