# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Hold a platform's lock for a run: take it, and leave it to a process that keeps it."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .._tunnel.owner import of_folder
from ..program import place, write
from ..reconcile import Api
from . import keeper, lease

LOST = "lock.lost"


@dataclass(frozen=True)
class Run:
    """The run that locks. caller: ARN; work: what it does; folder: that it has for itself."""

    parameter: str
    region: str
    caller: str
    work: str
    folder: Path


def hold(api: Api, run: Run, environment: Mapping[str, str]) -> None:
    """Take the lock and start its keeper; a run that has it already keeps it.

    Args:
        api: SSM.
        run: who locks what.
        environment: what is added to this process's, such as credentials.

    Raises:
        AwsError: another run is at work.
        OSError: the folder can't be written.
    """
    wish_file = run.folder / "lock.json"
    if wish_file.exists():
        return
    program = run.folder / "lock.py"
    place(__package__, "keeper", program)
    owner = of_folder(run.folder)
    mine = lease.holder(run.caller, run.work, owner)
    lease.acquire(api, run.parameter, mine)
    wish = keeper.Wish(
        parameter=run.parameter,
        region=run.region,
        token=mine.token,
        value=json.dumps(dataclasses.asdict(mine)),
        interval=lease.RENEWAL,
        owner=owner,
        folder=str(run.folder),
        lost=LOST,
    )
    write(wish_file, json.dumps(dataclasses.asdict(wish)))
    with (run.folder / "lock.log").open("w") as log:
        # In a session of its own: an interrupt of the run is the run's to handle, and the lock has
        # to be there until it is over.
        process = subprocess.Popen(
            [sys.executable, str(program), str(wish_file)],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        if process.stdout is None or not process.stdout.readline():
            raise OSError(f"the process that keeps the lock did not start: see {log.name}")
