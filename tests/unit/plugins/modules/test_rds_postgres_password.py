"""A master password that the platform keeps: given to the server once per version of its secret."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._inputs.rules import Run
from ansible_collections.ragops.platform.plugins.module_utils._rds import inputs, own_password
from support.data_store_worlds import network
from support.emulator import Aws
from support.lifecycle import TAGS, Life, World, planned

NAME, LOGIN = "ragops-test", "ragops-test/database-login"
WHICH = {"DBInstanceIdentifier": NAME}
INSTANCE = f"db instance {NAME}"
TAGGED = ["tags.MasterPasswordSecret", "tags.MasterPasswordVersion"]
NEXT = {INSTANCE: TAGGED[1:]}
RUN = Run("ragops-test", "us-east-1")
KEPT = {"secrets": [{"name": LOGIN, "username": "ragops"}], "tags": TAGS}


@pytest.fixture
def database(world: World) -> Life:
    subnets, group = network(world.aws)
    options = {
        "identifier": NAME,
        "subnet_group": {"name": NAME, "subnet_ids": subnets},
        "parameter_group": {"name": f"{NAME}-postgres15"},
        "security_group_ids": [group],
        "tags": TAGS,
    }
    return Life(world, "rds_postgres", options)


@pytest.fixture
def kept(database: Life) -> Life:
    """A database whose master password is in a secret of ours."""
    database.options["master_password_secret"] = LOGIN
    database.world.run("secretsmanager_secrets", KEPT)
    database.settles()
    return database


def instance(aws: Aws) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("rds").describe_db_instances(**WHICH)["DBInstances"][0]
    return found


def version(aws: Aws) -> str:
    """The version of the secret that the instance says it has."""
    tags = {tag["Key"]: tag["Value"] for tag in instance(aws)["TagList"]}
    return tags["MasterPasswordVersion"]


def secret(aws: Aws) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("secretsmanager").get_secret_value(SecretId=LOGIN)
    return found


def test_the_server_gets_the_password_of_the_secret(kept: Life) -> None:
    aws = kept.world.aws
    login = json.loads(secret(aws)["SecretString"])
    assert login["username"] == "ragops"
    assert len(login["password"]) == 40
    assert "MasterUserSecret" not in instance(aws)
    assert version(aws) == secret(aws)["VersionId"]
    assert kept.rests()["instance"]["master_secret_arn"] == secret(aws)["ARN"]
    assert login["password"] not in "".join(kept.world.printed)


def test_another_version_is_given_to_the_server_once(kept: Life) -> None:
    """Also where the run that made it was interrupted before the server had it."""
    aws, world = kept.world.aws, kept.world
    before = secret(aws)["SecretString"]
    again = {"rotate_master_password": True}
    foreseen = world.run(kept.module, {**kept.options, **again}, check=True)
    assert planned(foreseen) == NEXT, "the secret's next version is still to come"
    assert kept.rests()["changed"] is False

    world.run("secretsmanager_secrets", {**KEPT, "rotate": [LOGIN]})
    assert secret(aws)["SecretString"] != before
    sent = len(world.mutations())
    done = kept.settles(**again)
    assert planned(done) == NEXT
    assert world.mutations()[sent:] == ["rds:ModifyDBInstance", "rds:AddTagsToResource"]
    assert version(aws) == secret(aws)["VersionId"]
    kept.rests()
    values = [json.loads(text)["password"] for text in (before, secret(aws)["SecretString"])]
    assert not [value for value in values if value in "".join(world.printed)]


def test_who_keeps_the_password_can_change_both_ways(database: Life) -> None:
    world = database.world
    database.settles()
    assert instance(world.aws)["MasterUserSecret"]["SecretStatus"] == "active"
    world.run("secretsmanager_secrets", KEPT)
    ours = database.settles(master_password_secret=LOGIN)
    assert planned(ours) == {INSTANCE: ["master_password_managed", *TAGGED]}
    assert "MasterUserSecret" not in instance(world.aws)
    database.rests(master_password_secret=LOGIN)
    theirs = database.settles()
    assert "master_password_managed" in planned(theirs)[INSTANCE]
    assert theirs["instance"]["master_secret_arn"] != secret(world.aws)["ARN"]
    # The tags still name the version, which the server no longer has.
    assert "MasterUserSecret" in instance(world.aws)
    database.settles(master_password_secret=LOGIN)
    assert "MasterUserSecret" not in instance(world.aws)


def test_a_secret_without_a_login_is_refused_first(database: Life) -> None:
    world, manager = database.world, database.world.aws.client("secretsmanager")
    options = {**database.options, "master_password_secret": LOGIN}
    quiet = world.mutations()
    missing = world.run(database.module, options, fails=True)
    assert f"secret {LOGIN}" in missing["msg"]
    assert world.mutations() == quiet
    manager.create_secret(Name=LOGIN, SecretString="only-a-password")
    for text, message in (
        ("only-a-password", "not contain a JSON object with username and password"),
        (
            json.dumps({"username": "ragops"}),
            "not contain a JSON object with username and password",
        ),
        (json.dumps({"username": "a", "password": "only-a-password"}), "not the login of ragops"),
    ):
        manager.put_secret_value(SecretId=LOGIN, SecretString=text)
        refused = world.run(database.module, options, fails=True)
        assert re.search(message, refused["msg"]), refused["msg"]
        assert "only-a-password" not in str(refused)
    assert world.aws.client("rds").describe_db_instances()["DBInstances"] == []


def test_the_password_goes_with_the_call_that_changes_it() -> None:
    """The emulated RDS has no server that could be asked."""
    own = own_password.OwnPassword("arn", "v2", "a-password")
    assert "a-password" not in repr(own)
    current = {"tags": {**own.tags, "Project": "x"}, "master_password_managed": False}
    assert own.arguments(current) == {}
    wanted = {"MasterUserPassword": "a-password"}
    for changes in ({"tags": own.tags | {"MasterPasswordVersion": "v1"}}, {"tags": {}}):
        assert own.arguments({**current, **changes}) == wanted
    assert own.arguments({**current, "master_password_managed": True}) == wanted


def test_aws_rotates_by_schedule(database: Life) -> None:
    world = database.world
    database.settles()
    by_schedule = {
        "master_password_rotation_schedule": "cron(0 4 ? * SUN#1 *)",
        "master_password_rotation_window": "2h",
    }
    done = database.settles(**by_schedule)
    label = f"master password of {INSTANCE}"
    assert planned(done) == {label: ["rotated_by_schedule", "rotated_within"]}
    arn = instance(world.aws)["MasterUserSecret"]["SecretArn"]
    manager = world.aws.client("secretsmanager")
    rules = manager.describe_secret(SecretId=arn)["RotationRules"]
    assert rules == {"ScheduleExpression": "cron(0 4 ? * SUN#1 *)", "Duration": "2h"}
    back = database.settles()
    assert planned(back) == {label: ["rotated_every_days"]}
    assert manager.describe_secret(SecretId=arn)["RotationRules"] == {"AutomaticallyAfterDays": 90}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"master_password_rotation_schedule": "monthly"}, "cron.*first Sunday"),
        ({"master_password_rotation_window": "30m"}, "1h to 24h"),
        ({"master_password_rotation_window": "25h"}, "1h to 24h"),
    ],
)
def test_a_schedule_that_aws_refuses_is_refused_first(
    database: Life, options: dict[str, Any], message: str
) -> None:
    refused = database.world.run(database.module, {**database.options, **options}, fails=True)
    assert re.search(message, refused["msg"]), refused["msg"]


def test_preflight_warns_of_a_password_that_aws_changes() -> None:
    assert list(inputs.warnings({"rds_master_password_keeper": "platform"}, RUN)) == []
    (warning,) = inputs.warnings({"rds_master_password_keeper": "aws"}, RUN)
    assert "invalid until the next run" in warning
