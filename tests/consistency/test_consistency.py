"""The AWS layer of a whole platform in an account that sees its changes late: `--reads 1,2,5`.

From empty, again, destroyed and destroyed again; what was changed, what there is, and how it is
secured must be exactly as in an account that sees all at once.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from secured import secured
from support.emulator import Aws, adjusted
from support.faults.holdings import Holdings
from support.faults.wholerun import Platform, Run

SPREAD_SECONDS = 10
"""After which all is seen, as `rehearsal.aws.spread.application` has it."""


@dataclass
class Life:
    """What became of a platform. runs: by name; changes: of the rollout, as it reports them."""

    runs: dict[str, Run] = field(default_factory=dict)
    changes: list[Any] = field(default_factory=list)
    there: Counter[str] = field(default_factory=Counter)
    secured: dict[str, str] = field(default_factory=dict)
    left: Counter[str] = field(default_factory=Counter)
    spread: dict[str, int] = field(default_factory=dict)

    def row(self, reads: int, differs: int) -> str:
        """Its line of the table."""
        counts = [run.changed for run in self.runs.values()]
        numbers = f"{reads:6}{counts[0]:7}{counts[1]:7}{counts[2]:9}{counts[3]:7}"
        spread = f"{self.spread.get('refused', 0):9}{self.spread.get('late', 0):6}"
        return (
            f"{numbers}{spread}{len(self.secured):9}  {f'{differs} differ' if differs else 'same'}"
        )


def live(aws: Aws, folder: Path, phases: list[str]) -> Life:
    """A platform's life, from nothing to nothing."""
    platform = replace(Platform.of(aws, folder / "dev", phases), sweep=())
    ours, life, data = Holdings(aws, "dev"), Life(), ("-e", "destroy_data=true")
    file = folder / "changes.json"
    life.runs["site"] = platform.play("site.yml", "-e", f"changes_file={file}")
    assert life.runs["site"].code == 0, life.runs["site"].output
    life.changes = told(json.loads(file.read_text()))
    life.runs["again"] = platform.site()
    time.sleep(SPREAD_SECONDS)
    life.there, life.secured = ours.count(), secured(aws)
    life.runs["destroy"] = platform.destroy(*data)
    life.runs["destroy again"] = platform.destroy(*data)
    time.sleep(SPREAD_SECONDS)
    life.left = ours.count()
    report = httpx.get(f"{aws.url}/_ministack/spread", timeout=10)
    life.spread = report.json() if report.status_code == 200 else {}
    return life


def told(content: Any) -> list[Any]:
    """(component, resource, action) of each change that a run reports, in an order of its own."""
    return sorted((row["component"], row["resource"], row["action"]) for row in content)


def lived(reads: int, folder: Path, phases: list[str], patch: pytest.MonkeyPatch) -> Life:
    """The same in an account of its own."""
    folder.mkdir(parents=True)
    patch.setenv("AWS_SPREAD_READS", str(reads))
    patch.setenv("AWS_SPREAD_SECONDS", str(SPREAD_SECONDS))
    with adjusted(folder / "requests.jsonl") as aws:
        return live(aws, folder, phases)


@pytest.fixture(scope="session")
def phases(request: pytest.FixtureRequest) -> list[str]:
    """The phases that are made."""
    return str(request.config.option.phases).split(",")


@pytest.fixture(scope="session")
def at_once(phases: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """The life in an account that sees all at once."""
    with pytest.MonkeyPatch.context() as patch:
        yield lived(0, tmp_path_factory.mktemp("at-once") / "aws", phases, patch)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each number of reads; none by default, since each takes minutes."""
    if "reads" in metafunc.fixturenames:
        given = str(metafunc.config.option.reads)
        metafunc.parametrize("reads", [int(each) for each in given.split(",") if each])


def test_what_is_seen_late_changes_nothing_of_the_outcome(
    reads: int,
    at_once: Life,
    phases: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[str],
) -> None:
    """One run is enough, the next changes nothing, and two destroys leave nothing."""
    late = lived(reads, tmp_path / "aws", phases, monkeypatch)
    differs = {
        label: (at_once.secured.get(label), late.secured.get(label))
        for label in at_once.secured.keys() | late.secured.keys()
        if at_once.secured.get(label) != late.secured.get(label)
    }
    if not any(row.startswith("     0") for row in rows):
        rows.append(at_once.row(0, 0))
    rows.append(late.row(reads, len(differs)))
    assert late.spread["refused"] > 0, "the account has seen all at once"
    assert late.spread["late"] > 0, "the account has told nothing late"
    for name, run in late.runs.items():
        assert run.code == 0, f"{name}\n{run.output}"
        assert run.hosts == at_once.runs[name].hosts, f"{name}\n{run.output}"
    assert late.runs["again"].changed == 0
    assert late.changes == at_once.changes
    assert late.there == at_once.there
    assert not differs
    assert not late.left
