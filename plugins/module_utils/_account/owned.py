# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Whose a thing of a given name is, before anything is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .. import ownership
from .._elasticache.api import BUSY
from ..aws import AwsError, tag_dict
from ..reconcile import Api
from .caller import Connect
from .wishes import Wishes

Tags = Mapping[str, str]
Look = Callable[[Api, str, str], "Tags | None"]
"""Asks for a name, called `about` in errors: the tags; None if there is nothing to be said."""


def _role(iam: Api, name: str, about: str) -> Tags | None:
    role = iam.read("get_role", about, ("NoSuchEntity",), RoleName=name).get("Role")
    return tag_dict(role.get("Tags")) if role else None


def _bucket(s3: Api, name: str, about: str) -> Tags | None:
    missing = ("404", "NoSuchBucket", "NotFound")
    try:
        if not s3.read("head_bucket", about, missing, Bucket=name):
            return None
    except AwsError as error:
        if error.code != "403":
            raise
        raise ownership.NotOurs(
            f"{about} exists. Either it belongs to another account, or the caller is not allowed"
            " to s3:ListBucket on it. Allow this action in the IAM policy of the caller. Otherwise"
            " choose another platform_project, because bucket names are unique across all"
            " accounts.",
            code=error.code,
        ) from error
    tags = s3.read("get_bucket_tagging", about, (*missing, "NoSuchTagSet"), Bucket=name)
    return tag_dict(tags.get("TagSet"))


def _repository(ecr: Api, name: str, about: str) -> Tags | None:
    missing = ("RepositoryNotFoundException",)
    found = ecr.read("describe_repositories", about, missing, repositoryNames=[name])
    if not found:
        return None
    arn = found["repositories"][0]["repositoryArn"]
    tags = ecr.read("list_tags_for_resource", about, missing, resourceArn=arn)
    return tag_dict(tags.get("tags"))


def _secret(secrets: Api, name: str, about: str) -> Tags | None:
    found = secrets.read("describe_secret", about, ("ResourceNotFoundException",), SecretId=name)
    return tag_dict(found.get("Tags")) if found else None


def _cluster(eks: Api, name: str, about: str) -> Tags | None:
    found = eks.read("describe_cluster", about, ("ResourceNotFoundException",), name=name)
    return dict(found["cluster"].get("tags", {})) if found else None


def _database(rds: Api, name: str, about: str) -> Tags | None:
    missing = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
    found = rds.read("describe_db_instances", about, missing, DBInstanceIdentifier=name)
    items = found.get("DBInstances", [])
    return tag_dict(items[0].get("TagList")) if items else None


def _cache(cache: Api, name: str, about: str) -> Tags | None:
    missing = ("ReplicationGroupNotFoundFault", "ReplicationGroupNotFound")
    found = cache.read("describe_replication_groups", about, missing, ReplicationGroupId=name)
    if not found:
        return None
    arn = found["ReplicationGroups"][0]["ARN"]
    # AWS tells no tags of a group at which it is at work: the role that changes it asks.
    tags = cache.read("list_tags_for_resource", about, (*missing, *BUSY), ResourceName=arn)
    return tag_dict(tags["TagList"]) if tags else None


LOOKS: Mapping[str, tuple[str, str, Look]] = {
    "bucket": ("s3", "S3 bucket", _bucket),
    "cache": ("elasticache", "ElastiCache replication group", _cache),
    "cluster": ("eks", "EKS cluster", _cluster),
    "database": ("rds", "RDS instance", _database),
    "repository": ("ecr", "ECR repository", _repository),
    "role": ("iam", "IAM role", _role),
    "secret": ("secretsmanager", "secret", _secret),
}
"""By kind: the service, how errors call it, and how it is asked."""


def taken(connect: Connect, wishes: Wishes, wanted: Mapping[str, str]) -> list[str]:
    """Return a text if the name of something that will be made is somebody else's.

    Args:
        wanted: component, kind, name and region, as the module's option `names` has them.
    """
    service, title, look = LOOKS[wanted["kind"]]
    label = f"{title} {wanted['name']}"
    try:
        tags = look(connect(service, wanted["region"] or None), wanted["name"], label)
        if tags is not None:
            ownership.refuse_others(label, tags, {**wishes.tags, "Component": wanted["component"]})
    except ownership.NotOurs as error:
        return [str(error)]
    return []
