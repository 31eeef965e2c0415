"""Databases and caches in an account that calls them available before it begins to change them.

A module that believed that would say that it is done, or send the next change into the first.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.emulator import Aws, adjusted
from support.faults.killing import run_module
from support.faults.subjects import NAME, TAGS, private_network, subnets


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """An account that shows a change a second late, and then is at work on it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_UNSEEN_SECONDS", "1")
        patch.setenv("AWS_CACHE_SECONDS", "0.3")
        patch.setenv("AWS_RDS_SECONDS", "0.3")
        with adjusted(tmp_path_factory.mktemp("slow") / "requests.jsonl") as aws:
            yield aws


def test_a_cache_is_changed_when_the_module_says_so(slow: Aws) -> None:
    """In two steps: a replica, then what needs one."""
    ground = private_network(slow)
    wanted = {
        "replication_group_id": NAME,
        "subnet_group": subnets(ground),
        "security_group_ids": [ground["group"]],
        "parameter_group": {"name": f"{NAME}-redis7"},
        "tags": TAGS,
    }
    module = "elasticache_replication_group"
    run_module(slow.environment, module, {**wanted, "replicas": 0, "multi_az": False})
    more = {"replicas": 1, "multi_az": True}
    made = run_module(slow.environment, module, {**wanted, **more})["replication_group"]
    told = {key: made[key] for key in ("replicas", "automatic_failover", "multi_az")}
    assert told == {"replicas": 1, "automatic_failover": True, "multi_az": True}


def test_a_database_is_changed_when_the_module_says_so(slow: Aws) -> None:
    """What others read of it then is what was asked for."""
    ground = private_network(slow)
    wanted = {
        "identifier": NAME,
        "engine_version": "15",
        "subnet_group": subnets(ground),
        "parameter_group": {"name": f"{NAME}-postgres15"},
        "security_group_ids": [ground["group"]],
        "deletion_protection": False,
        "tags": TAGS,
    }
    run_module(slow.environment, "rds_postgres", wanted)
    run_module(slow.environment, "rds_postgres", {**wanted, "backup_retention_days": 9})
    described = slow.client("rds").describe_db_instances()["DBInstances"][0]
    assert (described["BackupRetentionPeriod"], described["DBInstanceStatus"]) == (9, "available")
    # RDS calls its secret active at first, with the password from before.
    which = {"SecretId": described["MasterUserSecret"]["SecretArn"]}
    secrets = slow.client("secretsmanager")
    before = secrets.get_secret_value(**which)["VersionId"]
    more = {"backup_retention_days": 9, "rotate_master_password": True}
    run_module(slow.environment, "rds_postgres", {**wanted, **more})
    assert secrets.get_secret_value(**which)["VersionId"] != before
    described = slow.client("rds").describe_db_instances()["DBInstances"][0]
    assert described["MasterUserSecret"]["SecretStatus"] == "active"
