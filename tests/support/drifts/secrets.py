"""What somebody may change by hand of a secret; `name` is the secret's."""

from __future__ import annotations

import json
from typing import Any

from support.drifts import NAME, Drift, call

ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*"}
OPEN = {"ResourcePolicy": json.dumps({"Version": "2012-10-17", "Statement": [ANYBODY]})}
AWSS_KEY = {"KmsKeyId": "alias/aws/secretsmanager"}
BY_HAND = "value-by-hand"


def changed(what: str, field: str, operation: str, **arguments: Any) -> Drift:
    make = call("secretsmanager", operation, SecretId=NAME, **arguments)
    return Drift(what, make, {f"secret {NAME}": [field]})


DRIFTS = [
    changed("secret described otherwise", "description", "update_secret", Description="by hand"),
    changed("secret under AWS's key", "kms_key", "update_secret", **AWSS_KEY),
    changed("secret untagged", "tags.Environment", "untag_resource", TagKeys=["Environment"]),
    changed("secret opened", "policy", "put_resource_policy", **OPEN),
    changed(
        *("secret scheduled for deletion", "scheduled_for_deletion", "delete_secret"),
        RecoveryWindowInDays=7,
    ),
]
VALUE = changed("value replaced", "value", "put_secret_value", SecretString=BY_HAND)
"""Of a secret whose value is given; one that was made at random is kept as it is."""
