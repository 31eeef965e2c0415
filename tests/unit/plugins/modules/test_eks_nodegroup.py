"""Node groups: made, rolled to a new template, repaired, removed."""

from __future__ import annotations

from typing import Any

from support.eks_members import CLUSTER, ROLE, soften, template
from support.lifecycle import TAGS, Life, World


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
    assert "AWS cannot change launch_template None to lt-1 in place" in answer["msg"]
    assert cluster.mutations() == quiet
