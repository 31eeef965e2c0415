"""EKS takes minutes: a cluster, its node groups and add-ons while AWS is at work on them.

It tells of the old values until an update ends, at first even calls the thing ACTIVE, and refuses
a second update, a deletion, and nodes of a cluster that is not ACTIVE.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.emulator import Aws, adjusted
from support.faults.killing import run_module
from support.faults.subjects import NAME, TAGS

ROLE = "arn:aws:iam::000000000000:role/x"
CLUSTER: dict[str, Any] = {
    "name": NAME,
    "version": "1.34",
    "role_arn": ROLE,
    "subnet_ids": ["subnet-a", "subnet-b"],
    "logging": [],
    "tags": TAGS,
}
GROUP: dict[str, Any] = {
    "name": "main",
    "node_role_arn": ROLE,
    "subnet_ids": ["subnet-a"],
    "min_size": 1,
    "max_size": 2,
    "desired_size": 1,
    "tags": TAGS,
}
ADDON: dict[str, Any] = {"name": "coredns", "tags": TAGS}
PRIVATE = {"endpointPrivateAccess": True, "endpointPublicAccess": False}
STANDARD = {"supportType": "STANDARD"}
WHICH = {"clusterName": NAME, "nodegroupName": "main"}


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """An account whose EKS shows a change late, and then is at work on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_UNSEEN_SECONDS", "0.5")
        patch.setenv("AWS_EKS_SECONDS", "0.5")
        patch.setenv("AWS_NODE_SECONDS", "3")
        with adjusted(tmp_path_factory.mktemp("busy") / "requests.jsonl") as aws:
            yield aws


@pytest.fixture
def eks(busy: Aws) -> Any:
    """The EKS of an account with a cluster and a node group, both at rest."""
    busy.reset()
    client = busy.client("eks")
    places = {"subnetIds": CLUSTER["subnet_ids"], **PRIVATE}
    made = {"version": "1.34", "accessConfig": {"authenticationMode": "API"}, "tags": TAGS}
    client.create_cluster(name=NAME, roleArn=ROLE, resourcesVpcConfig=places, **made)
    at_rest(client, "describe_cluster", "cluster", name=NAME)
    role = {"nodeRole": ROLE, "subnets": GROUP["subnet_ids"], "amiType": "AL2023_x86_64_STANDARD"}
    client.create_nodegroup(**WHICH, **role, tags=TAGS)
    at_rest(client, "describe_nodegroup", "nodegroup", **WHICH)
    # They are loaded, too: the account does not wait for that.
    assert (cluster(busy)["changed"], groups(busy)["changed"]) == (False, False)
    return client


def at_rest(client: Any, operation: str, key: str, **which: str) -> None:
    deadline = time.monotonic() + 20
    while getattr(client, operation)(**which)[key]["status"] != "ACTIVE":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def cluster(aws: Aws, **more: Any) -> Any:
    return run_module(aws.environment, "eks_cluster", {**CLUSTER, **more})


def groups(aws: Aws, state: str = "present", **more: Any) -> Any:
    wanted = {"cluster": NAME, "node_groups": [{**GROUP, **more}], "state": state}
    return run_module(aws.environment, "eks_nodegroup", wanted)


def test_updates_in_progress_are_waited_for_and_not_begun_again(busy: Aws, eks: Any) -> None:
    """Of others, or of a run that was killed: the old values are told of meanwhile."""
    size = {"minSize": 1, "maxSize": 4, "desiredSize": 1}
    eks.update_nodegroup_config(**WHICH, scalingConfig=size)
    assert groups(busy, max_size=4)["changed"] is False
    begun = eks.update_cluster_config(name=NAME, upgradePolicy=STANDARD)["update"]
    seen = eks.describe_cluster(name=NAME)["cluster"]
    told = begun["status"], seen["status"], seen["upgradePolicy"]["supportType"]
    assert told == ("InProgress", "ACTIVE", "EXTENDED")
    with pytest.raises(ClientError, match=f"currently has update {begun['id']} in progress"):
        eks.update_cluster_config(name=NAME, deletionProtection=True)
    more = {"upgrade_policy": "STANDARD", "version": "1.35"}
    assert cluster(busy, **more)["changed"] is True
    seen = eks.describe_cluster(name=NAME)["cluster"]
    told = seen["status"], seen["version"], seen["upgradePolicy"]["supportType"]
    assert told == ("ACTIVE", "1.35", "STANDARD")
    assert cluster(busy, **more)["changed"] is False
    begun = eks.list_updates(name=NAME)["updateIds"]
    done = [eks.describe_update(name=NAME, updateId=each)["update"]["type"] for each in begun]
    assert done == ["UpgradePolicyUpdate", "VersionUpdate"]


def test_a_destroy_waits_for_what_is_in_progress(busy: Aws, eks: Any) -> None:
    """Of nodes, and of the cluster; what is being deleted is gone when it says so."""
    eks.update_nodegroup_config(**WHICH, labels={"addOrUpdateLabels": {"a": "b"}})
    with pytest.raises(ClientError, match="not in Active State"):
        eks.delete_nodegroup(**WHICH)
    assert groups(busy, "absent")["changed"] is True
    assert eks.list_nodegroups(clusterName=NAME)["nodegroups"] == []
    eks.update_cluster_config(name=NAME, upgradePolicy=STANDARD)
    with pytest.raises(ClientError, match="currently has an update in progress"):
        eks.delete_cluster(name=NAME)
    gone = run_module(busy.environment, "eks_cluster", {**CLUSTER, "state": "absent"})
    assert gone["changed"] is True
    assert eks.list_clusters()["clusters"] == []


def test_members_wait_for_their_cluster_and_pods_for_nodes(busy: Aws, eks: Any) -> None:
    """AWS makes no nodes of a cluster that is being changed; a new add-on is DEGRADED at first."""
    eks.update_cluster_config(name=NAME, upgradePolicy=STANDARD)
    role = {"nodeRole": ROLE, "subnets": GROUP["subnet_ids"]}
    with pytest.raises(ClientError, match="is not in ACTIVE status"):
        eks.create_nodegroup(clusterName=NAME, nodegroupName="b", **role)
    assert groups(busy, name="b")["changed"] is True
    run_module(busy.environment, "eks_addon", {"cluster": NAME, "addons": [ADDON]})
    assert eks.describe_addon(clusterName=NAME, addonName="coredns")["addon"]["status"] == "ACTIVE"
