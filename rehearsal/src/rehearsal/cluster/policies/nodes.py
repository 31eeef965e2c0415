"""The nodes' network namespaces, where the tables are."""

from __future__ import annotations

import os
import select
import subprocess
from dataclasses import dataclass
from io import FileIO
from typing import Self

APPLY = ("nft", "-f", "-")
TIMEOUT = 10.0


class NodeGone(Exception):
    """The node has ended."""


@dataclass
class Node:
    """A node by its first process. applied: the table that is in force, "" before the first."""

    name: str
    subnet: str
    pid: int
    process: FileIO
    applied: str = ""

    @classmethod
    def of(cls, name: str, subnet: str, pid: int) -> Self:
        """The node whose first process is `pid`."""
        return cls(name, subnet, pid, FileIO(os.pidfd_open(pid)))

    @property
    def alive(self) -> bool:
        """Whether it has not ended: a pidfd can be read when its process is no more."""
        return not select.select([self.process], [], [], 0)[0]

    def nft(self, *arguments: str) -> subprocess.Popen[str]:
        """Start nft in its network.

        The namespace is held only meanwhile: kept open, it would outlive the node, and with
        it the cable whose name the node's next life needs.
        """
        try:
            network = os.open(f"/proc/{self.pid}/ns/net", os.O_RDONLY)
        except OSError as error:
            raise NodeGone(self.name) from error
        try:
            # The number may be another process's by now; then this one has ended.
            if not self.alive:
                raise NodeGone(self.name)
            return subprocess.Popen(
                ["nsenter", f"--net=/proc/self/fd/{network}", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                pass_fds=[network],
            )
        finally:
            os.close(network)


def apply(wanted: dict[str, str], nodes: dict[str, Node]) -> dict[str, str]:
    """Put tables in force, on all nodes at once; node -> why it could not be.

    What is in force already is left alone.
    """
    problems, running = {}, {}
    for name, text in wanted.items():
        if nodes[name].applied != text:
            try:
                running[name] = nodes[name].nft(*APPLY)
            except NodeGone:
                problems[name] = "the node has ended"
    for name, process in running.items():
        try:
            _, errors = process.communicate(wanted[name], timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            errors = f"nft: no end after {TIMEOUT:.0f} s"
        if process.returncode:
            problems[name] = errors.strip() or f"nft ended with {process.returncode}"
        else:
            nodes[name].applied = wanted[name]
    return problems
