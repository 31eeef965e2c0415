"""Pods are added under load and taken away after it, and no request is lost meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from cluster import autoscaled, pods, wait
from conftest import HERE, Measure

HEAVY = 40
"""Questions per second beside the steady load. Two backends ask for half a core in all."""
NEW = json.dumps({"question": "Which tags does resource number {n} carry?"})
"""One that was never asked: the backend keeps answers."""


def test_the_autoscaler_follows_the_load(measure: Measure, address: str, tmp_path: Path) -> None:
    before = autoscaled("backend")
    assert before == (2, 2)
    argv = [sys.executable, HERE / "load.py", "150", str(HEAVY), address, f"/v1/ask={NEW}"]
    with measure("load goes up and down") as rows:
        with (tmp_path / "heavy").open("w") as lines:
            heavy = subprocess.Popen(argv, stdout=lines)
            try:
                up = wait("more backends", lambda: len(pods("backend")) > 2, 140)
                most = autoscaled("backend")[1]
            finally:
                heavy.terminate()
                heavy.wait()
        down = wait("two backends again", lambda: autoscaled("backend") == (2, 2), 240)
    print(f"\nup to {most} after {up:.0f} s of load, down to 2 {down:.0f} s after it")
    assert {row.way: dict(row.failures) for row in rows if row.failures} == {}
