"""What somebody may change by hand of a repository; `name` is the repository's."""

from __future__ import annotations

import json
from typing import Any

from support.drifts import NAME, Drift, call
from support.emulator import Aws

WHICH = {"repositoryName": NAME}
KEEP_ONE = {
    "rulePriority": 1,
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1},
    "action": {"type": "expire"},
}
KEEPING = {"lifecyclePolicyText": json.dumps({"rules": [KEEP_ONE]})}
ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "ecr:*"}
OPEN = {"policyText": json.dumps({"Version": "2012-10-17", "Statement": [ANYBODY]})}
UNSCANNED = {"imageScanningConfiguration": {"scanOnPush": False}}


def repository(aws: Aws, name: str) -> dict[str, Any]:
    answer = aws.client("ecr").describe_repositories(repositoryNames=[name])
    found: dict[str, Any] = answer["repositories"][0]
    return found


def changed(what: str, field: str, operation: str, **arguments: Any) -> Drift:
    make = call("ecr", operation, **WHICH, **arguments)
    return Drift(what, make, {f"repository {NAME}": [field]})


def untag(aws: Aws, name: str) -> None:
    arn = repository(aws, name)["repositoryArn"]
    aws.client("ecr").untag_resource(resourceArn=arn, tagKeys=["Project"])


DRIFTS = [
    changed(
        *("immutable tags off", "tag_mutability", "put_image_tag_mutability"),
        imageTagMutability="MUTABLE",
    ),
    changed("scan on push off", "scan_on_push", "put_image_scanning_configuration", **UNSCANNED),
    changed("lifecycle policy removed", "lifecycle", "delete_lifecycle_policy"),
    changed("lifecycle policy changed", "lifecycle.rules", "put_lifecycle_policy", **KEEPING),
    changed("repository opened", "policy", "set_repository_policy", **OPEN),
    Drift("repository untagged", untag, {f"repository {NAME}": ["tags.Project"]}),
]
