"""Folders of Go modules, as Go's cache has them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml


def unpacked(folder: Path, files: Mapping[str, str | dict[str, object]]) -> Path:
    """Write a module's folder: no link is in it, and nobody may write there.

    Args:
        folder: where.
        files: text, or what is YAML, by path below it.
    """
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    for path in folder.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


def names_below(folder: Path) -> set[str]:
    """Return the paths of all files below a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
