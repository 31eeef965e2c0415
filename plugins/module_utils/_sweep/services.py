# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What cluster, data stores, registry, secrets, keys, roles and logs are left.

Names that begin with the platform's may be a neighbour's (ragops-dev-2 beside ragops-dev),
so what can carry tags must carry the platform's.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from .._elasticache.api import BUSY
from .._platform.read import BUCKETS, SECRETS, Connect, Scope
from ..aws import AwsError, Dict, call, collect, tag_dict
from .item import ENDING, Item, reason


def _by_name(scope: Scope) -> str:
    return f"named after {scope.name}"


def eks(connect: Connect, scope: Scope) -> list[Item]:
    """The cluster; its node groups and add-ons end with it."""
    about = f"EKS cluster {scope.name}"
    connection = connect("eks")
    gone = ("ResourceNotFoundException",)
    answer = call(connection, "describe_cluster", about, missing=gone, name=scope.name)
    why = reason(scope, answer["cluster"].get("tags", {})) if answer else ""
    return [Item("eks", "eks", "cluster", scope.name, True, why)] if why else []


def _listed(
    connection: Any, scope: Scope, resource: Mapping[str, Any], name: str, arn_key: str
) -> str:
    """Why an RDS or ElastiCache resource is the platform's, by its tags; empty: it isn't."""
    if "TagList" in resource:
        return reason(scope, tag_dict(resource["TagList"]))
    if name != scope.name and not name.startswith(f"{scope.name}-"):
        return ""
    try:
        answer = call(
            connection,
            "list_tags_for_resource",
            name,
            missing=_VANISHED,
            ResourceName=resource[arn_key],
        )
    except AwsError as error:
        # AWS tells no tags of what it is at work on; that it is there is known.
        if error.code not in BUSY:
            raise
        return f"{_by_name(scope)}, and AWS is at work on it"
    return reason(scope, tag_dict((answer or {}).get("TagList")))


_VANISHED = (
    "CacheParameterGroupNotFound",
    "CacheSubnetGroupNotFoundFault",
    "DBInstanceNotFound",
    "DBParameterGroupNotFound",
    "DBSnapshotNotFound",
    "DBSubnetGroupNotFoundFault",
    "InvalidARN",
    "ReplicationGroupNotFoundFault",
    "SnapshotNotFoundFault",
    "UserGroupNotFound",
    "UserNotFound",
)

# type, operation, key, id, ARN, billed, data
_STORES: Mapping[str, tuple[tuple[str, str, str, str, str, bool, bool], ...]] = {
    "rds": (
        (
            "instance",
            "describe_db_instances",
            "DBInstances",
            "DBInstanceIdentifier",
            "DBInstanceArn",
            True,
            False,
        ),
        (
            "snapshot",
            "describe_db_snapshots",
            "DBSnapshots",
            "DBSnapshotIdentifier",
            "DBSnapshotArn",
            True,
            True,
        ),
        (
            "parameter_group",
            "describe_db_parameter_groups",
            "DBParameterGroups",
            "DBParameterGroupName",
            "DBParameterGroupArn",
            False,
            False,
        ),
        (
            "subnet_group",
            "describe_db_subnet_groups",
            "DBSubnetGroups",
            "DBSubnetGroupName",
            "DBSubnetGroupArn",
            False,
            False,
        ),
    ),
    "elasticache": (
        (
            "replication_group",
            "describe_replication_groups",
            "ReplicationGroups",
            "ReplicationGroupId",
            "ARN",
            True,
            False,
        ),
        ("snapshot", "describe_snapshots", "Snapshots", "SnapshotName", "ARN", True, True),
        (
            "parameter_group",
            "describe_cache_parameter_groups",
            "CacheParameterGroups",
            "CacheParameterGroupName",
            "ARN",
            False,
            False,
        ),
        (
            "subnet_group",
            "describe_cache_subnet_groups",
            "CacheSubnetGroups",
            "CacheSubnetGroupName",
            "ARN",
            False,
            False,
        ),
        ("user_group", "describe_user_groups", "UserGroups", "UserGroupId", "ARN", False, False),
        ("user", "describe_users", "Users", "UserId", "ARN", False, False),
    ),
}


def _store(service: str) -> Callable[[Connect, Scope], list[Item]]:
    def find(connect: Connect, scope: Scope) -> list[Item]:
        connection = connect(service)
        found = []
        for type_, operation, key, id_key, arn_key, billed, data in _STORES[service]:
            about = f"{service} {type_}s of {scope.name}"
            for resource in collect(connection, operation, key, about):
                name = str(resource[id_key])
                why = _listed(connection, scope, resource, name, arn_key) or _snapshot_of(
                    scope, type_, resource
                )
                if why:
                    found.append(Item(service, service, type_, name, billed, why, data=data))
        return found

    return find


def _snapshot_of(scope: Scope, type_: str, resource: Mapping[str, Any]) -> str:
    """A snapshot need not have the tags of its source; its source's name is enough.

    Unless its tags say that somebody else made it.
    """
    source = resource.get("DBInstanceIdentifier") or resource.get("ReplicationGroupId")
    if type_ != "snapshot" or source != scope.name:
        return ""
    return "" if scope.is_claimed(tag_dict(resource.get("TagList"))) else f"taken of {scope.name}"


def backups(connect: Connect, scope: Scope) -> list[Item]:
    """Automated backups that RDS retains when their instance is gone."""
    about = f"automated backups of {scope.name}"
    listed = collect(
        connect("rds"),
        "describe_db_instance_automated_backups",
        "DBInstanceAutomatedBackups",
        about,
        missing=("DBInstanceAutomatedBackupNotFound",),
        DBInstanceIdentifier=scope.name,
    )
    return [
        Item(
            "rds",
            "rds",
            "automated_backup",
            str(item["DbiResourceId"]),
            True,
            f"taken of {scope.name}",
            data=True,
        )
        for item in listed
        if item.get("Status") == "retained"
    ]


def s3(connect: Connect, scope: Scope) -> list[Item]:
    """Buckets, by their tags; a name alone says nothing about who made them."""
    connection = connect("s3")
    ours = {f"{scope.name}-{purpose}-{scope.account}" for purpose in BUCKETS}
    found = []
    for bucket in collect(connection, "list_buckets", "Buckets", f"buckets of {scope.name}"):
        name = str(bucket["Name"])
        if not name.startswith(f"{scope.name}-"):
            continue
        # A stranger's bucket may have our prefix and forbid us to look: then it is not ours.
        denied = () if name in ours else ("AccessDenied",)
        if why := reason(scope, _bucket_tags(connection, name, denied)):
            found.append(Item("s3", "s3", "bucket", name, True, why, data=True))
    return found


def _bucket_tags(connection: Any, name: str, lenient: Collection[str]) -> dict[str, str]:
    """Tags of a bucket; none where it has none, or for an error of `lenient`."""
    missing = ("NoSuchTagSet", "NoSuchBucket", *lenient)
    answer = call(
        connection, "get_bucket_tagging", f"S3 bucket {name}", missing=missing, Bucket=name
    )
    return tag_dict((answer or {}).get("TagSet"))


def ecr(connect: Connect, scope: Scope) -> list[Item]:
    """Repositories under <name>/ with the platform's tags."""
    connection, about = connect("ecr"), f"repositories of {scope.name}"
    found = []
    for item in collect(connection, "describe_repositories", "repositories", about):
        name = str(item["repositoryName"])
        if not name.startswith(f"{scope.name}/"):
            continue
        answer = call(
            connection,
            "list_tags_for_resource",
            f"ECR repository {name}",
            missing=("RepositoryNotFoundException",),
            resourceArn=item["repositoryArn"],
        )
        if why := reason(scope, tag_dict((answer or {}).get("tags"))):
            found.append(Item("ecr", "ecr", "repository", name, True, why, data=True))
    return found


def secrets(connect: Connect, scope: Scope) -> list[Item]:
    """Secrets under <name>/, also those which are scheduled for deletion."""
    prefix = f"{scope.name}/"
    connection = connect("secretsmanager")
    listed = collect(
        connection,
        "list_secrets",
        "SecretList",
        f"secrets under {prefix}",
        IncludePlannedDeletion=True,
        Filters=[{"Key": "name", "Values": [prefix]}],
    )
    names = {item["Name"] for item in listed if item["Name"].startswith(prefix)}
    names |= {f"{prefix}{what}" for what in SECRETS}
    # The list may be five minutes behind: of what was deleted, and of what was made.
    missing = ("ResourceNotFoundException",)
    asked = [
        call(connection, "describe_secret", f"secret {name}", missing=missing, SecretId=name)
        for name in sorted(names)
    ]
    return [
        _secret(item, why)
        for item in asked
        if item and (why := reason(scope, tag_dict(item.get("Tags"))))
    ]


def _secret(item: Dict, why: str) -> Item:
    asked = item.get("DeletedDate")
    why = f"scheduled for deletion ({asked:%Y-%m-%d})" if asked else why
    return Item(
        "secrets",
        "secretsmanager",
        "secret",
        item["Name"],
        asked is None,
        why,
        data=True,
        state=ENDING if asked else "",
    )


def kms(connect: Connect, scope: Scope) -> list[Item]:
    """Keys with the platform's tags, whatever aliases lead to them."""
    connection = connect("kms")
    about = f"KMS keys of {scope.name}"
    found, refusals = [], []
    keys = collect(connection, "list_keys", "Keys", about)
    for entry in keys:
        key_id = str(entry["KeyId"])
        try:
            answer = call(
                connection,
                "list_resource_tags",
                about,
                missing=("NotFoundException",),
                KeyId=key_id,
            )
        except AwsError as error:
            # The policy of somebody else's key may keep its tags from this caller.
            if error.code != "AccessDeniedException":
                raise
            refusals.append(error)
            answer = None
        tags = {tag["TagKey"]: tag["TagValue"] for tag in (answer or {}).get("Tags", ())}
        if why := reason(scope, tags):
            found.append(_key(connection, key_id, why, about))
    if keys and len(refusals) == len(keys):
        raise refusals[0]
    return found


def _key(connection: Any, key_id: str, why: str, about: str) -> Item:
    metadata = (call(connection, "describe_key", about, KeyId=key_id) or {})["KeyMetadata"]
    ending = metadata["KeyState"] in ("PendingDeletion", "PendingReplicaDeletion")
    if ending:
        end = metadata.get("DeletionDate")
        why = f"pending deletion{f' on {end:%Y-%m-%d}' if end else ''}"
    return Item(
        "kms",
        "kms",
        "key",
        str(metadata["Arn"]),
        not ending,
        why,
        data=True,
        state=ENDING if ending else "",
    )


# type, list operation, key, id, tags operation, argument
_IDENTITIES = (
    ("role", "list_roles", "Roles", "RoleName", "list_role_tags", "RoleName"),
    ("policy", "list_policies", "Policies", "Arn", "list_policy_tags", "PolicyArn"),
    (
        "instance_profile",
        "list_instance_profiles",
        "InstanceProfiles",
        "InstanceProfileName",
        "list_instance_profile_tags",
        "InstanceProfileName",
    ),
    (
        "oidc_provider",
        "list_open_id_connect_providers",
        "OpenIDConnectProviderList",
        "Arn",
        "get_open_id_connect_provider",
        "OpenIDConnectProviderArn",
    ),
)


def iam(connect: Connect, scope: Scope) -> list[Item]:
    """Roles, policies and instance profiles with the name's prefix and tags; OIDC providers."""
    connection = connect("iam")
    found = []
    for type_, operation, key, id_key, tags_operation, argument in _IDENTITIES:
        about = f"IAM {type_}s of {scope.name}"
        more = {"Scope": "Local"} if type_ == "policy" else {}
        for item in collect(connection, operation, key, about, **more):
            identity = str(item[id_key])
            # Names are asked for tags only when they can be ours (Karpenter's begin with the
            # cluster's and _); providers are few.
            name = identity.rsplit("/", 1)[-1]
            if type_ != "oidc_provider" and not name.startswith(
                (f"{scope.name}-", f"{scope.name}_")
            ):
                continue
            which = {argument: identity}
            tags = call(connection, tags_operation, about, missing=("NoSuchEntity",), **which)
            if why := reason(scope, tag_dict((tags or {}).get("Tags"))):
                found.append(Item("iam", "iam", type_, identity, False, why))
    return found


def logs(connect: Connect, scope: Scope) -> list[Item]:
    """Log groups whose names say the cluster, network, database or cache that wrote them.

    AWS makes them without tags; those that somebody else tagged are somebody else's.
    """
    connection = connect("logs")
    groups = {
        str(group["logGroupName"]): str(group["arn"]).removesuffix(":*")
        for parent in ("/aws/eks", "/aws/vpc", "/aws/rds/instance", "/aws/elasticache", _INSIGHTS)
        for group in collect(
            connection,
            "describe_log_groups",
            "logGroups",
            f"log groups of {scope.name}",
            logGroupNamePrefix=f"{parent}/{scope.name}/",
        )
    }
    found = []
    for group, arn in sorted(groups.items()):
        about, missing = f"log group {group}", ("ResourceNotFoundException",)
        answer = call(connection, "list_tags_for_resource", about, missing=missing, resourceArn=arn)
        if answer is not None and not scope.is_claimed(answer.get("tags", {})):
            found.append(Item("logs", "logs", "log_group", group, True, _by_name(scope), data=True))
    return found


_INSIGHTS = "/aws/containerinsights"

rds = _store("rds")
elasticache = _store("elasticache")
