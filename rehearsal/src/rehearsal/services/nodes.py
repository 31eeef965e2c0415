"""What makes and removes nodes: the stand-ins for Cluster Autoscaler and for EC2's machines."""

from __future__ import annotations

import sys

from rehearsal.world import World

AUTOSCALER, MACHINES = "cluster-autoscaler", "machines"


def start(world: World) -> None:
    """Start both; the first only looks until its release is installed, the second until EC2 is."""
    for name, module in ((AUTOSCALER, "rehearsal.autoscaler"), (MACHINES, "rehearsal.machines")):
        world.spawn(name, [sys.executable, "-P", "-m", module, world.data])
