"""Somebody else's resources under the platform's names: how each kind is made and asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from support.data_store_worlds import cache_options, database_options
from support.emulator import Aws
from support.lifecycle import TAGS

NAME = "ragops-test"
OWN = {**TAGS, "Component": "x", "ManagedBy": "ragops.platform"}
ROLE = f"arn:aws:iam::000000000000:role/{NAME}-eks-nodes"
ISSUER = "https://oidc.eks.us-east-1.amazonaws.com/id/ABC"
THEIRS = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "lambda.amazonaws.com"},
        }
    ],
}
OURS = json.loads(json.dumps(THEIRS).replace("lambda", "monitoring.rds"))
Tags = dict[str, str]


def pairs(tags: Tags, key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: name, value: content} for name, content in tags.items()]


@dataclass(frozen=True)
class Kind:
    """make: makes somebody's with these tags; options: of the module that would take it up.

    service_made: whether AWS itself makes such a thing without tags, which then is the platform's.
    """

    make: Callable[[Aws, Tags], object]
    module: str
    options: Callable[[Aws], dict[str, Any]]
    service_made: bool = False


def role(aws: Aws, tags: Tags) -> None:
    aws.client("iam").create_role(
        RoleName=f"{NAME}-rds-monitoring",
        AssumeRolePolicyDocument=json.dumps(THEIRS),
        Tags=pairs(tags),
    )


def profile(purpose: str) -> Callable[[Aws, Tags], object]:
    return lambda aws, tags: aws.client("iam").create_instance_profile(
        InstanceProfileName=f"{NAME}-{purpose}", Tags=pairs(tags)
    )


def key(aws: Aws, tags: Tags) -> None:
    kms = aws.client("kms")
    made = kms.create_key(Tags=pairs(tags, "TagKey", "TagValue"))["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/{NAME}", TargetKeyId=made)


def bucket(aws: Aws, tags: Tags) -> None:
    name = f"{NAME}-documents-000000000000"
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name)
    if tags:
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs(tags)})


def secret(aws: Aws, tags: Tags) -> None:
    aws.client("secretsmanager").create_secret(
        Name=f"{NAME}/token", SecretString="theirs", Tags=pairs(tags)
    )


def database(aws: Aws, tags: Tags) -> None:
    aws.client("rds").create_db_instance(
        DBInstanceIdentifier=NAME,
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        MasterUsername="theirs",
        MasterUserPassword="not-a-secret",
        AllocatedStorage=20,
        Tags=pairs(tags),
    )


def cache(aws: Aws, tags: Tags) -> None:
    aws.client("elasticache").create_replication_group(
        ReplicationGroupId=NAME,
        ReplicationGroupDescription="theirs",
        NumCacheClusters=1,
        Tags=pairs(tags),
    )


def cluster(aws: Aws, tags: Tags) -> None:
    aws.client("eks").create_cluster(
        name=NAME,
        version="1.35",
        roleArn=ROLE,
        resourcesVpcConfig={"subnetIds": ["subnet-a", "subnet-b"]},
        tags=tags,
    )


def node_group(aws: Aws, tags: Tags) -> None:
    aws.client("eks").create_nodegroup(
        clusterName=NAME, nodegroupName="main", nodeRole=ROLE, subnets=["subnet-a"], tags=tags
    )


def addon(aws: Aws, tags: Tags) -> None:
    aws.client("eks").create_addon(clusterName=NAME, addonName="coredns", tags=tags)


def access_entry(aws: Aws, tags: Tags) -> None:
    aws.client("eks").create_access_entry(clusterName=NAME, principalArn=ROLE, tags=tags)


def association(aws: Aws, tags: Tags) -> None:
    aws.client("eks").create_pod_identity_association(
        clusterName=NAME, namespace="rag", serviceAccount="backend", roleArn=ROLE, tags=tags
    )


def template(aws: Aws, tags: Tags) -> None:
    how = [{"ResourceType": "launch-template", "Tags": pairs(tags)}] if tags else []
    aws.client("ec2").create_launch_template(
        LaunchTemplateName=f"{NAME}-main",
        LaunchTemplateData={"InstanceType": "t3.medium"},
        TagSpecifications=how,
    )


def queue(aws: Aws, tags: Tags) -> None:
    aws.client("sqs").create_queue(QueueName=f"{NAME}2-karpenter", tags=tags)


def rule(aws: Aws, tags: Tags) -> None:
    aws.client("events").put_rule(
        Name=f"{NAME}3-karpenter-health", ScheduleExpression="rate(1 day)", Tags=pairs(tags)
    )


def provider(aws: Aws, tags: Tags) -> None:
    aws.client("iam").create_open_id_connect_provider(
        Url=ISSUER, ClientIDList=["sts.amazonaws.com"], Tags=pairs(tags)
    )


def log_group(aws: Aws, tags: Tags) -> None:
    aws.client("logs").create_log_group(logGroupName=f"/aws/eks/{NAME}/cluster", tags=tags)


def wish(**options: Any) -> Callable[[Aws], dict[str, Any]]:
    return lambda _: {**options, "tags": OWN}


def with_tags(options: Callable[[Aws], dict[str, Any]]) -> Callable[[Aws], dict[str, Any]]:
    return lambda aws: {**options(aws), "tags": OWN}


def karpenter(name: str) -> Callable[[Aws], dict[str, Any]]:
    return wish(name=name, node_role=f"{NAME}-eks-nodes")


BASTION = {
    **{"name": f"{NAME}-bastion", "role": f"{NAME}-bastion"},
    **{"subnet_ids": ["subnet-a"], "security_group_id": "sg-1"},
}
KINDS = {
    "role": Kind(
        role, "iam_roles", wish(roles=[{"name": f"{NAME}-rds-monitoring", "trust": OURS}])
    ),
    "instance profile": Kind(profile("karpenter-nodes"), "karpenter_resources", karpenter(NAME)),
    "bastion's profile": Kind(profile("bastion"), "ec2_bastion", wish(**BASTION)),
    "key": Kind(key, "kms_key", wish(alias=f"alias/{NAME}", description="Data")),
    "bucket": Kind(bucket, "s3_buckets", wish(names=[f"{NAME}-documents-{{account}}"])),
    "repository": Kind(
        lambda aws, tags: aws.client("ecr").create_repository(
            repositoryName=f"{NAME}/backend", tags=pairs(tags)
        ),
        "ecr_repositories",
        wish(names=[f"{NAME}/backend"]),
    ),
    "secret": Kind(
        secret,
        "secretsmanager_secrets",
        wish(prefix=f"{NAME}/", secrets=[{"name": "token", "generate_length": 64}]),
    ),
    "database": Kind(database, "rds_postgres", with_tags(database_options)),
    "cache": Kind(cache, "elasticache_replication_group", with_tags(cache_options)),
    "cluster": Kind(
        cluster,
        "eks_cluster",
        wish(name=NAME, version="1.35", role_arn=ROLE, subnet_ids=["subnet-a", "subnet-b"]),
    ),
    "node group": Kind(
        node_group,
        "eks_nodegroup",
        lambda _: {
            "cluster": NAME,
            "node_groups": [
                {
                    "name": "main",
                    "node_role_arn": ROLE,
                    "subnet_ids": ["subnet-a"],
                    "version": "1.35",
                    "tags": OWN,
                }
            ],
        },
    ),
    "add-on": Kind(
        addon,
        "eks_addon",
        lambda _: {"cluster": NAME, "addons": [{"name": "coredns", "tags": OWN}]},
    ),
    "access entry": Kind(
        access_entry,
        "eks_access_entry",
        lambda _: {
            "cluster": NAME,
            "entries": [{"principal_arn": ROLE, "kubernetes_groups": ["ours"], "tags": OWN}],
        },
    ),
    "pod identity": Kind(
        association,
        "eks_pod_identity_association",
        wish(
            cluster=NAME,
            associations=[{"namespace": "rag", "service_account": "backend", "role_arn": ROLE}],
        ),
    ),
    "launch template": Kind(
        template,
        "eks_launch_template",
        wish(cluster=NAME, templates=[{"name": "main"}], security_group_ids=["sg-1"]),
    ),
    "OIDC provider": Kind(provider, "iam_oidc_provider", wish(url=ISSUER)),
    "queue": Kind(queue, "karpenter_resources", karpenter(f"{NAME}2")),
    "event rule": Kind(rule, "karpenter_resources", karpenter(f"{NAME}3")),
    "log group": Kind(
        log_group, "eks_log_group", wish(cluster=NAME, watch_seconds=0), service_made=True
    ),
}
"""The clusters' members are of a cluster that is there."""
