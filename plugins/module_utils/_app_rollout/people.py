# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What is wrong with how people sign in at the application."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._inputs.rules import Inputs
from . import exposure

_ROLES = ("reader", "writer", "admin")
_URLS = ("issuer", "pages_url", "logout_url")


def problems(inputs: Inputs) -> Iterator[str]:
    """Yield what is wrong with app_rollout_auth and app_rollout_oidc."""
    given = {key: value for key, value in (inputs.get("app_rollout_oidc") or {}).items() if value}
    if inputs.get("app_rollout_state") == "absent":
        return
    if inputs.get("app_rollout_auth") != "oidc":
        if given:
            yield (
                "app_rollout: app_rollout_oidc is set, but app_rollout_auth is not oidc. Nobody"
                " would be asked to sign in. Set app_rollout_auth to oidc."
            )
        return
    yield from _missing(given)
    yield from _wrong(given)
    asked = exposure.effective(inputs)
    if not given.get("pages_url") and not (asked["host"] and exposure.secure(asked)):
        yield (
            "app_rollout: app_rollout_oidc needs pages_url, where people reach the pages, because"
            " app_rollout_host has no certificate."
        )


def _missing(given: Mapping[str, Any]) -> Iterator[str]:
    missing = [name for name in ("issuer", "client_id") if not given.get(name)]
    if missing:
        yield f"app_rollout: app_rollout_oidc lacks {', '.join(missing)}."
    if not given.get("roles") and given.get("default_role", "none") == "none":
        yield (
            "app_rollout: app_rollout_oidc has neither roles nor default_role, so nobody could"
            " sign in. Give a role (reader, writer or admin) by value of role_claim."
        )


def _wrong(given: Mapping[str, Any]) -> Iterator[str]:
    plain = [name for name in _URLS if not str(given.get(name, "https://")).startswith("https://")]
    if plain:
        yield f"app_rollout: app_rollout_oidc: {', '.join(plain)} must begin with https://."
    roles = given.get("roles") or {}
    strange = sorted({str(role) for role in roles.values()} - set(_ROLES))
    if strange:
        yield (
            f"app_rollout: app_rollout_oidc.roles has {', '.join(strange)[:60]}. Use reader,"
            " writer or admin."
        )
