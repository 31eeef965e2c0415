"""Commands of the checkout, run as a user runs them, with their output shown and kept."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REHEARSAL = str(ROOT / ".venv/bin/rehearsal")
RECAP = re.compile(
    r"^(?P<host>\S+)\s+: ok=(?P<ok>\d+)\s+changed=(?P<changed>\d+)"
    r"\s+unreachable=(?P<unreachable>\d+)\s+failed=(?P<failed>\d+)",
    re.M,
)


@dataclass
class Outcome:
    """What a command did. recap: host -> {ok, changed, unreachable, failed} of a playbook."""

    returncode: int
    output: str
    seconds: float

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        return {
            match["host"]: {
                key: int(match[key]) for key in ("ok", "changed", "unreachable", "failed")
            }
            for match in RECAP.finditer(self.output)
        }

    @property
    def changed(self) -> dict[str, int]:
        """The hosts that changed, and how many tasks did."""
        return {host: row["changed"] for host, row in self.recap.items() if row["changed"]}


def run(*argv: str, timeout: float = 1500, env: dict[str, str] | None = None) -> Outcome:
    """Run a command, show its output as it comes, and return it."""
    print(f"\n$ {' '.join(argv)}", flush=True)
    started = time.monotonic()
    lines = []
    with subprocess.Popen(
        argv,
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", "PYTHONUNBUFFERED": "1", **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            print(line, end="", flush=True)
            if time.monotonic() - started > timeout:
                process.kill()
                pytest.fail(f"{argv[0]}: not done after {timeout:.0f} s")
    seconds = time.monotonic() - started
    print(f"= {process.returncode} after {seconds:.1f} s", flush=True)
    return Outcome(process.returncode, "".join(lines), seconds)


def inside(*argv: str, timeout: float = 1500, env: dict[str, str] | None = None) -> Outcome:
    """Run a command inside the rehearsal's world."""
    return run(REHEARSAL, "exec", "--", *argv, timeout=timeout, env=env)


def playbook(name: str, *arguments: str) -> Outcome:
    """Run a playbook against the rehearsal."""
    return inside(
        str(ROOT / ".venv/bin/ansible-playbook"), name, "-i", "inventories/rehearsal", *arguments
    )


def processes() -> set[str]:
    """Command lines of the processes in other network namespaces, or of the rehearsal itself.

    What else the machine starts meanwhile is none of the world's.
    """
    own = Path("/proc/self/ns/net").readlink()
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (
                (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            )
            elsewhere = (folder / "ns/net").readlink() != own
        except OSError:  # it has ended meanwhile
            continue
        if command and (elsewhere or "rehearsal" in command):
            found.add(command)
    return found


def listening_ports() -> set[str]:
    """Local address:port of every listening TCP socket on the machine."""
    listing = subprocess.run(["ss", "-Hltn"], check=True, capture_output=True, text=True).stdout
    return {line.split()[3] for line in listing.splitlines()}


@dataclass
class Before:
    """What ran on the machine before the world was there."""

    processes: set[str]
    ports: set[str]


@pytest.fixture(scope="session")
def world() -> Iterator[Before]:
    """A fresh world; whatever happens, it is taken down at the end."""
    run(REHEARSAL, "down")
    before = Before(processes(), listening_ports())
    outcome = run(REHEARSAL, "up")
    assert outcome.returncode == 0
    yield before
    run(REHEARSAL, "down")
