"""Fixture: a cluster in the emulated AWS."""

from __future__ import annotations

import pytest
from support.eks_members import make_cluster
from support.lifecycle import World


@pytest.fixture
def cluster(world: World) -> World:
    """An account with a cluster that has no members."""
    make_cluster(world)
    return world
