"""docs/iam/run.json: enough for what a run does around its work, and for no other lock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from support.deciding import Account, deciding
from support.module_process import run_module
from support.published_policies import filled

STATEMENTS: list[dict[str, Any]] = filled("run", "ragops-dev")["Statement"]
WHO = {"project": "ragops", "environment": "dev"}
LOCK = "/ragops.platform/ragops-dev/lock"
PATIENCE = 30


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with deciding(tmp_path_factory.mktemp("run-policy")) as served:
        yield served


def environment(account: Account, *allowed: dict[str, Any]) -> dict[str, str]:
    key, secret = account.user(*allowed)
    named = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}
    return {**account.aws.environment, **named}


def locks(account: Account) -> list[str]:
    return [each["Name"] for each in account.client("ssm").describe_parameters()["Parameters"]]


def test_a_run_takes_its_lock_and_removes_it(account: Account, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir(mode=0o700)
    env = environment(account, *STATEMENTS)
    run_module("platform_lock", {**WHO, "work": "site.yml", "folder": str(run)}, env=env)
    assert locks(account) == [LOCK]
    run.rename(tmp_path / "over")
    end = time.monotonic() + PATIENCE
    while locks(account):
        assert time.monotonic() < end, "the lock is still there"
        time.sleep(0.2)


def test_another_platforms_lock_is_out_of_reach(account: Account, tmp_path: Path) -> None:
    env = environment(account, *STATEMENTS)
    wanted = {**WHO, "environment": "prod", "work": "site.yml", "folder": str(tmp_path)}
    failed = run_module("platform_lock", wanted, env=env, fails=True)
    assert "ssm:PutParameter" in failed["msg"]


def test_the_account_is_asked_with_it_and_not_without(account: Account) -> None:
    wanted = {
        **WHO,
        "network": {"zone_count": 2},
        "node_groups": [{"name": "main", "instance_types": ["t3.medium"]}],
        "database_class": "db.t3.micro",
    }
    told = run_module(
        "platform_account_info",
        wanted,
        env=environment(account, *STATEMENTS),
    )
    assert len(told["availability_zones"]) == 2
    less = [each for each in STATEMENTS if each["Sid"] != "LookAtTheAccount"]
    failed = run_module(
        "platform_account_info", wanted, env=environment(account, *less), fails=True
    )
    assert "not allowed to ec2:Describe" in failed["msg"]


def test_a_session_is_no_shell(account: Account) -> None:
    key, secret = account.user(*STATEMENTS)
    ec2 = account.client("ec2")
    made = ec2.run_instances(
        ImageId="ami-12345678", InstanceType="t3.micro", MinCount=1, MaxCount=1
    )
    target = made["Instances"][0]["InstanceId"]
    ec2.create_tags(Resources=[target], Tags=[{"Key": "Name", "Value": "somebodys"}])
    with pytest.raises(ClientError, match="AccessDenied"):
        account.client("ssm", key, secret).start_session(Target=target)
