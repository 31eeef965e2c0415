# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the inputs of role workload_identity must be."""

from __future__ import annotations

from collections.abc import Iterator

from .._inputs import forms, names
from .._inputs.rules import Inputs, Rules, Run

OWN = ({"name": "backend"}, {"name": "milvus"})
"""The workloads that the platform itself has."""
PATH = forms.pattern(r"/([!-.0-~]+/)*", "a path that begins and ends with /, such as /ragops/")


def workloads(identity: Inputs, run: Run) -> Iterator[str]:
    """Yield the workloads that get a role: as vars/main.yml of role workload_identity says."""
    addons = run.of("cluster_addons")
    # The default is made of other variables, so that it is not among the inputs.
    yield from (str(each.get("name")) for each in identity.get("workload_identity_workloads", OWN))
    yield from (str(each.get("name")) for each in identity.get("workload_identity_extra") or [])
    if addons.get("cluster_addons_load_balancer_controller"):
        yield "load-balancer-controller"
    if addons.get("cluster_addons_external_secrets"):
        yield "secrets"
    autoscaler = str(addons.get("cluster_addons_autoscaler", "none"))
    if autoscaler != "none":
        yield autoscaler.replace("_", "-")


def problems(own: Inputs, run: Run) -> Iterator[str]:
    """Yield names that two workloads would have."""
    found = list(workloads(own, run))
    for name in sorted({name for name in found if found.count(name) > 1}):
        yield (
            f"workload_identity: workload_identity_extra has '{name}', which is already the name"
            " of a workload of the platform. Choose another name."
        )


def owned(own: Inputs, run: Run) -> Iterator[tuple[str, ...]]:
    """Yield the names that somebody else may have already."""
    for workload in workloads(own, run):
        yield "role", f"-workload-{workload}"


def bounded(own: Inputs, run: Run) -> Iterator[tuple[str, int, str]]:
    """Yield the names that AWS bounds."""
    for workload in workloads(own, run):
        yield f"{run.name}-workload-{workload}", names.ROLE, "an IAM role"


RULES = Rules(
    problems=problems,
    forms={
        "workload_identity_extra.name": forms.OBJECT,
        "workload_identity_extra.namespace": forms.ANY_NAMESPACE,
        "workload_identity_extra.service_account": forms.OBJECT,
        "workload_identity_path": PATH,
        "workload_identity_permissions_boundary": forms.BOUNDARY,
    },
    owned=owned,
    bounded=bounded,
)
