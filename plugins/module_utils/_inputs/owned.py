# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the components will make under names that somebody else may have already.

Each is asked for before the first of them is made. The roles say these names, too, where only a
run can read them: a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .names import workloads

Inputs = Mapping[str, Any]
Own = Iterator[tuple[str, ...]]
"""Kind (as module platform_account_info has it), what follows platform_name, maybe the region."""

EKS_ROLES = ("-eks-cluster", "-eks-nodes", "-eks-vpc-cni", "-eks-ebs-csi")


def wanted(
    inputs: Mapping[str, Inputs], shared: Mapping[str, Any], name: str
) -> list[dict[str, str]]:
    """Return component, kind, name and region (empty: the platform's) of each.

    Args:
        inputs: by component of the run, typed.
        shared: the shared variables (platform_*).
        name: platform_name.
    """
    found = []
    for component, make in MAKERS.items():
        own = inputs.get(component)
        if own is None or own.get(f"{component}_state", "present") == "absent":
            continue
        if component == "bastion" and not shared.get("platform_bastion"):
            continue
        for kind, rest, *region in make(own, inputs):
            found.append(
                {
                    "component": component,
                    "kind": kind,
                    "name": name + rest,
                    "region": "".join(region),
                }
            )
    return found


def secrets() -> frozenset[str]:
    """Return the names of all secrets that the platform makes itself, whatever is switched on."""
    everything = {"rds_master_password_keeper": "platform", "secrets_openai_api_key": "given"}
    made = [item for make in (_rds, _elasticache, _secrets) for item in make(everything, {})]
    return frozenset(rest.removeprefix("/") for kind, rest, *_ in made if kind == "secret")


def _network(own: Inputs, _: Mapping[str, Inputs]) -> Own:
    if own.get("network_flow_logs", True):
        yield "role", "-flow-logs"


def _eks(_: Inputs, __: Mapping[str, Inputs]) -> Own:
    yield "cluster", ""
    for role in EKS_ROLES:
        yield "role", role


def _rds(own: Inputs, _: Mapping[str, Inputs]) -> Own:
    yield "database", ""
    if own.get("rds_monitoring_interval"):
        yield "role", "-rds-monitoring"
    if own.get("rds_master_password_keeper") == "platform":
        yield "secret", "/database-login"
    yield "secret", "/database-app-login"
    yield "secret", "/database-url"


def _elasticache(_: Inputs, __: Mapping[str, Inputs]) -> Own:
    yield "cache", ""
    yield "secret", "/redis-url"


def _s3(own: Inputs, _: Mapping[str, Inputs]) -> Own:
    region = own.get("s3_replication_region")
    if own.get("s3_access_logs"):
        yield "bucket", "-access-logs-{account}"
    if region:
        yield "role", "-s3-replication"
    for purpose in own.get("s3_purposes") or []:
        yield "bucket", f"-{purpose}-{{account}}"
        if region:
            yield "bucket", f"-{purpose}-{{account}}-{region}", str(region)


def _ecr(own: Inputs, _: Mapping[str, Inputs]) -> Own:
    for image in own.get("ecr_images") or []:
        yield "repository", f"/{image}"


def _secrets(own: Inputs, _: Mapping[str, Inputs]) -> Own:
    yield "secret", "/redis-auth-token"
    yield "secret", "/milvus-token"
    yield "secret", "/milvus-app-login"
    if own.get("secrets_openai_api_key"):
        yield "secret", "/openai-api-key"
    for extra in own.get("secrets_extra") or []:
        yield "secret", f"/{extra.get('name')}"


def _bastion(_: Inputs, __: Mapping[str, Inputs]) -> Own:
    yield "role", "-bastion"


def _workload_identity(_: Inputs, inputs: Mapping[str, Inputs]) -> Own:
    for workload in workloads(inputs):
        yield "role", f"-workload-{workload}"


MAKERS: Mapping[str, Callable[[Inputs, Mapping[str, Inputs]], Own]] = {
    "network": _network,
    "eks": _eks,
    "rds": _rds,
    "elasticache": _elasticache,
    "s3": _s3,
    "ecr": _ecr,
    "secrets": _secrets,
    "bastion": _bastion,
    "workload_identity": _workload_identity,
}
