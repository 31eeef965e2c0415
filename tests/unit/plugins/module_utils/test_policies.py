"""Policies: what means the same is the same, ours goes beside theirs, open ones are refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils import policies
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError

TLS = {
    "Sid": "RefuseWithoutTls",
    "Effect": "Deny",
    "Principal": "*",
    "Action": ["s3:*"],
    "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    ("field", "spelling"),
    [
        ("Action", "s3:*"),
        ("Resource", ["arn:aws:s3:::b/*", "arn:aws:s3:::b"]),
        ("Principal", {"AWS": "*"}),
        ("Principal", {"AWS": ["*"]}),
        ("Condition", {"Bool": {"aws:SecureTransport": [False]}}),
    ],
)
def test_another_spelling_is_the_same_policy(field: str, spelling: object) -> None:
    assert policies.same(policy(TLS), policy({**TLS, field: spelling}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Effect", "Allow"),
        ("Action", ["s3:GetObject"]),
        ("Principal", {"AWS": "111122223333"}),
        ("Condition", {}),
        ("Condition", {"Bool": {"aws:SecureTransport": "true"}}),
    ],
)
def test_another_meaning_is_not(field: str, value: object) -> None:
    assert not policies.same(policy(TLS), policy({**TLS, field: value}))


def test_an_account_has_two_spellings_and_order_says_nothing() -> None:
    one = {"Effect": "Allow", "Action": "a:b", "Principal": {"AWS": "111122223333"}}
    other = {**one, "Principal": {"AWS": ["arn:aws:iam::111122223333:root"]}}
    assert policies.same(policy(one, TLS), policy(TLS, other))
    assert policies.same(policy(one), {"Statement": other})
    assert policies.same(None, policy())


def test_ours_replaces_ours_and_leaves_others() -> None:
    others = {"Sid": "Audit", "Effect": "Allow"}
    stale = {**TLS, "Effect": "Allow"}
    merged = policies.merge(policy(others, stale), policy(TLS), {"RefuseWithoutTls"})
    assert merged == policy(TLS, others)
    assert policies.merge(None, policy(TLS), {"RefuseWithoutTls"}) == policy(TLS)


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ["111122223333", "*"]}])
def test_an_open_statement_is_refused(principal: object) -> None:
    statement = {"Sid": "Open", "Effect": "Allow", "Principal": principal, "Action": "kms:*"}
    with pytest.raises(AwsError, match="key policy's statement Open allows every principal"):
        policies.refuse_open(policy(statement), "key policy")
    policies.refuse_open(policy({**statement, "Condition": {"Bool": {"a": "b"}}}), "key policy")
    policies.refuse_open(policy({**statement, "Effect": "Deny"}), "key policy")
    policies.refuse_open(None, "key policy")


def test_everybody_but_one_is_open_too() -> None:
    statement = {"Effect": "Allow", "NotPrincipal": {"AWS": "111122223333"}, "Action": "kms:*"}
    with pytest.raises(AwsError, match="allows every principal"):
        policies.refuse_open(policy(statement), "key policy")


def test_texts_are_read_and_written() -> None:
    assert policies.parse(policies.text(policy(TLS))) == policy(TLS)
    assert policies.parse("") is None


def test_statements_open_to_anybody_are_left_out() -> None:
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    limited = {**allow, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}
    deny = {**allow, "Effect": "Deny"}
    document = {"Version": "2012-10-17", "Statement": [allow, limited, deny]}
    kept = {"Version": "2012-10-17", "Statement": [limited, deny]}
    assert policies.without_open(document) == kept
    assert policies.without_open(None) is None
