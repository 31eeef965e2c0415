"""Read an account's keys, secrets and roles into a plan."""

from __future__ import annotations

import json
from typing import Any

from support.emulator import Aws
from terraform import Plan, Ref, blocks


def keys(aws: Aws, plan: Plan) -> None:
    """The customer-managed keys that have an alias, with their policies."""
    kms = aws.client("kms")
    for alias in kms.list_aliases()["Aliases"]:
        name, key = alias["AliasName"], alias.get("TargetKeyId")
        if name.startswith("alias/aws/") or not key:
            continue
        plan.add(
            "aws_kms_key",
            key,
            key,
            enable_key_rotation=kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"],
            is_enabled=kms.describe_key(KeyId=key)["KeyMetadata"]["Enabled"],
            policy=kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"],
        )
        plan.add("aws_kms_alias", name, target_key_id=Ref(key))


def secrets(aws: Aws, plan: Plan) -> None:
    """All secrets; never a value."""
    manager = aws.client("secretsmanager")
    for page in manager.get_paginator("list_secrets").paginate():
        for listed in page["SecretList"]:
            arn, name = listed["ARN"], listed["Name"]
            secret = manager.describe_secret(SecretId=arn)
            plan.add("aws_secretsmanager_secret", name, arn, kms_key_id=secret.get("KmsKeyId"))
            if secret.get("RotationEnabled"):
                rules = [blocks(secret.get("RotationRules", {}))]
                plan.add(
                    "aws_secretsmanager_secret_rotation",
                    name,
                    secret_id=Ref(arn),
                    rotation_rules=rules,
                )
            policy = manager.get_resource_policy(SecretId=arn).get("ResourcePolicy")
            if policy:
                plan.add(
                    "aws_secretsmanager_secret_policy", name, secret_arn=Ref(arn), policy=policy
                )


def roles(aws: Aws, name: str, plan: Plan) -> None:
    """The roles called <name>-*, their policies and instance profiles."""
    iam = aws.client("iam")
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            if role["RoleName"].startswith(f"{name}-"):
                _role(iam, role, plan)
    for profile in iam.list_instance_profiles()["InstanceProfiles"]:
        known = profile["InstanceProfileName"]
        role = next((role["RoleName"] for role in profile["Roles"]), None)
        plan.add("aws_iam_instance_profile", known, known, role=Ref(role))


def _role(iam: Any, role: dict[str, Any], plan: Plan) -> None:
    name = role["RoleName"]
    trust = json.dumps(role["AssumeRolePolicyDocument"])
    plan.add("aws_iam_role", name, name, role["Arn"], assume_role_policy=trust)
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        plan.add(
            "aws_iam_role_policy", f"{name}-{policy}", role=Ref(name), policy=json.dumps(document)
        )
    for attached in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        plan.add(
            "aws_iam_role_policy_attachment",
            f"{name}-{attached['PolicyName']}",
            role=Ref(name),
            policy_arn=arn,
        )
        if not arn.startswith("arn:aws:iam::aws:"):
            _managed(iam, arn, plan)


def _managed(iam: Any, arn: str, plan: Plan) -> None:
    """A policy of the account's own, which several roles may have."""
    if arn in plan.addresses:
        return
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    text = json.dumps(document["Document"])
    plan.add("aws_iam_policy", arn.rpartition("/")[2], arn, policy=text)
