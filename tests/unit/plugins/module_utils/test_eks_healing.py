"""Members that fail, are busy or go: what AWS says is told, and a second run puts it right."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from ansible_collections.ragops.platform.plugins.module_utils._eks import addons, members, nodes
from ansible_collections.ragops.platform.plugins.module_utils._eks.common import Session
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from botocore.stub import Stubber

CLUSTER = "ragops-dev"
PDB = "Reached max retries while trying to evict pods"
WANTED: dict[str, Any] = {
    "node_role_arn": "role",
    "subnet_ids": ["subnet-a"],
    "instance_types": ["t3.medium"],
    "ami_type": "AL2023_x86_64_STANDARD",
    "capacity_type": "ON_DEMAND",
    "disk_size": 20,
    "min_size": 2,
    "max_size": 4,
    "desired_size": 2,
    "labels": {},
    "taints": [],
    "version": "1.35",
    "tags": {},
}


def group(name: str = "main", status: str = "ACTIVE", **more: Any) -> dict[str, Any]:
    """A node group as AWS describes it."""
    issues = more.pop("issues", [])
    return {
        "nodegroupName": name,
        "nodegroupArn": f"arn:aws:eks:us-east-1:123456789012:nodegroup/{name}",
        "status": status,
        "nodeRole": "role",
        "subnets": ["subnet-a"],
        "instanceTypes": ["t3.medium"],
        "amiType": "AL2023_x86_64_STANDARD",
        "capacityType": "ON_DEMAND",
        "diskSize": 20,
        "version": "1.35",
        "releaseVersion": "1.35.0-1",
        "scalingConfig": {"minSize": 2, "maxSize": 4, "desiredSize": 2},
        "health": {"issues": issues},
        **more,
    }


class Eks:
    """EKS as Stubber plays it, in order."""

    def __init__(self, *, check_mode: bool = False, timeout: float = 20) -> None:
        eks = boto3.client(
            "eks", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        self.stub = Stubber(eks)
        self.session = Session(eks, check_mode=check_mode, wait=True, timeout=timeout)

    def seen(self, *found: dict[str, Any] | None) -> None:
        """What describe_nodegroup answers, one after the other; None: there is none."""
        for raw in found:
            if raw:
                self.stub.add_response("describe_nodegroup", {"nodegroup": raw})
            else:
                self.stub.add_client_error(
                    "describe_nodegroup", "ResourceNotFoundException", http_status_code=404
                )

    def took(self, operation: str, answer: dict[str, Any] | None = None, **wanted: Any) -> None:
        """A call that AWS takes."""
        self.stub.add_response(operation, answer or {}, wanted or None)

    def present(self, *names: str, kind: members.Kind = nodes.NODE_GROUP, **more: Any) -> Any:
        with self.stub:
            wanted = [{**WANTED, "name": name, **more} for name in names or ["main"]]
            outcome = members.ensure_present(self.session, kind, CLUSTER, wanted)
        self.stub.assert_no_pending_responses()
        return outcome

    def absent(self, *names: str) -> Any:
        with self.stub:
            unwanted = [{"name": name} for name in names]
            outcome = members.ensure_absent(self.session, nodes.NODE_GROUP, CLUSTER, unwanted)
        self.stub.assert_no_pending_responses()
        return outcome


LAUNCH = {"code": "NodeCreationFailure", "message": "did not join", "resourceIds": ["i-1", "i-2"]}


def test_a_group_that_can_not_be_made_says_why_and_what_to_do() -> None:
    eks = Eks()
    eks.seen(None)
    eks.took("create_nodegroup")
    eks.seen(group(status="CREATING"), group(status="CREATE_FAILED", issues=[LAUNCH]))
    told = (
        r"node group main of EKS cluster ragops-dev is CREATE_FAILED: NodeCreationFailure: did not"
        r" join \(i-1, i-2\) - the nodes could not join. .*NAT.* run again. .* created again"
    )
    with pytest.raises(AwsError, match=told):
        eks.present()


def test_a_group_that_could_not_be_made_is_made_anew() -> None:
    eks = Eks()
    failed = group(status="CREATE_FAILED", issues=[LAUNCH])
    eks.seen(failed)
    eks.took("delete_nodegroup", clusterName=CLUSTER, nodegroupName="main")
    eks.seen(group(status="DELETING"), None)
    eks.took("create_nodegroup")
    eks.seen(group())
    changed, before, after = eks.present()
    assert (changed, before["main"]) == (True, None)
    assert after["main"]["version"] == "1.35"


def test_check_mode_foresees_that_it_is_made_anew() -> None:
    eks = Eks(check_mode=True)
    eks.seen(group(status="CREATE_FAILED"))
    changed, before, _ = eks.present()
    assert (changed, before["main"]) == (True, None)


def test_a_group_that_is_being_deleted_is_awaited_then_made() -> None:
    eks = Eks()
    eks.seen(group(status="DELETING"), group(status="DELETING"), None)
    eks.took("create_nodegroup")
    eks.seen(group())
    assert eks.present()[0] is True


def test_a_busy_group_is_awaited_before_it_is_changed() -> None:
    eks = Eks()
    eks.seen(group(status="UPDATING"))
    eks.seen(group(status="UPDATING"), group())
    eks.seen(group(), group())  # as it is now, which it is planned from
    eks.took("update_nodegroup_config", {"update": {"id": "u", "status": "Successful"}})
    eks.seen(group())
    assert eks.present(max_size=6)[0] is True


NOT_ACTIVE = "Nodegroup cannot be updated as it is currently not in Active State"


def test_a_group_that_is_not_well_takes_no_update() -> None:
    """It would be waited for until the time-out, for what does not change by itself."""
    eks = Eks()
    degraded = group(status="DEGRADED", issues=[{"code": "AsgInstanceLaunchFailures"}])
    eks.seen(degraded, degraded)
    eks.stub.add_client_error("update_nodegroup_config", "ResourceInUseException", NOT_ACTIVE)
    eks.seen(degraded)
    told = r"is DEGRADED, and AWS refuses changes until it is healthy: AsgInstanceLaunchFailures"
    with pytest.raises(AwsError, match=told):
        eks.present(max_size=6)


def test_groups_are_updated_side_by_side() -> None:
    """Both updates begin before one is awaited; each group's roll follows its settings."""
    eks = Eks()
    eks.seen(group("a"), group("b"))
    eks.seen(group("a"), group("b"))  # neither is busy
    for operation in ("update_nodegroup_config", "update_nodegroup_version"):
        for name in ("a", "b"):
            eks.took(operation, {"update": {"id": name, "status": "InProgress"}})
        for name in ("a", "b"):
            which = {"updateId": name, "name": CLUSTER, "nodegroupName": name}
            eks.took("describe_update", {"update": {"id": name, "status": "Successful"}}, **which)
    eks.seen(group("a"), group("b"))
    assert eks.present("a", "b", max_size=6, version="1.36")[0] is True


def test_a_roll_that_a_disruption_budget_stops_says_so() -> None:
    eks = Eks()
    eks.seen(group(), group())
    update = {"id": "u", "type": "VersionUpdate"}
    eks.took("update_nodegroup_version", {"update": {**update, "status": "InProgress"}})
    errors = [
        {"errorCode": "PodEvictionFailure", "errorMessage": PDB, "resourceIds": ["ip-10-0-0-1"]}
    ]
    eks.took("describe_update", {"update": {**update, "status": "Failed", "errors": errors}})
    told = (
        r"node group main .*VersionUpdate Failed: PodEvictionFailure: .*\(ip-10.*force the update"
    )
    with pytest.raises(AwsError, match=told):
        eks.present(version="1.36")


def test_a_roll_can_be_forced() -> None:
    eks = Eks()
    eks.seen(group(), group())
    wanted = {"clusterName": CLUSTER, "nodegroupName": "main", "version": "1.36", "force": True}
    eks.took("update_nodegroup_version", {"update": {"id": "u", "status": "Successful"}}, **wanted)
    eks.seen(group())
    kind = nodes.nodes(force=True, back=False)
    assert eks.present(kind=kind, version="1.36")[0] is True


def test_nodes_go_back_only_when_they_are_told_to() -> None:
    eks = Eks()
    eks.seen(group())
    with pytest.raises(AwsError, match=r"is at 1.35, and 1.34 is older.*requested explicitly"):
        eks.present(version="1.34")
    eks = Eks()
    eks.seen(group(), group())
    eks.took("update_nodegroup_version", {"update": {"id": "u", "status": "Successful"}})
    eks.seen(group())
    assert eks.present(kind=nodes.nodes(force=False, back=True), version="1.34")[0] is True


def test_a_wait_names_who_is_late_and_why() -> None:
    eks = Eks(timeout=0)
    eks.seen(None)
    eks.took("create_nodegroup")
    eks.seen(group(status="CREATING", issues=[LAUNCH]))
    told = r"node groups of EKS cluster ragops-dev: not ready after 0 s \(last seen: main CREATING"
    with pytest.raises(AwsError, match=told):
        eks.present()


def test_a_group_that_can_not_be_deleted_says_why() -> None:
    eks = Eks()
    eks.seen(group(), group())
    eks.took("delete_nodegroup")
    issue = {"code": "Ec2SecurityGroupDeletionFailure", "message": "sg-1 is in use"}
    eks.seen(group(status="DELETING"), group(status="DELETE_FAILED", issues=[issue]))
    with pytest.raises(AwsError, match=r"could not be deleted: Ec2SecurityGroupDeletion.*in use"):
        eks.absent("main")


def test_a_deletion_that_takes_too_long_names_who_is_left() -> None:
    eks = Eks(timeout=0)
    eks.seen(group("a"), group("a"))
    eks.took("delete_nodegroup")
    eks.seen(group("a", status="DELETING"))
    with pytest.raises(AwsError, match=r"not ready after 0 s \(last seen: a DELETING still there"):
        eks.absent("a")


def test_what_is_being_deleted_already_is_only_awaited() -> None:
    eks = Eks()
    eks.seen(group(status="DELETING"), group(status="DELETING"))
    eks.seen(None)
    assert eks.absent("main")[0] is False


def test_a_refusal_of_aws_is_told_with_its_action() -> None:
    eks = Eks()
    eks.seen(None)
    text = "You've reached your quota for nodegroups per cluster"
    eks.stub.add_client_error("create_nodegroup", "ResourceLimitExceededException", text)
    told = r"eks:CreateNodegroup failed for node group main .*ResourceLimitExceeded.*quota"
    with pytest.raises(AwsError, match=told):
        eks.present()


def addon(status: str) -> dict[str, Any]:
    issue = {"code": "ConfigurationConflict", "message": "Conflicts found in DaemonSet aws-node"}
    return {
        "addonName": "vpc-cni",
        "addonArn": "arn:aws:eks:us-east-1:123456789012:addon/vpc-cni",
        "addonVersion": "v1",
        "status": status,
        "health": {"issues": [issue] if status.endswith("FAILED") else []},
    }


def test_an_update_of_an_addon_that_failed_is_repeated() -> None:
    eks = Eks()
    for status in ("UPDATE_FAILED", "UPDATE_FAILED"):
        eks.took("describe_addon", {"addon": addon(status)})
    eks.took("update_addon", {"update": {"id": "u", "status": "Successful"}})
    eks.took("describe_addon", {"addon": addon("ACTIVE")})
    wanted = [{"name": "vpc-cni", "version": "v1", "configuration": {}}]
    with eks.stub:
        changed, before, _ = members.ensure_present(eks.session, addons.ADDON, CLUSTER, wanted)
    eks.stub.assert_no_pending_responses()
    assert changed is True
    assert before["vpc-cni"]["status"] == "UPDATE_FAILED"


def test_an_addon_that_stays_degraded_is_awaited_to_the_end() -> None:
    eks = Eks(timeout=0)
    eks.took("describe_addon", {"addon": addon("DEGRADED")})
    told = r"add-ons of EKS cluster ragops-dev: not ready after 0 s \(last seen: vpc-cni DEGRADED"
    with eks.stub, pytest.raises(AwsError, match=told):
        members.wait_ready(eks.session, addons.ADDON, CLUSTER, ["vpc-cni"])
