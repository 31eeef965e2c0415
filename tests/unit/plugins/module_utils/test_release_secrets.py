"""What the backend's and the migration's Secrets hold."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._release import secrets


def decoded(data: dict[str, str]) -> dict[str, str]:
    return {variable: base64.b64decode(value).decode() for variable, value in data.items()}


def backend(name: str, role: str, extra: dict[str, Any], **stored: str) -> dict[str, str]:
    wanted = {"VARIABLE": {"name": name, "role": role}}
    return decoded(secrets.backend(wanted, list(stored), list(stored.values()), extra))


@pytest.mark.parametrize(
    ("name", "value", "given"),
    [
        ("redis-url", "rediss://a:1", "rediss://a:1"),
        ("milvus-app-login", json.dumps({"username": "app", "password": "p:w"}), "app:p:w"),
        ("milvus-token", "of-root", "root:of-root"),
        ("milvus-token", "somebody:else", "somebody:else"),
    ],
)
def test_a_secret_is_given_as_the_backend_takes_it(name: str, value: str, given: str) -> None:
    assert backend(name, "", {}, **{name: value}) == {"VARIABLE": given}


def test_a_secret_that_is_still_to_be_written_is_unknown_and_an_optional_one_left_out() -> None:
    assert backend("redis-url", "elasticache", {}) == {"VARIABLE": "(known after creation)"}
    assert backend("openai-api-key", "", {}) == {}


def test_further_variables_are_texts_and_come_last() -> None:
    stored = {"redis-url": "stored"}
    given = backend("redis-url", "", {"VARIABLE": "own", "NUMBER": 3, "YES": True}, **stored)
    assert given == {"VARIABLE": "own", "NUMBER": "3", "YES": "True"}


def test_the_migration_logs_in_as_the_owner_where_the_application_does() -> None:
    url = "postgresql://app:own@db.example.com:5432/rag?sslmode=verify-full"
    login = {"username": "owner/1", "password": "p@ss:w/rd é"}
    assert decoded(secrets.owner(url, login)) == {
        "APPLICATION_DATABASE_URL": url,
        "DATABASE_URL": "postgresql://owner%2F1:p%40ss%3Aw%2Frd%20%C3%A9"
        "@db.example.com:5432/rag?sslmode=verify-full",
    }
