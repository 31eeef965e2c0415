# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""How long a platform's name may be: what is made of it must fit into what AWS takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

ROLE, BUCKET, GROUP = 64, 63, 40
"""Characters that IAM takes in a role's name, S3 in a bucket's, ElastiCache in a group's."""
OWN = ({"name": "backend"}, {"name": "milvus"})
"""The workloads that the platform itself has."""
ACCOUNT = 12
"""Digits of an account, with which buckets' names end."""


def made(name: str, inputs: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, int, str]]:
    """Yield the names that AWS bounds, with their bounds and what they are the names of.

    Args:
        name: platform_name.
        inputs: of the roles of this run, by role.
    """
    if "elasticache" in inputs:
        yield name, GROUP, "a replication group"
    yield from _buckets(name, inputs.get("s3"))
    for workload in workloads(inputs):
        yield f"{name}-workload-{workload}", ROLE, "an IAM role"
    if "rds" in inputs:
        yield f"{name}-rds-monitoring", ROLE, "an IAM role"
    if "network" in inputs:
        yield f"{name}-flow-logs", ROLE, "an IAM role"


def _buckets(name: str, s3: Mapping[str, Any] | None) -> Iterator[tuple[str, int, str]]:
    if s3 is None:
        return
    region = s3.get("s3_replication_region")
    for purpose in [*s3.get("s3_purposes", []), "access-logs"]:
        full = f"{name}-{purpose}-{'0' * ACCOUNT}"
        yield full, BUCKET, "a bucket"
        if region and purpose != "access-logs":
            yield f"{full}-{region}", BUCKET, "a bucket"


def workloads(inputs: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the workloads that get a role: as vars/main.yml of role workload_identity says."""
    if "workload_identity" not in inputs:
        return
    identity, addons = inputs["workload_identity"], inputs.get("cluster_addons", {})
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


def clashes(namespace: str, inputs: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield names that two parts of the platform would have.

    Args:
        namespace: platform_namespace.
        inputs: of the roles of this run, by role.
    """
    milvus = inputs.get("milvus", {}).get("milvus_namespace")
    if milvus == namespace:
        yield (
            f"milvus_namespace and platform_namespace are both '{milvus}': each has its own rules "
            "for pods and packets. Give them two namespaces."
        )
    roles = list(workloads(inputs))
    for name in sorted({name for name in roles if roles.count(name) > 1}):
        yield (
            f"workload_identity: workload_identity_extra has '{name}', and the platform has a "
            "workload of that name: choose another one."
        )


def problems(name: str, inputs: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the name that fits least, with how many characters the platform's may have.

    Args:
        name: platform_name.
        inputs: of the roles of this run, by role.
    """
    spare = [(bound - len(full), full, bound, what) for full, bound, what in made(name, inputs)]
    if not spare or (least := min(spare))[0] >= 0:
        return
    missing, full, bound, what = least
    yield (
        f"platform_name '{name}' has {len(name)} characters, and {what} is called {full}, where "
        f"AWS takes {bound}: at most {len(name) + missing} fit. Shorten platform_project or "
        "platform_environment."
    )
