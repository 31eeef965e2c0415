"""What is known of the world: its phase, its servers, its data."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from rehearsal.paths import Places

STALE_SECONDS = 15.0
"""The supervisor writes every second; on a machine that swaps, not quite."""


@dataclass(frozen=True)
class State:
    """What the supervisor wrote last. processes: name -> {pid, returncode?, at?}.

    A node that was taken away on purpose has no pid.
    """

    phase: str
    error: str
    began: float
    heartbeat: float
    processes: dict[str, dict[str, Any]]

    @property
    def stale(self) -> bool:
        """Whether the supervisor has stopped writing."""
        return time.time() - self.heartbeat > STALE_SECONDS

    @property
    def ended(self) -> dict[str, int]:
        """The servers that are no more, with what they ended with."""
        return {
            name: process["returncode"]
            for name, process in self.processes.items()
            if "returncode" in process
        }

    @property
    def away(self) -> list[str]:
        """The nodes that `rehearsal node stop` has taken away."""
        return [name for name, process in self.processes.items() if process["pid"] is None]


def read_state(places: Places) -> State | None:
    """The state, or None before the supervisor has written one."""
    try:
        return State(**json.loads(places.state.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
