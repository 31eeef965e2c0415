"""Run the roles' scenarios, two at a time, and print a table: `run.py [ROLE ...]`.

A scenario's output is shown when it fails. The exit code is 1 if one did.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / ".venv/bin"
SCENARIOS = ROOT / "extensions/molecule"


@dataclass
class Run:
    """One scenario's run: its role, exit code, output and seconds."""

    role: str
    returncode: int
    output: str
    seconds: float


def roles() -> list[str]:
    """The roles that have a scenario."""
    return sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml"))


def test(role: str) -> Run:
    """Run `molecule test` as the role's developer does."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ANSIBLE_"))}
    started = time.monotonic()
    # Its state is this run's own: that of a run which was killed, or of another checkout, names
    # an emulated AWS that is not there.
    with tempfile.TemporaryDirectory(prefix="molecule.") as state:
        done = subprocess.run(
            [str(BIN / "molecule"), "test", "--scenario-name", role],
            cwd=SCENARIOS.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={
                **kept,
                "MOLECULE_EPHEMERAL_DIRECTORY": state,
                "PATH": f"{BIN}:{os.environ['PATH']}",
                "NO_COLOR": "1",
            },
        )
    return Run(role, done.returncode, done.stdout, time.monotonic() - started)


def main() -> int:
    """Run the named roles' scenarios, or all."""
    wanted = sys.argv[1:] or roles()
    if unknown := set(wanted) - set(roles()):
        sys.exit(f"No scenario: {', '.join(sorted(unknown))}. There are: {', '.join(roles())}.")
    runs = []
    with ThreadPoolExecutor(2) as pool:
        for run in pool.map(test, wanted):
            runs.append(run)
            if run.returncode:
                print(run.output)
            outcome = "failed" if run.returncode else "passed"
            print(f"molecule {run.role:18} {outcome} {run.seconds:6.1f} s", flush=True)
    failed = [run.role for run in runs if run.returncode]
    print(f"molecule: {len(runs) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
