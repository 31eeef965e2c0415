"""A disk that is full is named, together with what helps."""

from __future__ import annotations

import errno
import os
from pathlib import Path

LEAST_MIB = 100
"""Below this the disk counts as full: etcd alone sets 64 MiB aside for its next log."""

REMEDY = "free some space, or choose another place: RAGOPS_CACHE=..., REHEARSAL_DATA=..."

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""The error numbers of a disk, or a quota, that is full."""


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    while not folder.exists():
        folder = folder.parent
    return folder


def full(folder: Path) -> str:
    """Say that the disk of a folder is full; "" if it is not."""
    found = os.statvfs(existing(folder))
    mebibytes = found.f_bavail * found.f_frsize / 2**20
    if mebibytes < LEAST_MIB:
        return f"the disk of {folder} is full ({mebibytes:.0f} MiB are free)"
    if found.f_files and not found.f_favail:  # some file systems do not count them
        return f"the disk of {folder} is full (no inode is free)"
    return ""


def named(error: OSError) -> str:
    """The error of a full disk in words; "" if it is another one."""
    if error.errno not in FULL:
        return ""
    where = f" ({error.filename})" if error.filename else ""
    return f"the disk is full{where}: {REMEDY}"


def named_by_tool(output: str) -> str:
    """A further line if a tool's output says that the disk is full, whatever else it says."""
    text = output.lower()
    if "no space left" in text or "quota exceeded" in text:
        return f"\n  the disk is full: {REMEDY} (TMPDIR counts, too)"
    return ""
