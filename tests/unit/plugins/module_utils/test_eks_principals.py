"""Who the caller is, and how policies of access entries are named."""

from __future__ import annotations

from typing import Any

import boto3
from ansible_collections.ragops.platform.plugins.module_utils._eks import access
from botocore.stub import Stubber


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
