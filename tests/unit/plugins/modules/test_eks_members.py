"""Node groups with their launch templates, add-ons, access entries, OIDC providers."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils import _oidc
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import tag_list
from botocore.stub import Stubber
from support.emulator import Aws
from support.lifecycle import TAGS, Life, World

CLUSTER = "ragops-test"
ROLE = "arn:aws:iam::000000000000:role/ragops-test-eks-nodes"
ISSUER = "https://oidc.eks.us-east-1.amazonaws.com/id/ABC"
ACCESS = "arn:aws:eks::aws:cluster-access-policy/"


@pytest.fixture
def cluster(world: World) -> World:
    """A cluster without members."""
    world.aws.client("eks").create_cluster(
        name=CLUSTER,
        version="1.35",
        roleArn=ROLE,
        resourcesVpcConfig={"subnetIds": ["subnet-a", "subnet-b"]},
    )
    return world


def template(world: World, **more: Any) -> Life:
    options = {"security_group_ids": ["sg-own", "sg-nodes"], "tags": TAGS, **more}
    wanted = {"cluster": CLUSTER, "templates": [{"name": "main", "disk_size": 30}], **options}
    return Life(world, "eks_launch_template", wanted)


def latest(aws: Aws) -> dict[str, Any]:
    """The data of the newest version of the one template."""
    answer = aws.client("ec2").describe_launch_template_versions(
        LaunchTemplateName=f"{CLUSTER}-main", Versions=["$Latest"]
    )
    data: dict[str, Any] = answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    return data


def soften(aws: Aws) -> None:
    """Somebody's version of the template: IMDSv1 again, and a start script."""
    aws.client("ec2").create_launch_template_version(
        LaunchTemplateName=f"{CLUSTER}-main",
        LaunchTemplateData={**latest(aws), "MetadataOptions": {}, "UserData": "IyEvYmluL3No"},
    )


def test_a_template_makes_nodes_that_the_data_stores_admit(world: World) -> None:
    life = template(world)
    assert life.settles()["launch_templates"]["main"]["version"] == "1"
    data = latest(world.aws)
    assert data["SecurityGroupIds"] == ["sg-nodes", "sg-own"]
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    disk = data["BlockDeviceMappings"][0]
    assert (disk["DeviceName"], disk["Ebs"]["Encrypted"]) == ("/dev/xvda", True)
    assert (disk["Ebs"]["VolumeType"], disk["Ebs"]["VolumeSize"]) == ("gp3", 30)
    assert {item["ResourceType"] for item in data["TagSpecifications"]} == {"instance", "volume"}
    soften(world.aws)
    assert life.settles()["launch_templates"]["main"]["version"] == "3"
    assert "UserData" not in latest(world.aws)
    life.settles("absent")


def group(world: World, templates: dict[str, Any], **more: Any) -> Life:
    member = {
        "name": "main",
        "node_role_arn": ROLE,
        "subnet_ids": ["subnet-a", "subnet-b"],
        "max_unavailable_percentage": 33,
        "tags": TAGS,
        **more,
    }
    options = {"cluster": CLUSTER, "node_groups": [member], "launch_templates": templates}
    return Life(world, "eks_nodegroup", options)


def test_a_node_group_rolls_to_a_new_version_of_its_template(cluster: World) -> None:
    made = template(cluster).settles()["launch_templates"]
    life = group(cluster, made)
    life.settles()
    eks = cluster.aws.client("eks")
    which = {"clusterName": CLUSTER, "nodegroupName": "main"}
    found = eks.describe_nodegroup(**which)["nodegroup"]
    assert found["launchTemplate"] == made["main"]
    assert "diskSize" not in found
    soften(cluster.aws)
    newer = template(cluster).settles()["launch_templates"]
    rolled = group(cluster, newer)
    rolled.settles()
    assert eks.describe_nodegroup(**which)["nodegroup"]["launchTemplate"]["version"] == "3"
    eks.update_nodegroup_config(
        **which,
        labels={"addOrUpdateLabels": {"foreign": "1"}},
        taints={"addOrUpdateTaints": [{"key": "foreign", "effect": "NO_SCHEDULE"}]},
        scalingConfig={"minSize": 0, "maxSize": 1, "desiredSize": 0},
    )
    rolled.settles()
    found = eks.describe_nodegroup(**which)["nodegroup"]
    assert (found["labels"], found["taints"]) == ({}, [])
    assert found["scalingConfig"] == {"minSize": 2, "maxSize": 4, "desiredSize": 2}
    rolled.settles("absent")


def test_a_node_group_is_not_given_another_template(cluster: World) -> None:
    group(cluster, {}).settles()
    quiet = cluster.mutations()
    other = group(cluster, {"main": {"id": "lt-1", "version": "1"}})
    answer = cluster.run(other.module, other.options, fails=True)
    assert "AWS can't change launch_template None to lt-1 in place" in answer["msg"]
    assert cluster.mutations() == quiet


def test_addons_live_side_by_side(cluster: World) -> None:
    addons = [
        {"name": "vpc-cni", "configuration": {"enableNetworkPolicy": "true"}, "tags": TAGS},
        {"name": "coredns", "tags": TAGS},
    ]

    def reset(aws: Aws) -> None:
        aws.client("eks").update_addon(
            clusterName=CLUSTER, addonName="vpc-cni", configurationValues="{}"
        )

    def remove(aws: Aws) -> None:
        aws.client("eks").delete_addon(clusterName=CLUSTER, addonName="coredns")

    Life(cluster, "eks_addon", {"cluster": CLUSTER, "addons": addons}).whole([reset, remove])


def test_an_access_entry_has_exactly_its_policies(cluster: World) -> None:
    who = "arn:aws:iam::000000000000:role/engineers"
    admin = {"policy_arn": f"{ACCESS}AmazonEKSClusterAdminPolicy"}
    edit = {"policy_arn": f"{ACCESS}AmazonEKSEditPolicy", "namespaces": ["rag"]}
    entry = {"principal_arn": who, "policies": [admin, edit], "tags": TAGS}

    def exchange(aws: Aws) -> None:
        eks, which = aws.client("eks"), {"clusterName": CLUSTER, "principalArn": who}
        eks.disassociate_access_policy(**which, policyArn=edit["policy_arn"])
        eks.associate_access_policy(
            **which,
            policyArn=f"{ACCESS}AmazonEKSAdminPolicy",
            accessScope={"type": "cluster"},
        )

    Life(cluster, "eks_access_entry", {"cluster": CLUSTER, "entries": [entry]}).whole([exchange])


def test_an_oidc_provider_comes_back_and_goes(world: World) -> None:
    def remove(aws: Aws) -> None:
        iam = aws.client("iam")
        (entry,) = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=entry["Arn"])

    Life(world, "iam_oidc_provider", {"url": ISSUER, "tags": TAGS}).whole([remove])


def test_an_oidc_provider_has_exactly_its_audiences(world: World) -> None:
    """The emulator has no call that changes a provider, so the SDK's own model judges ours."""
    iam = world.aws.client("iam")
    arn = "arn:aws:iam::000000000000:oidc-provider/oidc.eks"
    which = {"OpenIDConnectProviderArn": arn}
    before = {"issuer": "i", "client_ids": ["old"], "thumbprints": ["a" * 40], "tags": {"x": "1"}}
    wanted = {"client_ids": ["new"], "thumbprints": ["b" * 40], "tags": TAGS}
    with Stubber(iam) as stub:
        for name, more in (
            ("add_client_id_to_open_id_connect_provider", {"ClientID": "new"}),
            ("remove_client_id_from_open_id_connect_provider", {"ClientID": "old"}),
            ("update_open_id_connect_provider_thumbprint", {"ThumbprintList": ["b" * 40]}),
            ("tag_open_id_connect_provider", {"Tags": tag_list(TAGS)}),
        ):
            stub.add_response(name, {}, {**which, **more})
        _oidc.update(iam, arn, before, _oidc.after(before, ISSUER, wanted))
        stub.assert_no_pending_responses()
