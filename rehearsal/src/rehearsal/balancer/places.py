"""Addresses and names of the load balancers in the world."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from rehearsal.world import BRIDGE

POOL = [f"10.255.0.{number}" for number in range(32, 64)]
"""One address of the world's bridge for each load balancer; below are the nodes'."""


class Places:
    """Gives each stack an address, and its names lines in the world's /etc/hosts.

    These are the DNS name, and those of its rules, as if somebody had made records of them.
    """

    def __init__(self, hosts: Path) -> None:
        self._hosts = hosts
        self._fixed = hosts.read_text()
        self._names: dict[str, str] = {}
        self._hosts_of: dict[str, tuple[str, ...]] = {}
        self.addresses: dict[str, str] = {}

    def take(self, stack: str, name: str, hosts: tuple[str, ...] = ()) -> None:
        """An address for a stack, once, and names."""
        if stack not in self.addresses:
            used = set(self.addresses.values())
            address = next(each for each in POOL if each not in used)
            self._ip("add", address)
            self.addresses[stack] = address
        self._names[stack], self._hosts_of[stack] = name, hosts
        self._write()

    def name(self, stack: str) -> str:
        """The DNS name of a stack."""
        return self._names[stack]

    def free(self, stack: str) -> None:
        """Give both back."""
        self._names.pop(stack, None)
        self._hosts_of.pop(stack, None)
        if address := self.addresses.pop(stack, None):
            self._ip("delete", address)
        self._write()

    def _ip(self, what: str, address: str) -> None:
        subprocess.run(["ip", "address", what, f"{address}/24", "dev", BRIDGE], check=True)

    def _write(self) -> None:
        # In place: the file is mounted over the system's.
        lines = [
            f"{self.addresses[stack]} {' '.join((name, *self._hosts_of[stack]))}\n"
            for stack, name in self._names.items()
        ]
        self._hosts.write_text(self._fixed + "".join(lines))

    def note(self, file: Path) -> None:
        """Write the names down for those who look from outside: {stack: {name, address, host}}."""
        found = {
            stack: {
                "name": name,
                "address": self.addresses[stack],
                "host": next(iter(self._hosts_of[stack]), name),
            }
            for stack, name in self._names.items()
        }
        draft = file.with_suffix(".new")
        draft.write_text(json.dumps(found))
        draft.rename(file)
