# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Builds and pushes with buildah, podman or docker."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..progress import watch
from .programs import logins
from .registry import split_repository
from .source import ImageError

ENGINES = ("buildah", "podman", "docker")
LOG_LINES = 40


@contextlib.contextmanager
def login(repositories: Sequence[str], username: str, password: str) -> Iterator[Path | None]:
    """Yield a folder with the login of the registries of these repositories (see `logins`).

    Without a username None is yielded: the engine uses what its user is logged in to.
    """
    if not username:
        yield None
        return
    hosts = sorted({split_repository(repository)[0] for repository in repositories})
    with logins(dict.fromkeys(hosts, (username, password))) as folder:
        yield folder


@dataclass(frozen=True)
class Engine:
    """One engine with its login and time limit in seconds for each build and each push."""

    name: str
    auth: Path | None
    timeout: float

    def build(
        self, image: str, context: Path, containerfile: Path, options: Mapping[str, Any]
    ) -> float:
        """Build an image and return the seconds it took.

        Args:
            image: `repository:tag`.
            context: folder with the staged files.
            containerfile: path of the Containerfile.
            options: build_args, labels, volumes, platform, target.

        Raises:
            ImageError: it failed or took too long, with the end of the log.
        """
        command = [self.name, "bud" if self.name == "buildah" else "build"]
        command += [*self._auth_options(), "--file", str(containerfile), "--tag", image]
        for key, value in sorted((options.get("build_args") or {}).items()):
            command += ["--build-arg", f"{key}={_text(value)}"]
        for key, value in sorted((options.get("labels") or {}).items()):
            command += ["--label", f"{key}={_text(value)}"]
        for volume in options.get("volumes") or []:
            command += ["--volume", volume]
        for name in ("platform", "target"):
            if options.get(name):
                command += [f"--{name}", options[name]]
        return self._run([*command, str(context)], f"build of {image}")

    def push(self, image: str) -> float:
        """Push an image and return the seconds it took.

        Raises:
            ImageError: it failed or took too long, with the end of the log.
        """
        return self._run([self.name, "push", *self._auth_options(), image], f"push of {image}")

    def _auth_options(self) -> list[str]:
        if self.auth is None or self.name == "docker":
            return []
        return ["--authfile", str(self.auth / "config.json")]

    def _environment(self) -> dict[str, str]:
        docker = self.name == "docker" and self.auth is not None
        return {**os.environ, **({"DOCKER_CONFIG": str(self.auth)} if docker else {})}

    def _run(self, command: list[str], what: str) -> float:
        started = time.monotonic()
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                start_new_session=True,
            )
            try:
                watch(process, what, self.timeout)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise self._failure(f"{what} took longer than {self.timeout} s", log) from None
            if code := process.returncode:
                raise self._failure(f"{what} failed: {self.name} ended with {code}", log)
        return round(time.monotonic() - started, 2)

    @staticmethod
    def _failure(text: str, log: Any) -> ImageError:
        log.seek(0)
        lines = log.read().decode(errors="replace").splitlines()[-LOG_LINES:]
        tail = "\n".join(line[:500] for line in lines)
        return ImageError(f"{text}. End of the log:\n{tail}", tail)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
