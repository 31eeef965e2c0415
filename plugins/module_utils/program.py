# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Programs that outlive a module: their text as a file, and AWS credentials to run them with."""

from __future__ import annotations

import os
import pkgutil
import tempfile
from pathlib import Path
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.botocore import get_aws_connection_info

_NAMES = {
    "profile_name": "AWS_PROFILE",
    "aws_access_key_id": "AWS_ACCESS_KEY_ID",
    "aws_secret_access_key": "AWS_SECRET_ACCESS_KEY",
    "aws_session_token": "AWS_SESSION_TOKEN",
}
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def write(path: Path, text: str) -> None:
    """Put a file in the place of another, readable by its owner from the first byte on.

    Raises:
        OSError: its folder isn't there, or may not be written.
    """
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(draft).replace(path)


def place(package: str, name: str, path: Path) -> None:
    """Write the text of a module of this collection to a file: a module's own archive vanishes.

    Raises:
        OSError: its folder isn't there, or may not be written.
    """
    text = pkgutil.get_data(package, f"{name}.py")
    if text is None:
        raise OSError(f"{package}.{name} can't be read")
    write(path, text.decode())


def credentials(module: Any) -> dict[str, str]:
    """Return the environment variables that stand for the credentials that a module was given.

    What it has of its own environment, a program has, too: no key is written down for it.
    """
    region, endpoint, options = get_aws_connection_info(module)
    found = {name: str(options[key]) for key, name in _NAMES.items() if options.get(key)}
    if region:
        found["AWS_REGION"] = found["AWS_DEFAULT_REGION"] = str(region)
    if endpoint:
        found["AWS_ENDPOINT_URL"] = str(endpoint)
    if "AWS_PROFILE" in found:
        # Else a key of the environment would win over the profile.
        found |= dict.fromkeys(_KEYS, "")
    return {name: value for name, value in found.items() if os.environ.get(name, "") != value}
