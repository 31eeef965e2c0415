"""Every IAM action that roles and plugins name exists; what is too wide is found."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from support.authorization_reference import exists, is_about, is_condition, problems, services
from support.checkout import ROOT

# An action stands in quotes or after a list's bracket or comma: "s3:PutObject".
ACTION = re.compile(r"""(?<![\w:./$-])([a-z][a-z0-9-]+):([A-Z][A-Za-z]+\*?|\*)(?=["'`),\]\s]|$)""")
# What looks like an action, and is an operation of the SDK which IAM knows by another name.
OPERATIONS = {"s3:HeadBucket"}
BUCKET = "arn:aws:s3:::ragops-dev-documents-000000000000"


def sources() -> list[Path]:
    """Files of roles and plugins that may hold policies, or tell which permissions are needed."""
    found = [*(ROOT / "roles").rglob("*"), *(ROOT / "plugins").rglob("*.py")]
    suffixes = {".yml", ".j2", ".json", ".py"}
    return sorted(
        path for path in found if path.suffix in suffixes and "molecule" not in path.parts
    )


def actions_in(text: str) -> set[str]:
    """What looks like an IAM action of a known service."""
    found = {f"{match[1]}:{match[2]}" for match in ACTION.finditer(text)}
    # tag:Name is a filter of EC2's.
    known = services() - {"tag"}
    return {
        action
        for action in found - OPERATIONS
        if action.split(":")[0] in known and not is_condition(action)
    }


def test_every_action_in_the_sources_exists() -> None:
    named = {path: actions_in(path.read_text()) for path in sources()}
    policies = ROOT / "roles/workload_identity/templates/policies"
    assert "s3:PutObject" in named[policies / "backend.json.j2"]
    wrong = {
        str(path.relative_to(ROOT)): sorted(action for action in actions if not exists(action))
        for path, actions in named.items()
    }
    assert {path: actions for path, actions in wrong.items() if actions} == {}


@pytest.mark.parametrize(
    ("action", "resource", "fits"),
    [
        ("s3:PutObject", f"{BUCKET}/*", True),
        ("s3:PutObject", BUCKET, False),
        ("s3:ListBucket", BUCKET, True),
        ("s3:ListBucket", f"{BUCKET}/*", False),
        ("logs:DescribeLogStreams", "arn:aws:logs:us-east-1:000000000000:log-group:/aws/x", True),
        ("logs:PutLogEvents", "arn:aws:logs:us-east-1:000000000000:log-group:/aws/x:*", True),
        ("logs:PutLogEvents", "arn:aws:logs:us-east-1:000000000000:log-group:/aws/x", False),
        ("kms:Decrypt", "arn:aws:kms:us-east-1:000000000000:key/1", True),
        ("kms:Decrypt", "arn:aws:kms:us-east-1:000000000000:alias/a", False),
        ("kms:Decrypt", BUCKET, False),
    ],
)
def test_the_reference_knows_what_an_action_is_about(
    action: str, resource: str, fits: bool
) -> None:
    assert is_about(action, resource) is fits


def statement(action: Any, resource: Any, effect: str = "Allow") -> dict[str, Any]:
    return {"Statement": [{"Effect": effect, "Action": action, "Resource": resource}]}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (statement("s3:PutObject", f"{BUCKET}/*"), None),
        (statement("s3:PutObjects", f"{BUCKET}/*"), "there is no action s3:PutObjects"),
        (statement("s4:PutObject", f"{BUCKET}/*"), "there is no action s4:PutObject"),
        (statement("s3:Put*", f"{BUCKET}/*"), "by a wildcard"),
        (statement("s3:*", "*", "Deny"), None),
        (statement("s3:PutObject", "*"), "can be limited to resources"),
        (statement("s3:ListAllMyBuckets", "*"), None),
        (statement(["s3:PutObject", "s3:ListBucket"], f"{BUCKET}/*"), "s3:ListBucket is not about"),
        (statement("s3:PutObject", [BUCKET, f"{BUCKET}/*"]), "no action is about"),
    ],
)
def test_a_policy_that_is_too_wide_or_wrong_is_found(document: Any, said: str | None) -> None:
    found = list(problems(document))
    assert (found == []) if said is None else (len(found) == 1 and said in found[0])
