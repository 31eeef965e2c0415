"""Which service account has which IAM role: associated, kept, taken away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.eks_members import make_cluster
from support.emulator import Aws
from support.lifecycle import TAGS, Life, World
from support.module_process import examples, play

CLUSTER = "ragops-dev"
ROLE = "arn:aws:iam::123456789012:role/ragops-dev-workload-backend"


@pytest.fixture
def cluster(world: World) -> World:
    """A cluster of the name that the examples have."""
    make_cluster(world, CLUSTER)
    return world


def associate(world: World, **more: Any) -> Life:
    entry = {"namespace": "rag", "service_account": "rag-backend", "role_arn": ROLE, **more}
    options = {"cluster": CLUSTER, "associations": [entry], "tags": TAGS}
    return Life(world, "eks_pod_identity_association", options)


def found(aws: Aws) -> dict[str, Any]:
    eks = aws.client("eks")
    listed = eks.list_pod_identity_associations(clusterName=CLUSTER)["associations"]
    which = {"clusterName": CLUSTER, "associationId": listed[0]["associationId"]}
    described: dict[str, Any] = eks.describe_pod_identity_association(**which)["association"]
    return described


def other_role(aws: Aws) -> None:
    aws.client("eks").update_pod_identity_association(
        clusterName=CLUSTER, associationId=found(aws)["associationId"], roleArn=ROLE + "-other"
    )


def test_a_service_account_is_associated_with_its_role(cluster: World) -> None:
    associate(cluster).whole([other_role])
    assert not cluster.aws.client("eks").list_pod_identity_associations(clusterName=CLUSTER)[
        "associations"
    ]


def test_associations_of_others_stay(cluster: World) -> None:
    associate(cluster, service_account="other").settles()
    associate(cluster).settles()
    associate(cluster).settles("absent")
    assert found(cluster.aws)["serviceAccount"] == "other"


def test_an_association_without_a_role_is_refused(cluster: World) -> None:
    module = "eks_pod_identity_association"
    answer = cluster.run(module, associate(cluster, role_arn="").options, fails=True)
    assert "rag/rag-backend in EKS cluster ragops-dev needs a role_arn" in answer["msg"]


def test_without_a_cluster_there_is_nothing_to_take_away(world: World) -> None:
    associate(world).rests("absent")
    foreseen = world.run("eks_pod_identity_association", associate(world).options, check=True)
    assert foreseen["changed"] is True


def test_the_examples_of_associations_run(cluster: World, tmp_path: Path) -> None:
    tasks = examples("eks_pod_identity_association")
    results = play(tasks, tmp_path, cluster.aws.environment)
    assert [result["changed"] for result in results] == [True, True]
