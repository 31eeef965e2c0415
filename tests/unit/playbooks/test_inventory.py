"""Each playbook that a person starts refuses an inventory without a host of the platform."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from support.checkout import ROOT

PLAYBOOKS = {path.name: path for path in (ROOT / "playbooks").glob("*.yml")}


def imported(playbook: Path) -> list[str]:
    """The playbooks that one imports under their name, in order."""
    plays = yaml.safe_load(playbook.read_text())
    names = [play.get("ansible.builtin.import_playbook") for play in plays]
    return [name for name in names if name in PLAYBOOKS]


PARTS = {name for playbook in PLAYBOOKS.values() for name in imported(playbook)}
STARTED = sorted({*PLAYBOOKS} - PARTS | {"preflight.yml", "images.yml"})
"""Those that no other imports, and two that people start, too."""


def reached(name: str) -> set[str]:
    """A playbook, and all that it imports at last."""
    return {name}.union(*(reached(each) for each in imported(PLAYBOOKS[name])))


@pytest.mark.parametrize("name", STARTED)
def test_a_playbook_asks_for_an_inventory(name: str) -> None:
    assert "inventory.yml" in reached(name)
