# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What an image repository should be, as AWS writes it: pure, no calls."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ..aws import AwsError, Dict

_NAME = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*")
PRINCIPAL = re.compile(r"\d{12}|arn:[a-z-]+:iam::\d{12}:(root|role/.+|user/.+)")
PULL = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
)


@dataclass(frozen=True)
class Wish:
    """What one repository should be.

    kms_key_arn: key for encryption, None for AES-256. pull_principals: accounts and roles of
    other accounts that may pull; one's own need no policy.
    """

    name: str
    tags: Mapping[str, str]
    immutable_tags: bool = True
    scan_on_push: bool = True
    keep_images: int = 30
    untagged_days: int = 7
    kms_key_arn: str | None = None
    pull_principals: Sequence[str] = field(default_factory=tuple)

    @property
    def label(self) -> str:
        """How plans and errors name the repository."""
        return f"repository {self.name}"


def check(wish: Wish) -> None:
    """Refuse what AWS would refuse.

    Raises:
        AwsError: which setting, and what it may be.
    """
    if not 2 <= len(wish.name) <= 256 or not _NAME.fullmatch(wish.name):
        raise AwsError(
            f"The repository name {wish.name!r} must have 2 to 256 lower-case letters, digits and "
            "single . _ - / between them. Choose another platform_project or image name."
        )
    for limit in ("keep_images", "untagged_days"):
        value = getattr(wish, limit)
        if value < 1:
            raise AwsError(f"{limit} is {value} and must be at least 1.")
    for principal in wish.pull_principals:
        if not PRINCIPAL.fullmatch(principal):
            raise AwsError(
                f"pull_principals has {principal!r}. Give an account (12 digits), or the ARN of"
                " the root, a role or a user of an account. Everybody (*) is not allowed."
            )


def lifecycle(wish: Wish) -> Dict:
    """Return the policy: untagged images go after some days, of the others the newest stay."""
    return {
        "rules": [
            {
                "rulePriority": 1,
                "description": f"Untagged images go after {wish.untagged_days} days",
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": wish.untagged_days,
                },
                "action": {"type": "expire"},
            },
            {
                "rulePriority": 2,
                "description": f"The newest {wish.keep_images} images stay",
                "selection": {
                    "tagStatus": "any",
                    "countType": "imageCountMoreThan",
                    "countNumber": wish.keep_images,
                },
                "action": {"type": "expire"},
            },
        ]
    }


def policy(wish: Wish) -> Dict | None:
    """Return who beside the own account may pull; None for nobody."""
    if not wish.pull_principals:
        return None
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OthersPull",
                "Effect": "Allow",
                "Principal": {"AWS": list(wish.pull_principals)},
                "Action": list(PULL),
            }
        ],
    }


def encryption(wish: Wish) -> Dict:
    """Return the encryption as AWS takes it."""
    if wish.kms_key_arn is None:
        return {"encryptionType": "AES256"}
    return {"encryptionType": "KMS", "kmsKey": wish.kms_key_arn}


def state(wish: Wish) -> Dict:
    """Return the state of a repository that is as wished."""
    return {
        "tag_mutability": "IMMUTABLE" if wish.immutable_tags else "MUTABLE",
        "scan_on_push": wish.scan_on_push,
        "encryption": encryption(wish),
        "lifecycle": lifecycle(wish),
        "policy": policy(wish),
        "tags": {key: str(value) for key, value in wish.tags.items()},
    }
