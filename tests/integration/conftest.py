"""Commands of the checkout, run as a user runs them, with their output shown and kept."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.checkout import ROOT

REHEARSAL = str(ROOT / ".venv/bin/rehearsal")
RECAP = re.compile(
    r"^(?P<host>\S+)\s+: ok=(?P<ok>\d+)\s+changed=(?P<changed>\d+)"
    r"\s+unreachable=(?P<unreachable>\d+)\s+failed=(?P<failed>\d+)",
    re.M,
)


TOKEN_SECONDS = 60
"""Seconds after which the world's cluster knows a token of EKS no more; AWS's are 900."""


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


def playbook(
    name: str,
    *arguments: str,
    inventory: str = "rehearsal",
    env: dict[str, str] | None = None,
) -> Outcome:
    """Run a playbook inside the rehearsal's world, with tokens that end before the world's do."""
    program = str(ROOT / ".venv/bin/ansible-playbook")
    life = f"kube_access_token_life={TOKEN_SECONDS - 15}"
    return inside(program, name, "-i", f"inventories/{inventory}", "-e", life, *arguments, env=env)


def user_namespace(process: Path) -> str:
    """The user namespace of a process of /proc: all that a world starts shares one."""
    return str((process / "ns/user").readlink())


def processes(namespace: str = "") -> dict[int, str]:
    """Processes of the rehearsal: number -> command line.

    Those in the world's user namespace, and those that mention this checkout. Another
    world that runs beside, and what else the machine starts, is none of ours.
    """
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (
                (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            )
            ours = user_namespace(folder) == namespace or f"{ROOT}/" in command
        except OSError:  # it has ended meanwhile
            continue
        if command and ours:
            found[int(folder.name)] = command
    return found


def listening_ports(owners: Collection[int]) -> set[str]:
    """Local address:port of the listening TCP sockets of these processes."""
    listing = subprocess.run(["ss", "-Hltnp"], check=True, capture_output=True, text=True).stdout
    return {
        line.split()[3]
        for line in listing.splitlines()
        if {int(pid) for pid in re.findall(r"pid=(\d+)", line)} & set(owners)
    }


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--external-secrets", action="store_true", help="have the operator in the world's cluster"
    )
    parser.addoption(
        "--karpenter", action="store_true", help="have Karpenter in the world's cluster"
    )
    parser.addoption(
        "--no-kubernetes",
        action="store_true",
        help="have no cluster: AWS and its registry are enough",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what uses the platform run between its making and its end."""
    life = [item for item in items if item.path.name == "test_life_of_the_platform.py"]
    users = [item for item in items if item not in life]
    end = next((n for n, item in enumerate(life) if "destroy" in item.name), len(life))
    items[:] = [*life[:end], *users, *life[end:]]


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where plans and changes are written."""
    return tmp_path_factory.mktemp("reports")


@dataclass
class Before:
    """What ran before the world was there, and how to know its processes."""

    processes: dict[int, str]
    namespace: str


@pytest.fixture(scope="session")
def world(pytestconfig: pytest.Config) -> Iterator[Before]:
    """A fresh world; whatever happens, it is taken down at the end."""
    options = ("--external-secrets", "--karpenter", "--no-kubernetes")
    asked = [option for option in options if pytestconfig.getoption(option)]
    run(REHEARSAL, "down")
    before = processes()
    # Waits are longer than that: no task may keep the token with which it began.
    outcome = run(REHEARSAL, "up", *asked, env={"AWS_EKS_TOKEN_SECONDS": str(TOKEN_SECONDS)})
    assert outcome.returncode == 0
    yield Before(before, inside("readlink", "/proc/self/ns/user").output.splitlines()[-1])
    run(REHEARSAL, "down")


@pytest.fixture(scope="session")
def platform(world: Before) -> None:  # noqa: ARG001 - it must be up
    """The application runs."""
    there = inside("kubectl", "get", "deployment", "rag-backend", "--namespace", "rag")
    if there.returncode:
        assert playbook("site.yml").returncode == 0
