"""Start and end machines: `python -m rehearsal.machines WORLD`, inside the namespace."""

from __future__ import annotations

import json
import sys
import time
import traceback
from pathlib import Path

from rehearsal.cluster.cluster import Cluster
from rehearsal.cluster.node import SPARE, Life, Node
from rehearsal.machines.instances import Changes, Ec2, Instance
from rehearsal.world import World

PAUSE = 0.3
"""Seconds between two looks at the log of requests."""

KIND = "node.kubernetes.io/instance-type"


class Machines:
    """Brings the spare nodes to what EC2 says."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._ec2 = Ec2()
        self._cluster = Cluster.open(World(data, Path()))
        self._places: dict[str, Node] = {}
        self._free = list(SPARE)
        self._known: dict[str, Instance] = {}

    def run(self) -> None:
        """Until the world ends."""
        changes, again = Changes(self._data / "aws_requests.jsonl"), False
        while True:
            if changes.any() or again:
                try:
                    again = not self.follow()
                except Exception:  # whatever it is, it is tried again, and the log says what
                    traceback.print_exc()
                    again = True
                    time.sleep(1)
            time.sleep(PAUSE)

    def follow(self) -> bool:
        """One round: machines of instances that are gone end, those of new ones start.

        Returns whether that is all. A Node that goes slowly, since somebody has a finalizer on it,
        is awaited: a new machine of that name would take it for its own, and lose it.
        """
        wanted, done = self._ec2.nodes(self._known), True
        for identifier in set(self._places) - set(wanted):
            place = self._places[identifier]
            self._cluster.remove_machine(place)
            del self._places[identifier]
            self._free.append(place)
            say(f"{identifier} is gone, and so is {place.name}")
        for identifier in sorted(set(wanted) - set(self._places)):
            # The longest free one first: its name is the least remembered.
            found = next((one for one in self._free if not self._cluster.has_node(one)), None)
            if found:
                self._cluster.add_machine(found, life_of(wanted[identifier]))
                self._free.remove(found)
                self._places[identifier] = found
                say(f"{identifier} is {found.name}")
            elif self._free:
                done = False
            elif identifier not in self._known:
                say(f"{identifier} stays a record: all {len(SPARE)} spare nodes are taken")
        self._known = wanted
        self._tell()
        return done

    def _tell(self) -> None:
        """Let the emulated EC2 know its instances' addresses."""
        told = {
            identifier: {"address": place.address, "name": place.name}
            for identifier, place in self._places.items()
        }
        draft = self._data / "machines.new"
        draft.write_text(json.dumps(told))
        draft.rename(self._data / "machines.json")


def life_of(instance: Instance) -> Life:
    """What kubelet is told on this machine."""
    return Life(
        zone=instance.zone,
        provider_id=instance.provider_id,
        labels={KIND: instance.kind, **dict(instance.labels)},
        taints=instance.taints,
    )


def say(text: str) -> None:
    """A line of the log."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    Machines(Path(sys.argv[1])).run()
