# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Copies images between registries without changing a byte, so that their digests stay."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..progress import watch
from .programs import Login, find, logins
from .registry import Registry, split_repository
from .source import ImageError

TOOLS = ("crane", "skopeo")
"""Both copy manifests and layers as they are. What unpacks an image may pack it differently."""


@dataclass(frozen=True)
class Copy:
    """One image: from where, by digest, to where, under which tag."""

    name: str
    source: str
    digest: str
    repository: str
    tag: str

    def as_dict(self, changed: bool) -> dict[str, Any]:
        """Return it as the module reports it."""
        return {
            "name": self.name,
            "repository": self.repository,
            "tag": self.tag,
            "digest": self.digest,
            "reference": f"{self.repository}@{self.digest}",
            "source": f"{self.source}@{self.digest}",
            "changed": changed,
        }


class Copier:
    """Copies between two registries.

    Args:
        tool: one of TOOLS, or `auto`.
        source: login of the registry that is copied from; empty user: none.
        target: login of the one that is copied to.
        timeout: seconds that one copy may take.
        request_timeout: seconds that one question to a registry may take.
    """

    def __init__(
        self, tool: str, source: Login, target: Login, timeout: float, request_timeout: float
    ) -> None:
        self.tool = tool
        self.logins = source, target
        self.timeout = timeout
        self._source = Registry(*source, timeout=request_timeout)
        self._target = Registry(*target, timeout=request_timeout)

    def needed(self, copy: Copy) -> bool:
        """Return whether the target lacks the image under its tag.

        Raises:
            ImageError: a registry can't be asked, the source has no such image, or the target's
                tag is another image.
        """
        there = self._target.digest(copy.repository, copy.tag)
        if there == copy.digest:
            return False
        if there:
            raise ImageError(
                f"{copy.repository}:{copy.tag} is {there} already and not {copy.digest}, and tags"
                " are never moved. Delete this tag, or find out who pushed it"
            )
        if self._source.digest(copy.source, copy.digest) is None:
            raise ImageError(f"{copy.source}@{copy.digest} is not in the registry any more")
        return True

    def run(self, copy: Copy) -> None:
        """Copy an image, and see that it arrived under the same digest.

        Raises:
            ImageError: it can't be copied.
        """
        tool = find(self.tool, TOOLS, "copy")
        hosts = [split_repository(repository)[0] for repository in (copy.source, copy.repository)]
        with logins(dict(zip(hosts, self.logins, strict=True))) as folder:
            self._copy(tool, copy, folder)
        arrived = self._target.digest(copy.repository, copy.tag)
        if arrived != copy.digest:
            raise ImageError(
                f"{copy.repository}:{copy.tag} arrived as {arrived} and not {copy.digest}"
            )

    def _copy(self, tool: str, copy: Copy, folder: Path) -> None:
        source, target = f"{copy.source}@{copy.digest}", f"{copy.repository}:{copy.tag}"
        exact = ("--all", "--preserve-digests", f"--authfile={folder}/config.json")
        commands = {
            "crane": ["crane", "copy", source, target],
            "skopeo": ["skopeo", "copy", *exact, f"docker://{source}", f"docker://{target}"],
        }
        process = subprocess.Popen(
            commands[tool],
            env={**os.environ, "DOCKER_CONFIG": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            _, said = watch(process, f"copy of {source}", self.timeout)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.communicate()
            text = f"copy of {source} took longer than {self.timeout:.0f} s"
            raise ImageError(text) from error
        if process.returncode:
            words = " ".join(said.split())[-1500:]
            raise ImageError(f"copy of {source} to {target} failed: {words}", said)
