# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the inputs of role secrets must be."""

from __future__ import annotations

from collections.abc import Iterator

from .._inputs import forms
from .._inputs.rules import Inputs, Rules, Run, key_of
from .component import SECRETS

LARGEST = 65536
"""Bytes that Secrets Manager takes of a value."""
NAME = forms.pattern(r"[\w/+=.@-]{1,400}", "a secret's name: letters, digits and / _ + = . @ -")


def problems(inputs: Inputs, _: Run) -> Iterator[str]:
    """Yield what is wrong with the inputs of role secrets."""
    days = inputs.get("secrets_recovery_window_days", 30)
    if days and not 7 <= days <= 30:
        yield f"secrets: secrets_recovery_window_days is {days}, but AWS allows 0 or 7 to 30."
    key = inputs.get("secrets_openai_api_key") or ""
    if key and (key != key.strip() or " " in key):
        yield "secrets: secrets_openai_api_key contains spaces or a line break. Give the key only."
    for extra in inputs.get("secrets_extra", []):
        if extra.get("name") in SECRETS:
            yield (
                f"secrets: secrets_extra has {extra['name']}, which the platform creates itself."
                " Choose another name."
            )
        if len(str(extra.get("value") or "").encode()) > LARGEST:
            yield (
                f"secrets: the value of {extra.get('name')} in secrets_extra is longer than"
                f" {LARGEST} bytes, which is the limit of Secrets Manager."
            )
        # A variable of the environment that is not set gives this, and a random value is no key.
        if extra.get("value") == "":
            yield (
                f"secrets: secrets_extra has an empty value for {extra.get('name')}. Give a value,"
                " or remove `value` to generate a random one."
            )
        length = extra.get("generate_length")
        if length is not None and "value" not in extra and not 16 <= length <= 128:
            yield (
                f"secrets: secrets_extra has generate_length {length} for {extra.get('name')}: "
                "give 16 to 128."
            )


def owned(own: Inputs, _: Run) -> Iterator[tuple[str, ...]]:
    """Yield the names that somebody else may have already."""
    yield "secret", "/redis-auth-token"
    yield "secret", "/milvus-token"
    yield "secret", "/milvus-app-login"
    if own.get("secrets_openai_api_key"):
        yield "secret", "/openai-api-key"
    if own.get("secrets_api_key"):
        yield "secret", "/api-key"
        yield "secret", "/api-key-previous"
    for extra in own.get("secrets_extra") or []:
        yield "secret", f"/{extra.get('name')}"


RULES = Rules(
    problems=problems,
    forms={
        "secrets_extra.name": NAME,
        "secrets_kms_key_id": forms.KEY,
        "secrets_readers": forms.PRINCIPALS,
    },
    owned=owned,
    key=key_of("secrets_kms_key_id"),
)
