# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring ECR repositories to their state."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError, tag_dict
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    UNKNOWN,
    Api,
    Plan,
    missing_tags,
    tag_list,
)

NO_REPOSITORY = ("RepositoryNotFoundException",)


def lifecycle_of(keep_images: int, untagged_days: int) -> dict[str, Any]:
    """Return the policy: untagged images go after some days, of the others the newest stay."""
    return {
        "rules": [
            {
                "rulePriority": 1,
                "description": f"Untagged images go after {untagged_days} days",
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": untagged_days,
                },
                "action": {"type": "expire"},
            },
            {
                "rulePriority": 2,
                "description": f"The newest {keep_images} images stay",
                "selection": {
                    "tagStatus": "any",
                    "countType": "imageCountMoreThan",
                    "countNumber": keep_images,
                },
                "action": {"type": "expire"},
            },
        ]
    }


def wanted_of(options: dict[str, Any]) -> dict[str, Any]:
    """Return the state that a repository should have."""
    return {
        "tag_mutability": "IMMUTABLE" if options["immutable_tags"] else "MUTABLE",
        "scan_on_push": options["scan_on_push"],
        "lifecycle": lifecycle_of(options["keep_images"], options["untagged_days"]),
        "tags": {key: str(value) for key, value in options["tags"].items()},
    }


def find(api: Api, name: str) -> dict[str, Any] | None:
    """Return a repository as AWS describes it; None if there is none."""
    answer = api.read(
        "describe_repositories", f"repository {name}", NO_REPOSITORY, repositoryNames=[name]
    )
    found: list[dict[str, Any]] = answer.get("repositories", [])
    return found[0] if found else None


def ensure_present(api: Api, plan: Plan, name: str, options: dict[str, Any]) -> dict[str, str]:
    """Make or repair a repository; return its name, arn and uri."""
    label = f"repository {name}"
    wanted = wanted_of(options)
    item = find(api, name)
    if item is None:
        plan.record(label, None, wanted)
        item = _create(api, label, name, wanted, options)
        current: dict[str, Any] = {**wanted, "lifecycle": None}
    else:
        _check_encryption(label, item, options)
        current = _read(api, label, name, item, options)
        plan.record(label, current, wanted)
    _update(api, label, name, item, current, wanted)
    return {"name": name, "arn": item["repositoryArn"], "uri": item["repositoryUri"]}


def ensure_absent(api: Api, plan: Plan, name: str, force: bool) -> None:
    """Delete a repository.

    Raises:
        AwsError: it holds images and `force` is false.
    """
    if find(api, name) is None:
        return
    label = f"repository {name}"
    plan.record(label, {"name": name}, None)
    if not force and api.pages("list_images", "imageIds", label, repositoryName=name):
        raise AwsError(
            f"{label} holds images. Remove them, or allow it with ecr_force_destroy: true."
        )
    api.write("delete_repository", label, NO_REPOSITORY, repositoryName=name, force=force)


def _create(
    api: Api, label: str, name: str, wanted: dict[str, Any], options: dict[str, Any]
) -> dict[str, Any]:
    encryption = {"encryptionType": "AES256"}
    if options["kms_key_arn"]:
        encryption = {"encryptionType": "KMS", "kmsKey": options["kms_key_arn"]}
    answer = api.write(
        "create_repository",
        label,
        repositoryName=name,
        tags=tag_list(wanted["tags"]),
        imageTagMutability=wanted["tag_mutability"],
        imageScanningConfiguration={"scanOnPush": wanted["scan_on_push"]},
        encryptionConfiguration=encryption,
    )
    unknown = {"repositoryArn": UNKNOWN, "repositoryUri": UNKNOWN}
    made: dict[str, Any] = answer.get("repository", unknown)
    return made


def _check_encryption(label: str, item: dict[str, Any], options: dict[str, Any]) -> None:
    current = item.get("encryptionConfiguration", {}).get("encryptionType", "AES256")
    wanted = "KMS" if options["kms_key_arn"] else "AES256"
    if current != wanted:
        raise AwsError(
            f"{label} is encrypted with {current}, wanted is {wanted}: AWS cannot change it. "
            "Keep ecr_kms_key_id, or delete the repository first."
        )


def _read(
    api: Api, label: str, name: str, item: dict[str, Any], options: dict[str, Any]
) -> dict[str, Any]:
    lifecycle = api.read(
        "get_lifecycle_policy", label, ("LifecyclePolicyNotFoundException",), repositoryName=name
    )
    tags = tag_dict(
        api.read("list_tags_for_resource", label, resourceArn=item["repositoryArn"])["tags"]
    )
    text = lifecycle.get("lifecyclePolicyText")
    return {
        "tag_mutability": item.get("imageTagMutability"),
        "scan_on_push": item.get("imageScanningConfiguration", {}).get("scanOnPush", False),
        "lifecycle": json.loads(text) if text else None,
        "tags": {key: tags[key] for key in options["tags"] if key in tags},
    }


def _update(
    api: Api,
    label: str,
    name: str,
    item: dict[str, Any],
    current: dict[str, Any],
    wanted: dict[str, Any],
) -> None:
    if current["tag_mutability"] != wanted["tag_mutability"]:
        api.write(
            "put_image_tag_mutability",
            label,
            repositoryName=name,
            imageTagMutability=wanted["tag_mutability"],
        )
    if current["scan_on_push"] != wanted["scan_on_push"]:
        api.write(
            "put_image_scanning_configuration",
            label,
            repositoryName=name,
            imageScanningConfiguration={"scanOnPush": wanted["scan_on_push"]},
        )
    if current["lifecycle"] != wanted["lifecycle"]:
        api.write(
            "put_lifecycle_policy",
            label,
            repositoryName=name,
            lifecyclePolicyText=json.dumps(wanted["lifecycle"]),
        )
    if missing := missing_tags(current["tags"], wanted["tags"]):
        api.write("tag_resource", label, resourceArn=item["repositoryArn"], tags=tag_list(missing))
