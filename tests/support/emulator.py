"""The emulated AWS as the tests run it: one process per test process."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx

from rehearsal.caches import hash_of
from support.checkout import ROOT
from support.ports import free_port

SERVER = Path(__file__).with_name("emulator_server.py")
"""Runs under ministack's own Python."""

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAUNITTESTS0000000",
    "AWS_SECRET_ACCESS_KEY": "unit-tests-secret-access-key",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def find_emulator() -> Path:
    """The ministack program: of $MINISTACK, of the rehearsal's cache, or on PATH."""
    cache = Path(os.environ.get("RAGOPS_CACHE", Path.home() / ".cache/ragops"))
    candidates = [
        os.environ.get("MINISTACK"),
        cache / "ministack" / hash_of(ROOT / "requirements/ministack.txt") / "bin/ministack",
        shutil.which("ministack"),
    ]
    for candidate in candidates:
        if candidate and os.access(candidate, os.X_OK):
            return Path(candidate)
    raise FileNotFoundError(
        "These tests need the emulated AWS (ministack). `.venv/bin/rehearsal up` installs it into "
        f"{cache}; or make an environment of its own from requirements/ministack.txt and set "
        "MINISTACK=<environment>/bin/ministack."
    )


@functools.cache
def _client(url: str, service: str, region: str) -> Any:
    """Keep a client: making one takes as long as ten calls."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


@dataclass
class Aws:
    """An emulated AWS. url: its endpoint; environment: what points an AWS client at it."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.url}

    def client(self, service: str, region_name: str = "us-east-1") -> Any:
        # S3's remembers where a bucket was, and tests make it anew elsewhere.
        make = _client.__wrapped__ if service == "s3" else _client
        return make(self.url, service, region_name)

    def reset(self) -> None:
        httpx.post(f"{self.url}/_ministack/reset", timeout=10).raise_for_status()


def not_ready(aws: Aws) -> str | None:
    """Why the emulated AWS does not answer yet; None when it does."""
    try:
        httpx.get(f"{aws.url}/_ministack/health", timeout=2).raise_for_status()
    except httpx.HTTPError as error:
        return str(error)
    return None


def end(process: subprocess.Popen[bytes]) -> None:
    """End an emulated AWS; on a busy machine it may not get to it, and nothing of it is kept."""
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def serving(argv: Sequence[str], folder: Path, **environment: str) -> Iterator[Aws]:
    """Run an emulated AWS in a folder of its own until the block ends."""
    port = free_port()
    aws = Aws(f"http://localhost:{port}")
    settings = {
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "localhost",
        "EKS_BASE_PORT": str(free_port()),
    }
    log = folder / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, **settings, **environment},
        )
    deadline = time.monotonic() + 60
    try:
        while (lacking := not_ready(aws)) is not None:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, f"{lacking}\n{log.read_text()}"
            time.sleep(0.2)
        yield aws
    finally:
        end(process)


@contextmanager
def adjusted(requests: Path, *more_imports: Path) -> Iterator[Aws]:
    """Run an emulated AWS as the rehearsal adjusts it until the block ends.

    requests: where it notes each request, in a folder of its own; more_imports: folders of
    packages that it finds beside the rehearsal's.
    """
    argv = [str(find_emulator().with_name("python")), str(SERVER), str(requests)]
    search = ":".join(str(each) for each in (ROOT / "rehearsal/src", *more_imports))
    with serving(argv, requests.parent, PYTHONPATH=search) as aws:
        yield aws
