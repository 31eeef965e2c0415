"""Fixtures: an emulated AWS for the tests of modules, roles and playbooks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "collections"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from running import Aws, find_emulator, free_port


def not_ready(aws: Aws) -> str | None:
    """Why the emulated AWS does not answer yet; None when it does."""
    try:
        httpx.get(f"{aws.url}/_ministack/health", timeout=2).raise_for_status()
    except httpx.HTTPError as error:
        return str(error)
    return None


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """One emulated AWS per test process; `aws` gives it out empty."""
    folder = tmp_path_factory.mktemp("ministack")
    port = free_port()
    aws = Aws(f"http://localhost:{port}")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(find_emulator())],
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "GATEWAY_PORT": str(port),
                "MINISTACK_HOST": "localhost",
                "EKS_BASE_PORT": str(free_port()),
            },
        )
    deadline = time.monotonic() + 60
    try:
        while (lacking := not_ready(aws)) is not None:
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, f"{lacking}\n{(folder / 'log').read_text()}"
            time.sleep(0.2)
        yield aws
    finally:
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture
def aws(emulator: Aws) -> Aws:
    """An empty emulated AWS account."""
    emulator.reset()
    return emulator
