"""What the tests of a cluster's members share: the cluster, and the template of its nodes."""

from __future__ import annotations

from typing import Any

from support.emulator import Aws
from support.lifecycle import TAGS, Life, World

CLUSTER = "ragops-test"
ROLE = "arn:aws:iam::000000000000:role/ragops-test-eks-nodes"


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


def make_cluster(world: World, name: str = CLUSTER) -> None:
    """Make a cluster without members."""
    world.aws.client("eks").create_cluster(
        name=name,
        version="1.35",
        roleArn=ROLE,
        resourcesVpcConfig={"subnetIds": ["subnet-a", "subnet-b"]},
    )
