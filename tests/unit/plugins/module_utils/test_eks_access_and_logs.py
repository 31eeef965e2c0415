"""Who the caller is; what CloudWatch says of a key that it may not use."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from ansible_collections.ragops.platform.plugins.module_utils import spreading
from ansible_collections.ragops.platform.plugins.module_utils._eks import access, logs
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api, Plan
from botocore.stub import Stubber

KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
NAME = "/aws/eks/ragops-dev/cluster"


def client(service: str) -> Any:
    return boto3.client(
        service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )


def caller(arn: str, role: dict[str, Any] | None = None) -> str:
    sts, iam = client("sts"), client("iam")
    with Stubber(sts) as who, Stubber(iam) as which:
        who.add_response("get_caller_identity", {"Arn": arn})
        if role:
            which.add_response("get_role", {"Role": role}, {"RoleName": role["RoleName"]})
        found = access.principal_of(sts, iam)
        which.assert_no_pending_responses()
    return found


def test_a_session_is_traced_to_its_role_with_its_path() -> None:
    path = "/aws-reserved/sso.amazonaws.com/"
    role = {
        "Path": path,
        "RoleName": "AWSReservedSSO_Admin_1",
        "RoleId": "AROA1234567890123456",
        "Arn": f"arn:aws:iam::123456789012:role{path}AWSReservedSSO_Admin_1",
        "CreateDate": "2026-01-01",
    }
    session = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_1/me@example.com"
    assert caller(session, role) == role["Arn"]


def test_a_user_is_itself() -> None:
    assert caller("arn:aws:iam::123456789012:user/ci") == "arn:aws:iam::123456789012:user/ci"


def test_names_of_policies_are_of_the_principals_partition() -> None:
    entry = {
        "principal_arn": "arn:aws-cn:iam::123456789012:role/r",
        "policies": [{"policy_arn": "AmazonEKSViewPolicy", "namespaces": ["rag"]}],
    }
    (whole,) = access.expanded([entry], lambda: "")
    arn = "arn:aws-cn:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
    assert whole["policies"] == [{"policy_arn": arn, "namespaces": ["rag"]}]


def ensure(stub: Stubber, connection: Any, **wanted: Any) -> Plan:
    plan = Plan()
    settings = {"retention_days": 365, "kms_key_arn": KEY, "tags": {}, **wanted}
    with stub:
        logs.ensure_present(Api(connection), plan, NAME, settings)
    stub.assert_no_pending_responses()
    return plan


def test_a_key_that_cloudwatch_may_not_use_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreading, "TIMEOUT", 0.0)  # it may be a new one
    connection = client("logs")
    stub = Stubber(connection)
    stub.add_response("describe_log_groups", {"logGroups": []})
    text = "The specified KMS Key Id could not be found or is not allowed to be used"
    stub.add_client_error("create_log_group", "InvalidParameterException", text)
    told = r"logs:CreateLogGroup failed .*logs.us-east-1.amazonaws.com encrypt.*kms_log_groups"
    with pytest.raises(AwsError, match=told):
        ensure(stub, connection)


def test_another_refusal_is_told_as_it_is() -> None:
    connection = client("logs")
    stub = Stubber(connection)
    stub.add_response("describe_log_groups", {"logGroups": []})
    stub.add_client_error("create_log_group", "LimitExceededException", "Too many log groups")
    with pytest.raises(AwsError, match=r"Too many log groups$"):
        ensure(stub, connection)


def test_a_group_that_eks_makes_meanwhile_is_repaired() -> None:
    connection = client("logs")
    stub = Stubber(connection)
    stub.add_response("describe_log_groups", {"logGroups": []})
    stub.add_client_error("create_log_group", "ResourceAlreadyExistsException")
    found = {"logGroupName": NAME, "arn": f"arn:aws:logs:us-east-1:123456789012:log-group:{NAME}:*"}
    stub.add_response("describe_log_groups", {"logGroups": [found]})
    stub.add_response("list_tags_for_resource", {"tags": {}})
    retention = {"logGroupName": NAME, "retentionInDays": 365}
    stub.add_response("put_retention_policy", {}, retention)
    stub.add_response("associate_kms_key", {}, {"logGroupName": NAME, "kmsKeyId": KEY})
    assert ensure(stub, connection).changed


def test_a_group_of_a_longer_name_is_another() -> None:
    connection = client("logs")
    with Stubber(connection) as stub:
        found = {"logGroupName": NAME + "-2", "arn": "arn:aws:logs:us-east-1:1:log-group:x:*"}
        stub.add_response("describe_log_groups", {"logGroups": [found]})
        assert logs.find(Api(connection), NAME) is None
