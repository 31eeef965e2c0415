"""Read an account's cluster and data stores into a plan."""

from __future__ import annotations

import contextlib
from typing import Any

from botocore.exceptions import ClientError
from support.emulator import Aws
from terraform import Plan, Ref, blocks


def cluster(aws: Aws, name: str, plan: Plan) -> None:
    """The EKS cluster, its node groups, and all log groups."""
    eks = aws.client("eks")
    found = eks.describe_cluster(name=name)["cluster"]
    vpc = found["resourcesVpcConfig"]
    plan.add(
        "aws_eks_cluster",
        name,
        found["arn"],
        version=found["version"],
        enabled_cluster_log_types=[
            kind
            for setup in found["logging"]["clusterLogging"]
            if setup["enabled"]
            for kind in setup["types"]
        ],
        encryption_config=blocks(found.get("encryptionConfig", [])),
        vpc_config=[
            {
                "endpoint_private_access": vpc["endpointPrivateAccess"],
                "endpoint_public_access": vpc["endpointPublicAccess"],
                "public_access_cidrs": vpc.get("publicAccessCidrs", []),
                "security_group_ids": [Ref(group) for group in vpc.get("securityGroupIds", [])],
                "subnet_ids": [Ref(subnet) for subnet in vpc["subnetIds"]],
            }
        ],
        access_config=[blocks(found["accessConfig"])],
        deletion_protection=found.get("deletionProtection"),
    )
    for group in eks.list_nodegroups(clusterName=name)["nodegroups"]:
        nodes = eks.describe_nodegroup(clusterName=name, nodegroupName=group)["nodegroup"]
        plan.add(
            "aws_eks_node_group",
            group,
            nodes["nodegroupArn"],
            cluster_name=Ref(found["arn"]),
            launch_template=[{"id": Ref(nodes["launchTemplate"]["id"])}],
            **(
                {"remote_access": [blocks(nodes["remoteAccess"])]}
                if "remoteAccess" in nodes
                else {}
            ),
        )
    for page in aws.client("logs").get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            plan.add(
                "aws_cloudwatch_log_group",
                group["logGroupName"],
                group["arn"],
                name=group["logGroupName"],
                retention_in_days=group.get("retentionInDays"),
                kms_key_id=group.get("kmsKeyId"),
            )


def database(aws: Aws, name: str, plan: Plan) -> None:
    """The RDS instance with its parameter group and subnet group."""
    rds = aws.client("rds")
    (found,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    parameters = found["DBParameterGroups"][0]["DBParameterGroupName"]
    said = [
        item
        for page in rds.get_paginator("describe_db_parameters").paginate(
            DBParameterGroupName=parameters
        )
        for item in page["Parameters"]
        if "ParameterValue" in item
    ]
    plan.add(
        "aws_db_parameter_group",
        parameters,
        parameters,
        family=f"postgres{found['EngineVersion'].partition('.')[0]}",
        parameter=[
            {"name": item["ParameterName"], "value": item["ParameterValue"]} for item in said
        ],
    )
    subnets = found["DBSubnetGroup"]["DBSubnetGroupName"]
    plan.add("aws_db_subnet_group", subnets, subnets)
    groups = found.pop("VpcSecurityGroups")
    values = blocks(
        found,
        ca_certificate_identifier="ca_cert_identifier",
        enabled_cloudwatch_logs_exports="enabled_cloudwatch_logs_exports",
    )
    plan.add(
        "aws_db_instance",
        name,
        found["DBInstanceArn"],
        **{
            **values,
            "db_subnet_group_name": Ref(subnets),
            "parameter_group_name": Ref(parameters),
            "vpc_security_group_ids": [Ref(group["VpcSecurityGroupId"]) for group in groups],
        },
    )


def cache(aws: Aws, name: str, plan: Plan) -> None:
    """The ElastiCache replication group."""
    elasticache = aws.client("elasticache")
    (group,) = elasticache.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"]
    member = elasticache.describe_cache_clusters(CacheClusterId=group["MemberClusters"][0])
    node = member["CacheClusters"][0]
    plan.add("aws_elasticache_subnet_group", name, node["CacheSubnetGroupName"])
    plan.add(
        "aws_elasticache_replication_group",
        name,
        group["ARN"],
        engine=node["Engine"],
        engine_version=node["EngineVersion"],
        at_rest_encryption_enabled=group["AtRestEncryptionEnabled"],
        transit_encryption_enabled=group["TransitEncryptionEnabled"],
        # AWS never tells it; that there is one is what is asked for.
        auth_token="(hidden)" if group.get("AuthTokenEnabled") else None,
        user_group_ids=group.get("UserGroupIds") or None,
        kms_key_id=group.get("KmsKeyId"),
        automatic_failover_enabled=group["AutomaticFailover"] == "enabled",
        multi_az_enabled=group["MultiAZ"] == "enabled",
        snapshot_retention_limit=group["SnapshotRetentionLimit"],
        auto_minor_version_upgrade=group.get("AutoMinorVersionUpgrade"),
        subnet_group_name=Ref(node["CacheSubnetGroupName"]),
        security_group_ids=[
            Ref(security["SecurityGroupId"]) for security in node.get("SecurityGroups", [])
        ],
    )


# What a bucket is made of, beside itself: Terraform's type, the call, what to take of its answer
# and where it goes (None: its members are attributes).
PARTS = (
    ("versioning", "get_bucket_versioning", None, "versioning_configuration"),
    ("public_access_block", "get_public_access_block", "PublicAccessBlockConfiguration", None),
    (
        "server_side_encryption_configuration",
        "get_bucket_encryption",
        "ServerSideEncryptionConfiguration",
        None,
    ),
    ("lifecycle_configuration", "get_bucket_lifecycle_configuration", None, None),
    ("ownership_controls", "get_bucket_ownership_controls", "OwnershipControls", None),
    ("logging", "get_bucket_logging", "LoggingEnabled", None),
    ("policy", "get_bucket_policy", None, None),
    (
        "replication_configuration",
        "get_bucket_replication",
        "ReplicationConfiguration",
        None,
    ),
)
SAID_OTHERWISE = {"rules": "rule", "transitions": "transition"}


def buckets(aws: Aws, plan: Plan) -> None:
    """All buckets with their settings."""
    s3 = aws.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        name = bucket["Name"]
        plan.add("aws_s3_bucket", name, name, bucket=name)
        for kind, call, member, block in PARTS:
            answer: dict[str, Any] = {}
            # Each says by a code of its own that there is nothing.
            with contextlib.suppress(ClientError):
                answer = getattr(s3, call)(Bucket=name)
            answer.pop("ResponseMetadata", None)
            values = blocks(answer.get(member, {}) if member else answer, **SAID_OTHERWISE)
            if values:
                values = {block: [values]} if block else values
                plan.add(f"aws_s3_bucket_{kind}", name, bucket=Ref(name), **values)


def repositories(aws: Aws, plan: Plan) -> None:
    """All image repositories, with their policies."""
    ecr = aws.client("ecr")
    for repository in ecr.describe_repositories()["repositories"]:
        name = repository["repositoryName"]
        plan.add("aws_ecr_repository", name, name, **blocks(repository))
        plan.add(
            "aws_ecr_lifecycle_policy",
            name,
            repository=Ref(name),
            policy=ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"],
        )
        with contextlib.suppress(ecr.exceptions.RepositoryPolicyNotFoundException):
            policy = ecr.get_repository_policy(repositoryName=name)["policyText"]
            plan.add("aws_ecr_repository_policy", name, repository=Ref(name), policy=policy)
