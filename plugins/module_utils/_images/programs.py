# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What programs for images need alike: that they are there, and logins that nobody else reads."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .source import ImageError

Login = tuple[str, str]
"""User and password."""


def find(named: str, programs: Sequence[str], purpose: str) -> str:
    """Return the program to use.

    Args:
        named: one of `programs`, or `auto` for the first that is installed.
        programs: the best first.
        purpose: what it is needed to do, for the error.

    Raises:
        ImageError: it isn't installed.
    """
    candidates = programs if named == "auto" else (named,)
    for candidate in candidates:
        if shutil.which(candidate):
            return candidate
    raise ImageError(
        f"{' or '.join(candidates)} is needed to {purpose} and is not on PATH: install it"
    )


@contextlib.contextmanager
def logins(credentials: Mapping[str, Login]) -> Iterator[Path]:
    """Yield a folder with a `config.json` of the registries' logins, for its owner only.

    A password never stands on a command line, where every user of the machine could read it.

    Args:
        credentials: by registry host; hosts with an empty user are left out.
    """
    auths = {
        host: {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}
        for host, (user, password) in credentials.items()
        if user
    }
    folder = Path(tempfile.mkdtemp(prefix="ragops-auth-"))
    try:
        descriptor = os.open(folder / "config.json", os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump({"auths": auths}, file)
        yield folder
    finally:
        shutil.rmtree(folder)
