"""Whole runs of site.yml and destroy.yml, killed at mutating calls all along: `--runs` of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support.emulator import Aws
from support.faults.holdings import Holdings
from support.faults.killing import Faults
from support.faults.wholerun import Platform, doubled, killed_at
from table import Table


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each life; none by default, since each takes minutes."""
    metafunc.parametrize("life", range(metafunc.config.option.runs))


def test_killed_runs_end_in_one_platform_and_in_none(
    life: int, emulator: Aws, proxied: Aws, tmp_path: Path, seed: int, table: Table
) -> None:
    """A rollout killed and run again makes one platform; a destroy killed and run again, none."""
    emulator.reset()
    faults, ours = Faults(proxied), Holdings(emulator, "dev")
    chance = random.Random(f"{seed} {life}")  # noqa: S311 - no secrets
    platform = Platform.of(proxied, tmp_path / "dev")
    sites, destroys = table.row("kill -9: site.yml"), table.row("kill -9: destroy.yml")
    dies = killed_at(faults, chance.randint(1, 80), chance.random() < 0.5)
    assert (died := platform.site(ready=dies)).code is None, died.output
    point = f"--seed {seed}, life {life}, site.yml at {faults.report()['killed']}"
    made, twice = platform.site(), platform.site()
    found = ours.count()
    if made.code or twice.changed or doubled(found):
        sites.failed(f"{point}: too many: {doubled(found)}, changed again: {twice.changed}")
        pytest.fail(f"{point}: {doubled(found)}\n{made.output}")
    sites.passed()
    data = ("-e", "destroy_data=true")
    dies = killed_at(faults, chance.randint(1, 45), chance.random() < 0.5, refusals=["*"])
    assert (died := platform.destroy(*data, ready=dies)).code is None, died.output
    point = f"--seed {seed}, life {life}, destroy.yml at {faults.report()['killed']}"
    gone, again = platform.destroy(*data), platform.destroy(*data)
    left = ours.count()
    if gone.code or again.changed or left:
        destroys.failed(f"{point}: after destroy: too many: {dict(left)}")
        pytest.fail(f"{point}: {dict(left)}\n{gone.output}")
    destroys.passed()
