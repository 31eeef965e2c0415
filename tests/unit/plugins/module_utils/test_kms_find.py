"""The key behind an alias: awaited, never another's, foreseen in check mode."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._kms import find
from ansible_collections.ragops.platform.plugins.module_utils._kms.users import users_of
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import UNKNOWN, Api
from support.emulator import Aws
from support.stubbed import Script

ALIAS = "alias/ragops-test"
TAGS = {"Project": "ragops", "Environment": "test", "Component": "s3"}
MINE = {**TAGS, "Component": "kms"}


def make(aws: Aws, tags: dict[str, str], alias: str = "") -> dict[str, Any]:
    kms = aws.client("kms")
    pairs = [{"TagKey": key, "TagValue": value} for key, value in tags.items()]
    key: dict[str, Any] = kms.create_key(Tags=pairs)["KeyMetadata"]
    if alias:
        kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    return key


def ask(aws: Aws, key_id: str = ALIAS, check: bool = False) -> str | None:
    return find.resolve(Api(aws.client("kms"), check), key_id, 0, TAGS)


def test_an_arn_or_nothing_is_taken_as_it_is(aws: Aws) -> None:
    assert ask(aws, "arn:aws:kms:x") == "arn:aws:kms:x"
    assert ask(aws, "") is None


def test_the_key_behind_the_alias(aws: Aws) -> None:
    with pytest.raises(AwsError, match="the key does not exist; role kms creates it"):
        ask(aws)
    assert ask(aws, check=True) == UNKNOWN
    key = make(aws, MINE, ALIAS)
    assert ask(aws) == ask(aws, check=True) == key["Arn"]
    aws.client("kms").disable_key(KeyId=key["KeyId"])
    assert ask(aws, check=True) == key["Arn"]
    with pytest.raises(AwsError, match="the key is disabled; role kms enables it"):
        ask(aws)


def test_an_alias_that_is_lost_or_moved_will_come_back(aws: Aws) -> None:
    kms, key = aws.client("kms"), make(aws, MINE)
    assert ask(aws, check=True) == key["Arn"]
    kms.create_alias(AliasName=ALIAS, TargetKeyId=make(aws, {})["KeyId"])
    assert ask(aws, check=True) == key["Arn"]
    with pytest.raises(AwsError, match="does not point to the key of the platform"):
        ask(aws)


def test_a_key_without_tags_is_ours_by_its_alias(aws: Aws) -> None:
    key = make(aws, {}, ALIAS)
    assert ask(aws) == key["Arn"]


def test_somebody_elses_key_is_refused(aws: Aws) -> None:
    make(aws, {"Project": "other"}, ALIAS)
    with pytest.raises(AwsError, match="belongs to somebody else"):
        ask(aws)


def test_a_key_of_the_users_choice_needs_no_tags(aws: Aws) -> None:
    key = make(aws, {"Project": "other"}, "alias/company")
    assert ask(aws, "alias/company") == key["Arn"]


def test_a_key_that_is_ending_is_none(aws: Aws) -> None:
    key = make(aws, MINE, ALIAS)
    aws.client("kms").schedule_key_deletion(KeyId=key["KeyId"])
    with pytest.raises(AwsError, match="the key does not exist"):
        ask(aws)
    assert ask(aws, check=True) == key["Arn"]  # role kms restores it


def test_a_key_stays_while_a_snapshot_of_aws_backup_needs_it() -> None:
    """AWS lists them only where they are asked for; the emulated account has no AWS Backup."""
    arn = "arn:aws:kms:us-east-1:123456789012:key/1"
    mine = {"DBSnapshotIdentifier": "awsbackup:job-1", "KmsKeyId": arn}
    scripts = {name: Script(name) for name in ("s3", "rds", "elasticache")}
    rds = scripts["rds"].says("describe_db_snapshots", {"DBSnapshots": []}, SnapshotType="manual")
    rds.says("describe_db_snapshots", {"DBSnapshots": [mine]}, SnapshotType="awsbackup")
    scripts["elasticache"].says("describe_snapshots", {"Snapshots": []})
    with rds.played(), scripts["elasticache"].played():
        found = users_of(lambda name: scripts[name].api, arn, [])
    assert found == ["database snapshot awsbackup:job-1"]
