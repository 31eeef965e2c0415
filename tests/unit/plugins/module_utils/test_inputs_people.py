"""How people sign in at the application: what preflight says of the inputs."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._app_rollout import people

GOOD = {
    "issuer": "https://id.example.com/realms/a",
    "client_id": "rag",
    "pages_url": "https://rag.example.com",
    "roles": {"rag-admins": "admin"},
}


def said(oidc: dict[str, Any], auth: str = "oidc", **more: Any) -> list[str]:
    given = {"app_rollout_auth": auth, "app_rollout_oidc": oidc}
    return list(people.problems({**given, **more}))


@pytest.mark.parametrize(
    ("oidc", "more"),
    [
        (GOOD, {}),
        ({**GOOD, "roles": {}, "default_role": "reader"}, {}),
        (
            {**GOOD, "pages_url": None},
            {"app_rollout_host": "rag.example.com", "app_rollout_hosted_zone": "example.com"},
        ),
        ({}, {"app_rollout_auth": "keys"}),
        ({}, {"app_rollout_state": "absent"}),
    ],
)
def test_what_people_can_sign_in_with_is_taken(oidc: dict[str, Any], more: dict[str, Any]) -> None:
    assert said(oidc, **more) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"issuer": ""}, "lacks issuer"),
        ({"client_id": None}, "lacks client_id"),
        ({"roles": {}}, "neither roles nor default_role"),
        ({"roles": {}, "default_role": "none"}, "neither roles nor default_role"),
        ({"roles": {"a": "root"}}, "has root"),
        ({"issuer": "http://id.example.com"}, "issuer must begin with https://"),
        ({"pages_url": "http://rag.example.com"}, "pages_url must begin with https://"),
        ({"pages_url": ""}, "needs pages_url"),
    ],
)
def test_what_nobody_could_sign_in_with_is_named(change: dict[str, Any], words: str) -> None:
    [told] = said({**GOOD, **change})
    assert words in told


def test_an_issuer_that_is_not_asked_is_named() -> None:
    [told] = said(GOOD, "keys")
    assert "app_rollout_auth is not oidc" in told
