"""The platform's key: made once, brought back, kept while something needs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.drifts.kms import DRIFTS
from support.emulator import Aws
from support.lifecycle import TAGS, Life, World, planned
from support.module_process import examples, play

NAME = "ragops-test"
ALIAS = f"alias/{NAME}"
MINE = {**TAGS, "Component": "kms"}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:{partition}:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ],
}
WISH: dict[str, Any] = {
    "alias": ALIAS,
    "description": "Data",
    "policy": json.dumps(POLICY),
    "tags": MINE,
}


def life(world: World, **more: Any) -> Life:
    return Life(world, "kms_key", {**WISH, **more})


def key_of(aws: Aws, key_id: str = ALIAS) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("kms").describe_key(KeyId=key_id)["KeyMetadata"]
    return found


def other_key(aws: Aws, tags: dict[str, str]) -> str:
    pairs = [{"TagKey": key, "TagValue": value} for key, value in tags.items()]
    return str(aws.client("kms").create_key(Tags=pairs)["KeyMetadata"]["KeyId"])


def test_each_drift_is_named_and_repaired(world: World) -> None:
    here = life(world)
    arn = here.settles()["key"]["key_arn"]
    status = world.aws.client("kms").get_key_rotation_status(KeyId=arn)
    assert status["KeyRotationEnabled"] is True
    for drift in DRIFTS:
        drift.on(NAME)(world.aws)
        done = here.settles()
        assert planned(done) == drift.planned(NAME)
        assert done["key"]["key_arn"] == arn


def test_another_rotation_period_is_set(world: World) -> None:
    here = life(world)
    arn = here.settles()["key"]["key_arn"]
    life(world, rotation_days=180).settles()
    status = world.aws.client("kms").get_key_rotation_status(KeyId=arn)
    assert status["RotationPeriodInDays"] == 180
    life(world, rotation_days=0).settles()
    assert not world.aws.client("kms").get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"]


def test_a_key_without_alias_is_taken_up_again(world: World) -> None:
    here = life(world)
    arn = here.settles()["key"]["key_arn"]
    world.aws.client("kms").delete_alias(AliasName=ALIAS)
    done = here.settles()
    assert done["key"] == {**done["key"], "key_arn": arn, "restored": False}
    assert done["diff"]["before"][f"kms key {ALIAS}"]["alias"] is None


def test_a_moved_alias_is_moved_back(world: World) -> None:
    here = life(world)
    mine = here.settles()["key"]["key_id"]
    foreign = other_key(world.aws, {"Project": "other"})
    world.aws.client("kms").update_alias(AliasName=ALIAS, TargetKeyId=foreign)
    done = here.settles()
    assert done["diff"]["before"][f"kms key {ALIAS}"]["alias"] == f"{ALIAS} of key {foreign}"
    assert key_of(world.aws)["KeyId"] == mine


def test_an_alias_of_somebody_else_is_left_alone(world: World) -> None:
    kms = world.aws.client("kms")
    kms.create_alias(AliasName=ALIAS, TargetKeyId=other_key(world.aws, {"Project": "other"}))
    quiet = world.mutations()
    refused = world.run("kms_key", WISH, fails=True)
    assert "belongs to somebody else: it is tagged Project=other" in refused["msg"]
    refused = world.run("kms_key", {**WISH, "state": "absent"}, fails=True)
    assert "is not removed" in refused["msg"]
    assert world.mutations() == quiet


def test_a_key_that_lost_its_tags_is_still_ours_by_its_alias(world: World) -> None:
    here = life(world)
    arn = here.settles()["key"]["key_arn"]
    world.aws.client("kms").untag_resource(KeyId=arn, TagKeys=["Project", "Environment"])
    assert here.settles()["key"]["key_arn"] == arn


def test_two_keys_are_too_many(world: World) -> None:
    keys = [other_key(world.aws, MINE) for _ in range(2)]
    refused = world.run("kms_key", WISH, fails=True)
    assert "several keys have the tags of this platform" in refused["msg"]
    assert all(key in refused["msg"] for key in keys)


def test_a_key_that_is_ending_is_brought_back(world: World) -> None:
    here = life(world)
    arn = here.settles()["key"]["key_arn"]
    here.settles("absent", deletion_window=7)
    assert key_of(world.aws, arn)["KeyState"] == "PendingDeletion"
    done = here.settles()
    assert done["key"] == {**done["key"], "key_arn": arn, "restored": True}
    assert "was scheduled for deletion and is restored" in str(done["warnings"])
    assert key_of(world.aws)["KeyState"] == "Enabled"
    assert here.rests()["key"]["restored"] is False


def test_a_usable_key_is_better_than_an_ending_one(world: World) -> None:
    kms = world.aws.client("kms")
    kms.schedule_key_deletion(KeyId=other_key(world.aws, MINE), PendingWindowInDays=7)
    usable = other_key(world.aws, MINE)
    assert life(world).settles()["key"]["key_id"] == usable


def test_absent_ends_what_a_killed_run_left(world: World) -> None:
    here = life(world)
    here.settles()
    stray, foreign = other_key(world.aws, MINE), other_key(world.aws, {**MINE, "Project": "other"})
    here.settles("absent")
    assert key_of(world.aws, stray)["KeyState"] == "PendingDeletion"
    assert key_of(world.aws, foreign)["KeyState"] == "Enabled"


def test_absent_ends_what_it_was_killed_at(world: World) -> None:
    here = life(world)
    arn = here.settles()["key"]["key_arn"]
    world.aws.client("kms").schedule_key_deletion(KeyId=arn, PendingWindowInDays=7)
    here.settles("absent")
    aliases = world.aws.client("kms").list_aliases()["Aliases"]
    assert ALIAS not in [item["AliasName"] for item in aliases]


def test_a_key_stays_while_a_bucket_needs_it(world: World) -> None:
    here, bucket = life(world, buckets=["data-{account}", "gone-{account}"]), "data-000000000000"
    arn = here.settles()["key"]["key_arn"]
    s3 = world.aws.client("s3")
    s3.create_bucket(Bucket=bucket)
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}
    }
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket=bucket, Key="report", Body=b"1")
    kept = here.rests("absent")
    assert kept["kept"] == [f"bucket {bucket}"]
    assert "Without the key this data is lost" in str(kept["warnings"])
    s3.delete_object(Bucket=bucket, Key="report")
    here.settles("absent")


def test_a_key_stays_while_a_snapshot_needs_it(world: World) -> None:
    here = life(world)
    arn = here.settles()["key"]["key_arn"]
    rds = world.aws.client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="db",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        MasterUsername="ragops",
        MasterUserPassword="not-a-real-password",
        AllocatedStorage=20,
        StorageEncrypted=True,
        KmsKeyId=arn,
    )
    rds.create_db_snapshot(DBSnapshotIdentifier="last", DBInstanceIdentifier="db")
    assert here.rests("absent")["kept"] == ["database snapshot last"]
    here.settles("absent", keep_while_used=False)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("alias", "ragops", "must be alias/"),
        ("alias", "alias/aws/s3", "which AWS reserves"),
        ("alias", "alias/with space", "must be alias/"),
        ("deletion_window", 3, "deletion_window is 3, but AWS allows 7 to 30 days"),
        ("rotation_days", 30, "rotation_days is 30, but AWS allows 0 (no rotation) or 90 to 2560"),
        (
            "policy",
            '{"Statement": {"Sid": "Open", "Effect": "Allow", "Principal": "*"}}',
            "The key policy's statement Open allows every principal",
        ),
    ],
)
def test_what_aws_would_refuse_is_refused_first(
    world: World, option: str, value: object, message: str
) -> None:
    quiet = world.mutations()
    assert message in world.run("kms_key", {**WISH, option: value}, fails=True)["msg"]
    assert world.mutations() == quiet


def test_the_examples_run(world: World, tmp_path: Path) -> None:
    results = play(examples("kms_key"), tmp_path, world.aws.environment)
    assert [result["changed"] for result in results] == [True, True]
    assert results[1]["kept"] == []
