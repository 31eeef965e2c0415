# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Policy documents: compared by meaning, merged by statement id, refused when open to anybody.

AWS hands a policy back in another spelling than it was given (a list of one as
a text, an account as its root's ARN), so texts can't be compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from .aws import AwsError, Dict

_LISTS = ("Action", "NotAction", "Resource", "NotResource")


def parse(text: str | None) -> Dict | None:
    """Return a policy's document; None where there is none."""
    if not text:
        return None
    document: Dict = json.loads(text)
    return document


def text(document: Mapping[str, Any]) -> str:
    """Return a policy as AWS takes it."""
    return json.dumps(document)


def statements_of(document: Mapping[str, Any] | None) -> list[Dict]:
    """Return the statements; AWS takes a single one without a list."""
    found = (document or {}).get("Statement") or []
    return [found] if isinstance(found, dict) else list(found)


def same(one: Mapping[str, Any] | None, other: Mapping[str, Any] | None) -> bool:
    """Return whether two policies mean the same, whatever their spelling and order."""
    return _normal(one) == _normal(other)


def merge(
    current: Mapping[str, Any] | None, ours: Mapping[str, Any], sids: Collection[str]
) -> Dict:
    """Return our statements, then those of others: all whose Sid is none of `sids`."""
    others = [item for item in statements_of(current) if item.get("Sid") not in sids]
    return {
        "Version": ours.get("Version", "2012-10-17"),
        "Statement": statements_of(ours) + others,
    }


def without_open(document: Mapping[str, Any] | None) -> Dict | None:
    """Return the policy without the statements that anybody could use."""
    if document is None:
        return None
    kept = [item for item in statements_of(document) if not _is_open(item)]
    return {**document, "Statement": kept}


def refuse_open(document: Mapping[str, Any] | None, about: str) -> None:
    """Refuse a policy that anybody could use.

    Raises:
        AwsError: a statement allows every principal and has no condition.
    """
    for statement in statements_of(document):
        if _is_open(statement):
            raise AwsError(
                f"The {about}'s statement {statement.get('Sid', statement)} allows every"
                " principal. Give an account, a role or a service, or add a condition."
            )


def _is_open(statement: Mapping[str, Any]) -> bool:
    """Return whether a statement allows every principal without a condition."""
    if statement.get("Effect") != "Allow" or statement.get("Condition"):
        return False
    return "NotPrincipal" in statement or _is_anybody(statement.get("Principal"))


def _is_anybody(principal: Any) -> bool:
    values = principal.values() if isinstance(principal, dict) else [principal]
    return any("*" in _listed(value) for value in values)


def _listed(value: Any) -> list[str]:
    found = value if isinstance(value, list) else [value]
    return sorted(_text(item) for item in found)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _normal(document: Mapping[str, Any] | None) -> list[str]:
    """One text per statement, sorted."""
    return sorted(
        json.dumps(_normal_statement(item), sort_keys=True) for item in statements_of(document)
    )


def _normal_statement(statement: Mapping[str, Any]) -> Dict:
    normal: Dict = dict(statement)
    for key in _LISTS:
        if key in statement:
            normal[key] = _listed(statement[key])
    for key in ("Principal", "NotPrincipal"):
        if key in statement:
            normal[key] = _normal_principal(statement[key])
    normal["Condition"] = {
        operator: {key: _listed(value) for key, value in test.items()}
        for operator, test in (statement.get("Condition") or {}).items()
    }
    return normal


def _normal_principal(principal: Any) -> Dict:
    if not isinstance(principal, dict):
        return {"AWS": _listed(principal)}
    return {
        kind: sorted(_account_of(value) for value in _listed(values))
        for kind, values in principal.items()
    }


def _account_of(principal: str) -> str:
    """An account's root ARN as the account's digits, the shorter of its two spellings."""
    root = re.fullmatch(r"arn:[^:]+:iam::(\d{12}):root", principal)
    return root.group(1) if root else principal
