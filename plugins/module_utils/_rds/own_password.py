# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""A master password that is in a secret of ours, and that only a run changes.

The instance's tags tell which secret, and which of its versions the server has: AWS tells no
password. So a run that was interrupted between secret and server is completed by the next one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..aws import AwsError, is_denied
from ..reconcile import UNKNOWN, Api
from .transform import SECRET_TAG, VERSION_TAG

NO_SECRET = ("ResourceNotFoundException",)


@dataclass(frozen=True)
class OwnPassword:
    """The password that the secret holds now. arn, version: of the secret."""

    arn: str
    version: str
    value: str = field(repr=False)

    @property
    def tags(self) -> dict[str, str]:
        """What the instance's tags tell when its server has this password."""
        return {SECRET_TAG: self.arn, VERSION_TAG: self.version}

    def arguments(self, current: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of modify_db_instance that give the password to the server.

        Args:
            current: the instance's state, with its tags; empty arguments if it has the password.
        """
        tags = current["tags"]
        known = all(tags.get(key) == value for key, value in self.tags.items())
        if known and not current["master_password_managed"]:
            return {}
        return {"MasterUserPassword": self.value}


def read(secrets: Api, options: Mapping[str, Any]) -> OwnPassword | None:
    """Read the password from the secret; None if RDS keeps it in one of its own.

    In check mode the secret, or the version that a rotation makes, may be still to come.

    Raises:
        AwsError: there is no such secret, or no login in it.
    """
    name = options.get("master_password_secret")
    if not name:
        return None
    label = f"secret {name}"
    missing = NO_SECRET if secrets.check_mode else ()
    try:
        answer = secrets.read("get_secret_value", label, missing, SecretId=name)
    except AwsError as error:
        if secrets.check_mode and is_denied(error):
            return _unread(secrets, label, name, options)
        raise
    if not answer:
        return OwnPassword(UNKNOWN, UNKNOWN, UNKNOWN)
    coming = secrets.check_mode and options["rotate_master_password"]
    version = UNKNOWN if coming else str(answer["VersionId"])
    login = _login(label, answer.get("SecretString", ""))
    if login.get("username") != options["master_username"]:
        raise AwsError(
            f"{label} is not the login of {options['master_username']}, because it has another"
            " username. Give the secret of this user, or set master_username to that username."
        )
    return OwnPassword(str(answer["ARN"]), version, str(login["password"]))


def _unread(secrets: Api, label: str, name: str, options: Mapping[str, Any]) -> OwnPassword:
    """What a plan needs of a secret that its caller may not read: which version there is."""
    found = secrets.read("describe_secret", label, NO_SECRET, SecretId=name)
    versions = found.get("VersionIdsToStages") or {}
    current = [ident for ident, stages in versions.items() if "AWSCURRENT" in stages]
    version = current[0] if current and not options["rotate_master_password"] else UNKNOWN
    return OwnPassword(str(found.get("ARN", UNKNOWN)), version, UNKNOWN)


def _login(label: str, text: str) -> dict[str, Any]:
    """What a secret holds; no error shows it."""
    try:
        login = json.loads(text)
        if login["password"] and login["username"]:
            return dict(login)
    except (ValueError, KeyError, TypeError):
        pass
    raise AwsError(
        f"{label} does not contain a JSON object with username and password. Write such"
        " an object to it."
    )
