"""Load on the rolled-out application in the rehearsal, and changes of the inventory under it.

Run inside the world of a rolled-out rehearsal: make resilience.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster import RELEASE, items, kubectl, pods, wait
from records import Row, Table
from support.checkout import ROOT

HERE = Path(__file__).resolve().parent
QUESTION = json.dumps({"question": "Which tags does every resource carry?"})
RATE = 8
"""Requests per second on each way: two thirds cheap ones, one third whole answers."""

LONGEST = 1500
"""Seconds after which a load ends by itself."""

TABLE = Table()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the table."""
    if TABLE.rows:
        terminalreporter.write_line("\n".join(["", Table.HEAD, *(row.text for row in TABLE.rows)]))


class Inventory:
    """A copy of the rehearsal's inventory, to be changed between runs."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "rehearsal"
        shutil.copytree(ROOT / "inventories/rehearsal", self.path, symlinks=True)
        group = self.path / "group_vars/platform"
        self._main = group / "machine.yml"
        # Read after it, so it has the last word.
        self._file = group / "with_changes.yml"
        self.values: dict[str, Any] = {}

    def roll_out(self, **values: Any) -> str:
        """Run site.yml for the application with these variables; its output."""
        self.values.update(values)
        self._file.write_text(yaml.safe_dump(self.values))
        done = subprocess.run(
            [
                ROOT / ".venv/bin/ansible-playbook",
                "site.yml",
                "--inventory",
                self.path,
                "--limit",
                "app_rollout,health",
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def chart_values(self) -> dict[str, Any]:
        """The chart's values that the inventory gives, to be written back with a change."""
        values: dict[str, Any] = yaml.safe_load(self._main.read_text())["app_rollout_values"]
        return {**values, "ingress": {"apiPaths": ["/v1"]}}


@pytest.fixture(scope="session")
def inventory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inventory]:
    """The inventory; at the end the application is what the real one says again."""
    copied = Inventory(tmp_path_factory.mktemp("inventory"))
    yield copied
    # In two steps: pods that are made while the Ingress loses its API paths would wait for a
    # target group that goes (app/chart/README.md).
    copied.values = {}
    copied.roll_out(app_rollout_values=copied.chart_values())
    copied.values = {}
    copied.roll_out()


@pytest.fixture(scope="session")
def address(inventory: Inventory) -> str:
    """Where the Ingress is served, the API's paths included; the load has no key to send."""
    inventory.roll_out(app_rollout_auth="none", app_rollout_values=inventory.chart_values())
    wait("the Ingress's address", lambda: items("ingress")[0]["status"]["loadBalancer"], 60)
    return f"http://{items('ingress')[0]['spec']['rules'][0]['host']}"


@pytest.fixture(scope="session")
def loads(address: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Steady load through the Ingress and through the Service: way -> what reads its lines."""
    outside = tmp_path_factory.mktemp("load") / "ingress.jsonl"
    paths = ["/", f"/v1/ask={QUESTION}", "/api/livez"]
    argv = [sys.executable, HERE / "load.py", str(LONGEST), str(RATE), address, *paths]
    apply_pod()
    with outside.open("w") as lines, subprocess.Popen(argv, stdout=lines) as process:
        yield {"Ingress": outside.read_text, "Service": lambda: kubectl("logs", "load")}
        process.terminate()
    kubectl("delete", "--wait=false", "pod/load", "networkpolicy/load", "configmap/load")


def apply_pod() -> None:
    """A pod that sends to the backend's Service, and the policy that lets it."""
    backend = pods("backend")[0]["spec"]["containers"][0]["image"]
    variables = {
        "image": backend,
        "release": RELEASE,
        "script": json.dumps((HERE / "load.py").read_text()),
        "arguments": json.dumps(
            [
                *(str(LONGEST), str(RATE), f"http://{RELEASE}-backend:8000"),
                *("/livez", f"/v1/ask={QUESTION}", "/version"),
            ]
        ),
    }
    text = (HERE / "load.yml").read_text()
    for name, value in variables.items():
        text = text.replace(f"$({name})", value)
    kubectl("apply", "-f", "-", stdin=text)
    kubectl("wait", "--for=condition=Ready", "--timeout=60s", "pod/load")
    wait("the load's first answers", lambda: len(kubectl("logs", "load").splitlines()) > 5, 60)


Measure = Callable[[str], Any]


@pytest.fixture
def measure(loads: dict[str, Any]) -> Measure:
    """A context that makes a row per way of what is sent while it lasts, and 5 s after."""

    @contextmanager
    def rows(change: str) -> Iterator[list[Row]]:
        made: list[Row] = []
        begin = time.time()
        yield made
        time.sleep(5)
        end = time.time()
        # What was sent last may take as long as load.py lets it.
        time.sleep(2)
        made += [
            TABLE.add(change, way, begin, end, read().splitlines()) for way, read in loads.items()
        ]

    return rows
