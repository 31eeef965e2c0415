# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Which process is the run that a module belongs to."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

FOLDER = re.compile(r"ansible-local-(\d+)")
"""Ansible names the folder of a run by its process id, and random characters after it."""


def of_folder(folder: Path) -> int:
    """Return the process id of the run that a folder is of; 0 if the folder isn't one of a run.

    The random characters may begin with digits, so it is asked of this process's ancestors.
    """
    named = FOLDER.match(folder.name)
    if named is None:
        return 0
    return max((pid for pid in ancestors() if named[1].startswith(str(pid))), default=0)


def ancestors() -> list[int]:
    """Return the process ids of parent, its parent and so on."""
    found: list[int] = []
    pid = os.getppid()
    while pid > 1:
        found.append(pid)
        pid = _parent(pid)
    return found


def _parent(pid: int) -> int:
    file = Path(f"/proc/{pid}/stat")
    if file.exists():
        # "pid (name) state parent ...", and the name may hold anything.
        return int(file.read_text().rpartition(")")[2].split()[1])
    done = subprocess.run(
        ["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return int(done.stdout.strip() or 0)
