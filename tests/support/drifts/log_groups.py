"""What somebody may change by hand of a log group; `name` is the group's."""

from __future__ import annotations

from typing import Any

from support.drifts import NAME, WHOLE, Drift, call

GROUP = f"log group {NAME}"


def changed(what: str, fields: list[str], operation: str, *repair: str, **arguments: Any) -> Drift:
    make = call("logs", operation, logGroupName=NAME, **arguments)
    return Drift(what, make, {GROUP: fields}, tuple(f"logs:{name}" for name in repair))


RETENTION, PUT = ["retention_days"], "PutRetentionPolicy"
UNTAGGED, TAG = {"tags": ["Environment"]}, ["tags.Environment"]

DRIFTS = [
    changed("logs kept for a day", RETENTION, "put_retention_policy", PUT, retentionInDays=1),
    changed("logs kept for ever", RETENTION, "delete_retention_policy", PUT),
    changed("the logs' key gone", ["kms_key_arn"], "disassociate_kms_key", "AssociateKmsKey"),
    changed("log group untagged", TAG, "untag_log_group", "TagResource", **UNTAGGED),
    changed("log group deleted", WHOLE, "delete_log_group", "CreateLogGroup", PUT),
]
