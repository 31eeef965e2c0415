# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""A lock that ends by itself: an SSM parameter that holds who is at work, and for how long.

AWS decides who is first: it makes a parameter once, and numbers the versions of one that is
overwritten. Times are AWS's own, so that no clock of a machine counts.
"""

from __future__ import annotations

import email.utils
import json
import socket
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..aws import AwsError
from ..reconcile import Api
from .keeper import runs

LEASE = 180
"""Seconds for which a lock holds after it was renewed."""
RENEWAL = 45.0
"""Seconds between two renewals."""
TAKEN = "ParameterAlreadyExists"
GONE = ("ParameterNotFound",)


@dataclass(frozen=True)
class Holder:
    """Who holds a lock. place, pid: to tell, on the same machine, whether that run still lives."""

    token: str
    caller: str
    host: str
    work: str
    started: str
    place: str
    pid: int
    lease: int = LEASE


@dataclass(frozen=True)
class Seen:
    """A lock as AWS tells it. left: seconds for which it still holds; until: the end, UTC."""

    holder: Holder
    version: int
    left: float
    until: str


def parameter_of(name: str) -> str:
    """Return the parameter of a platform's lock. (SSM takes none that begins with aws or ssm.)"""
    return f"/ragops.platform/{name}/lock"


def place() -> str:
    """Return what is the same for two processes that see each other's process ids."""
    parts = [socket.gethostname()]
    for file in (Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")):
        if file.is_symlink():
            parts.append(str(file.readlink()))
        elif file.exists():
            parts.append(file.read_text().strip())
    return " ".join(parts)


def holder(caller: str, work: str, pid: int) -> Holder:
    """Return this run as the holder of a lock."""
    started = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    return Holder(uuid.uuid4().hex, caller, socket.gethostname(), work, started, place(), pid)


def acquire(api: Api, parameter: str, mine: Holder, patience: float = 15.0) -> None:
    """Make the lock, or take over one that is over.

    A run of this machine that has ended removes its own within a moment: that is waited for.

    Raises:
        AwsError: somebody else is at work, or AWS refuses.
    """
    end = time.monotonic() + patience
    while not _make(api, parameter, mine):
        late = time.monotonic() >= end
        seen = look(api, parameter)
        if seen is None:
            if late:
                raise AwsError(f"The lock {parameter} exists, but AWS does not return its owner.")
        elif seen.holder.token == mine.token:  # the answer to our first call was lost
            return
        elif seen.left <= 0 or (late and _is_dead(seen.holder)):
            if _take_over(api, parameter, mine, seen):
                return
        elif not _is_dead(seen.holder):
            raise AwsError(_refusal(api, parameter, seen))
        time.sleep(0.5)


def _make(api: Api, parameter: str, mine: Holder) -> bool:
    try:
        api.write("put_parameter", f"lock {parameter}", Name=parameter, **_content(mine))
    except AwsError as error:
        if error.code == TAKEN:
            return False
        raise
    return True


def _content(mine: Holder) -> dict[str, Any]:
    return {
        "Value": json.dumps(asdict(mine)),
        "Type": "String",
        "Description": "Who is at work on this platform; removed when the run ends",
    }


def look(api: Api, parameter: str) -> Seen | None:
    """Return the lock; None if there is none."""
    answer = api.read("get_parameter", f"lock {parameter}", GONE, Name=parameter)
    if not answer:
        return None
    found = answer["Parameter"]
    try:
        who = Holder(**json.loads(found["Value"]))
    except (ValueError, TypeError) as error:
        raise AwsError(
            f"The SSM parameter {parameter} is reserved for the lock of this platform, but"
            f" contains something else ({error}). Remove it: {_removal(api, parameter)}"
        ) from error
    now = email.utils.parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    until = found["LastModifiedDate"].timestamp() + who.lease
    said = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(until))
    return Seen(who, int(found["Version"]), until - now.timestamp(), said)


def _is_dead(who: Holder) -> bool:
    """Whether that run was of this machine and is gone: its keeper is about to remove the lock."""
    return who.place == place() and who.pid > 0 and not runs(who.pid)


def _take_over(api: Api, parameter: str, mine: Holder, seen: Seen) -> bool:
    """Overwrite a lock that is over: who makes the version after the one that was seen has it."""
    made = api.write(
        "put_parameter", f"lock {parameter}", Name=parameter, Overwrite=True, **_content(mine)
    )
    if int(made["Version"]) == seen.version + 1:
        return True
    # Another run was faster: what it wrote is the version before ours, and is put back.
    first = api.read(
        "get_parameter", f"lock {parameter}", GONE, Name=f"{parameter}:{seen.version + 1}"
    )
    if first:
        theirs = Holder(**json.loads(first["Parameter"]["Value"]))
        api.write(
            "put_parameter", f"lock {parameter}", Name=parameter, Overwrite=True, **_content(theirs)
        )
    return False


def _refusal(api: Api, parameter: str, seen: Seen) -> str:
    who = seen.holder
    return (
        f"Another run is working on this platform: {who.work} by {who.caller} on {who.host}"
        f" (process {who.pid}), since {who.started}. Wait until it ends. Its lock is valid until"
        f" {seen.until}, and is renewed while the run continues. If you are sure that the run is"
        f" dead, remove the lock: {_removal(api, parameter)}. Nothing was changed."
    )


def _removal(api: Api, parameter: str) -> str:
    region = api.client.meta.region_name
    return f"aws ssm delete-parameter --region {region} --name {parameter}"
