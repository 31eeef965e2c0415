"""A plan by who may not read the values of secrets: true, and it says what it can't know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.ansible_runs import Ran, run_module
from support.deciding import Account, deciding

TAGS = {"Project": "ragops", "Environment": "dev"}
READER = {
    "Effect": "Allow",
    "Action": ["secretsmanager:DescribeSecret", "kms:*", "sts:*"],
    "Resource": "*",
}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder: Path = tmp_path_factory.mktemp("values")
    with deciding(folder) as served:
        yield served


def environment(account: Account, key: tuple[str, str]) -> dict[str, str]:
    own = {"AWS_ACCESS_KEY_ID": key[0], "AWS_SECRET_ACCESS_KEY": key[1]}
    return {**account.aws.environment, **own}


def ensure(account: Account, key: tuple[str, str], *flags: str, **secret: Any) -> Ran:
    arguments = {
        "region": "us-east-1",
        "secrets": [{"name": "ragops-dev/url", "description": "URL", "value": "one", **secret}],
        "tags": TAGS,
    }
    module = "ragops.platform.secretsmanager_secrets"
    return run_module(module, arguments, environment(account, key), *flags)


def test_a_value_that_may_not_be_read_is_not_compared_and_the_plan_says_so(
    account: Account,
) -> None:
    owner = account.user({"Effect": "Allow", "Action": "*", "Resource": "*"})
    assert ensure(account, owner).result["changed"]
    reader = account.user(READER)
    planned = ensure(account, reader, "--check", value="two")
    assert not planned.result["changed"]
    said = " ".join(planned.result["warnings"])
    assert (
        "These values were not compared, because the caller may not read them: ragops-dev/url"
        in said
    )
    assert ensure(account, reader, "--check", description="other").result["changed"]
    # Who may read compares, and a run never goes on without.
    assert ensure(account, owner, "--check", value="two").result["changed"]
    failed = ensure(account, reader, value="two")
    assert "not allowed to secretsmanager:GetSecretValue" in failed.result["msg"]


def test_a_lookup_leaves_out_what_may_not_be_read_only_where_it_is_told_to(
    account: Account,
) -> None:
    reader = account.user(READER)
    account.client("secretsmanager").create_secret(Name="other", SecretString="x")

    def look_up(more: str = "") -> Ran:
        text = (
            f"{{{{ lookup('ragops.platform.secret_value', 'other', region='us-east-1'{more}) }}}}"
        )
        return run_module(
            "ansible.builtin.debug", {"msg": f"<{text}>"}, environment(account, reader)
        )

    assert look_up(", on_denied='skip'").result["msg"] == "<[]>"
    assert "not allowed to secretsmanager:GetSecretValue" in json.dumps(look_up().result)
