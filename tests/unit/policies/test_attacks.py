"""What nobody may do with the published policies of operators (docs/iam): attacks, all refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.checkout import ROOT
from support.deciding import ACCOUNT, Account, deciding, refused
from support.published_policies import filled

NAME = "ragops-prod"
PLACES = {"host": "rag.example.com", "zone": "Z0123456789ABCDEFGHIJ"}
OURS = {"Project": "ragops", "Environment": "prod", "ManagedBy": "ragops.platform"}
THEIRS = {"Project": "billing", "Environment": "prod"}
POLICIES = sorted(
    path.stem for path in (ROOT / "docs/iam").glob("*.json") if path.stem != "boundary"
)
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/{NAME}-boundary"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
GROUP: dict[str, Any] = {"ResourceType": "security-group"}
ALL: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
            }
        ],
    }
)


def listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with deciding(tmp_path_factory.mktemp("operators")) as served:
        yield served


@pytest.fixture(scope="module")
def there(account: Account) -> dict[str, str]:
    """An account with the platform's boundary and a role within it, and another team's things."""
    iam, ec2, kms = (account.client(name) for name in ("iam", "ec2", "kms"))
    iam.create_policy(PolicyName=f"{NAME}-boundary", PolicyDocument=json.dumps(filled("boundary")))
    for name, tags, boundary in (
        (f"{NAME}-workload-backend", OURS, BOUNDARY),
        (f"{NAME}-eks-nodes", OURS, BOUNDARY),
        (f"{NAME}-reports", THEIRS, ""),
        ("deployer", THEIRS, ""),
    ):
        more = {"PermissionsBoundary": boundary} if boundary else {}
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=listed(tags), **more)
    key = kms.create_key(Tags=[{"TagKey": k, "TagValue": v} for k, v in THEIRS.items()])
    ident = key["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/billing", TargetKeyId=ident)
    named = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/untagged", TargetKeyId=named)
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    groups = {
        kind: ec2.create_security_group(
            GroupName=kind,
            Description=kind,
            VpcId=vpc,
            **(
                {"TagSpecifications": [{"ResourceType": "security-group", "Tags": tags}]}
                if tags
                else {}
            ),
        )["GroupId"]
        for kind, tags in (("group", listed(THEIRS)), ("untagged_group", []))
    }
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    account.client("s3").create_bucket(Bucket="billing-invoices")
    secret = account.client("secretsmanager").create_secret(
        Name="billing/password", SecretString="theirs", Tags=listed(THEIRS)
    )["ARN"]
    return {
        **groups,
        "gateway": gateway,
        "key": ident,
        "untagged_key": named,
        "secret": secret,
        "vpc": vpc,
    }


def attacks(there: dict[str, str]) -> list[tuple[str, str, dict[str, Any]]]:
    """(service, method, arguments) of what nobody may do."""
    ours, role = f"{NAME}-workload-backend", "deployer"
    policy = {"PolicyName": "p", "PolicyDocument": json.dumps(ALL)}
    tags = listed(OURS)
    return [
        # To be an administrator.
        ("iam", "attach_role_policy", {"RoleName": ours, "PolicyArn": ADMINISTRATOR}),
        ("iam", "attach_role_policy", {"RoleName": f"{NAME}-reports", "PolicyArn": ADMINISTRATOR}),
        ("iam", "put_role_policy", {"RoleName": role, **policy}),
        ("iam", "put_role_policy", {"RoleName": f"{NAME}-reports", **policy}),
        (
            "iam",
            "create_role",
            {"RoleName": f"{NAME}-x", "AssumeRolePolicyDocument": TRUST, "Tags": tags},
        ),
        (
            "iam",
            "create_role",
            {
                "RoleName": f"{NAME}-x",
                "AssumeRolePolicyDocument": TRUST,
                "PermissionsBoundary": ADMINISTRATOR,
            },
        ),
        ("iam", "delete_role_permissions_boundary", {"RoleName": ours}),
        (
            "iam",
            "put_role_permissions_boundary",
            {"RoleName": ours, "PermissionsBoundary": ADMINISTRATOR},
        ),
        (
            "iam",
            "create_policy_version",
            {"PolicyArn": BOUNDARY, "PolicyDocument": json.dumps(ALL), "SetAsDefault": True},
        ),
        ("iam", "delete_policy", {"PolicyArn": BOUNDARY}),
        ("iam", "update_assume_role_policy", {"RoleName": role, "PolicyDocument": TRUST}),
        ("iam", "create_user", {"UserName": "me"}),
        ("iam", "create_access_key", {"UserName": "user-0"}),
        ("iam", "attach_user_policy", {"UserName": "user-0", "PolicyArn": ADMINISTRATOR}),
        (
            "iam",
            "put_user_policy",
            {"UserName": "user-0", "PolicyName": "p", "PolicyDocument": json.dumps(ALL)},
        ),
        # Another's role for our services, and for our pods.
        (
            "eks",
            "create_cluster",
            {
                "name": NAME,
                "roleArn": f"arn:aws:iam::{ACCOUNT}:role/{NAME}-reports",
                "resourcesVpcConfig": {"subnetIds": ["subnet-1", "subnet-2"]},
                "tags": OURS,
            },
        ),
        (
            "ec2",
            "create_flow_logs",
            {
                "ResourceIds": [there["vpc"]],
                "ResourceType": "VPC",
                "TrafficType": "ALL",
                "LogGroupName": "x",
                "DeliverLogsPermissionArn": f"arn:aws:iam::{ACCOUNT}:role/deployer",
            },
        ),
        # What is others'.
        ("iam", "delete_role", {"RoleName": role}),
        ("iam", "delete_role", {"RoleName": f"{NAME}-reports"}),
        ("iam", "tag_role", {"RoleName": f"{NAME}-reports", "Tags": tags}),
        ("kms", "schedule_key_deletion", {"KeyId": there["key"]}),
        ("kms", "schedule_key_deletion", {"KeyId": there["untagged_key"]}),
        ("kms", "disable_key", {"KeyId": there["key"]}),
        (
            "kms",
            "put_key_policy",
            {"KeyId": there["key"], "PolicyName": "default", "Policy": json.dumps(ALL)},
        ),
        *(
            (
                "kms",
                "tag_resource",
                {
                    "KeyId": there[each],
                    "Tags": [{"TagKey": k, "TagValue": v} for k, v in OURS.items()],
                },
            )
            for each in ("key", "untagged_key")
        ),
        ("kms", "create_alias", {"AliasName": f"alias/{NAME}-x", "TargetKeyId": there["key"]}),
        ("kms", "delete_alias", {"AliasName": "alias/billing"}),
        ("ec2", "delete_security_group", {"GroupId": there["group"]}),
        ("ec2", "delete_security_group", {"GroupId": there["untagged_group"]}),
        ("ec2", "delete_vpc", {"VpcId": there["vpc"]}),
        ("ec2", "delete_internet_gateway", {"InternetGatewayId": there["gateway"]}),
        ("ec2", "create_tags", {"Resources": [there["group"]], "Tags": tags}),
        ("ec2", "create_tags", {"Resources": [there["vpc"]], "Tags": tags}),
        ("ec2", "create_tags", {"Resources": [there["untagged_group"]], "Tags": tags}),
        (
            "ec2",
            "authorize_security_group_ingress",
            {
                "GroupId": there["group"],
                "IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
            },
        ),
        ("s3", "delete_bucket", {"Bucket": "billing-invoices"}),
        ("s3", "put_bucket_policy", {"Bucket": "billing-invoices", "Policy": "{}"}),
        ("s3", "list_objects_v2", {"Bucket": "billing-invoices"}),
        ("secretsmanager", "get_secret_value", {"SecretId": there["secret"]}),
        ("secretsmanager", "delete_secret", {"SecretId": there["secret"]}),
        ("secretsmanager", "tag_resource", {"SecretId": there["secret"], "Tags": tags}),
        ("rds", "delete_db_instance", {"DBInstanceIdentifier": "billing"}),
        ("elasticache", "delete_replication_group", {"ReplicationGroupId": "billing"}),
        ("eks", "delete_cluster", {"name": "billing"}),
        ("ecr", "delete_repository", {"repositoryName": "billing/app", "force": True}),
        ("logs", "delete_log_group", {"logGroupName": "/aws/eks/billing/cluster"}),
    ]


@pytest.mark.parametrize("policy", POLICIES)
def test_no_published_policy_reaches_further_than_the_platform(
    policy: str, account: Account, there: dict[str, str]
) -> None:
    key = account.user(*filled(policy, **PLACES)["Statement"])
    passed = [
        f"{service}.{method} {arguments}"
        for service, method, arguments in attacks(there)
        if not refused(account.client(service, *key), method, arguments)
    ]
    assert passed == []


def test_all_together_reach_no_further(account: Account, there: dict[str, str]) -> None:
    """An operator has several of them."""
    statements = [each for name in POLICIES for each in filled(name, **PLACES)["Statement"]]
    key = account.user(*statements)
    passed = [
        f"{service}.{method} {arguments}"
        for service, method, arguments in attacks(there)
        if not refused(account.client(service, *key), method, arguments)
    ]
    assert passed == []


def test_a_role_of_ours_stays_within_the_boundary(account: Account, there: dict[str, str]) -> None:
    """Whatever policy an operator puts into it."""
    key = account.user(*ALL["Statement"], boundary=filled("boundary"))
    further = [
        ("iam", "create_user", {"UserName": "me"}),
        ("iam", "create_role", {"RoleName": "r", "AssumeRolePolicyDocument": TRUST}),
        *(each for each in attacks(there) if each[:2] != ("eks", "create_cluster")),
    ]
    passed = [
        f"{service}.{method} {arguments}"
        for service, method, arguments in further
        if not refused(account.client(service, *key), method, arguments)
    ]
    assert passed == []


def test_a_plan_reads_no_secret_value() -> None:
    granted = {action for each in filled("plan")["Statement"] for action in each["Action"]}
    assert not granted & {"secretsmanager:GetSecretValue", "kms:Decrypt"}
