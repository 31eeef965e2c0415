"""The documented examples of the data stores' modules, run as tasks: made, then removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.data_store_worlds import network
from support.lifecycle import World
from support.module_process import examples, play


@pytest.mark.parametrize("name", ["rds_postgres", "elasticache_replication_group"])
def test_the_examples_do_what_they_say(name: str, world: World, tmp_path: Path) -> None:
    subnets, group = network(world.aws)
    world.aws.client("secretsmanager").create_secret(
        Name="ragops-dev/database-login",
        SecretString=json.dumps({"username": "ragops", "password": "a-password-of-an-example"}),
    )
    text = json.dumps(examples(name)).replace("{{ token }}", "a-token-of-an-example")
    for written, real in zip(("subnet-0a", "subnet-0b", "sg-0a"), (*subnets, group), strict=True):
        text = text.replace(written, real)
    results = play(json.loads(text), tmp_path, world.aws.environment)
    assert [result["changed"] for result in results] == [True] * len(results)
    rds, cache = world.aws.client("rds"), world.aws.client("elasticache")
    assert rds.describe_db_instances()["DBInstances"] == []
    assert cache.describe_replication_groups()["ReplicationGroups"] == []
