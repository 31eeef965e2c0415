# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The AWS calls of platform_info: one function per component, each returns what AWS said.

What is found by its name must carry the platform's tags, too: a name says nothing about who
made it. One that has our name and not our tags is an error, since nothing of ours can stand
beside it; where something can (a network), it is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import ownership
from .._elasticache.api import BUSY
from ..aws import AwsError, Dict, call, collect, tag_dict

Connect = Callable[[str], Any]

BUCKETS = ("documents", "embeddings")
REPOSITORIES = ("backend", "frontend")
SECRETS = (
    "database-url",
    "database-login",
    "database-app-login",
    "redis-url",
    "redis-auth-token",
    "openai-api-key",
    "milvus-token",
    "milvus-app-login",
)


@dataclass(frozen=True)
class Scope:
    """Which platform is read: `name` is <project>-<environment>, `account` its 12 digits."""

    project: str
    environment: str
    region: str
    account: str

    @property
    def name(self) -> str:
        """The prefix of all the platform's names."""
        return f"{self.project}-{self.environment}"

    def owns(self, tags: Mapping[str, str]) -> bool:
        """Whether a resource with these tags is of this platform."""
        return ownership.is_of_platform(tags, self.project, self.environment)

    def is_claimed(self, tags: Mapping[str, str]) -> bool:
        """Whether the tags say that it is somebody else's; without any of ours they say nothing."""
        return any(key in tags for key in ownership.PROOF) and not ownership.is_takeable(
            tags, self._own
        )

    @property
    def _own(self) -> dict[str, str]:
        return ownership.identity(self.project, self.environment)

    @property
    def filters(self) -> list[Dict]:
        """EC2 filters for the platform's tags."""
        return [{"Name": f"tag:{key}", "Values": [value]} for key, value in self._own.items()]

    def check(self, tags: Mapping[str, str], about: str) -> None:
        """Refuse a resource that has our name but not our tags: it is somebody else's."""
        self._refuse(tags, about, ours=self.owns(tags))

    def check_repairable(self, tags: Mapping[str, str], about: str) -> None:
        """As `check`, but let pass what has lost a tag that its role sets again."""
        self._refuse(tags, about, ours=ownership.is_takeable(tags, self._own))

    def _refuse(self, tags: Mapping[str, str], about: str, *, ours: bool) -> None:
        if not ours:
            raise AwsError(
                f"{about} exists, but its tags are not Project={self.project}, "
                f"Environment={self.environment}, ManagedBy={ownership.MANAGED_BY} "
                f"(found: {dict(tags) or 'none'}). It belongs to "
                "somebody else, or its tags were removed: add them back, rename or delete it, or "
                "choose another platform_project or platform_environment."
            )


def account(connect: Connect) -> str:
    """The account of the caller's credentials."""
    answer = call(connect("sts"), "get_caller_identity", "the caller's identity")
    return str((answer or {})["Account"])


def network(connect: Connect, scope: Scope) -> Dict:
    """VPC, subnets, security groups, NAT gateways, addresses and endpoints by tags."""
    ec2 = connect("ec2")
    about = f"the network of {scope.name}"

    def tagged(operation: str, key: str) -> list[Any]:
        # NAT gateways alone call their filters "Filter".
        if operation == "describe_nat_gateways":
            return collect(ec2, operation, key, about, Filter=scope.filters)
        return collect(ec2, operation, key, about, Filters=scope.filters)

    return {
        "vpcs": tagged("describe_vpcs", "Vpcs"),
        "subnets": tagged("describe_subnets", "Subnets"),
        "security_groups": tagged("describe_security_groups", "SecurityGroups"),
        "nat_gateways": tagged("describe_nat_gateways", "NatGateways"),
        "addresses": tagged("describe_addresses", "Addresses"),
        "endpoints": tagged("describe_vpc_endpoints", "VpcEndpoints"),
    }


def kms(connect: Connect, scope: Scope) -> Dict | None:
    """The key behind alias/<name>; None without one, or when it is to be deleted or is not ours.

    Whoever moved the alias: role kms moves it back, or says whose the key is.
    """
    about, connection = f"KMS alias/{scope.name}", connect("kms")
    missing = ("NotFoundException",)
    alias = f"alias/{scope.name}"
    answer = call(connection, "describe_key", about, missing=missing, KeyId=alias)
    key: Dict | None = answer["KeyMetadata"] if answer else None
    if key is None or key.get("KeyState") == "PendingDeletion":
        return None
    listed = collect(
        connection, "list_resource_tags", "Tags", about, missing=missing, KeyId=key["KeyId"]
    )
    tags = {tag["TagKey"]: tag["TagValue"] for tag in listed}
    return key if scope.owns(tags) else None


def eks(connect: Connect, scope: Scope) -> Dict | None:
    """The cluster with its node groups and the names of its add-ons; launch templates, which may
    outlive it. None when there is nothing of all that.
    """
    about = f"EKS cluster {scope.name}"
    connection = connect("eks")
    gone = ("ResourceNotFoundException",)
    templates = collect(
        connect("ec2"),
        "describe_launch_templates",
        "LaunchTemplates",
        f"launch templates of {about}",
        Filters=scope.filters,
    )
    # Karpenter's carry the same tags and names of its own; they go with its nodes.
    template_names = [
        template["LaunchTemplateName"]
        for template in templates
        if template["LaunchTemplateName"].startswith(f"{scope.name}-")
    ]
    answer = call(connection, "describe_cluster", about, missing=gone, name=scope.name)
    if answer is None:
        return {"launch_templates": template_names} if template_names else None
    cluster = answer["cluster"]
    scope.check(cluster.get("tags", {}), about)
    names = collect(
        connection, "list_nodegroups", "nodegroups", about, missing=gone, clusterName=scope.name
    )
    groups = [
        call(
            connection,
            "describe_nodegroup",
            f"node group {name} of {about}",
            missing=gone,
            clusterName=scope.name,
            nodegroupName=name,
        )
        for name in names
    ]
    return {
        "cluster": cluster,
        "launch_templates": template_names,
        "node_groups": [group["nodegroup"] for group in groups if group],
        "addons": collect(
            connection, "list_addons", "addons", about, missing=gone, clusterName=scope.name
        ),
    }


def rds(connect: Connect, scope: Scope) -> Dict | None:
    """The database instance <name>."""
    about = f"RDS instance {scope.name}"
    answer = call(
        connect("rds"),
        "describe_db_instances",
        about,
        missing=("DBInstanceNotFound", "DBInstanceNotFoundFault"),
        DBInstanceIdentifier=scope.name,
    )
    if not answer or not answer["DBInstances"]:
        return None
    instance: Dict = answer["DBInstances"][0]
    scope.check(tag_dict(instance.get("TagList")), about)
    return instance


def elasticache(connect: Connect, scope: Scope) -> Dict | None:
    """The replication group <name>."""
    about, connection = f"ElastiCache replication group {scope.name}", connect("elasticache")
    missing = ("ReplicationGroupNotFoundFault", "ReplicationGroupNotFound")
    answer = call(
        connection,
        "describe_replication_groups",
        about,
        missing=missing,
        ReplicationGroupId=scope.name,
    )
    groups: list[Dict] = answer["ReplicationGroups"] if answer else []
    if not groups:
        return None
    # AWS tells no tags of a group at which it is at work: then the role that changes it asks.
    tags = call(
        connection,
        "list_tags_for_resource",
        about,
        missing=(*missing, *BUSY),
        ResourceName=groups[0]["ARN"],
    )
    if tags is not None:
        scope.check_repairable(tag_dict(tags.get("TagList")), about)
    return groups[0]


def s3(connect: Connect, scope: Scope) -> dict[str, str | None]:
    """Names of the buckets that exist, by purpose."""
    connection = connect("s3")
    found: dict[str, str | None] = {}
    for purpose in BUCKETS:
        bucket = f"{scope.name}-{purpose}-{scope.account}"
        about = f"S3 bucket {bucket}"
        where = {"Bucket": bucket, "ExpectedBucketOwner": scope.account}
        gone = ("404", "NoSuchBucket", "NotFound")
        there = call(connection, "head_bucket", about, missing=gone, **where) is not None
        if there:
            missing = (*gone, "NoSuchTagSet")
            tags = call(connection, "get_bucket_tagging", about, missing=missing, **where)
            scope.check_repairable(tag_dict((tags or {}).get("TagSet")), about)
        found[purpose] = bucket if there else None
    return found


def ecr(connect: Connect, scope: Scope) -> dict[str, str | None]:
    """URIs of the image repositories that exist, by what they hold."""
    connection = connect("ecr")
    found: dict[str, str | None] = {}
    for name in REPOSITORIES:
        about = f"ECR repository {scope.name}/{name}"
        missing = ("RepositoryNotFoundException",)
        names = [f"{scope.name}/{name}"]
        answer = call(
            connection, "describe_repositories", about, missing=missing, repositoryNames=names
        )
        repository = answer["repositories"][0] if answer else None
        if repository:
            arn = repository["repositoryArn"]
            tags = call(
                connection, "list_tags_for_resource", about, missing=missing, resourceArn=arn
            )
            scope.check_repairable(tag_dict((tags or {}).get("tags")), about)
        found[name] = repository["repositoryUri"] if repository else None
    return found


def secrets(connect: Connect, scope: Scope) -> list[Dict]:
    """Descriptions (never values) of the secrets under <name>/ which carry our tags.

    What others wait for is asked for by name: ListSecrets may be five minutes behind.
    """
    connection = connect("secretsmanager")
    known = [f"{scope.name}/{what}" for what in SECRETS]
    asked = [_described(connection, name) for name in known]
    found = collect(
        connection,
        "list_secrets",
        "SecretList",
        f"secrets under {scope.name}/",
        Filters=[{"Key": "name", "Values": [f"{scope.name}/"]}],
    )
    # The filter is a prefix of words, not of characters.
    listed = [
        secret
        for secret in found
        if secret["Name"].startswith(f"{scope.name}/") and secret["Name"] not in known
    ]
    return [
        secret
        for secret in [*filter(None, asked), *listed]
        if scope.owns(tag_dict(secret.get("Tags")))
    ]


def _described(connection: Any, name: str) -> Dict | None:
    """A secret as it is now; None without one, or when it is scheduled for deletion."""
    missing = ("ResourceNotFoundException",)
    about = f"secret {name}"
    found = call(connection, "describe_secret", about, missing=missing, SecretId=name)
    return None if found is None or "DeletedDate" in found else found


def iam(connect: Connect, scope: Scope) -> Dict:
    """The platform's roles and OIDC providers, by tags."""
    connection = connect("iam")
    roles = collect(connection, "list_roles", "Roles", f"IAM roles {scope.name}-*")
    ours = [
        role
        for role in roles
        if role["RoleName"].startswith(f"{scope.name}-")
        and scope.owns(_tags_of(connection, "list_role_tags", RoleName=role["RoleName"]))
    ]
    listed = call(connection, "list_open_id_connect_providers", "OIDC providers") or {}
    arns = [entry["Arn"] for entry in listed.get("OpenIDConnectProviderList", [])]
    return {
        "roles": ours,
        "oidc_providers": [
            arn
            for arn in arns
            if scope.owns(
                _tags_of(connection, "get_open_id_connect_provider", OpenIDConnectProviderArn=arn)
            )
        ],
    }


def _tags_of(connection: Any, operation: str, **which: str) -> dict[str, str]:
    """Tags of one IAM resource; none when it vanished since it was listed."""
    about = f"IAM {next(iter(which.values()))}"
    answer = call(connection, operation, about, missing=("NoSuchEntity",), **which)
    return tag_dict((answer or {}).get("Tags"))


def logs(connect: Connect, scope: Scope) -> list[str]:
    """Names of the log groups of cluster, network and database."""
    connection = connect("logs")
    found = [
        group["logGroupName"]
        for prefix in (
            f"/aws/eks/{scope.name}/",
            f"/aws/vpc/{scope.name}/",
            f"/aws/rds/instance/{scope.name}/",
        )
        for group in collect(
            connection,
            "describe_log_groups",
            "logGroups",
            f"log groups {prefix}*",
            logGroupNamePrefix=prefix,
        )
    ]
    return sorted(found)


READERS: Mapping[str, Callable[[Connect, Scope], Any]] = {
    "network": network,  # first: EC2's client takes longest to build
    "eks": eks,
    "iam": iam,
    "rds": rds,
    "elasticache": elasticache,
    "s3": s3,
    "ecr": ecr,
    "secrets": secrets,
    "kms": kms,
    "logs": logs,
}
