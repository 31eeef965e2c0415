"""Buckets stay closed, keep data, and go only when told to, with all their versions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import boto3
import pytest
from ansible_collections.ragops.platform.plugins.module_utils._s3 import absent, bucket
from ansible_collections.ragops.platform.plugins.module_utils._s3.transform import Wish
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api, Plan
from botocore.stub import ANY, Stubber
from support.drifts.s3 import DRIFTS
from support.emulator import CREDENTIALS, Aws
from support.lifecycle import TAGS, Life, World, planned
from support.module_process import examples, play

DOCUMENTS = "ragops-test-documents-000000000000"
LOGS = "ragops-test-access-logs-000000000000"
LOG_SETTINGS = {"bucket": "ragops-test-access-logs-{account}", "expire_days": 365}
WISH: dict[str, Any] = {"names": ["ragops-test-documents-{account}"], "tags": TAGS}
REPLICATION = {"region": "us-west-2", "role_name": "ragops-test-s3-replication"}


def life(world: World, **more: Any) -> Life:
    return Life(world, "s3_buckets", {**WISH, **more})


def key(aws: Aws, region: str = "us-east-1", maker: str = "") -> str:
    """A key; with `maker` the platform's, as that component's role makes it behind the alias."""
    kms = boto3.client(
        "kms",
        endpoint_url=aws.url,
        region_name=region,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    tags = {**TAGS, "Component": maker} if maker else {}
    made = kms.create_key(Tags=[{"TagKey": name, "TagValue": tags[name]} for name in tags])
    if maker:
        alias = f"alias/{TAGS['Project']}-{TAGS['Environment']}"
        kms.create_alias(AliasName=alias, TargetKeyId=made["KeyMetadata"]["KeyId"])
    return str(made["KeyMetadata"]["Arn"])


def sids(aws: Aws) -> list[str]:
    document = json.loads(aws.client("s3").get_bucket_policy(Bucket=DOCUMENTS)["Policy"])
    return [item["Sid"] for item in document["Statement"]]


def test_each_drift_is_named_and_repaired(world: World) -> None:
    here = life(world, kms_key_id=key(world.aws), access_logs=LOG_SETTINGS)
    assert here.settles()["buckets"] == [DOCUMENTS]
    for drift in DRIFTS:
        drift.on(DOCUMENTS)(world.aws)
        assert planned(here.settles()) == drift.planned(DOCUMENTS)
    assert sids(world.aws) == ["RefuseWithoutTls", "RefuseOldTls", "Audit"]  # the auditor's stays


def test_a_bucket_is_as_safe_as_it_should_be(world: World) -> None:
    arn = key(world.aws)
    life(world, kms_key_id=arn, access_logs=LOG_SETTINGS).settles()
    s3 = world.aws.client("s3")
    block = s3.get_public_access_block(Bucket=DOCUMENTS)["PublicAccessBlockConfiguration"]
    assert set(block.values()) == {True}
    rules = s3.get_bucket_encryption(Bucket=DOCUMENTS)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == arn
    assert rules[0]["BucketKeyEnabled"] is True
    assert s3.get_bucket_logging(Bucket=DOCUMENTS)["LoggingEnabled"]["TargetBucket"] == LOGS
    # S3 can't deliver logs into a bucket with a key.
    rules = s3.get_bucket_encryption(Bucket=LOGS)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    policy = json.loads(s3.get_bucket_policy(Bucket=LOGS)["Policy"])
    assert policy["Statement"][2]["Principal"] == {"Service": "logging.s3.amazonaws.com"}


def test_tags_of_others_stay(world: World) -> None:
    here, s3 = life(world), world.aws.client("s3")
    here.settles()
    tags = [{"Key": "CostCentre", "Value": "7"}, {"Key": "Project", "Value": "ragops"}]
    s3.put_bucket_tagging(Bucket=DOCUMENTS, Tagging={"TagSet": tags})
    here.settles()
    found = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=DOCUMENTS)["TagSet"]}
    assert found == {**TAGS, "CostCentre": "7"}


def test_settings_can_be_switched_off(world: World) -> None:
    life(world, access_logs=LOG_SETTINGS).settles()
    life(world, transition_days=0, abort_upload_days=0, noncurrent_days=0).settles()
    s3 = world.aws.client("s3")
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=DOCUMENTS)


def test_data_stays_unless_told_otherwise(world: World) -> None:
    here = life(world, access_logs=LOG_SETTINGS)
    here.settles()
    s3 = world.aws.client("s3")
    s3.put_object(Bucket=DOCUMENTS, Key="report.pdf", Body=b"1")
    s3.delete_object(Bucket=DOCUMENTS, Key="report.pdf")  # a version and a marker are left
    s3.create_multipart_upload(Bucket=DOCUMENTS, Key="big.pdf")
    kept = here.rests("absent")
    assert (kept["buckets"], kept["kept"]) == ([DOCUMENTS], [DOCUMENTS, LOGS])
    assert "were kept, because they contain data" in str(kept["warnings"])
    done = here.settles("absent", destroy_data=True)
    assert done["diff"]["before"][f"bucket {DOCUMENTS}"] == {
        "holds": "2 versions and delete markers"
    }
    assert s3.list_buckets()["Buckets"] == []


def test_thousands_go_in_batches(world: World) -> None:
    here, s3 = life(world), world.aws.client("s3")
    here.settles()
    for number in range(8):
        s3.put_object(Bucket=DOCUMENTS, Key=f"chunk-{number % 3}", Body=b"1")
    before = world.mutations().count(f"s3:POST /{DOCUMENTS}")
    with mock.patch.object(absent, "BATCH", 3):
        done = here.settles("absent", destroy_data=True)
    assert world.mutations().count(f"s3:POST /{DOCUMENTS}") == before + 3
    assert "at least 3" in done["diff"]["before"][f"bucket {DOCUMENTS}"]["holds"]


def test_a_bucket_of_another_platform_is_left_alone(world: World) -> None:
    s3 = world.aws.client("s3")
    s3.create_bucket(Bucket=DOCUMENTS)
    s3.put_object(Bucket=DOCUMENTS, Key="report.pdf", Body=b"1")
    quiet = world.mutations()
    options = {**WISH, "state": "absent", "destroy_data": True}
    assert "is not removed" in world.run("s3_buckets", options, fails=True)["msg"]
    assert world.mutations() == quiet
    tags = [{"Key": "Project", "Value": "other"}]
    s3.put_bucket_tagging(Bucket=DOCUMENTS, Tagging={"TagSet": tags})
    assert "belongs to somebody else" in world.run("s3_buckets", WISH, fails=True)["msg"]


def test_a_bucket_in_another_region_is_refused(world: World) -> None:
    place = {"LocationConstraint": "eu-west-1"}
    s3 = world.aws.client("s3")
    s3.create_bucket(Bucket=DOCUMENTS, CreateBucketConfiguration=place)
    refused = world.run("s3_buckets", WISH, fails=True)["msg"]
    assert f"bucket {DOCUMENTS} is in eu-west-1, wanted is us-east-1" in refused


def test_a_replica_follows_in_another_region(world: World) -> None:
    keys = [key(world.aws), key(world.aws, "us-west-2")]
    copy = {**REPLICATION, "kms_key_id": keys[1]}
    here = life(world, kms_key_id=keys[0], replication=copy)
    assert here.settles()["replicas"] == [f"{DOCUMENTS}-us-west-2"]
    s3, iam = world.aws.client("s3"), world.aws.client("iam")
    found = s3.get_bucket_replication(Bucket=DOCUMENTS)["ReplicationConfiguration"]
    target = found["Rules"][0]["Destination"]
    assert target["EncryptionConfiguration"] == {"ReplicaKmsKeyID": keys[1]}
    where = s3.get_bucket_location(Bucket=f"{DOCUMENTS}-us-west-2")["LocationConstraint"]
    assert where == "us-west-2"
    role = REPLICATION["role_name"]
    drifts = [
        lambda: s3.delete_bucket_replication(Bucket=DOCUMENTS),
        lambda: iam.delete_role_policy(RoleName=role, PolicyName="replicate"),
        lambda: iam.untag_role(RoleName=role, TagKeys=["Project"]),
        lambda: iam.update_assume_role_policy(
            RoleName=role,
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}),
        ),
    ]
    for drift in drifts:
        drift()
        here.settles()
    life(world, kms_key_id=keys[0]).settles()  # stops, and leaves the replica
    here.settles()
    here.settles("absent", destroy_data=True)
    assert s3.list_buckets()["Buckets"] == []
    assert iam.list_roles()["Roles"] == []


def test_each_region_has_a_key_of_the_platforms_alias(world: World) -> None:
    """Role kms makes the one, role s3 that of the replicas: the proof of ownership differs."""
    key(world.aws, maker="kms")
    there = key(world.aws, "us-west-2", maker="s3")
    alias = f"alias/{TAGS['Project']}-{TAGS['Environment']}"
    copy = {**REPLICATION, "kms_key_id": alias}
    tags = {**TAGS, "Component": "s3"}
    life(world, kms_key_id=alias, replication=copy, tags=tags).settles()
    s3 = world.aws.client("s3")
    found = s3.get_bucket_replication(Bucket=DOCUMENTS)["ReplicationConfiguration"]
    target = found["Rules"][0]["Destination"]
    assert target["EncryptionConfiguration"] == {"ReplicaKmsKeyID": there}


def test_replicas_with_data_stay_too(world: World) -> None:
    here = life(world, replication=REPLICATION)
    here.settles()
    copy = f"{DOCUMENTS}-us-west-2"
    world.aws.client("s3").put_object(Bucket=copy, Key="report.pdf", Body=b"1")
    done = world.run("s3_buckets", {**here.options, "state": "absent"})
    assert (done["changed"], done["kept"]) == (True, [copy])
    here.settles("absent", destroy_data=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": []}, "names is empty"),
        ({"names": ["ab"]}, "has 2 characters, AWS takes 3 to 63"),
        ({"names": ["a" * 64]}, "has 64 characters"),
        ({"names": ["Rag-documents"]}, "may hold lower-case letters, digits and hyphens only"),
        ({"names": ["rag.documents"]}, "may hold lower-case letters"),
        ({"names": ["-rag"]}, "begins and ends with a letter or digit"),
        ({"names": ["xn--rag"]}, "begins or ends with a part that AWS reserves"),
        ({"names": ["rag-s3alias"]}, "begins or ends with a part that AWS reserves"),
        ({"transition_days": 7}, "transition_days is 7 and must be 0 (never) or at least 30"),
        ({"noncurrent_days": -1}, "noncurrent_days is -1"),
        ({"abort_upload_days": -1}, "abort_upload_days is -1"),
        ({"access_logs": {**LOG_SETTINGS, "expire_days": -1}}, "access_logs.expire_days must be"),
        (
            {"access_logs": {"bucket": WISH["names"][0]}},
            "access_logs.bucket is ragops-test-documents-000000000000, which is also in names",
        ),
        ({"replication": {**REPLICATION, "region": "us-east-1"}}, "also the region of the buckets"),
        (
            {"replication": {**REPLICATION, "kms_key_id": "alias/x"}},
            "Only one of kms_key_id and replication.kms_key_id is given",
        ),
        (
            {"names": ["ragops-test-" + "x" * 45], "replication": REPLICATION},
            "has 67 characters",
        ),
        (
            {"kms_key_id": "alias/none", "wait_timeout": 0},
            "KMS key alias/none: not ready after 0 s (last seen: the key does not exist; "
            "role kms creates it)",
        ),
    ],
)
def test_what_aws_would_refuse_is_refused_first(
    world: World, options: dict[str, Any], message: str
) -> None:
    quiet = world.mutations()
    assert message in world.run("s3_buckets", {**WISH, **options}, fails=True)["msg"]
    assert world.mutations() == quiet


def test_the_examples_run(world: World, tmp_path: Path) -> None:
    results = play(examples("s3_buckets"), tmp_path, world.aws.environment)
    assert [result["changed"] for result in results] == [True, True, True]
    assert results[2]["kept"] == []


BUCKET = Wish(DOCUMENTS, "us-east-1", "000000000000", "aws", TAGS)
WHICH = {"Bucket": DOCUMENTS, "ExpectedBucketOwner": "000000000000"}
ANY_PAGE = {**WHICH, "MaxKeys": 1000}
OURS = {"TagSet": [{"Key": name, "Value": value} for name, value in TAGS.items()]}


@pytest.fixture
def stubbed() -> Iterator[tuple[Api, Stubber]]:
    """S3 as it answers when the emulator doesn't: refusals and races."""
    client = boto3.client(
        "s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stub:
        yield Api(client), stub
        stub.assert_no_pending_responses()


def head(stub: Stubber, region: str = "us-east-1") -> None:
    headers = {"HTTPHeaders": {"x-amz-bucket-region": region}}
    stub.add_response("head_bucket", {"ResponseMetadata": headers}, WHICH)


def test_a_name_that_another_account_has(stubbed: tuple[Api, Stubber]) -> None:
    api, stub = stubbed
    stub.add_client_error("head_bucket", "403", http_status_code=403)
    with pytest.raises(AwsError, match=r"another account, or .* not allowed to s3:ListBucket"):
        bucket.ensure_present(api, Plan(), BUCKET, 0)
    stub.add_client_error("head_bucket", "404", http_status_code=404)
    stub.add_client_error("create_bucket", "BucketAlreadyExists", http_status_code=409)
    with pytest.raises(AwsError, match="choose another platform_project"):
        bucket.ensure_present(api, Plan(), BUCKET, 0)
    stub.add_client_error("head_bucket", "500", http_status_code=500)
    with pytest.raises(AwsError, match=r"s3:ListBucket failed for bucket"):
        bucket.ensure_present(api, Plan(), BUCKET, 0)


def test_a_name_that_aws_still_releases_is_awaited(stubbed: tuple[Api, Stubber]) -> None:
    api, stub = stubbed
    stub.add_client_error("head_bucket", "404", http_status_code=404)
    stub.add_client_error("create_bucket", "OperationAborted", http_status_code=409)
    with pytest.raises(AwsError, match="AWS is still deleting a bucket with this name"):
        bucket.ensure_present(api, Plan(), BUCKET, 0)
    stub.add_client_error("head_bucket", "404", http_status_code=404)
    stub.add_client_error("create_bucket", "InvalidBucketName", http_status_code=400)
    with pytest.raises(AwsError, match="InvalidBucketName"):
        bucket.ensure_present(api, Plan(), BUCKET, 0)


def version(number: int) -> dict[str, str]:
    return {"Key": "report.pdf", "VersionId": str(number)}


def test_a_locked_object_is_named(stubbed: tuple[Api, Stubber]) -> None:
    api, stub = stubbed
    head(stub)
    page = {"Versions": [version(1)]}
    stub.add_response("list_object_versions", page, ANY_PAGE)
    stub.add_response("get_bucket_tagging", OURS, WHICH)
    stub.add_response("list_object_versions", page, ANY_PAGE)
    errors = [{**version(1), "Code": "AccessDenied", "Message": "Object is locked"}]
    stub.add_response("delete_objects", {"Errors": errors}, {**WHICH, "Delete": ANY})
    with pytest.raises(AwsError, match=r"kept 1 of 1 versions.*'report.pdf' because Object is"):
        absent.ensure_absent(api, Plan(), BUCKET, destroy_data=True)


def test_who_keeps_writing_is_waited_for_three_times(stubbed: tuple[Api, Stubber]) -> None:
    api, stub = stubbed
    head(stub)
    stub.add_response("list_object_versions", {}, ANY_PAGE)
    stub.add_response("get_bucket_tagging", OURS, WHICH)
    for _ in range(absent.ROUNDS):
        stub.add_response("list_object_versions", {}, ANY_PAGE)
        stub.add_response("list_multipart_uploads", {}, WHICH)
        stub.add_client_error("delete_bucket", "BucketNotEmpty", http_status_code=409)
    with pytest.raises(AwsError, match="emptied 3 times and is still not empty"):
        absent.ensure_absent(api, Plan(), BUCKET, destroy_data=True)


def test_a_bucket_that_may_not_be_deleted(stubbed: tuple[Api, Stubber]) -> None:
    api, stub = stubbed
    head(stub)
    stub.add_response("list_object_versions", {}, ANY_PAGE)
    stub.add_response("get_bucket_tagging", OURS, WHICH)
    stub.add_response("list_object_versions", {}, ANY_PAGE)
    stub.add_response("list_multipart_uploads", {}, WHICH)
    stub.add_client_error("delete_bucket", "AccessDenied", http_status_code=403)
    with pytest.raises(AwsError, match="not allowed to s3:DeleteBucket"):
        absent.ensure_absent(api, Plan(), BUCKET, destroy_data=False)
