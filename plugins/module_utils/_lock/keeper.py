# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""A program that keeps a run's lock: it renews it while the run is there, and then removes it.

So a run that fails or is killed leaves no lock, and one whose machine is gone leaves one that ends
by itself. It writes `lost` into the run's folder when somebody else has the lock.

Stands alone: a copy of it runs as `python lock.py WISH`, WISH being a JSON file (see Wish).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

READY = "ready"
"""What is said once the wish is known."""

LOOK = 0.3
"""Seconds between two looks whether the run is still there."""


@dataclass(frozen=True)
class Wish:
    """What is kept.

    Args:
        parameter: name of the SSM parameter.
        region: of it.
        token: by which the run's own lock is known.
        value: what the parameter holds.
        interval: seconds between two renewals.
        owner: process id of the run; 0: only the folder counts.
        folder: of the run.
        lost: name of the file that says that the lock is somebody else's.
    """

    parameter: str
    region: str
    token: str
    value: str
    interval: float
    owner: int
    folder: str
    lost: str


class Keeper:
    """Keeps one lock. ssm: a client; wish: which lock, and for whom."""

    def __init__(self, ssm: Any, wish: Wish) -> None:
        self.ssm, self.wish = ssm, wish
        self.ended = False

    def keep(self) -> None:
        """Renew until the run is over, then remove."""
        for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(each, self._end)
        due = time.monotonic() + self.wish.interval
        while self._wanted():
            if time.monotonic() >= due:
                if not self._renew():
                    return
                due = time.monotonic() + self.wish.interval
            time.sleep(LOOK)
        if self._is_ours():
            self.ssm.delete_parameter(Name=self.wish.parameter)

    def _end(self, *_: object) -> None:
        self.ended = True

    def _wanted(self) -> bool:
        return not self.ended and Path(self.wish.folder).is_dir() and runs(self.wish.owner)

    def _renew(self) -> bool:
        """Renew the lock; False when it is somebody else's."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            if not self._is_ours():
                with contextlib.suppress(FileNotFoundError):  # the run is over
                    (Path(self.wish.folder) / self.wish.lost).touch(mode=0o600)
                return False
            self.ssm.put_parameter(
                Name=self.wish.parameter, Value=self.wish.value, Type="String", Overwrite=True
            )
        except (ClientError, BotoCoreError) as error:
            # It holds for a while yet; the next time it may go well.
            sys.stderr.write(f"{error}\n")
        return True

    def _is_ours(self) -> bool:
        from botocore.exceptions import ClientError

        try:
            found = self.ssm.get_parameter(Name=self.wish.parameter)["Parameter"]["Value"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ParameterNotFound":
                return False
            raise
        return self.wish.token in found


def runs(owner: int) -> bool:
    """Whether a process is there; 0 stands for one that is not known.

    One that ended and that nobody has asked for its end is not: it would be there for ever.
    """
    if not owner:
        return True
    try:
        os.kill(owner, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it is somebody's, and there
        return True
    stat = Path(f"/proc/{owner}/stat")
    try:
        # "pid (name) state ...", and the name may hold anything.
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:  # it has ended since; or there is no /proc, and no telling
        return not Path("/proc/self").exists()


def main() -> None:
    """Keep what the file wishes."""
    wish = Wish(**json.loads(Path(sys.argv[1]).read_text()))
    # From here on nothing of the folder is needed: a run may end within its first second.
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()
    import boto3
    from botocore.config import Config

    retries = Config(retries={"mode": "standard", "max_attempts": 5})
    Keeper(boto3.client("ssm", region_name=wish.region, config=retries), wish).keep()


if __name__ == "__main__":
    main()
