"""Repositories keep their tags, are scanned, and open to nobody who isn't named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.drifts.ecr import DRIFTS
from support.lifecycle import TAGS, Life, World, planned
from support.module_process import examples, play

NAMES = ["ragops-test/backend", "ragops-test/frontend"]
BACKEND = {"repositoryName": NAMES[0]}
WISH: dict[str, Any] = {"names": NAMES, "tags": TAGS}


def life(world: World, **more: Any) -> Life:
    return Life(world, "ecr_repositories", {**WISH, **more})


def put_image(ecr: Any) -> None:
    ecr.put_image(**BACKEND, imageManifest=json.dumps({"schemaVersion": 2}), imageTag="1")


def test_each_drift_is_named_and_repaired(world: World) -> None:
    here, ecr = life(world), world.aws.client("ecr")
    made = here.settles()["repositories"]
    assert [item["name"] for item in made] == NAMES
    assert made[0]["uri"].endswith(f".dkr.ecr.us-east-1.amazonaws.com/{NAMES[0]}")
    for drift in DRIFTS:
        drift.on(NAMES[0])(world.aws)
        assert planned(here.settles()) == drift.planned(NAMES[0])
    with pytest.raises(ecr.exceptions.RepositoryPolicyNotFoundException):
        ecr.get_repository_policy(**BACKEND)


def test_others_may_pull_who_are_named(world: World) -> None:
    account = "111122223333"
    life(world, pull_principals=[account]).settles()
    ecr = world.aws.client("ecr")
    policy = json.loads(ecr.get_repository_policy(**BACKEND)["policyText"])
    assert policy["Statement"][0]["Principal"] == {"AWS": [account]}
    # AWS reports an account as its root: that is the same.
    policy["Statement"][0]["Principal"] = {"AWS": f"arn:aws:iam::{account}:root"}
    ecr.set_repository_policy(**BACKEND, policyText=json.dumps(policy))
    life(world, pull_principals=[account]).rests()
    life(world).settles()


def test_another_encryption_is_refused(world: World) -> None:
    kms, here = world.aws.client("kms"), life(world)
    here.settles()
    key = kms.create_key()["KeyMetadata"]["Arn"]
    for check in (True, False):
        quiet = world.mutations()
        refused = world.run(
            "ecr_repositories", {**WISH, "kms_key_id": key}, check=check, fails=True
        )
        assert (
            f"is encrypted with AES256, but should be encrypted with KMS key {key}"
            in refused["msg"]
        )
        assert "Set ecr_kms_key_id to the current key, or remove the repository" in refused["msg"]
        assert world.mutations() == quiet


def test_another_key_is_refused_too(world: World) -> None:
    kms = world.aws.client("kms")
    keys = [kms.create_key()["KeyMetadata"]["Arn"] for _ in range(2)]
    life(world, kms_key_id=keys[0]).settles()
    found = world.aws.client("ecr").describe_repositories(repositoryNames=NAMES)["repositories"]
    assert {item["encryptionConfiguration"]["kmsKey"] for item in found} == {keys[0]}
    refused = world.run("ecr_repositories", {**WISH, "kms_key_id": keys[1]}, fails=True)
    assert (
        f"is encrypted with KMS key {keys[0]}, but should be encrypted with KMS key {keys[1]}"
        in refused["msg"]
    )


def test_images_stay_unless_told_otherwise(world: World) -> None:
    here = life(world)
    here.settles()
    put_image(world.aws.client("ecr"))
    done = world.run("ecr_repositories", {**WISH, "state": "absent"})
    assert (done["changed"], done["kept"]) == (True, [NAMES[0]])
    assert "were kept, because they contain images" in str(done["warnings"])
    here.rests("absent")
    here.settles("absent", force=True)


def test_somebody_elses_repository_is_left_alone(world: World) -> None:
    ecr = world.aws.client("ecr")
    ecr.create_repository(**BACKEND, tags=[{"Key": "Project", "Value": "other"}])
    quiet = world.mutations()
    assert "belongs to somebody else" in world.run("ecr_repositories", WISH, fails=True)["msg"]
    options = {**WISH, "state": "absent", "force": True}
    assert "is not removed" in world.run("ecr_repositories", options, fails=True)["msg"]
    assert world.mutations() == quiet


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": ["Backend"]}, "'Backend' must have 2 to 256 lower-case letters"),
        ({"names": ["a"]}, "must have 2 to 256"),
        ({"names": ["rag//backend"]}, "must have 2 to 256"),
        ({"keep_images": 0}, "keep_images is 0 and must be at least 1"),
        ({"untagged_days": 0}, "untagged_days is 0 and must be at least 1"),
        ({"pull_principals": ["*"]}, "Everybody (*) is not allowed"),
        ({"pull_principals": ["arn:aws:iam::111122223333:group/x"]}, "Give an account"),
        ({"kms_key_id": "alias/none", "wait_timeout": 0}, "role kms creates it"),
    ],
)
def test_what_aws_would_refuse_is_refused_first(
    world: World, options: dict[str, Any], message: str
) -> None:
    quiet = world.mutations()
    assert message in world.run("ecr_repositories", {**WISH, **options}, fails=True)["msg"]
    assert world.mutations() == quiet


def test_the_examples_run(world: World, tmp_path: Path) -> None:
    results = play(examples("ecr_repositories"), tmp_path, world.aws.environment)
    assert [result["changed"] for result in results] == [True, True]
    assert results[1]["kept"] == []
