# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What a secret should be: pure, no calls. A value is in no text that this makes."""

from __future__ import annotations

import json
import re
import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ..aws import AwsError, Dict

# Letters and digits only: fit for ElastiCache's tokens and for URLs as they are.
ALPHABET = string.ascii_letters + string.digits
AWS_KEY = "alias/aws/secretsmanager"
READ = ("secretsmanager:GetSecretValue",)
MAX_BYTES = 65536
SUFFIX = 8


@dataclass(frozen=True)
class Wish:
    """What one secret should be.

    value: the value, None for one that is generated once. rotate: generate another one now.
    username: makes a generated value a login, as RDS writes them: JSON of username and password.
    username_suffix: whether each value has another username, which begins with `username`.
    readers: patterns of the ARNs that may read; None leaves the resource policy as it is.
    """

    name: str
    tags: Mapping[str, str]
    description: str = ""
    value: str | None = field(default=None, repr=False)
    generate_length: int = 40
    username: str | None = None
    username_suffix: bool = False
    rotate: bool = False
    kms_key_arn: str | None = None
    readers: Sequence[str] | None = None

    @property
    def label(self) -> str:
        """How plans and errors name the secret."""
        return f"secret {self.name}"

    def new_value(self) -> str:
        """Return the given value, or another random one each time."""
        if self.value:
            return self.value
        random = generate(self.generate_length)
        if self.username is None:
            return random
        suffix = generate(SUFFIX) if self.username_suffix else ""
        return json.dumps({"username": self.username + suffix, "password": random})


def check(wish: Wish) -> None:
    """Refuse what AWS would refuse.

    Raises:
        AwsError: which setting, and what it may be.
    """
    if not re.fullmatch(r"[A-Za-z0-9/_+=.@-]{1,512}", wish.name):
        raise AwsError(
            f"The name {wish.name!r} must have 1 to 512 letters, digits or characters of /_+=.@-."
        )
    if not wish.value and not 16 <= wish.generate_length <= 128:
        raise AwsError(
            f"generate_length of {wish.name} is {wish.generate_length} and must be 16 to 128."
        )
    if wish.value and len(wish.value.encode()) > MAX_BYTES:
        raise AwsError(f"The value of {wish.name} is longer than {MAX_BYTES} bytes.")
    if wish.value and wish.username is not None:
        raise AwsError(
            f"{wish.name} has both a value and a username, but username is only for a generated"
            " value. Remove one of them."
        )
    if wish.username_suffix and wish.username is None:
        raise AwsError(f"{wish.name} has username_suffix, but no username. Add a username.")
    if wish.value and wish.rotate:
        raise AwsError(
            f"{wish.name} cannot be rotated, because its value is an input. Change the value"
            " instead."
        )


def generate(length: int) -> str:
    """Return a random text from the operating system's source."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def policy(readers: Sequence[str] | None) -> Dict | None:
    """Return the policy by which nobody else may read, whatever IAM says."""
    if not readers:
        return None
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "RefuseOtherReaders",
                "Effect": "Deny",
                "Principal": "*",
                "Action": list(READ),
                "Resource": "*",
                "Condition": {"ArnNotLike": {"aws:PrincipalArn": list(readers)}},
            }
        ],
    }


def refuse_lockout(readers: Sequence[str] | None, caller: str) -> None:
    """Refuse a policy by which the caller could not read its own secrets again.

    Args:
        readers: patterns of ARNs, as in `Wish`.
        caller: the caller's ARN, as STS tells it.

    Raises:
        AwsError: the caller is none of the readers.
    """
    me = _principal_of(caller)
    if readers and not any(_matches(me, pattern) for pattern in readers):
        raise AwsError(
            f"readers does not include the caller, {me}, so the next run could not read the"
            " secrets. Add the caller."
        )


def _principal_of(caller: str) -> str:
    """The ARN by which policies know a caller: a session's role, without its path."""
    session = re.fullmatch(r"(arn:[^:]+):sts::(\d+):assumed-role/([^/]+)/.+", caller)
    return f"{session[1]}:iam::{session[2]}:role/{session[3]}" if session else caller


def _matches(principal: str, pattern: str) -> bool:
    """Whether a pattern covers a principal, apart from a role's path, which STS hides."""
    short = re.sub(r":role/.*/", ":role/", pattern)
    return fnmatchcase(principal, pattern) or fnmatchcase(principal, short)
