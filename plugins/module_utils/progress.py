# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What a module that waits tells the run: the callback `progress` prints it.

Ansible shows nothing of a module before it ends. So a module that waits keeps one small file per
wait in a folder of the run's, whose name the callback puts into the environment. Without the
callback there is no folder, and nothing is written.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FOLDER = "RAGOPS_PROGRESS"
"""The environment variable that names the folder."""
PAUSE = 5.0
"""Seconds after which a program that goes on is told of again."""


@dataclass(frozen=True)
class Wait:
    """One wait: for what, in which state that is now, for how many seconds, and how many at most.

    at: seconds since the epoch when this was told; who waits no longer tells nothing.
    """

    about: str
    state: str
    waited: float
    timeout: float
    at: float


class Teller:
    """Tells of one wait until it is over.

    Args:
        about: what is waited for, as errors name it.
        timeout: seconds after which the wait is given up.
    """

    def __init__(self, about: str, timeout: float) -> None:
        self._about = about
        self._timeout = timeout
        self._started = time.monotonic()
        folder = os.environ.get(FOLDER)
        name = hashlib.sha256(about.encode()).hexdigest()[:12]
        self._file = Path(folder) / f"{os.getpid()}-{name}.json" if folder else None

    def tell(self, state: str) -> None:
        """Say in which state it is. A run is never lost because this can't be written."""
        if self._file is None:
            return
        waited = time.monotonic() - self._started
        wait = Wait(self._about, state, waited, self._timeout, time.time())
        with contextlib.suppress(OSError):
            draft = self._file.with_suffix(".new")
            draft.write_text(json.dumps(asdict(wait)))
            draft.replace(self._file)

    def end(self) -> None:
        """Say no more."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.unlink()


@contextlib.contextmanager
def telling(about: str, timeout: float) -> Iterator[Teller]:
    """Tell of a wait as long as the block lasts."""
    teller = Teller(about, timeout)
    try:
        yield teller
    finally:
        teller.end()


def watch(process: subprocess.Popen[Any], about: str, timeout: float) -> tuple[Any, Any]:
    """Tell of a program until it ends; returns what it printed, as `communicate` does.

    Raises:
        subprocess.TimeoutExpired: it goes on after `timeout` seconds.
    """
    end = time.monotonic() + timeout
    with telling(about, timeout) as teller:
        while True:
            teller.tell("at work")
            left = end - time.monotonic()
            try:
                return process.communicate(timeout=min(left, PAUSE))
            except subprocess.TimeoutExpired:
                if left <= PAUSE:
                    raise
