# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The shape of an IAM role, as AWS and as we say it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from .. import policies
from ..aws import AwsError, Dict, tag_dict

NAME = re.compile(r"[\w+=,.@-]{1,64}")
PATH = re.compile(r"/([\x21-\x7e]{1,510}/)?")
POLICY_NAME = re.compile(r"[\w+=,.@-]{1,128}")
# What AWS takes by default; whitespace doesn't count.
POLICIES_SIZE = 10240
SESSION = (3600, 43200)
"""Seconds that a session may last at least and at most."""


def about(name: str) -> str:
    """How errors and diffs name a role."""
    return f"IAM role {name}"


def check(wanted: Mapping[str, Any]) -> None:
    """Refuse what AWS would refuse, before anything is called.

    Raises:
        AwsError: which role, which setting, and what it may be.
    """
    name = wanted["name"]
    size = len(json.dumps(list(wanted["policies"].values()), separators=(",", ":")))
    wrong = [
        (not NAME.fullmatch(name), "its name must be 1 to 64 letters, digits or _+=,.@-"),
        (not PATH.fullmatch(wanted["path"]), f"path {wanted['path']!r} must begin and end with /"),
        (
            not SESSION[0] <= wanted["max_session_duration"] <= SESSION[1],
            f"max_session_duration is {wanted['max_session_duration']} and must be 3600 to 43200",
        ),
        (not policies.statements_of(wanted["trust"]), "trust has no statement: who may assume it?"),
        (size > POLICIES_SIZE, f"its policies have {size} characters, AWS takes {POLICIES_SIZE}"),
        *(
            (not POLICY_NAME.fullmatch(key), f"policy {key!r} must be named by letters and digits")
            for key in wanted["policies"]
        ),
        *(
            (not policies.statements_of(document), f"policy {key!r} has no statement")
            for key, document in wanted["policies"].items()
        ),
    ]
    found = [said for is_wrong, said in wrong if is_wrong]
    if found:
        raise AwsError(f"{about(name)}: {'; '.join(found)}. Nothing was changed.")


def settings(wanted: Mapping[str, Any], fill: Callable[[str], str]) -> Dict:
    """The shape of a role as it is wished for. fill: puts account and partition into texts."""
    texts = {
        "trust": wanted["trust"],
        "policies": wanted["policies"],
        "managed_policies": sorted(set(wanted["managed_policies"])),
        "permissions_boundary": wanted["permissions_boundary"] or None,
    }
    return {
        "path": wanted["path"],
        "description": wanted["description"],
        "max_session_duration": wanted["max_session_duration"],
        "tags": {key: str(value) for key, value in (wanted["tags"] or {}).items()},
        **json.loads(fill(json.dumps(texts))),
    }


def shape(role: Mapping[str, Any], inline: Mapping[str, Dict], attached: Collection[str]) -> Dict:
    """The shape of a role as AWS describes it. inline: name -> document; attached: ARNs."""
    return {
        "path": role["Path"],
        "description": role.get("Description", ""),
        "max_session_duration": role.get("MaxSessionDuration", SESSION[0]),
        "tags": tag_dict(role.get("Tags")),
        "trust": role["AssumeRolePolicyDocument"],
        "policies": dict(inline),
        "managed_policies": sorted(attached),
        "permissions_boundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
    }


def after(name: str, before: Dict | None, target: Dict) -> Dict:
    """The shape once `target` is applied: tags of others stay, documents that mean the same too.

    Raises:
        AwsError: the path differs, which AWS can't change.
    """
    if before is None:
        return target
    if before["path"] != target["path"]:
        raise AwsError(
            f"{about(name)} has the path {before['path']}; AWS can't change it to "
            f"{target['path']}. Keep the path, or remove the role first (it is made anew by the "
            "next run). Nothing was changed."
        )
    kept = {
        key: before["policies"][key] if _same(before["policies"].get(key), document) else document
        for key, document in target["policies"].items()
    }
    return {
        **target,
        "trust": before["trust"] if _same(before["trust"], target["trust"]) else target["trust"],
        "policies": kept,
        "tags": {**before["tags"], **target["tags"]},
    }


def _same(one: Dict | None, other: Dict) -> bool:
    return one is not None and policies.same(one, other)


__all__ = ["about", "after", "check", "settings", "shape"]
