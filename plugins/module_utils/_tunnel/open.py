# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""One tunnel per run: found if it is there, else opened."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..program import place, write
from . import keeper
from .owner import of_folder

Dict = dict[str, Any]


class TunnelError(Exception):
    """There is no tunnel: the text says why and what to do."""


def find_or_open(wish: keeper.Wish, environment: Mapping[str, str]) -> Dict:
    """Return `port` and `pid` of the tunnel, and whether it was `opened` now.

    Args:
        wish: what it leads to; of one wish there is one tunnel in a folder.
        environment: what is added to this process's, such as credentials.

    Raises:
        TunnelError: it can't be opened.
    """
    folder = Path(wish.folder)
    if not folder.is_dir():
        raise TunnelError(f"{folder} is not a folder. Give a folder that exists for the whole run.")
    with _alone(folder / f"{wish.state}.lock"):
        if found := _found(folder / wish.state):
            return {**found, "opened": False}
        if shutil.which(keeper.PLUGIN) is None:
            raise TunnelError(
                f"{keeper.PLUGIN} is not on PATH, but SSM sessions need it. Install the Session"
                " Manager plugin of AWS, or set platform_access to public or private."
            )
        return {**_open(wish, folder, environment), "opened": True}


def wish(
    target: str, host: str, port: int, region: str, folder: Path, wait: float, owner: int = 0
) -> keeper.Wish:
    """Return the wish for a tunnel; see `keeper.Wish`. owner: 0 to find it by the folder."""
    name = hashlib.sha256(f"{region} {target} {host} {port}".encode()).hexdigest()[:12]
    return keeper.Wish(
        target=target,
        host=host,
        port=port,
        region=region,
        owner=owner or of_folder(folder),
        folder=str(folder),
        wait=wait,
        state=f"tunnel-{name}.json",
        error=f"tunnel-{name}.error",
    )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Let components that run side by side take turns."""
    with path.open("a") as lock:
        path.chmod(0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _found(state: Path) -> Dict:
    try:
        found: Dict = json.loads(state.read_text())
        os.kill(found["pid"], 0)
    except (OSError, ValueError, KeyError):
        return {}
    return found


def _open(wish: keeper.Wish, folder: Path, environment: Mapping[str, str]) -> Dict:
    state, failed = folder / wish.state, folder / wish.error
    program, wished = folder / "tunnel.py", folder / f"{wish.state}.wish"
    for each in (state, failed):
        each.unlink(missing_ok=True)
    place(__package__, "keeper", program)
    write(wished, json.dumps(asdict(wish)))
    log = (folder / f"{wish.state}.log").open("w")
    with log:
        # In a session of its own: an interrupt of the run is the run's to handle, and the tunnel
        # has to be there until it is over.
        process = subprocess.Popen(
            [sys.executable, str(program), str(wished)],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    end = time.monotonic() + wish.wait + 2 * keeper.PLUGIN_TIMEOUT
    while time.monotonic() < end:
        if found := _found(state):
            return found
        if process.poll() is not None:
            raise TunnelError(_cause(wish, failed, folder / f"{wish.state}.log"))
        time.sleep(0.05)
    process.terminate()
    raise TunnelError(f"The tunnel through {wish.target} was not open within {wish.wait:.0f} s.")


def _cause(wish: keeper.Wish, failed: Path, log: Path) -> str:
    try:
        cause = json.loads(failed.read_text())
    except (OSError, ValueError):
        last = (log.read_text().strip().splitlines() or ["it said nothing"])[-1]
        return f"The tunnel through {wish.target} ended at once: {last}"
    code, text = cause["code"], cause["text"]
    return f"No tunnel through {wish.target} to {wish.host}: {text}. {_remedy(code, text, wish)}"


def _remedy(code: str, text: str, wish: keeper.Wish) -> str:
    if code == "TargetNotConnected":
        return (
            f"SSM did not know the instance after {wish.wait:.0f} s. The instance must run with"
            " the IAM role of role bastion. It must reach SSM through the NAT gateway or the"
            " endpoints ssm, ssmmessages and ec2messages. Run the components network and bastion."
        )
    if code.startswith("AccessDenied"):
        return (
            f"The caller needs ssm:StartSession on the instance and on the document "
            f"{keeper.DOCUMENT} (docs/deploy.md)."
        )
    if keeper.PLUGIN in text:
        return f"{keeper.PLUGIN} must be 1.2.497.0 or newer: update it."
    return "Remove the cause, then run again."
