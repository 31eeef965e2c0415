# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""All that is wrong with a run's inputs, of all components at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from . import (
    access,
    account,
    addons,
    cluster,
    exposure,
    forms,
    kubernetes,
    machines,
    names,
    network,
    platform,
    roles,
    stores,
    trust,
    volumes,
)


def judge(
    variables: Mapping[str, Mapping[str, Any]],
    components: Collection[str],
    folder: Path,
    today: str,
) -> dict[str, Any]:
    """Return errors and warnings, one text each: component, input, its value, the remedy.

    Beside them `account`: what the account is to be asked (module platform_account_info).

    Args:
        variables: variables by component host.
        components: the components of the run.
        folder: where the roles are.
        today: the day for which versions are judged (YYYY-MM-DD).
    """
    shared = variables[next(iter(components))]
    found = list(platform.problems(shared))
    inputs: dict[str, roles.Inputs] = {}
    for component in components:
        inputs[component], errors = roles.read(folder, component, variables[component])
        # A value of the wrong type can't be judged further.
        if errors:
            found += errors
            del inputs[component]
        else:
            region = str(shared["platform_region"])
            found += forms.problems(component, inputs[component], region)
    found += _errors(inputs, shared, folder, today)
    found += access.problems(
        shared, list(variables), inputs.get("eks", {}), inputs.get("network", {})
    )
    return {
        "errors": found,
        "warnings": [
            *roles.strangers(
                folder, components, {name for own in variables.values() for name in own}
            ),
            *cluster.warnings(inputs.get("eks", {}), today),
            *volumes.warnings(inputs.get("eks", {}), inputs.get("milvus", {})),
            *stores.rds_warnings(inputs.get("rds", {})),
            *exposure.warnings(inputs.get("app_rollout", {}), _controller(inputs)),
        ],
        "account": account.questions(inputs, shared, components),
    }


def _errors(
    inputs: Mapping[str, roles.Inputs], shared: Mapping[str, Any], folder: Path, today: str
) -> Iterator[str]:
    region, name = str(shared["platform_region"]), str(shared["platform_name"])
    environment = str(shared["platform_environment"])
    checks = {
        "network": lambda own: network.problems(name, region, own),
        "eks": lambda own: cluster.problems(own, environment, today),
        "rds": lambda own: stores.rds_problems(own, today),
        "elasticache": stores.elasticache_problems,
        "s3": lambda own: stores.s3_problems(own, region),
        "ecr": stores.ecr_problems,
        "secrets": stores.secrets_problems,
        "kms": stores.kms_problems,
        "bastion": machines.bastion_problems,
    }
    for component, check in checks.items():
        if component in inputs:
            yield from check(inputs[component])
    yield from kubernetes.toleration_problems(
        "milvus: milvus_tolerations", inputs.get("milvus", {}).get("milvus_tolerations", [])
    )
    if "cluster_addons" in inputs:
        yield from addons.problems(inputs["cluster_addons"], inputs.get("eks", {}))
    if "app_rollout" in inputs:
        yield from exposure.problems(inputs["app_rollout"], region, _controller(inputs))
        yield from trust.problems(inputs["app_rollout"], inputs.get("rds", {}), folder, region)
    if "images" in inputs:
        yield from machines.image_problems(inputs["images"], inputs.get("eks", {}))
    yield from network.overlap_problems(inputs.get("network", {}), inputs.get("eks", {}))
    yield from names.problems(name, inputs)
    yield from names.clashes(str(shared.get("platform_namespace", "rag")), inputs)


def _controller(inputs: Mapping[str, roles.Inputs]) -> bool:
    """Whether the run installs the load balancer controller."""
    return bool(inputs.get("cluster_addons", {}).get("cluster_addons_load_balancer_controller"))
