# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The sources of an image: which files take part, their hash, and a copy of just these."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

IGNORE_FILES = (".containerignore", ".dockerignore")
CONTAINERFILES = ("Containerfile", "Dockerfile")
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


class ImageError(Exception):
    """An image can't be built, asked for or pushed: the text names it, the cause and a remedy.

    Args:
        message: the text.
        log: end of the build log.
    """

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.log = log


def find_containerfile(context: Path, named: str | None) -> Path:
    """Return the Containerfile, by its name or the usual ones.

    Raises:
        ImageError: there is no such folder or file.
    """
    if not context.is_dir():
        raise ImageError(f"context {context} is not a folder")
    for name in [named] if named else CONTAINERFILES:
        if (context / name).is_file():
            return context / name
    raise ImageError(f"context {context} has no {named or ' or '.join(CONTAINERFILES)}")


def context_files(context: Path) -> list[str]:
    """Return the relative paths of the build context, sorted: files and symbolic links.

    Raises:
        ImageError: git can't be asked about a git work tree, or nothing is left.
    """
    found = _git_files(context) if _in_git(context) else _all_files(context, context)
    kept = sorted(not_ignored(found, ignore_lines(context)))
    if not kept:
        raise ImageError(f"context {context} has no files, except ignored ones")
    return kept


def _in_git(context: Path) -> bool:
    resolved = context.resolve()
    return any((folder / ".git").exists() for folder in (resolved, *resolved.parents))


def _git_files(context: Path) -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=context, capture_output=True, check=True, timeout=60)
    except FileNotFoundError as error:
        raise ImageError(
            f"context {context} is in a git work tree, but git is not installed: install git"
        ) from error
    except subprocess.CalledProcessError as error:
        cause = error.stderr.decode(errors="replace").strip()
        raise ImageError(f"git cannot list the files of {context}: {cause}") from error
    paths: list[str] = []
    for name in os.fsdecode(listed.stdout).split("\0"):
        path = context / name
        if name and path.is_dir() and not path.is_symlink():  # a submodule
            paths += _all_files(path, context)
        elif name and os.path.lexists(path):
            paths.append(name)
    return paths


def _all_files(folder: Path, context: Path) -> list[str]:
    paths = []
    for root, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        folders[:] = [name for name in folders if name != ".git" and name not in links]
        paths += [str((Path(root) / name).relative_to(context)) for name in [*files, *links]]
    return paths


def ignore_lines(context: Path) -> list[str]:
    """Return the patterns of the context's ignore file."""
    for name in IGNORE_FILES:
        if (context / name).is_file():
            lines = (context / name).read_text().splitlines()
            return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    return []


def not_ignored(paths: Iterable[str], lines: Iterable[str]) -> list[str]:
    """Return the paths that no pattern leaves out; the last pattern that matches counts.

    A pattern holds for a path and for all below it; `!` takes back, `**` spans folders.
    """
    rules = [(not line.startswith("!"), _pattern(line.removeprefix("!"))) for line in lines]
    kept = []
    for path in paths:
        ignored = False
        for ignores, expression in rules:
            if expression.match(path):
                ignored = ignores
        if not ignored:
            kept.append(path)
    return kept


def _pattern(line: str) -> re.Pattern[str]:
    pieces = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    tokens = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]*\])", line.strip().strip("/"))
    body = "".join(
        pieces.get(token) or (token if token.startswith("[") else re.escape(token))
        for token in tokens
    )
    return re.compile(f"{body.removeprefix(re.escape('./'))}(?:/.*)?$")


def default_platform() -> str:
    """Return the platform of this machine, such as `linux/amd64`."""
    machine = platform.machine()
    return f"linux/{MACHINES.get(machine, machine)}"


def source_tag(
    context: Path, files: Iterable[str], containerfile: Path, options: Mapping[str, Any]
) -> str:
    """Return the tag: a hash of all that decides what the image becomes.

    Args:
        context: the build context.
        files: relative paths of the context.
        containerfile: path of the Containerfile.
        options: build arguments, labels, platform and target.
    """
    digest = hashlib.sha256(b"1")
    decisive = {key: options.get(key) for key in ("build_args", "labels", "target")}
    decisive["platform"] = options.get("platform") or default_platform()
    digest.update(json.dumps(decisive, sort_keys=True, default=str).encode())
    digest.update(hashlib.sha256(containerfile.read_bytes()).digest())
    for name in files:
        path = context / name
        if path.is_symlink():
            kind, content = "link", os.fsencode(path.readlink())
        else:
            kind = "program" if path.stat().st_mode & 0o100 else "file"
            content = path.read_bytes()
        entry = [name, kind, hashlib.sha256(content).hexdigest()]
        digest.update(json.dumps(entry).encode())
    return f"src-{digest.hexdigest()[:16]}"


def stage(context: Path, files: Iterable[str], folder: Path) -> None:
    """Copy the files to an empty folder, so that the build sees no more than was hashed."""
    for name in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(context / name, target, follow_symlinks=False)
