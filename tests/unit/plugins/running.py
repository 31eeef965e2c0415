"""What the tests of modules, roles and playbooks share: emulated AWS, and runs of Ansible."""

from __future__ import annotations

import functools
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import yaml

from rehearsal.caches import hash_of

ROOT = Path(__file__).resolve().parents[3]
BIN = ROOT / ".venv/bin"

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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


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
        process.terminate()
        process.wait(timeout=20)


@contextmanager
def adjusted(requests: Path, *more_imports: Path) -> Iterator[Aws]:
    """Run an emulated AWS as the rehearsal adjusts it until the block ends.

    requests: where it notes each request, in a folder of its own; more_imports: folders of
    packages that it finds beside the rehearsal's.
    """
    program = ROOT / "tests/unit/plugins/aws_world.py"
    argv = [str(find_emulator().with_name("python")), str(program), str(requests)]
    search = ":".join(str(each) for each in (ROOT / "rehearsal/src", *more_imports))
    with serving(argv, requests.parent, PYTHONPATH=search) as aws:
        yield aws


@dataclass
class Ran:
    """A module's or playbook's run. result: a module's answer; recap: counters by host."""

    returncode: int
    output: str
    result: dict[str, Any]
    recap: dict[str, dict[str, int]]


def ansible_environment(extra: dict[str, str]) -> dict[str, str]:
    """The environment of an Ansible run: without the user's AWS and Ansible settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "ANSIBLE_"))}
    return {**kept, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "false", **extra}


def run_module(
    name: str,
    arguments: dict[str, Any],
    environment: dict[str, str],
    *flags: str,
) -> Ran:
    """Run one module as `ansible localhost -m` does, and return its answer."""
    argv = [str(BIN / "ansible"), "localhost", "-m", name, "-a", json.dumps(arguments), *flags]
    done = subprocess.run(
        argv,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env=ansible_environment(
            {
                **environment,
                "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.json",
                "ANSIBLE_LOAD_CALLBACK_PLUGINS": "true",
            }
        ),
    )
    # Other callbacks write around the report.
    report, _ = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("{") :])
    result = report["plays"][0]["tasks"][0]["hosts"]["localhost"]
    return Ran(done.returncode, done.stdout + done.stderr, result, report["stats"])


def local_play(folder: Path, **parts: Any) -> str:
    """Write a play on this machine, of roles or tasks, and return its file's path."""
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    book = {
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        **parts,
        "vars": variables | parts.get("vars", {}),
    }
    file = folder / "play.yml"
    file.write_text(yaml.safe_dump([book]))
    return str(file)


def run_playbook(
    checkout: Path, *arguments: str, environment: dict[str, str], timeout: float = 300
) -> Ran:
    """Run ansible-playbook in a checkout, and return its output and recap. timeout: seconds."""
    done = subprocess.run(
        [str(BIN / "ansible-playbook"), *arguments],
        cwd=checkout,
        capture_output=True,
        text=True,
        timeout=timeout,
        env=ansible_environment(environment),
    )
    recap: dict[str, dict[str, int]] = {}
    for line in done.stdout.split("PLAY RECAP", 1)[-1].splitlines()[1:]:
        host, _, counters = line.partition(":")
        if "ok=" in counters:
            recap[host.strip()] = {
                key: int(value) for key, value in (pair.split("=") for pair in counters.split())
            }
    return Ran(done.returncode, done.stdout + done.stderr, {}, recap)
