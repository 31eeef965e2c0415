"""Secrets are made once, rotated on demand, restored; no value is ever shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.ragops.platform.plugins.module_utils._secrets import ensure, transform
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api, Plan
from botocore.stub import ANY, Stubber
from support.drifts import secrets
from support.lifecycle import TAGS, Life, World, planned
from support.module_process import examples, play

TOKEN, KEY = "ragops-test/redis-auth-token", "ragops-test/openai-api-key"
GIVEN = "a-key-that-was-given"
ROOT = "arn:aws:iam::000000000000:root"
WISH: dict[str, Any] = {
    "prefix": "ragops-test/",
    "secrets": [
        {"name": "redis-auth-token", "description": "AUTH token", "generate_length": 64},
        {"name": "openai-api-key", "value": GIVEN},
    ],
    "tags": TAGS,
}


def life(world: World, **more: Any) -> Life:
    return Life(world, "secretsmanager_secrets", {**WISH, **more})


def value(world: World, name: str = TOKEN, stage: str = "AWSCURRENT") -> str:
    manager = world.aws.client("secretsmanager")
    found: str = manager.get_secret_value(SecretId=name, VersionStage=stage)["SecretString"]
    return found


def test_each_drift_is_named_and_repaired(world: World) -> None:
    key = world.aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    here = life(world, kms_key_id=key, readers=[])
    assert set(here.settles()["arns"]) == {TOKEN, KEY}
    made = value(world)
    assert len(made) == 64
    for drift in secrets.DRIFTS:
        drift.on(TOKEN)(world.aws)
        assert planned(here.settles()) == drift.planned(TOKEN)
    assert value(world) == made
    secrets.VALUE.on(KEY)(world.aws)
    done = here.settles()
    assert planned(done) == secrets.VALUE.planned(KEY)
    assert done["diff"]["before"][f"secret {KEY}"]["value"] == "another"
    assert value(world, KEY) == GIVEN
    here.settles("absent", recovery_window_days=0)
    printed = "".join(world.printed)
    assert not [text for text in (made, GIVEN, secrets.BY_HAND) if text in printed]


def test_a_rotated_value_leaves_the_old_one_as_previous(world: World) -> None:
    here = life(world)
    here.settles()
    old = value(world)
    quiet = world.mutations()
    options = {**here.options, "rotate": ["redis-auth-token"]}
    foreseen = world.run(here.module, options, check=True)
    assert foreseen["changed"] is True
    assert world.mutations() == quiet
    done = world.run(here.module, options)
    assert (done["rotated"], done["changed"]) == ([TOKEN], True)
    assert done["diff"]["before"] == foreseen["diff"]["before"]
    new = value(world)
    assert new != old
    assert len(new) == 64
    assert value(world, stage="AWSPREVIOUS") == old
    here.rests()
    assert not [text for text in (old, new) if text in "".join(world.printed)]


def test_each_value_of_a_login_with_a_suffix_is_another_user(world: World) -> None:
    login = {"name": "login", "username": "app_", "username_suffix": True}
    options = {"prefix": "ragops-test/", "secrets": [login], "tags": WISH["tags"]}
    world.run("secretsmanager_secrets", options)
    name = "ragops-test/login"
    first = json.loads(value(world, name))
    assert re.fullmatch("app_[A-Za-z0-9]{8}", first["username"])
    assert not world.run("secretsmanager_secrets", options)["changed"]
    world.run("secretsmanager_secrets", {**options, "rotate": ["login"]})
    second = json.loads(value(world, name))
    assert second["username"].startswith("app_")
    assert {first[key] for key in first} & {second[key] for key in second} == set()
    assert json.loads(value(world, name, stage="AWSPREVIOUS")) == first


def test_a_removed_secret_comes_back_with_its_value(world: World) -> None:
    here = life(world)
    here.settles()
    old = value(world)
    here.settles("absent", recovery_window_days=7)
    done = here.settles()
    assert done["restored"] == [TOKEN, KEY]
    assert "were scheduled for deletion and are restored" in str(done["warnings"])
    assert value(world) == old
    here.settles("absent", recovery_window_days=7)
    here.settles("absent", recovery_window_days=0)  # for good
    here.settles()
    assert value(world) != old


def test_a_secret_without_value_gets_one(world: World) -> None:
    tags = [{"Key": name, "Value": text} for name, text in TAGS.items()]
    manager = world.aws.client("secretsmanager")
    manager.create_secret(Name=TOKEN, Description="AUTH token", SecretString="x", Tags=tags)
    version = next(iter(manager.describe_secret(SecretId=TOKEN)["VersionIdsToStages"]))
    manager.update_secret_version_stage(
        SecretId=TOKEN, VersionStage="AWSCURRENT", RemoveFromVersionId=version
    )
    done = life(world).settles()
    assert done["diff"]["before"][f"secret {TOKEN}"]["value"] == "missing"
    assert len(value(world)) == 64


def test_only_readers_may_read(world: World) -> None:
    life(world, readers=[ROOT]).settles()
    manager = world.aws.client("secretsmanager")
    policy = json.loads(manager.get_resource_policy(SecretId=KEY)["ResourcePolicy"])
    assert policy["Statement"][0]["Condition"] == {"ArnNotLike": {"aws:PrincipalArn": [ROOT]}}
    life(world).rests()  # readers not given: left as it is
    life(world, readers=[ROOT, "arn:aws:iam::000000000000:role/rag"]).settles()
    life(world, readers=[]).settles()
    assert "ResourcePolicy" not in manager.get_resource_policy(SecretId=KEY)


def test_somebody_elses_secret_is_left_alone(world: World) -> None:
    tags = [{"Key": "Project", "Value": "other"}]
    manager = world.aws.client("secretsmanager")
    manager.create_secret(Name=TOKEN, SecretString="theirs", Tags=tags)
    quiet = world.mutations()
    refused = world.run("secretsmanager_secrets", WISH, fails=True)["msg"]
    assert "belongs to somebody else" in refused
    options = {**WISH, "state": "absent"}
    assert "is not removed" in world.run("secretsmanager_secrets", options, fails=True)["msg"]
    assert world.mutations() == quiet


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prefix": "with space/"}, "must have 1 to 512 letters"),
        ({"secrets": [{"name": "a", "generate_length": 8}]}, "is 8 and must be 16 to 128"),
        ({"secrets": [{"name": "a", "value": "x" * 65537}]}, "is longer than 65536 bytes"),
        ({"rotate": ["openai-api-key"]}, "cannot be rotated, because its value is an input"),
        (
            {"rotate": ["none"]},
            "rotate has none, but secrets has only redis-auth-token, openai-api-key",
        ),
        ({"recovery_window_days": 3}, "recovery_window_days is 3, but AWS allows 0 or 7 to 30"),
        ({"max_age_days": -1}, "max_age_days must be 0 (never) or more"),
        (
            {"readers": ["arn:aws:iam::000000000000:role/rag"]},
            "readers does not include the caller",
        ),
        (
            {"secrets": [{"name": "login", "username": "ragops", "value": "given"}]},
            "login has both a value and a username",
        ),
        (
            {"secrets": [{"name": "login", "username_suffix": True}]},
            "login has username_suffix, but no username",
        ),
        ({"kms_key_id": "alias/none", "wait_timeout": 0}, "role kms creates it"),
    ],
)
def test_what_aws_would_refuse_is_refused_first(
    world: World, options: dict[str, Any], message: str
) -> None:
    quiet = world.mutations()
    refused = world.run("secretsmanager_secrets", {**WISH, **options}, fails=True)
    assert message in refused["msg"]
    assert GIVEN not in json.dumps(refused)
    assert world.mutations() == quiet


def test_the_examples_run(world: World, tmp_path: Path) -> None:
    given = {**world.aws.environment, "OPENAI_API_KEY": GIVEN}
    results = play(examples("secretsmanager_secrets"), tmp_path, given)
    assert [result["changed"] for result in results] == [True, True, True]
    assert results[1]["rotated"] == ["ragops-dev/redis-auth-token"]
    assert GIVEN not in json.dumps(results)


ME = "arn:aws:sts::111122223333:assumed-role/deployer/ci"


@pytest.mark.parametrize(
    "reader",
    [
        "arn:aws:iam::111122223333:role/deployer",
        "arn:aws:iam::111122223333:role/ci/deployer",
        "arn:aws:iam::111122223333:role/*",
    ],
)
def test_a_session_is_its_role(reader: str) -> None:
    transform.refuse_lockout([reader], ME)
    with pytest.raises(AwsError, match=r"the caller, arn:aws:iam::111122223333:role/deployer,"):
        transform.refuse_lockout([reader.replace("111122223333", "444455556666")], ME)
    transform.refuse_lockout([], ME)


def test_a_wish_hides_its_value() -> None:
    assert GIVEN not in repr(transform.Wish(KEY, TAGS, value=GIVEN))


@pytest.fixture
def stubbed() -> Iterator[tuple[Api, Stubber]]:
    """Secrets Manager as it answers when the emulator doesn't."""
    client = boto3.client(
        "secretsmanager",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    with Stubber(client) as stub:
        yield Api(client), stub
        stub.assert_no_pending_responses()


def test_a_name_that_aws_still_releases_is_awaited(stubbed: tuple[Api, Stubber]) -> None:
    api, stub = stubbed
    stub.add_client_error("describe_secret", "ResourceNotFoundException")
    stub.add_client_error(
        "create_secret",
        "InvalidRequestException",
        "You can't create this secret because a secret with this name is already scheduled for "
        "deletion.",
    )
    with pytest.raises(AwsError, match="AWS is still deleting a secret with this name"):
        ensure.ensure_present(api, Plan(), transform.Wish(TOKEN, TAGS), 0)
    stub.add_client_error("describe_secret", "ResourceNotFoundException")
    stub.add_client_error("create_secret", "LimitExceededException")
    with pytest.raises(AwsError, match="LimitExceededException"):
        ensure.ensure_present(api, Plan(), transform.Wish(TOKEN, TAGS), 0)


@pytest.mark.parametrize(("age", "stale"), [(91, True), (89, False)])
def test_an_old_value_is_stale(stubbed: tuple[Api, Stubber], age: int, stale: bool) -> None:
    api, stub = stubbed
    then = datetime.now(UTC) - timedelta(days=age)
    versions = [
        {"VersionId": "v" * 32, "VersionStages": ["AWSCURRENT"], "CreatedDate": then},
        {
            "VersionId": "w" * 32,
            "VersionStages": ["AWSPREVIOUS"],
            "CreatedDate": then - timedelta(days=900),
        },
    ]
    stub.add_response("list_secret_version_ids", {"Versions": versions}, {"SecretId": ANY})
    assert ensure.is_stale(api, transform.Wish(TOKEN, TAGS), 90) is stale
    assert not ensure.is_stale(api, transform.Wish(TOKEN, TAGS), 0)
    assert not ensure.is_stale(api, transform.Wish(KEY, TAGS, value=GIVEN), 90)
