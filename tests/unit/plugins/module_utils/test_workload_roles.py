"""A workload's role: of this run, or found by its name; only IRSA is told to the pods."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._iam.workloads import arns_of, role_of

FOUND = {"workload_backend": "arn:found", "workload_cluster_autoscaler": "arn:autoscaler"}


def made(**arns: str) -> dict[str, Any]:
    return {"workload_identity": {"workload_identity_result": {"role_arns": arns}}}


@pytest.mark.parametrize(
    ("workload", "hostvars", "way", "arn"),
    [
        ("backend", made(backend="arn:made"), "irsa", "arn:made"),
        ("backend", made(milvus="arn:of another"), "irsa", "arn:found"),
        ("backend", {"workload_identity": {}}, "irsa", "arn:found"),
        ("backend", {}, "irsa", "arn:found"),
        ("cluster-autoscaler", {}, "irsa", "arn:autoscaler"),
        ("milvus", {}, "irsa", ""),
        ("backend", made(backend="arn:made"), "pod_identity", ""),
    ],
)
def test_a_role_of_this_run_comes_first(
    workload: str, hostvars: dict[str, Any], way: str, arn: str
) -> None:
    assert role_of(workload, hostvars, FOUND, way) == arn


def test_arns_are_returned_by_what_the_roles_are_for() -> None:
    roles = [{"name": "eks-cni", "addon": "vpc-cni"}]
    made_roles = {"a-eks-cni": "arn:1", "a-other": "arn:2"}
    assert arns_of(roles, made_roles, "a-", "addon") == {"vpc-cni": "arn:1"}
    assert arns_of(roles, made_roles, "a-") == {"eks-cni": "arn:1"}
