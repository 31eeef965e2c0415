# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring ECR repositories to their state."""

from __future__ import annotations

import json
from typing import Any

from .. import ownership, policies
from ..aws import AwsError, Dict, tag_dict
from ..reconcile import UNKNOWN, Api, Plan, missing_tags, tag_list
from .transform import Wish, encryption, state

NO_REPOSITORY = ("RepositoryNotFoundException",)


def find(api: Api, wish: Wish) -> Dict | None:
    """Return a repository as AWS describes it; None if there is none."""
    answer = api.read(
        "describe_repositories", wish.label, NO_REPOSITORY, repositoryNames=[wish.name]
    )
    found: list[Dict] = answer.get("repositories", [])
    return found[0] if found else None


def ensure_present(api: Api, plan: Plan, wish: Wish) -> dict[str, str]:
    """Make or repair a repository; return its name, arn and uri.

    Raises:
        AwsError: it is somebody else's, or is encrypted in another way.
    """
    wanted = state(wish)
    item = find(api, wish)
    if item is None:
        plan.record(wish.label, None, wanted)
        item = _create(api, wish, wanted)
        current: Dict = {**wanted, "lifecycle": None, "policy": None}
    else:
        current = _read(api, wish, item, wanted)
        plan.record(wish.label, current, wanted)
    _update(api, wish, item, current, wanted)
    return {"name": wish.name, "arn": item["repositoryArn"], "uri": item["repositoryUri"]}


def ensure_absent(api: Api, plan: Plan, wish: Wish, force: bool) -> bool:
    """Delete a repository; one that holds images is kept unless `force`. Return whether kept.

    Raises:
        AwsError: it is not ours.
    """
    item = find(api, wish)
    if item is None:
        return False
    if not force and _holds_images(api, wish):
        return True
    ownership.require_ours(wish.label, _tags(api, wish, item), wish.tags)
    plan.record(wish.label, {"arn": item["repositoryArn"]}, None)
    api.write("delete_repository", wish.label, NO_REPOSITORY, repositoryName=wish.name, force=force)
    return False


def _holds_images(api: Api, wish: Wish) -> bool:
    return bool(
        api.pages("list_images", "imageIds", wish.label, NO_REPOSITORY, repositoryName=wish.name)
    )


def _create(api: Api, wish: Wish, wanted: Dict) -> Dict:

    def there() -> Dict | None:
        item = find(api, wish)
        return {"repository": item} if item else None

    answer = api.create(
        "create_repository",
        wish.label,
        there,
        repositoryName=wish.name,
        tags=tag_list(wanted["tags"]),
        imageTagMutability=wanted["tag_mutability"],
        imageScanningConfiguration={"scanOnPush": wanted["scan_on_push"]},
        encryptionConfiguration=wanted["encryption"],
    )
    unknown = {"repositoryArn": UNKNOWN, "repositoryUri": UNKNOWN}
    made: Dict = answer.get("repository", unknown)
    return made


def _refuse_encryption(wish: Wish, current: Dict) -> None:
    """AWS fixes the encryption of a repository when it is made."""
    wanted = encryption(wish)
    if current != wanted:
        raise AwsError(
            f"{wish.label} is encrypted with {_said(current)}, but should be encrypted with"
            f" {_said(wanted)}, which AWS cannot change. Nothing was changed. Set ecr_kms_key_id"
            " to the current key, or remove the repository (ecr_state: absent with"
            " ecr_force_destroy: true) and build its images again."
        )


def _said(configuration: Dict) -> str:
    kind = str(configuration["encryptionType"])
    return f"{kind} key {configuration['kmsKey']}" if "kmsKey" in configuration else kind


def _tags(api: Api, wish: Wish, item: Dict) -> dict[str, str]:
    answer = api.read("list_tags_for_resource", wish.label, resourceArn=item["repositoryArn"])
    return tag_dict(answer.get("tags"))


def _read(api: Api, wish: Wish, item: Dict, wanted: Dict) -> Dict:
    tags = _tags(api, wish, item)
    ownership.refuse_others(wish.label, tags, wish.tags)
    encrypted = item.get("encryptionConfiguration") or {"encryptionType": "AES256"}
    _refuse_encryption(wish, encrypted)

    def document(operation: str, key: str, missing: str) -> Any:
        text = api.read(operation, wish.label, (missing,), repositoryName=wish.name).get(key)
        return json.loads(text) if text else None

    policy = document("get_repository_policy", "policyText", "RepositoryPolicyNotFoundException")
    return {
        "tag_mutability": item.get("imageTagMutability"),
        "scan_on_push": item.get("imageScanningConfiguration", {}).get("scanOnPush", False),
        "encryption": encrypted,
        "lifecycle": document(
            "get_lifecycle_policy", "lifecyclePolicyText", "LifecyclePolicyNotFoundException"
        ),
        "policy": wanted["policy"] if policies.same(policy, wanted["policy"]) else policy,
        "tags": {key: tags[key] for key in wish.tags if key in tags},
    }


def _update(api: Api, wish: Wish, item: Dict, current: Dict, wanted: Dict) -> None:
    for field, (operation, arguments) in _puts(wanted).items():
        if current[field] != wanted[field]:
            api.write(operation, wish.label, repositoryName=wish.name, **arguments)
    if missing := missing_tags(current["tags"], wanted["tags"]):
        api.write(
            "tag_resource",
            wish.label,
            resourceArn=item["repositoryArn"],
            tags=tag_list(missing),
        )


def _puts(wanted: Dict) -> dict[str, tuple[str, Dict]]:
    """Return the call that sets each field."""
    policy: tuple[str, Dict] = ("delete_repository_policy", {})
    if wanted["policy"]:
        policy = ("set_repository_policy", {"policyText": policies.text(wanted["policy"])})
    return {
        "tag_mutability": (
            "put_image_tag_mutability",
            {"imageTagMutability": wanted["tag_mutability"]},
        ),
        "scan_on_push": (
            "put_image_scanning_configuration",
            {"imageScanningConfiguration": {"scanOnPush": wanted["scan_on_push"]}},
        ),
        "policy": policy,
        "lifecycle": (
            "put_lifecycle_policy",
            {"lifecyclePolicyText": json.dumps(wanted["lifecycle"])},
        ),
    }
