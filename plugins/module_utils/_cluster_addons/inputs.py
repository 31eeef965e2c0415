# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the inputs of role cluster_addons must be, beside their types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .._inputs import forms, kubernetes
from .._inputs.rules import Inputs, Rules, Run
from . import karpenter_inputs

CHART = forms.pattern(r"\S+", "a folder, an archive, an oci reference, or a name in repo")
REPOSITORY = forms.pattern(r"https?://\S+", "the repository's address, such as https://...")
RELEASES = {
    "load_balancer_controller": "aws-load-balancer-controller",
    "external_secrets": "external-secrets",
    "cluster_autoscaler": "cluster-autoscaler",
    "karpenter": "karpenter",
    "metrics_server": "metrics-server",
}
"""Names that the add-ons' releases have."""
SWITCHES = ("load_balancer_controller", "external_secrets", "metrics_server")


def problems(inputs: Inputs, run: Run) -> Iterator[str]:
    """Yield what is wrong with the add-ons."""
    eks = run.of("eks")
    if inputs.get("cluster_addons_state") == "absent":
        return
    autoscaler = inputs.get("cluster_addons_autoscaler")
    wanted = [name for name in SWITCHES if inputs.get(f"cluster_addons_{name}")]
    if autoscaler == "cluster_autoscaler":
        wanted.append("cluster_autoscaler")
        yield from _autoscaler(inputs, eks)
    if autoscaler == "karpenter":
        wanted.append("karpenter")
        yield from karpenter_inputs.problems(inputs, eks)
    for name in wanted:
        yield from _sources(name, inputs)
    if scope := str(inputs.get("cluster_addons_external_secrets_scope") or ""):
        name = "cluster_addons: cluster_addons_external_secrets_scope"
        yield from kubernetes.namespace_problems(name, scope)
    yield from _releases(inputs, wanted)
    yield from _mirrors(inputs)
    yield from _contradictions(inputs, wanted, eks)
    if inputs.get("cluster_addons_replicas", 1) < 1:
        yield (
            f"cluster_addons: cluster_addons_replicas is {inputs['cluster_addons_replicas']}, but"
            " an add-on needs at least one pod. To have none, turn the add-on off."
        )


def _sources(name: str, inputs: Inputs) -> Iterator[str]:
    """Charts and images are named exactly."""
    prefix = f"cluster_addons_{name}"
    chart = str(inputs.get(f"{prefix}_chart", ""))
    local = chart.startswith(("/", "."))
    if not local and inputs.get(f"{prefix}_chart_version") == "":
        yield (
            f"cluster_addons: {prefix}_chart_version is empty, so the chart would change without"
            " notice. Give the exact version."
        )
    if local and not Path(chart).exists():
        yield (
            f"cluster_addons: {prefix}_chart is {chart}, which does not exist. Give a folder or an"
            " archive."
        )
    tag = str(inputs.get(f"{prefix}_image_tag", "v0"))
    if tag in ("", "latest"):
        yield f"cluster_addons: {prefix}_image_tag is '{tag}'. Give the exact tag."


def _releases(inputs: Inputs, wanted: list[str]) -> Iterator[str]:
    """Further releases that would be another's, or change by themselves."""
    known = {(inputs.get(f"cluster_addons_{key}_namespace"), RELEASES[key]): key for key in wanted}
    for number, release in enumerate(inputs.get("cluster_addons_releases") or []):
        label = f"cluster_addons: cluster_addons_releases[{number}] ({release.get('name')})"
        if key := known.get((release.get("namespace"), release.get("name"))):
            yield f"{label} is the release of the add-on {key}. Choose another name."
        chart = str(release.get("chart", ""))
        if release.get("repo") and chart.startswith("oci://"):
            yield (
                f"{label} has an oci reference and a repo. Remove repo, or give the name of a"
                " chart in the repo."
            )
        if release.get("repo") or chart.startswith("oci://"):
            if not release.get("version"):
                yield (
                    f"{label} has no version, so it would change without notice. Give the exact"
                    " version."
                )
        elif (chart.startswith((".", "/")) or "/" not in chart) and not Path(chart).exists():
            yield (
                f"{label} has chart {chart}, which does not exist. Give a folder or an archive, or"
                " the repository of the chart as repo."
            )
        timeout = release.get("timeout")
        if timeout is not None and timeout < 1:
            yield f"{label} has timeout {timeout}: give at least 1."


def _mirrors(inputs: Inputs) -> Iterator[str]:
    mirror = str(inputs.get("cluster_addons_image_mirror", ""))
    if re.match(r"\w+://", mirror) or mirror.endswith("/"):
        yield (
            f"cluster_addons: cluster_addons_image_mirror is '{mirror}'. Give a registry as in the"
            " name of an image, without a scheme and without a slash at the end."
        )
    mirror = str(inputs.get("cluster_addons_chart_mirror", ""))
    if mirror and not re.match(r"(oci|https?)://", mirror):
        yield (
            f"cluster_addons: cluster_addons_chart_mirror is '{mirror}'. It must start with oci://"
            " or https://. For folders or archives set the _chart of each add-on."
        )


def _autoscaler(inputs: Inputs, eks: Inputs) -> Iterator[str]:
    """The autoscaler has the scheduler of one minor version in it."""
    tag = str(inputs.get("cluster_addons_cluster_autoscaler_image_tag", ""))
    version = str(eks.get("eks_version", ""))
    if tag and version and not re.match(rf"v?{re.escape(version)}\.", tag):
        yield (
            f"cluster_addons: cluster_addons_cluster_autoscaler_image_tag is {tag}, and the"
            f" cluster is {version}. The autoscaler works like the scheduler of its own version,"
            f" so both must match. Set a tag v{version}.x."
        )


def _contradictions(inputs: Inputs, wanted: list[str], eks: Inputs) -> Iterator[str]:
    for name in wanted:
        if name in inputs.get("cluster_addons_remove", []):
            yield (
                f"cluster_addons: {name} is turned on and also listed in cluster_addons_remove."
                " Choose one of them."
            )
    addons = {_name(addon) for addon in eks.get("eks_addons", [])}
    if "metrics_server" in wanted and "metrics-server" in addons:
        yield (
            "cluster_addons: cluster_addons_metrics_server is true, and eks_addons has"
            " metrics-server, too. Both would create the same objects. Remove one of them."
        )


def _name(addon: Any) -> str:
    return str(addon.get("name", "")) if isinstance(addon, dict) else str(addon)


RULES = Rules(
    problems=problems,
    forms={
        "cluster_addons_api_server_cidrs": forms.BLOCK,
        **{f"cluster_addons_{name}_chart_version": forms.VERSION_OR_NONE for name in RELEASES},
        "cluster_addons_cluster_autoscaler_namespace": forms.ANY_NAMESPACE,
        "cluster_addons_external_secrets_namespace": forms.NAMESPACE,
        "cluster_addons_karpenter_namespace": forms.ANY_NAMESPACE,
        "cluster_addons_load_balancer_controller_namespace": forms.ANY_NAMESPACE,
        "cluster_addons_metrics_clients.namespace": forms.ANY_NAMESPACE,
        "cluster_addons_metrics_server_namespace": forms.ANY_NAMESPACE,
        "cluster_addons_namespaces.name": forms.NAMESPACE,
        "cluster_addons_priority_class": forms.OBJECT_OR_NONE,
        "cluster_addons_releases.chart": CHART,
        "cluster_addons_releases.name": forms.RELEASE,
        "cluster_addons_releases.namespace": forms.ANY_NAMESPACE,
        "cluster_addons_releases.repo": REPOSITORY,
        "cluster_addons_releases.version": forms.VERSION,
        "cluster_addons_storage_class": forms.OBJECT_OR_NONE,
    },
    at_least={"cluster_addons_replicas": 1},
    needs=("eks",),
)
