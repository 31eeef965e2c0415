"""What a bucket should be, and what the role may do that copies it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._s3 import (
    ensure,
    replication,
    transform,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError

BUCKET = transform.Wish("rag-documents", "us-east-1", "111122223333", "aws", {"Project": "rag"})
PLACE = ensure.Place("us-east-1", "111122223333", "aws", "arn:key/here", "arn:key/there")
OPTIONS: dict[str, Any] = {
    "names": ["rag-documents-{account}"],
    "tags": {"Project": "rag"},
    "transition_days": 30,
    "noncurrent_days": 90,
    "abort_upload_days": 7,
    "access_logs": {"bucket": "rag-logs-{account}", "expire_days": 365},
    "replication": {"region": "us-west-2", "role_name": "rag-replication", "kms_key_id": "k"},
}


def ids(rules: list[dict[str, Any]]) -> list[str]:
    return [rule["ID"] for rule in rules]


def test_lifecycle_rules_are_sorted_and_optional() -> None:
    assert transform.lifecycle(BUCKET) == []
    full = replace(BUCKET, transition_days=30, noncurrent_days=90, abort_upload_days=7)
    assert ids(transform.lifecycle(full)) == [
        "abort-stale-uploads",
        "expire-noncurrent",
        "infrequent-access",
    ]
    assert transform.lifecycle(full)[1]["Expiration"] == {"ExpiredObjectDeleteMarker": True}


def test_logs_expire_by_age_without_a_rule_for_markers() -> None:
    logs = replace(BUCKET, expire_days=365, noncurrent_days=30)
    rules = transform.lifecycle(logs)
    assert ids(rules) == ["expire", "expire-noncurrent"]
    assert "Expiration" not in rules[1]


def test_rules_from_aws_come_into_our_spelling() -> None:
    found = transform.normal_rules([{"ID": "b", "Filter": {}}, {"ID": "a"}])
    assert found == [{"ID": "a", "Filter": {"Prefix": ""}}, {"ID": "b", "Filter": {"Prefix": ""}}]
    assert transform.normal_rules(None) == []


def test_a_group_is_a_bucket_its_logs_and_its_copy() -> None:
    found = ensure.group_of(OPTIONS, PLACE)
    data, logs, copy = found.buckets[0], found.logs, found.replicas[0]
    assert (data.name, copy.name) == (
        "rag-documents-111122223333",
        "rag-documents-111122223333-us-west-2",
    )
    assert logs is not None
    assert (data.logs_to, list(logs.logs_of), logs.kms_key_arn) == (logs.name, [data.name], None)
    assert (data.kms_key_arn, copy.kms_key_arn) == ("arn:key/here", "arn:key/there")
    assert data.replicate is not None
    assert data.replicate.role_arn == "arn:aws:iam::111122223333:role/rag-replication"
    bare = ensure.group_of({**OPTIONS, "access_logs": None, "replication": None}, PLACE)
    assert (bare.logs, bare.replicas, bare.role, bare.permissions) == (None, [], None, {})


def test_the_role_may_read_here_and_write_there() -> None:
    statements = ensure.group_of(OPTIONS, PLACE).permissions["Statement"]
    assert {item["Sid"]: item["Resource"] for item in statements} == {
        "ReadConfiguration": ["arn:aws:s3:::rag-documents-111122223333"],
        "ReadVersions": ["arn:aws:s3:::rag-documents-111122223333/*"],
        "WriteReplicas": ["arn:aws:s3:::rag-documents-111122223333-us-west-2/*"],
        "ReadKey": ["arn:key/here"],
        "WriteKey": ["arn:key/there"],
    }
    assert not [item for item in statements if "*" in item["Resource"] or "*" in item["Action"]]
    through = {
        item["Sid"]: item["Condition"]["StringEquals"]["kms:ViaService"]
        for item in statements
        if "Condition" in item
    }
    assert through == {
        "ReadKey": "s3.us-east-1.amazonaws.com",
        "WriteKey": "s3.us-west-2.amazonaws.com",
    }


def test_without_keys_the_role_needs_none() -> None:
    allowed = replication.permissions({"a": "b"}, replication.Keys(None, None), ("x", "y"))
    assert [item["Sid"] for item in allowed["Statement"]] == [
        "ReadConfiguration",
        "ReadVersions",
        "WriteReplicas",
    ]


@pytest.mark.parametrize("name", ["rag", "rag-documents-111122223333", "1a2"])
def test_good_names_pass(name: str) -> None:
    transform.check_name(name)


def test_logs_are_not_logged_into_themselves() -> None:
    same = {**OPTIONS, "access_logs": {"bucket": OPTIONS["names"][0], "expire_days": 0}}
    with pytest.raises(AwsError, match="it would log its own logs"):
        ensure.group_of(same, PLACE)
