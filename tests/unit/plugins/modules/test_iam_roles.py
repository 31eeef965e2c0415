"""IAM roles: made whole, repaired, bounded, removed; nobody else's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.drifts.iam import DRIFTS
from support.lifecycle import TAGS, Life, World, planned
from support.module_process import examples, play

NAME = "ragops-test-workload-backend"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"AWS": "arn:{partition}:iam::{account}:root"},
        }
    ],
}
READ = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:{partition}:s3:::b/*"}
    ],
}
BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"
MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def role(**more: Any) -> dict[str, Any]:
    return {"name": NAME, "trust": TRUST, "policies": {"read": READ}, **more}


def life(world: World, *roles: dict[str, Any], **more: Any) -> Life:
    options = {"roles": list(roles) or [role()], "tags": {**TAGS, "Component": "x"}, **more}
    return Life(world, "iam_roles", options)


def test_every_drift_of_a_role_is_repaired(world: World) -> None:
    wanted = role(
        description="what it is for",
        path="/ragops/",
        managed_policies=[MANAGED],
        permissions_boundary=BOUNDARY,
    )
    here = life(world, wanted)
    here.settles()
    for drift in DRIFTS:
        drift.on(NAME)(world.aws)
        quiet = len(world.mutations())
        assert planned(here.settles()) == drift.planned(NAME)
        assert world.mutations()[quiet:] == list(drift.repair)
    here.settles("absent")
    listed = world.aws.client("iam").list_roles()["Roles"]
    assert NAME not in [each["RoleName"] for each in listed]


def test_what_is_made_is_what_was_asked_for(world: World) -> None:
    answer = life(world).settles()
    arn = f"arn:aws:iam::000000000000:role/{NAME}"
    assert answer["roles"] == {NAME: arn}
    iam = world.aws.client("iam")
    made = iam.get_role(RoleName=NAME)["Role"]
    principal = made["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
    assert principal == {"AWS": "arn:aws:iam::000000000000:root"}
    document = iam.get_role_policy(RoleName=NAME, PolicyName="read")["PolicyDocument"]
    assert document["Statement"][0]["Resource"] == "arn:aws:s3:::b/*"


def test_the_arn_is_known_before_the_role_is_there(world: World) -> None:
    foreseen = world.run("iam_roles", life(world, role(path="/a/")).options, check=True)
    assert foreseen["roles"] == {NAME: f"arn:aws:iam::000000000000:role/a/{NAME}"}


def test_a_boundary_is_taken_away_again_and_others_tags_stay(world: World) -> None:
    life(world, role(permissions_boundary=BOUNDARY)).settles()
    iam = world.aws.client("iam")
    iam.tag_role(RoleName=NAME, Tags=[{"Key": "Owner", "Value": "they"}])
    life(world).settles()
    made = iam.get_role(RoleName=NAME)["Role"]
    assert "PermissionsBoundary" not in made
    assert {"Key": "Owner", "Value": "they"} in made["Tags"]


def test_another_spelling_of_the_same_document_is_no_change(world: World) -> None:
    life(world).settles()
    single = {**READ, "Statement": {**READ["Statement"][0], "Action": "s3:GetObject"}}  # type: ignore[dict-item]
    life(world, role(policies={"read": single})).rests()


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (role(name="a b"), "its name must be 1 to 64 letters"),
        (role(path="ragops"), "path 'ragops' must begin and end with /"),
        (role(max_session_duration=60), "max_session_duration is 60 and must be 3600 to 43200"),
        (role(trust={}), "trust has no statement"),
        (role(policies={"read": {"Version": "2012-10-17"}}), "policy 'read' has no statement"),
        (role(policies={"a b": READ}), "policy 'a b' must have a name of letters"),
        (role(policies={f"p{n}": READ for n in range(90)}), "AWS allows 10240"),
    ],
)
def test_what_aws_would_refuse_is_refused_before(
    world: World, bad: dict[str, Any], said: str
) -> None:
    quiet = world.mutations()
    answer = world.run("iam_roles", life(world, bad).options, fails=True)
    assert said in answer["msg"]
    assert answer["msg"].startswith(f"IAM role {bad['name']}")
    assert world.mutations() == quiet


def test_another_path_is_refused_with_the_way_round_it(world: World) -> None:
    life(world).settles()
    answer = world.run("iam_roles", life(world, role(path="/a/")).options, fails=True)
    assert "AWS cannot change it to /a/" in answer["msg"]


def test_somebody_elses_role_is_left_alone(world: World) -> None:
    life(world, tags={**TAGS, "Environment": "other"}).settles()
    answer = world.run("iam_roles", life(world).options, fails=True)
    assert "somebody else" in answer["msg"]
    answer = world.run("iam_roles", {**life(world).options, "state": "absent"}, fails=True)
    assert "is not removed" in answer["msg"]


def test_what_iam_says_of_a_document_is_passed_on(world: World) -> None:
    bad = role(policies={"read": {"Statement": [{"Effect": "Maybe"}]}})
    answer = world.run("iam_roles", life(world, bad).options, fails=True)
    assert "MalformedPolicyDocument" in answer["msg"]
    assert NAME in answer["msg"]


def test_the_examples_run(world: World, tmp_path: Path) -> None:
    results = play(examples("iam_roles"), tmp_path, world.aws.environment)
    assert [result["changed"] for result in results] == [True, True]
