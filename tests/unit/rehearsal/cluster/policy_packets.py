"""Real packets through tables of nftables: run by a test inside a network of its own.

Makes a node with a cable to each pod, loads one table after the other and tries connections.
Nobody listens: the target's refusal is the sign that a packet arrived. Reads a list of
{"table": text, "pass": [flow...], "refuse": [flow...]} with flows (source, target, port,
protocol) from standard input; prints per entry the flows that went wrong.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
KINDS = {"TCP": socket.SOCK_STREAM, "UDP": socket.SOCK_DGRAM}
ARRIVES, DOES_NOT = 5.0, 0.15
"""Seconds to wait for what should arrive, and for what should not."""


def run(*command: str, text: str = "") -> None:
    """Run a command with this input."""
    subprocess.run(command, input=text, text=True, check=True)


def call(function: Any, *arguments: int) -> None:
    """Call the C library."""
    if function(*arguments):
        raise OSError(ctypes.get_errno(), function.__name__)


def enter(namespace: int) -> None:
    """Be in a network; sockets stay in the one where they were made."""
    call(LIBC.setns, namespace, CLONE_NEWNET)


class Pod:
    """A network that a sleeping process holds, with a cable to the node."""

    def __init__(self, node: int, number: int, address: str) -> None:
        ready, told = os.pipe()
        self.process = os.fork()
        if not self.process:
            call(LIBC.unshare, CLONE_NEWNET)
            os.write(told, b"x")
            signal.pause()
        os.read(ready, 1)
        self.network = os.open(f"/proc/{self.process}/ns/net", os.O_RDONLY)
        cable = f"pod{number}"
        peer = ["peer", "name", "eth0", "netns", str(self.process)]
        run("ip", "link", "add", cable, "type", "veth", *peer)
        run("ip", "address", "add", "169.254.1.1/32", "dev", cable)
        run("ip", "link", "set", cable, "up")
        run("ip", "route", "add", address, "dev", cable)
        enter(self.network)
        run("ip", "address", "add", f"{address}/32", "dev", "eth0")
        run("ip", "link", "set", "eth0", "up")
        run("ip", "route", "add", "169.254.1.1", "dev", "eth0")
        run("ip", "route", "add", "default", "via", "169.254.1.1")
        enter(node)

    def begin(self, target: str, port: int, protocol: str) -> socket.socket:
        """Start a connection from here."""
        enter(self.network)
        connection = socket.socket(socket.AF_INET, KINDS[protocol])
        connection.setblocking(False)
        connection.connect_ex((target, port))
        if protocol == "UDP":
            connection.send(b"x")
        return connection


def arrived(connections: Iterable[socket.socket], seconds: float) -> list[bool]:
    """Which connections were answered (with a refusal) before the time was over."""
    wanted = list(connections)
    waiting, deadline = set(wanted), time.monotonic() + seconds
    answered = {}
    while waiting and (left := deadline - time.monotonic()) > 0:
        for connection in select.select(waiting, [], [], left)[0]:
            answered[connection] = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            waiting.discard(connection)
    return [bool(answered.get(connection)) for connection in wanted]


def wrong(pods: dict[str, Pod], node: int, entry: dict[str, Any]) -> list[Any]:
    """Load a table and try its flows; those that did otherwise than they should."""
    run("nft", "-f", "-", text=entry["table"])
    found = []
    for key, seconds in (("refuse", DOES_NOT), ("pass", ARRIVES)):
        flows = entry[key]
        connections = [pods[source].begin(*rest) for source, *rest in flows]
        enter(node)
        results = arrived(connections, seconds)
        found += [
            flow for flow, result in zip(flows, results, strict=True) if result != (key == "pass")
        ]
        for connection in connections:
            connection.close()
    return found


def main() -> None:
    """Try all entries."""
    entries = json.load(sys.stdin)
    run("ip", "link", "set", "lo", "up")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
    node = os.open("/proc/self/ns/net", os.O_RDONLY)
    flows = [flow for entry in entries for key in ("pass", "refuse") for flow in entry[key]]
    addresses = sorted({address for flow in flows for address in flow[:2]})
    pods = {address: Pod(node, number, address) for number, address in enumerate(addresses)}
    try:
        json.dump([wrong(pods, node, entry) for entry in entries], sys.stdout)
    finally:
        for pod in pods.values():
            os.kill(pod.process, signal.SIGKILL)


if __name__ == "__main__":
    main()
