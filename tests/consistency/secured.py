"""What of an account decides who gets to it and what it keeps, in a form that accounts share."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils._secrets.component import SECRETS
from botocore.exceptions import ClientError
from support.emulator import Aws

ID = re.compile(r"\b[a-z]+-[0-9a-f]{8,17}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
ISSUER = re.compile(r"(?:https?://)?[\w.-]+(?::\d+)?/oidc/id/[0-9A-F]{28,32}\b")
SUFFIX = re.compile(r"(:secret:[\w/-]+)-[A-Za-z0-9]{6}\b")
MOVING = {"CreateDate", "CreationDate", "CreatedDate", "LastChangedDate", "creationTime", "RoleId"}


def secured(aws: Aws) -> dict[str, str]:
    """State by what it is of; ids stand under their resources' names."""
    names = dict(_names(aws))
    found = {}
    for label, state in _states(aws):
        text = json.dumps(state, default=str)
        text = ID.sub(lambda match: names.get(match.group(), "<id>"), text)
        text = SUFFIX.sub(r"\1", ISSUER.sub("<issuer>", text))
        # Only now lists can be put in order: ids differ from account to account.
        found[label] = json.dumps(_kept(json.loads(text)), sort_keys=True)
    return found


def _kept(state: Any) -> Any:
    """Without times, and lists in an order of their own."""
    if isinstance(state, dict):
        return {key: _kept(value) for key, value in state.items() if key not in MOVING}
    if isinstance(state, list):
        return sorted(
            (_kept(item) for item in state), key=lambda item: json.dumps(item, default=str)
        )
    return state


def _names(aws: Aws) -> Iterator[tuple[str, str]]:
    """(id, name) of what has both."""
    ec2 = aws.client("ec2")
    for tag in ec2.describe_tags(Filters=[{"Name": "key", "Values": ["Name"]}])["Tags"]:
        yield tag["ResourceId"], f"<{tag['Value']}>"
    for group in ec2.describe_security_groups()["SecurityGroups"]:
        yield group["GroupId"], f"<{group['GroupName']}>"


def _states(aws: Aws) -> Iterator[tuple[str, Any]]:
    yield from _of_network(aws.client("ec2"))
    yield from _of_roles(aws.client("iam"))
    yield from _of_buckets(aws.client("s3"))
    yield from _of_keys(aws.client("kms"))
    yield from _of_secrets(aws.client("secretsmanager"))
    yield from _of_stores(aws)
    for group in aws.client("logs").describe_log_groups()["logGroups"]:
        kept = {key: group.get(key) for key in ("retentionInDays", "kmsKeyId")}
        yield f"log group {group['logGroupName']}", kept


def _of_network(ec2: Any) -> Iterator[tuple[str, Any]]:
    platform = ec2.describe_vpcs(Filters=[{"Name": "tag-key", "Values": ["Project"]}])["Vpcs"]
    for vpc in platform:
        inside = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        for group in ec2.describe_security_groups(Filters=inside)["SecurityGroups"]:
            kept = ("IpPermissions", "IpPermissionsEgress", "Tags")
            state = {key: group.get(key) for key in kept}
            yield f"security group {group['GroupName']}", state
        for table in ec2.describe_route_tables(Filters=inside)["RouteTables"]:
            tags = {tag["Key"]: tag["Value"] for tag in table.get("Tags", [])}
            links = sorted(link.get("SubnetId", "main") for link in table["Associations"])
            yield f"route table {tags.get('Name', 'main')}", [table["Routes"], links]
        for endpoint in ec2.describe_vpc_endpoints(Filters=inside)["VpcEndpoints"]:
            yield f"endpoint {endpoint['ServiceName']}", endpoint.get("PolicyDocument")
        for name in ("enableDnsSupport", "enableDnsHostnames"):
            answer = ec2.describe_vpc_attribute(VpcId=vpc["VpcId"], Attribute=name)
            yield f"vpc {name}", answer[name[0].upper() + name[1:]]
        for log in ec2.describe_flow_logs()["FlowLogs"]:
            yield f"flow log {log['LogGroupName']}", log.get("DeliverLogsPermissionArn")


def _of_roles(iam: Any) -> Iterator[tuple[str, Any]]:
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        inline = {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }
        attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        tags = iam.list_role_tags(RoleName=name)["Tags"]
        yield f"role {name}", [role["AssumeRolePolicyDocument"], inline, attached, tags]


def _of_buckets(s3: Any) -> Iterator[tuple[str, Any]]:
    for bucket in s3.list_buckets()["Buckets"]:
        for question in (
            "get_bucket_policy",
            "get_bucket_encryption",
            "get_bucket_versioning",
            "get_bucket_logging",
            "get_public_access_block",
            "get_bucket_ownership_controls",
            "get_bucket_lifecycle_configuration",
            "get_bucket_tagging",
        ):
            try:
                answer = getattr(s3, question)(Bucket=bucket["Name"])
            except ClientError as error:
                answer = error.response["Error"]["Code"]
            else:
                answer.pop("ResponseMetadata")
            yield f"bucket {bucket['Name']} {question}", answer


def _of_keys(kms: Any) -> Iterator[tuple[str, Any]]:
    for alias in kms.list_aliases()["Aliases"]:
        if key := alias.get("TargetKeyId"):
            rotation = kms.get_key_rotation_status(KeyId=key)["KeyRotationEnabled"]
            policy = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
            state = kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
            yield f"key {alias['AliasName']}", [rotation, policy, state]


def _of_secrets(secrets: Any) -> Iterator[tuple[str, Any]]:
    for what in SECRETS:
        name = f"ragops-dev/{what}"
        try:
            item = secrets.describe_secret(SecretId=name)
        except secrets.exceptions.ResourceNotFoundException:
            yield f"secret {name}", None
            continue
        policy = secrets.get_resource_policy(SecretId=name).get("ResourcePolicy")
        yield f"secret {name}", [item.get("KmsKeyId"), policy, item.get("Tags")]


def _of_stores(aws: Aws) -> Iterator[tuple[str, Any]]:
    for item in aws.client("rds").describe_db_instances()["DBInstances"]:
        kept = (
            "StorageEncrypted",
            "PubliclyAccessible",
            "DeletionProtection",
            "VpcSecurityGroups",
            "DBParameterGroups",
            "BackupRetentionPeriod",
            "MonitoringRoleArn",
        )
        yield f"database {item['DBInstanceIdentifier']}", {key: item.get(key) for key in kept}
    for item in aws.client("elasticache").describe_replication_groups()["ReplicationGroups"]:
        kept = (
            "AtRestEncryptionEnabled",
            "TransitEncryptionEnabled",
            "AuthTokenEnabled",
            "SnapshotRetentionLimit",
            "KmsKeyId",
        )
        yield f"cache {item['ReplicationGroupId']}", {key: item.get(key) for key in kept}
    eks = aws.client("eks")
    for name in eks.list_clusters()["clusters"]:
        cluster = eks.describe_cluster(name=name)["cluster"]
        kept = ("logging", "encryptionConfig", "accessConfig", "deletionProtection", "roleArn")
        placed = cluster["resourcesVpcConfig"]
        ways = {key: placed.get(key) for key in ("endpointPublicAccess", "endpointPrivateAccess")}
        yield f"cluster {name}", [{key: cluster.get(key) for key in kept}, ways]
        for group in eks.list_nodegroups(clusterName=name)["nodegroups"]:
            described = eks.describe_nodegroup(clusterName=name, nodegroupName=group)["nodegroup"]
            yield f"node group {group}", [described["nodeRole"], described["subnets"]]
