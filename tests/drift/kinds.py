"""The kinds of drift: which changes by hand are made, of which row of the plan, how it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import readings
from accounts import NAME
from readings import Read, cluster, each, if_there, parsed, told
from support.drifts import (
    WHOLE,
    Drift,
    ecr,
    eks,
    elasticache,
    iam,
    kms,
    log_groups,
    named,
    network,
    rds,
    s3,
    secrets,
)
from support.emulator import Aws

DOCUMENTS = f"{NAME}-documents-000000000000"
EMBEDDINGS = f"{NAME}-embeddings-000000000000"


@dataclass(frozen=True)
class Kind:
    """One change by hand.

    resource, fields, action: of the row that the plan must have; make: does it;
    read: returns what AWS says of it, which the repair must bring back.
    """

    what: str
    component: str
    resource: str
    fields: list[str]
    action: str
    make: Callable[[Aws], object]
    read: Read


def kind(component: str, drift: Drift, read: Read, name: str = NAME, **row: Any) -> Kind:
    """A drift of what has this name; row: what the plan says otherwise than the module."""
    ((resource, fields),) = drift.planned(name).items()
    action = "create" if fields == WHOLE else "change"
    made = Kind(drift.what, component, resource, fields, action, drift.on(name), read)
    return replace(made, **{"fields": []} if fields == WHOLE else {}, **row)


def in_network(what: str, read: Read) -> Kind:
    return kind("network", named(what, network.DRIFTS), read)


NETWORK = [
    in_network("the database opened", readings.rules("rds")),
    in_network("rules revoked", readings.rules("elasticache")),
    in_network("the default group opened", readings.rules("")),
    in_network(
        "a private subnet's way out deleted",
        each("route_tables", "-private-1", "Routes", "DestinationCidrBlock"),
    ),
    in_network(
        "a subnet taken from its table",
        each("route_tables", "-private-2", "Associations", "SubnetId"),
    ),
    in_network("balancers' tag removed", each("subnets", "-private-2", "Tags", "Key", "Value")),
    in_network(
        "public addresses given",
        lambda aws: network.the(aws, "subnets", f"{NAME}-public-1")["MapPublicIpOnLaunch"],
    ),
    in_network("host names off", readings.host_names),
]


def of_key(what: str, read: Read) -> Kind:
    return kind("kms", named(what, kms.DRIFTS), read)


KMS = [
    of_key("rotation off", readings.key("get_key_rotation_status", "KeyRotationEnabled")),
    of_key("key policy opened", lambda aws: kms.policy(aws, NAME)),
    of_key("key untagged", readings.key("list_resource_tags", "Tags")),
]


def bucket(what: str, name: str, operation: str, field: str) -> Kind:
    read = if_there(told("s3", operation, field, Bucket=name))
    read = parsed(read) if field == "Policy" else read
    return kind("s3", named(what, s3.DRIFTS), read, name)


S3 = [
    bucket("versioning suspended", DOCUMENTS, "get_bucket_versioning", "Status"),
    bucket(
        *("public access let in", DOCUMENTS, "get_public_access_block"),
        "PublicAccessBlockConfiguration",
    ),
    bucket("bucket opened to anybody", DOCUMENTS, "get_bucket_policy", "Policy"),
    bucket("lifecycle removed", EMBEDDINGS, "get_bucket_lifecycle_configuration", "Rules"),
    bucket("bucket's tags replaced", EMBEDDINGS, "get_bucket_tagging", "TagSet"),
]


def repository(what: str, which: str, field: str) -> Kind:
    name = f"{NAME}/{which}"
    return kind("ecr", named(what, ecr.DRIFTS), lambda aws: ecr.repository(aws, name)[field], name)


def keeping(name: str) -> Read:
    """A repository's lifecycle policy."""
    field = "lifecyclePolicyText"
    return parsed(told("ecr", "get_lifecycle_policy", field, repositoryName=name))


ECR = [
    repository("immutable tags off", "backend", "imageTagMutability"),
    repository("scan on push off", "frontend", "imageScanningConfiguration"),
    kind(
        *("ecr", named("lifecycle policy changed", ecr.DRIFTS)),
        *(keeping(f"{NAME}/frontend"), f"{NAME}/frontend"),
    ),
]


def secret(what: str, which: str, field: str) -> Kind:
    name = f"{NAME}/{which}"
    read = told("secretsmanager", "describe_secret", field, SecretId=name)
    return kind("secrets", named(what, secrets.DRIFTS), read, name)


SECRETS = [
    secret("secret scheduled for deletion", "milvus-token", "DeletedDate"),
    secret("secret untagged", "redis-auth-token", "Tags"),
]


def of_cluster(what: str, read: Read, **row: Any) -> Kind:
    return kind("eks", named(what, *eks.DRIFTS.values()), read, **row)


def of_role(component: str, what: str, name: str) -> Kind:
    return kind(component, named(what, iam.DRIFTS), readings.role(name), name)


CNI = {"clusterName": NAME, "addonName": "vpc-cni"}
NODES = {"clusterName": NAME, "nodegroupName": "main"}
LOGS = f"/aws/eks/{NAME}/cluster"

EKS = [
    of_cluster("two log types off", cluster("logging", "clusterLogging")),
    of_cluster(
        *("public endpoint opened", cluster("resourcesVpcConfig", "publicAccessCidrs")),
        fields=["public_access_cidrs"],
    ),
    of_cluster("cluster unprotected", cluster("deletionProtection")),
    of_cluster(
        "network policies switched off",
        parsed(told("eks", "describe_addon", "addon", "configurationValues", **CNI)),
        resource="eks addon vpc-cni",
    ),
    of_cluster(
        *("add-on deleted", told("eks", "list_addons", "addons", clusterName=NAME)),
        resource="eks addon coredns",
    ),
    of_cluster(
        "access entry deleted",
        told("eks", "list_access_entries", "accessEntries", clusterName=NAME),
        resource=f"eks access entry {eks.OPERATORS}",
    ),
    of_cluster(
        "greatest number of nodes raised",
        told("eks", "describe_nodegroup", "nodegroup", "scalingConfig", **NODES),
        resource="eks nodegroup main",
    ),
    of_role("eks", "policy taken from a role", f"{NAME}-eks-nodes"),
    of_role("eks", "role made administrator", f"{NAME}-eks-cluster"),
    kind("eks", named("logs kept for a day", log_groups.DRIFTS), readings.kept(LOGS), LOGS),
]


def of_database(what: str, read: Read) -> Kind:
    return kind("rds", named(what, rds.DRIFTS), read)


RDS = [
    of_database("backup retention lowered", readings.database("BackupRetentionPeriod")),
    of_database("deletion protection off", readings.database("DeletionProtection")),
    of_database("a log off", readings.database("EnabledCloudwatchLogsExports")),
    of_database("TLS not forced", readings.parameter("rds.force_ssl")),
    of_role("rds", "role's trust opened", f"{NAME}-rds-monitoring"),
]


def of_cache(what: str, read: Read) -> Kind:
    return kind("elasticache", named(what, elasticache.DRIFTS), read)


URL = f"{NAME}/redis-url"

ELASTICACHE = [
    of_cache("snapshots off", readings.cache("SnapshotRetentionLimit")),
    of_cache("tag removed", readings.cache_tags),
    kind(
        *("elasticache", secrets.VALUE),
        *(told("secretsmanager", "get_secret_value", "SecretString", SecretId=URL), URL),
    ),
]

DRIFTS = [*NETWORK, *KMS, *S3, *ECR, *SECRETS, *EKS, *RDS, *ELASTICACHE]
