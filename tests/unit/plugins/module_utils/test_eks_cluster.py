"""What may change in an EKS cluster, in which steps, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from ansible_collections.ragops.platform.plugins.module_utils._eks import cluster, control, version
from ansible_collections.ragops.platform.plugins.module_utils._eks.common import Session
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from botocore.stub import Stubber

NAME = "ragops-dev"
ROLE = "arn:aws:iam::123456789012:role/ragops-dev-eks-cluster"
RAW: dict[str, Any] = {
    "name": NAME,
    "arn": f"arn:aws:eks:us-east-1:123456789012:cluster/{NAME}",
    "version": "1.34",
    "roleArn": ROLE,
    "status": "ACTIVE",
    "resourcesVpcConfig": {
        "subnetIds": ["subnet-b", "subnet-a"],
        "securityGroupIds": ["sg-1"],
        "endpointPrivateAccess": True,
        "endpointPublicAccess": False,
        "publicAccessCidrs": ["0.0.0.0/0"],
    },
    "logging": {"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]},
    "accessConfig": {"authenticationMode": "API"},
    "tags": {"Project": "ragops", "theirs": "stays"},
}
WANTED: dict[str, Any] = {
    "version": "1.34",
    "role_arn": ROLE,
    "subnet_ids": ["subnet-a", "subnet-b"],
    "security_group_ids": ["sg-1"],
    "endpoint_private_access": True,
    "endpoint_public_access": False,
    "public_access_cidrs": None,
    "logging": ["audit", "api"],
    "encryption_key_arn": None,
    "authentication_mode": "API",
    "deletion_protection": None,
    "tags": {"Project": "ragops"},
}


def stubbed(*, check_mode: bool = False, timeout: float = 5) -> tuple[Stubber, Session]:
    eks = boto3.client(
        "eks", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    return Stubber(eks), Session(eks, check_mode=check_mode, wait=True, timeout=timeout)


def run(
    stub: Stubber, session: Session, **differing: Any
) -> tuple[bool, dict[str, Any] | None, dict[str, Any]]:
    intent = differing.pop("intent", None)
    wanted = {**WANTED, **differing}
    with stub:
        outcome = control.ensure_present(
            session, NAME, wanted, creator_is_admin=False, intent=intent
        )
    stub.assert_no_pending_responses()
    return outcome


def expect_update(stub: Stubber, operation: str, parameters: dict[str, Any]) -> None:
    update = {"id": "u-1", "status": "InProgress", "type": "LoggingUpdate"}
    stub.add_response(operation, {"update": update}, parameters)
    for status in ("InProgress", "Successful"):
        stub.add_response(
            "describe_update",
            {"update": {**update, "status": status}},
            {"updateId": "u-1", "name": NAME},
        )


def expect_readiness(stub: Stubber, version: str, *told: dict[str, Any]) -> None:
    """EKS is asked before the version changes: node groups (none), insights, looked at anew."""
    which = {"clusterName": NAME}
    stub.add_response("list_nodegroups", {"nodegroups": []}, which)
    stub.add_response("start_insights_refresh", {"status": "IN_PROGRESS"}, which)
    for status in ("IN_PROGRESS", "COMPLETED"):
        stub.add_response("describe_insights_refresh", {"status": status}, which)
    wanted = {
        "categories": ["UPGRADE_READINESS"],
        "kubernetesVersions": [version],
        "statuses": ["ERROR"],
    }
    stub.add_response("list_insights", {"insights": list(told)}, {**which, "filter": wanted})


def test_an_equal_cluster_is_left_alone() -> None:
    stub, session = stubbed()
    for _ in range(2):  # read, then seen to be ACTIVE
        stub.add_response("describe_cluster", {"cluster": RAW}, {"name": NAME})
    changed, before, after = run(stub, session)
    assert changed is False
    assert before == after


def test_each_kind_of_change_is_a_call_of_its_own_and_awaited() -> None:
    stub, session = stubbed()
    for _ in range(2):
        stub.add_response("describe_cluster", {"cluster": RAW}, {"name": NAME})
    expect_readiness(stub, "1.35")
    expect_update(
        stub,
        "update_cluster_config",
        {"name": NAME, "logging": cluster.log_config(["api", "audit", "scheduler"])},
    )
    public = {
        "endpointPrivateAccess": True,
        "endpointPublicAccess": True,
        "publicAccessCidrs": ["203.0.113.0/24"],
    }
    expect_update(stub, "update_cluster_config", {"name": NAME, "resourcesVpcConfig": public})
    expect_update(stub, "update_cluster_version", {"name": NAME, "version": "1.35"})
    stub.add_response("tag_resource", {}, {"resourceArn": RAW["arn"], "tags": {"Component": "eks"}})
    stub.add_response("describe_cluster", {"cluster": RAW}, {"name": NAME})
    changed, before, after = run(
        stub,
        session,
        version="1.35",
        logging=["api", "audit", "scheduler"],
        endpoint_public_access=True,
        public_access_cidrs=["203.0.113.0/24"],
        tags={"Component": "eks"},
    )
    assert changed is True
    assert before is not None
    assert (before["version"], after["version"]) == ("1.34", "1.35")
    assert after["tags"] == {"Project": "ragops", "theirs": "stays", "Component": "eks"}


def test_check_mode_says_the_same_and_only_reads() -> None:
    stub, session = stubbed(check_mode=True)
    stub.add_response("describe_cluster", {"cluster": RAW}, {"name": NAME})
    stub.add_response("list_nodegroups", {"nodegroups": []}, {"clusterName": NAME})
    stub.add_response("list_insights", {"insights": []})
    changed, _, after = run(stub, session, version="1.35", logging=["api"])
    assert changed is True
    assert (after["version"], after["logging"]) == ("1.35", ["api"])


def test_a_failed_update_says_why() -> None:
    stub, session = stubbed()
    for _ in range(2):
        stub.add_response("describe_cluster", {"cluster": RAW}, {"name": NAME})
    expect_readiness(stub, "1.35")
    update = {"id": "u-1", "status": "InProgress", "type": "VersionUpdate"}
    stub.add_response("update_cluster_version", {"update": update})
    errors = [{"errorCode": "SubnetNotFound", "errorMessage": "subnet-a is gone"}]
    stub.add_response(
        "describe_update", {"update": {**update, "status": "Failed", "errors": errors}}
    )
    with pytest.raises(AwsError, match=r"ragops-dev: .*SubnetNotFound: subnet-a is gone"):
        run(stub, session, version="1.35")


def test_an_update_in_the_way_is_waited_for_then_planned_anew() -> None:
    """AWS patches control planes by itself; DescribeCluster does not show it."""
    told = f"Cannot LoggingUpdate because cluster {NAME} currently has update u-0 in progress"
    stub, session = stubbed()
    for _ in range(2):
        stub.add_response("describe_cluster", {"cluster": RAW}, {"name": NAME})
    stub.add_client_error("update_cluster_config", "ResourceInUseException", told)
    logging = {"clusterLogging": [{"types": ["api"], "enabled": True}]}
    for _ in range(2):
        stub.add_response("describe_cluster", {"cluster": {**RAW, "logging": logging}})
    assert run(stub, session, logging=["api"])[0] is False
    stub, session = stubbed(timeout=0)
    for _ in range(2):
        stub.add_response("describe_cluster", {"cluster": RAW}, {"name": NAME})
    stub.add_client_error("update_cluster_config", "ResourceInUseException", told)
    with pytest.raises(
        AwsError, match=r"ragops-dev: not ready after 0 s \(last seen: .*update u-0"
    ):
        run(stub, session, logging=["api"])


@pytest.mark.parametrize(
    ("differing", "message"),
    [
        ({"version": "1.36"}, "one minor version at a time.*1.35 first"),
        ({"version": "1.33"}, "is older.*seven days"),
        ({"version": "1.32"}, "one minor version only.*new cluster"),
        ({"version": "1.35", "intent": version.Intent(rollback=True)}, "this is not a rollback"),
        ({"service_ipv4_cidr": "10.9.0.0/16"}, "gives its services addresses.*new cluster"),
        ({"role_arn": "arn:aws:iam::123456789012:role/other"}, "cannot change it to"),
        ({"authentication_mode": "CONFIG_MAP"}, "cannot change this back to CONFIG_MAP"),
    ],
)
def test_what_aws_can_not_change_is_refused_before_anything(
    differing: dict[str, Any], message: str
) -> None:
    stub, session = stubbed()
    stub.add_response("describe_cluster", {"cluster": RAW}, {"name": NAME})
    with pytest.raises(AwsError, match=message):
        run(stub, session, logging=["api"], **differing)


def test_a_key_can_be_added_but_not_changed() -> None:
    shaped = cluster.shape({**RAW, "encryptionConfig": cluster.encryption("key-1")})
    assert shaped is not None
    cluster.refuse(shaped, {**shaped})
    with pytest.raises(AwsError, match="encrypts its secrets with key-1"):
        cluster.refuse(shaped, {**shaped, "encryption_key_arn": "key-2"})
    plain = cluster.shape(RAW)
    assert plain is not None
    (step,) = cluster.steps(plain, {**plain, "encryption_key_arn": "key-1"}, version.Intent())
    assert step.operation == "associate_encryption_config"


def test_a_protected_cluster_is_not_deleted() -> None:
    stub, session = stubbed()
    stub.add_response("describe_cluster", {"cluster": {**RAW, "deletionProtection": True}})
    with stub, pytest.raises(AwsError, match="protected against deletion"):
        control.ensure_absent(session, NAME)


def test_logs_are_off_before_a_cluster_goes() -> None:
    """Its last lines, minutes later, would make the log group anew."""
    stub, session = stubbed()
    logging = {"clusterLogging": [{"types": ["api", "audit"], "enabled": True}]}
    off = {"clusterLogging": [{"types": sorted(cluster.LOG_TYPES), "enabled": False}]}
    stub.add_response("describe_cluster", {"cluster": {**RAW, "logging": logging}})
    stub.add_response("list_nodegroups", {"nodegroups": []})
    stub.add_response("describe_cluster", {"cluster": {**RAW, "logging": logging}})
    update = {"update": {"id": "u-1", "status": "Successful"}}
    stub.add_response("update_cluster_config", update, {"name": NAME, "logging": off})
    stub.add_response("delete_cluster", {}, {"name": NAME})
    stub.add_client_error("describe_cluster", "ResourceNotFoundException")
    with stub:
        assert control.ensure_absent(session, NAME)[0]
        stub.assert_no_pending_responses()


def test_a_cluster_with_nodes_is_not_deleted() -> None:
    stub, session = stubbed()
    stub.add_response("describe_cluster", {"cluster": RAW})
    stub.add_response("list_nodegroups", {"nodegroups": ["by-hand"]})
    stub.add_response("describe_nodegroup", {"nodegroup": {"version": "1.34"}})
    with stub, pytest.raises(AwsError, match=r"still has the node groups by-hand.*first"):
        control.ensure_absent(session, NAME)


def test_a_cluster_that_is_being_deleted_is_awaited_and_made_anew() -> None:
    stub, session = stubbed()
    for _ in range(2):
        stub.add_response("describe_cluster", {"cluster": {**RAW, "status": "DELETING"}})
    stub.add_client_error("describe_cluster", "ResourceNotFoundException", http_status_code=404)
    stub.add_response("create_cluster", {"cluster": RAW})
    stub.add_response("describe_cluster", {"cluster": RAW})
    changed, before, _ = run(stub, session)
    assert (changed, before) == (True, None)


def test_a_cluster_that_fails_to_start_says_why() -> None:
    stub, session = stubbed()
    issues = [{"code": "InsufficientFreeAddresses", "message": "full", "resourceIds": ["subnet-a"]}]
    stub.add_response(
        "describe_cluster", {"cluster": {**RAW, "status": "FAILED", "health": {"issues": issues}}}
    )
    told = r"InsufficientFreeAddresses: full \(subnet-a\) - free addresses .*state=absent"
    with stub, pytest.raises(AwsError, match=told):
        control.wait_active(session, NAME)


def test_a_cluster_that_vanishes_while_it_is_awaited_is_told() -> None:
    stub, session = stubbed()
    stub.add_client_error("describe_cluster", "ResourceNotFoundException", http_status_code=404)
    with stub, pytest.raises(AwsError, match="is gone: somebody is deleting it"):
        control.wait_active(session, NAME)


@pytest.mark.parametrize("wait", [control.wait_active, control.wait_gone])
def test_a_wait_ends_with_the_last_thing_seen(wait: Callable[..., None]) -> None:
    stub, session = stubbed()
    session = Session(session.eks, check_mode=False, wait=True, timeout=0)
    stub.add_response("describe_cluster", {"cluster": {**RAW, "status": "CREATING"}})
    with stub, pytest.raises(AwsError, match=r"not ready after 0 s \(last seen: status CREATING\)"):
        wait(session, NAME)
