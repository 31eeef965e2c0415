"""A node that is taken away on purpose is no server that died."""

from __future__ import annotations

from pathlib import Path

import pytest

from rehearsal.cluster import node
from rehearsal.inside.supervisor import Supervisor
from rehearsal.paths import Places

NODE = node.NODES[0]


@pytest.fixture
def supervisor(tmp_path: Path) -> Supervisor:
    places = Places(tmp_path / "data", tmp_path / "cache")
    folder = places.data / "cluster" / "nodes" / NODE.name
    folder.mkdir(parents=True)
    made = Supervisor(places, Path(), Path(), None)
    made.ended = {name: {"returncode": -9, "at": 1.0} for name in (NODE.name, "postgresql")}
    (folder / "pid").write_text("11")
    return made


def test_a_node_that_ended_by_itself_has_ended(supervisor: Supervisor) -> None:
    assert supervisor.entry(NODE.name, 11) == {"pid": 11, "returncode": -9, "at": 1.0}
    assert supervisor.entry("postgresql", 12) == {"pid": 12, "returncode": -9, "at": 1.0}


def test_a_node_that_was_taken_away_has_no_process_and_returns_as_another(
    supervisor: Supervisor,
) -> None:
    recorded = node.folder(supervisor.world, NODE) / "pid"
    recorded.unlink()
    assert supervisor.entry(NODE.name, 11) == {"pid": None}
    recorded.write_text("13")
    assert supervisor.entry(NODE.name, 11) == {"pid": 13}
