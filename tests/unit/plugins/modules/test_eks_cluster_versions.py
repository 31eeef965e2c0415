"""An upgrade and the way back, on the emulated EKS: control plane, add-ons, nodes, and reverse."""

from __future__ import annotations

from typing import Any

import pytest
from support.emulator import Aws
from support.lifecycle import TAGS, Life, World

NAME = "ragops-test"
ROLE = "arn:aws:iam::000000000000:role/ragops-test-"
PLACE = {"role_arn": f"{ROLE}eks-cluster", "subnet_ids": ["subnet-a", "subnet-b"]}


@pytest.fixture
def platform(world: World) -> World:
    """A cluster of 1.34 with add-ons and nodes."""
    Life(world, "eks_cluster", control_plane("1.34")).settles()
    Life(world, "eks_addon", addons("1.34")).settles()
    Life(world, "eks_nodegroup", node_groups("1.34")).settles()
    return world


def control_plane(version: str, **more: Any) -> dict[str, Any]:
    return {"name": NAME, "version": version, **PLACE, "tags": TAGS, **more}


def addons(*versions: str, **more: Any) -> dict[str, Any]:
    listed = [{"name": "vpc-cni"}, {"name": "kube-proxy"}]
    return {"cluster": NAME, "addons": listed, "kubernetes_versions": list(versions), **more}


def node_groups(version: str, **more: Any) -> dict[str, Any]:
    group = {
        "name": "main",
        "node_role_arn": f"{ROLE}eks-nodes",
        "subnet_ids": PLACE["subnet_ids"],
        "version": version,
    }
    return {"cluster": NAME, "node_groups": [group], **more}


def versions(aws: Aws) -> dict[str, str]:
    eks = aws.client("eks")
    group = eks.describe_nodegroup(clusterName=NAME, nodegroupName="main")["nodegroup"]
    proxy = eks.describe_addon(clusterName=NAME, addonName="kube-proxy")["addon"]
    return {
        "control plane": eks.describe_cluster(name=NAME)["cluster"]["version"],
        "kube-proxy": proxy["addonVersion"],
        "nodes": group["version"],
    }


def upgrade(world: World) -> None:
    Life(world, "eks_cluster", control_plane("1.35")).settles()
    Life(world, "eks_addon", addons("1.35", renew=True)).settles()
    Life(world, "eks_nodegroup", node_groups("1.35")).settles()


def test_up_and_back(platform: World) -> None:
    """Each step is foreseen, done and at rest; the order is AWS's."""
    upgrade(platform)
    up = {"control plane": "1.35", "kube-proxy": "v1.35.3-eksbuild.2", "nodes": "1.35"}
    assert versions(platform.aws) == up
    back = {"rollback": True}
    refused = platform.run("eks_cluster", control_plane("1.34", **back), fails=True)
    assert (
        "Node groups main (1.35) of EKS cluster ragops-test are newer than 1.34" in refused["msg"]
    )
    Life(platform, "eks_nodegroup", node_groups("1.34", **back)).settles()
    Life(platform, "eks_addon", addons("1.34", "1.35")).settles()
    Life(platform, "eks_cluster", control_plane("1.34", **back)).settles()
    down = {"control plane": "1.34", "kube-proxy": "v1.34.6-eksbuild.2", "nodes": "1.34"}
    assert versions(platform.aws) == down


def refusal(world: World, module: str, options: dict[str, Any]) -> str:
    """What a module says that fails, having changed nothing."""
    quiet = world.mutations()
    answer = world.run(module, options, fails=True)
    assert [
        call for call in world.mutations()[len(quiet) :] if "insights-refresh" not in call
    ] == []
    return str(answer["msg"])


def test_what_is_no_single_step_is_refused(platform: World) -> None:
    told = refusal(platform, "eks_cluster", control_plane("1.36"))
    assert (
        "AWS upgrades one minor version at a time, and 1.36 is 2 steps away. Upgrade to 1.35 first"
        in told
    )
    assert "Set the version to 1.34" in refusal(platform, "eks_cluster", control_plane("1.33"))
    never = refusal(platform, "eks_nodegroup", node_groups("1.33", rollback=True))
    assert "was not upgraded from 1.33" in never


def test_nodes_come_along_before_the_next_step(platform: World) -> None:
    Life(platform, "eks_cluster", control_plane("1.35")).settles()
    told = refusal(platform, "eks_cluster", control_plane("1.36"))
    assert "its node groups main (1.34) are not" in told


def test_nodes_stay_when_the_cluster_could_not_follow(platform: World) -> None:
    """They would be newer than their API server by then, or older for nothing."""
    told = refusal(platform, "eks_nodegroup", node_groups("1.33", rollback=True))
    assert "Only the last upgrade of an existing cluster can be rolled back" in told
    assert versions(platform.aws)["nodes"] == "1.34"


def test_an_addon_that_aws_does_not_offer_is_refused(platform: World) -> None:
    unknown = {**addons("1.34"), "addons": [{"name": "vpc-cmi"}]}
    assert "EKS offers no add-on vpc-cmi for Kubernetes 1.34" in refusal(
        platform, "eks_addon", unknown
    )
    wrong = {**addons("1.34"), "addons": [{"name": "kube-proxy", "version": "v1.36.1-eksbuild.1"}]}
    told = refusal(platform, "eks_addon", wrong)
    assert "not offered for Kubernetes 1.34. Choose one of v1.34.6-eksbuild.2" in told


def test_addons_of_a_cluster_that_is_not_there(world: World) -> None:
    answer = refusal(world, "eks_addon", {"cluster": NAME, "addons": [{"name": "coredns"}]})
    assert "There is no EKS cluster ragops-test" in answer


def test_protection_is_switched_off_by_saying_so(world: World) -> None:
    Life(world, "eks_cluster", control_plane("1.35", deletion_protection=True)).settles()
    gone = {"name": NAME, "state": "absent"}
    assert "protected against deletion" in refusal(world, "eks_cluster", gone)
    kept = {**gone, "deletion_protection": True}
    assert "protected against deletion" in refusal(world, "eks_cluster", kept)
    Life(world, "eks_cluster", {**gone, "deletion_protection": False}).settles("absent")


def test_a_cluster_keeps_what_aws_can_not_change(world: World) -> None:
    key = "arn:aws:kms:us-east-1:000000000000:key/1"
    Life(world, "eks_cluster", control_plane("1.35", encryption_key_arn=key)).settles()
    for more, told in (
        ({"encryption_key_arn": key + "2"}, "cannot change or remove the key"),
        ({"service_ipv4_cidr": "10.9.0.0/16"}, "gives its services addresses of 10.100.0.0/16"),
        ({"authentication_mode": "CONFIG_MAP"}, "cannot change this back to CONFIG_MAP"),
        ({"role_arn": f"{ROLE}other"}, "cannot change it to"),
        ({"subnet_ids": ["subnet-a", "subnet-c"]}, "because they do not exist"),
        (
            {"endpoint_public_access": True, "public_access_cidrs": ["10.0.0.0/8"]},
            "is in 10.0.0.0/8",
        ),
    ):
        assert told in refusal(world, "eks_cluster", {**control_plane("1.35"), **more})


def test_an_unencrypted_cluster_is_encrypted(world: World) -> None:
    Life(world, "eks_cluster", control_plane("1.35")).settles()
    key = "arn:aws:kms:us-east-1:000000000000:key/1"
    Life(world, "eks_cluster", control_plane("1.35", encryption_key_arn=key)).settles()


def test_the_caller_is_named_by_role_not_by_session(world: World) -> None:
    entry = {"principal_arn": "{caller}", "policies": [{"policy_arn": "AmazonEKSViewPolicy"}]}
    Life(world, "eks_cluster", control_plane("1.35")).settles()
    life = Life(world, "eks_access_entry", {"cluster": NAME, "entries": [entry]})
    (found,) = life.settles()["entries"].values()
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    assert found["policies"] == [{"policy_arn": policy, "namespaces": []}]
    twice = {**life.options, "entries": [entry, {**entry, "principal_arn": found["principal_arn"]}]}
    assert "Access is given twice" in refusal(world, "eks_access_entry", twice)
