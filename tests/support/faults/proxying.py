"""Start the fault proxy before an emulated AWS."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from support.checkout import ROOT
from support.emulator import Aws
from support.ports import free_port


@contextmanager
def proxying(emulator: Aws) -> Iterator[Aws]:
    """The same AWS by the proxy's address, until the block ends."""
    port = free_port()
    argv = [sys.executable, "-m", "support.faults.faultproxy", str(port), emulator.url]
    process = subprocess.Popen(argv, env={**os.environ, "PYTHONPATH": str(ROOT / "tests")})
    aws = Aws(f"http://localhost:{port}")
    deadline = time.monotonic() + 120
    try:
        while True:
            try:
                httpx.get(f"{aws.url}/_faults", timeout=2).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None, "the fault proxy ended"
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield aws
    finally:
        process.terminate()
        process.wait(timeout=20)
