# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What AWS would refuse of an IAM role."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from .. import policies
from ..aws import AwsError
from ..resources.iam_role import SHORTEST_SESSION, label_of

NAME = re.compile(r"[\w+=,.@-]{1,64}")
PATH = re.compile(r"/([\x21-\x7e]{1,510}/)?")
POLICY_NAME = re.compile(r"[\w+=,.@-]{1,128}")
# What AWS takes by default; whitespace doesn't count.
POLICIES_SIZE = 10240
SESSION = (SHORTEST_SESSION, 43200)
"""Seconds that a session may last at least and at most."""


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
        (
            not policies.statements_of(wanted["trust"]),
            ("trust has no statement, so nobody could assume the role"),
        ),
        (
            size > POLICIES_SIZE,
            (f"its policies have {size} characters, but AWS allows {POLICIES_SIZE}"),
        ),
        *(
            (
                not POLICY_NAME.fullmatch(key),
                (f"policy {key!r} must have a name of letters and digits"),
            )
            for key in wanted["policies"]
        ),
        *(
            (not policies.statements_of(document), f"policy {key!r} has no statement")
            for key, document in wanted["policies"].items()
        ),
    ]
    found = [said for is_wrong, said in wrong if is_wrong]
    if found:
        raise AwsError(f"{label_of(name)}: {'; '.join(found)}. Nothing was changed.")
