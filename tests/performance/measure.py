"""What running side by side saves: ratios of two ways to do the same, measured in one run.

`measure.py [MILLISECONDS]` prints them as a table. Each call to the emulated AWS takes that much
longer (default: 100), as a region that is not next door would. `tests` and `collections` must be
on PYTHONPATH.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx
import yaml
from ansible_collections.ragops.platform.plugins.module_utils._platform.scope import Scope
from ansible_collections.ragops.platform.plugins.module_utils.components import READ
from ansible_collections.ragops.platform.plugins.modules.platform_info import (
    read_all,
)
from support.ansible_runs import run_playbook
from support.checkout import ROOT
from support.emulator import Aws, adjusted
from support.faults.proxying import proxying

ROLES = 6
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "ec2.amazonaws.com"},
        }
    ],
}


def timed(action: Callable[[], Any]) -> tuple[float, Any]:
    """(seconds, what it returned)."""
    started = time.monotonic()
    answer = action()
    return time.monotonic() - started, answer


@contextmanager
def far_aws(folder: Path, seconds: float) -> Iterator[tuple[Aws, Aws]]:
    """(an emulated AWS, the same one far away)."""
    with adjusted(folder / "requests") as aws, proxying(aws) as proxied:
        httpx.post(f"{proxied.url}/_faults", json={"delay": seconds}).raise_for_status()
        yield aws, proxied


def reading(aws: Aws, far: Aws) -> tuple[float, float]:
    """Read ten components: one after the other, and as platform_info does."""
    aws.reset()
    os.environ.update(far.environment)
    scope = Scope("ragops", "dev", "us-east-1", "000000000000")

    def connecting() -> Callable[[str], Any]:
        session, making = boto3.session.Session(), threading.Lock()

        def connect(service: str) -> Any:
            with making:
                return session.client(service)

        return connect

    def in_turn(connect: Callable[[str], Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        one_by_one = {
            name: each.shape(each.read(connect, scope), scope.name)
            for name, each in READ.items()
            if each.read and each.shape
        }
        return one_by_one, {}

    slow, one = timed(lambda: in_turn(connecting()))
    fast, other = timed(lambda: read_all(connecting(), scope, list(READ), None))
    assert one == other, "the two ways found different things"
    return slow, fast


def listing(aws: Aws, far: Aws, folder: Path) -> tuple[float, float]:
    """Make roles by a loop over a module, and by one list."""
    made = [{"name": f"role-{number}", "trust": TRUST} for number in range(ROLES)]
    fixed = {"region": "us-east-1", "tags": {"Project": "ragops"}}
    looped = {"roles": ["{{ item }}"], **fixed}
    ways = (
        {"ragops.platform.iam_roles": looped, "loop": made},
        {"ragops.platform.iam_roles": {"roles": made, **fixed}},
    )
    took = []
    for task in ways:
        aws.reset()
        here = {"ansible_python_interpreter": sys.executable}
        book = {"hosts": "localhost", "gather_facts": False, "vars": here, "tasks": [task]}
        (folder / "play.yml").write_text(yaml.safe_dump([book]))
        arguments = ("-i", "localhost,", "-c", "local", str(folder / "play.yml"))
        seconds, done = timed(
            lambda a=arguments: run_playbook(ROOT, *a, environment=far.environment)
        )
        assert done.returncode == 0, done.output
        assert len(aws.client("iam").list_roles()["Roles"]) == ROLES
        took.append(seconds)
    return took[0], took[1]


def main() -> None:
    """Measure, and print the table."""
    milliseconds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"{cores} cores, load {load:.1f} at the start, {milliseconds} ms for each call to AWS\n")
    print("| What | One after the other | Side by side | Ratio |")
    print("| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with far_aws(folder, milliseconds / 1000) as (aws, far):
            for what, measure in (
                ("read the ten components (platform_info)", lambda: reading(aws, far)),
                (f"{ROLES} IAM roles: a loop, one list", lambda: listing(aws, far, folder)),
            ):
                slow, fast = measure()
                row = f"| {what} | {slow:.1f} s | {fast:.1f} s | {slow / fast:.1f} |"
                print(row, flush=True)


if __name__ == "__main__":
    main()
