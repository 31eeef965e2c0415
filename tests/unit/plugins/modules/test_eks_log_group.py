"""The log group of a control plane: adopted, and deleted again when it comes back."""

from __future__ import annotations

import threading

from support.lifecycle import TAGS, Life, World

NAME = "ragops-test"


def test_a_log_group_that_comes_back_is_deleted_again(world: World) -> None:
    """The last lines of a control plane make it anew; the watch sees it."""
    name = f"/aws/eks/{NAME}/cluster"
    logs = world.aws.client("logs")
    Life(world, "eks_log_group", {"cluster": NAME, "tags": TAGS}).settles()
    before = len(world.mutations())
    timer = threading.Timer(0.6, logs.create_log_group, kwargs={"logGroupName": name})
    timer.start()
    gone = {"cluster": NAME, "state": "absent", "watch_seconds": 3}
    assert world.run("eks_log_group", gone)["changed"] is True
    timer.join()
    assert world.mutations()[before:].count("logs:DeleteLogGroup") == 2
    assert logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"] == []
    Life(world, "eks_log_group", gone).rests("absent")


def test_a_log_group_that_is_there_is_adopted(world: World) -> None:
    name = f"/aws/eks/{NAME}/cluster"
    world.aws.client("logs").create_log_group(logGroupName=name)
    key = "arn:aws:kms:us-east-1:000000000000:key/1"
    options = {"cluster": NAME, "kms_key_arn": key, "tags": TAGS}
    Life(world, "eks_log_group", options).settles()
    Life(world, "eks_log_group", {**options, "retention_days": 0}).settles()
