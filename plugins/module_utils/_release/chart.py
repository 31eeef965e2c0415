# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The chart of a release: what of its folder was verified."""

from __future__ import annotations

import hashlib
from pathlib import Path

LENGTH = 16


def checksum(chart: str) -> str:
    """Return a hash of the files of a chart's folder; empty for a chart that is no folder."""
    folder = Path(chart)
    found = (path for pattern in ("*", "templates/*") for path in folder.glob(pattern))
    files = [path for path in found if path.is_file() and not path.name.startswith(".")]
    parts = [
        f"{path.relative_to(folder)}\n{path.read_bytes().decode().rstrip()}"
        for path in sorted(files, key=lambda path: str(path).lower())
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:LENGTH] if files else ""
