"""Helm, run as a user runs it, on the charts of this checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

KUBERNETES = "1.35.0"


def helm_program() -> str:
    """Helm by HELM, PATH or the newest build of the rehearsal; without one the tests fail."""
    cache = Path(os.environ.get("RAGOPS_CACHE", Path.home() / ".cache/ragops"))
    built = sorted(cache.glob("bin/*/helm"), key=lambda path: path.stat().st_mtime)
    found = os.environ.get("HELM") or shutil.which("helm") or (str(built[-1]) if built else None)
    if not found:
        pytest.fail(
            "Helm is needed: put it on PATH, name it in HELM, or let the rehearsal build it "
            "(.venv/bin/rehearsal up)."
        )
    return found


@dataclass
class Chart:
    """A chart with the values that its installation must at least say."""

    helm: str
    path: Path
    values: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.helm, *arguments], capture_output=True, text=True, check=False, timeout=60
        )

    def lint(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("lint", "--strict", str(self.path), *arguments)

    def template(self, values: Path | None = None) -> subprocess.CompletedProcess[str]:
        extra = ["--values", str(values)] if values else []
        return self.run(
            "template", "rag", str(self.path), "--namespace", "rag", "--kube-version", KUBERNETES,
            "--values", str(self.values), *extra,
        )  # fmt: skip


class Render:
    """Renders a chart with values over the least ones; the same values once only."""

    def __init__(self, chart: Chart, folder: Path) -> None:
        self.chart = chart
        self.folder = folder
        self._known: dict[str, subprocess.CompletedProcess[str]] = {}

    def attempt(self, values: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        text = yaml.safe_dump(values)
        if text not in self._known:
            file = self.folder / "values.yaml"
            file.write_text(text)
            self._known[text] = self.chart.template(file)
        return self._known[text]

    def __call__(self, values: dict[str, Any] | None = None) -> Objects:
        outcome = self.attempt(values or {})
        assert outcome.returncode == 0, outcome.stderr
        return Objects(yaml.safe_load_all(outcome.stdout))


class Objects(list[dict[str, Any]]):
    """Rendered manifests."""

    def __init__(self, manifests: Iterable[dict[str, Any] | None]) -> None:
        super().__init__(manifest for manifest in manifests if manifest)

    def kinds(self) -> set[str]:
        return {manifest["kind"] for manifest in self}

    def get(self, kind: str, name: str) -> dict[str, Any]:
        found = [one for one in self if (one["kind"], one["metadata"]["name"]) == (kind, name)]
        assert len(found) == 1, f"{len(found)} {kind} {name} among {self.kinds()}"
        return found[0]

    def policy(self, name: str) -> dict[str, Any]:
        """The spec of a NetworkPolicy."""
        spec: dict[str, Any] = self.get("NetworkPolicy", name)["spec"]
        return spec

    def pod(self, name: str, kind: str = "Deployment") -> dict[str, Any]:
        """The pod template of a workload."""
        template: dict[str, Any] = self.get(kind, name)["spec"]["template"]
        return template

    def container(self, name: str) -> dict[str, Any]:
        """The first container of a Deployment."""
        container: dict[str, Any] = self.pod(name)["spec"]["containers"][0]
        return container


def refuses_restricted(pod: dict[str, Any]) -> list[str]:
    """What Pod Security `restricted` (v1.35) would refuse of a pod spec; empty: nothing."""
    allowed = {
        "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image",
        "persistentVolumeClaim", "projected", "secret",
    }  # fmt: skip
    found = [key for key in ("hostNetwork", "hostPID", "hostIPC") if pod.get(key)]
    for volume in pod.get("volumes", []):
        found += [f"volume {kind}" for kind in set(volume) - {"name"} - allowed]
    security = pod.get("securityContext", {})
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        name = container["name"]
        merged = {**security, **container.get("securityContext", {})}
        if merged.get("runAsNonRoot") is not True or merged.get("runAsUser") == 0:
            found.append(f"{name}: may run as root")
        if merged.get("allowPrivilegeEscalation") is not False:
            found.append(f"{name}: allows privilege escalation")
        if merged.get("seccompProfile", {}).get("type") not in {"RuntimeDefault", "Localhost"}:
            found.append(f"{name}: no seccomp profile")
        capabilities = merged.get("capabilities", {})
        if "ALL" not in capabilities.get("drop", []):
            found.append(f"{name}: keeps capabilities")
        if set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
            found.append(f"{name}: adds capabilities")
        if merged.get("privileged") or merged.get("procMount", "Default") != "Default":
            found.append(f"{name}: privileged")
        if any(port.get("hostPort") for port in container.get("ports", [])):
            found.append(f"{name}: host port")
    return found
