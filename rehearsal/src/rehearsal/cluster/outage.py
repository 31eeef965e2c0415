"""Take a node away, or let it return. Run inside the world: action, node, the world's data."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rehearsal.cluster.cluster import Cluster
from rehearsal.world import World, WorldError


def main(action: str, name: str, data: str) -> int:
    """Do it and say how long it took. Returns the exit code."""
    began = time.monotonic()
    try:
        cluster = Cluster.open(World(Path(data), Path()))
        (cluster.stop_node if action == "stop" else cluster.start_node)(name)
    except WorldError as error:
        sys.stderr.write(f"rehearsal: {error}\n")
        return 1
    done = "gone, as after a power cut" if action == "stop" else "ready again"
    sys.stdout.write(f"{name} is {done} ({time.monotonic() - began:.1f} s)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
