"""What somebody may change by hand of the platform's key."""

from __future__ import annotations

import json
from typing import Any

from support.drifts import NAME, Drift
from support.emulator import Aws


def key_id(aws: Aws, name: str) -> str:
    found: str = aws.client("kms").describe_key(KeyId=f"alias/{name}")["KeyMetadata"]["KeyId"]
    return found


def changed(what: str, field: str, operation: str, **arguments: Any) -> Drift:
    def make(aws: Aws, name: str) -> None:
        getattr(aws.client("kms"), operation)(KeyId=key_id(aws, name), **arguments)

    return Drift(what, make, {f"kms key alias/{NAME}": [field]})


def policy(aws: Aws, name: str) -> dict[str, Any]:
    answer = aws.client("kms").get_key_policy(KeyId=key_id(aws, name), PolicyName="default")
    found: dict[str, Any] = json.loads(answer["Policy"])
    return found


def open_up(aws: Aws, name: str) -> None:
    anybody = {"Sid": "Everybody", "Effect": "Allow", "Principal": "*"}
    opened = policy(aws, name)
    opened["Statement"].append({**anybody, "Action": "kms:*", "Resource": "*"})
    aws.client("kms").put_key_policy(
        KeyId=key_id(aws, name), PolicyName="default", Policy=json.dumps(opened)
    )


EMPTY = {"PolicyName": "default", "Policy": '{"Version": "2012-10-17", "Statement": []}'}

DRIFTS = [
    changed("described otherwise", "description", "update_key_description", Description="by hand"),
    changed("rotation off", "rotation_days", "disable_key_rotation"),
    changed("key disabled", "state", "disable_key"),
    changed("key untagged", "tags.Component", "untag_resource", TagKeys=["Component"]),
    changed("key policy emptied", "policy.Statement", "put_key_policy", **EMPTY),
    Drift("key policy opened", open_up, {f"kms key alias/{NAME}": ["policy.Statement"]}),
]
