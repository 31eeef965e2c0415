"""Keeps every node's table true: `python -m rehearsal.cluster.policies.engine FOLDER PKI`.

FOLDER: where its socket is; PKI: the cluster's folder of certificates. Its clients are the
nodes' first processes (a node starts: its empty table comes first) and the CNI plugin (a pod
gets or loses its address). When it ends the tables stay; no pod starts then.
"""

from __future__ import annotations

import json
import os
import socketserver
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from socket import SO_PEERCRED, SOL_SOCKET
from typing import Any

from rehearsal.cluster.api import Api, ApiError
from rehearsal.cluster.pki import Pair
from rehearsal.cluster.policies import nodes, table
from rehearsal.cluster.policies.store import NAMESPACES, PODS, POLICIES, Endpoint, Store
from rehearsal.names import KUBERNETES_PORT
from rehearsal.world import ADDRESS

USER = "rehearsal:network-policies"
NAME = "network-policies"
"""Of its process, its log and its files of certificates."""

ANSWER = 15.0
"""Seconds after which a client is told that it did not work; less than the plugin waits."""

TOLD = 60.0
LOOK = 5.0
"""Seconds between two looks at what was refused; a refusal is told once in TOLD seconds."""

RETRY = 0.3


class Engine:
    """The store, the nodes, and the thread that brings the one to the others."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.store = Store()
        self.nodes: dict[str, nodes.Node] = {}
        self.say = say
        self._changed = threading.Condition()
        self._wanted = self._done = 0
        self._problems: dict[str, str] = {}

    # What others tell it.

    def listed(self, path: str, items: list[Any]) -> None:
        """The API's objects of a kind."""
        with self._changed:
            if self.store.replace(path, items):
                self._want()

    def happened(self, path: str, event: str, item: Any) -> None:
        """A change of the API."""
        with self._changed:
            if self.store.change(path, event, item):
                self._want()
            self._changed.notify_all()

    def node_starts(self, name: str, subnet: str, pid: int) -> None:
        """A node is there, with no pod yet; returns when its table is."""
        with self._changed:
            self.store.lose(name)
            self.nodes[name] = nodes.Node.of(name, subnet, pid)
            self._await(name)
        self.say(f"{name}: nothing passes but what its pods are allowed")

    def pod_starts(self, endpoint: dict[str, str]) -> None:
        """A pod has an address; returns when its rules are in force."""
        deadline = time.monotonic() + ANSWER
        uid, name = endpoint["uid"], f"{endpoint['namespace']}/{endpoint['name']}"
        with self._changed:
            if endpoint["node"] not in self.nodes:
                raise RuntimeError(f"{endpoint['node']} has not said that it starts")
            known = self._changed.wait_for(
                lambda: self.store.complete and self.store.pod(uid), deadline - time.monotonic()
            )
            if not known:
                raise RuntimeError(f"the API has not told of pod {name} in {ANSWER:.0f} s")
            self.store.attach(
                Endpoint(endpoint["node"], endpoint["address"], endpoint["container"], uid, known)
            )
            self._await(endpoint["node"])

    def pod_ends(self, container: str) -> None:
        """A pod's network is taken away; its address may be another's next."""
        with self._changed:
            if self.store.detach(container):
                self._want()

    def _want(self) -> None:
        self._wanted += 1
        self._changed.notify_all()

    def _await(self, node: str) -> None:
        """Have the present state applied; a node where that did not work is an error."""
        self._want()
        wanted = self._wanted
        if not self._changed.wait_for(lambda: self._done >= wanted, ANSWER):
            raise RuntimeError(f"the rules of {node} were not applied in {ANSWER:.0f} s")
        if node not in self.nodes:
            raise RuntimeError(f"{node} has ended")
        if problem := self._problems.get(node):
            raise RuntimeError(f"{node}: {problem}")

    # What it does.

    def run(self) -> None:
        """Apply every change, until the end of the process."""
        while True:
            with self._changed:
                # What did not work is tried again even if nothing changes.
                self._changed.wait_for(
                    lambda: self._wanted > self._done, 1.0 if self._problems else None
                )
                wanted, texts = self._wanted, self._texts()
            problems = nodes.apply(texts, dict(self.nodes))
            with self._changed:
                self._end(problems)
                self._done = wanted
                self._changed.notify_all()

    def _texts(self) -> dict[str, str]:
        leaves = self.store.leaves()
        return {
            name: table.text(node.subnet, leaves.get(name, {})) for name, node in self.nodes.items()
        }

    def _end(self, problems: dict[str, str]) -> None:
        """Tell what went wrong; nodes that have ended are forgotten with their pods."""
        for name, problem in problems.items():
            if self._problems.get(name) != problem:
                self.say(f"{name}: {problem}")
            node = self.nodes.get(name)
            if node and not node.alive:
                del self.nodes[name]
                if self.store.lose(name):
                    self._wanted += 1
        self._problems = {name: why for name, why in problems.items() if name in self.nodes}

    def look(self) -> None:
        """Tell what was refused, each connection once a minute, until the end."""
        told: dict[table.Denied, float] = {}
        while True:
            time.sleep(LOOK)
            now = time.monotonic()
            told = {denied: when for denied, when in told.items() if now - when < TOLD}
            for denied in self._denied():
                if denied not in told:
                    told[denied] = now
                    self.say(self._sentence(denied))

    def _denied(self) -> list[table.Denied]:
        found = []
        for node in list(self.nodes.values()):
            with suppress(nodes.NodeGone, subprocess.TimeoutExpired):
                process = node.nft("nft", "-j", *table.READ_DENIED.split())
                output, _ = process.communicate(timeout=nodes.TIMEOUT)
                if process.returncode == 0:
                    found += list(table.denied(output))
        return found

    def _sentence(self, denied: table.Denied) -> str:
        with self._changed:
            names = {pod.address: f"{pod.namespace}/{pod.name}" for pod in self.store.pods()}
        source, target = (names.get(each, each) for each in (denied.source, denied.target))
        whose = source if denied.direction == "egress" else target
        return (
            f"refused: {source} -> {target} {denied.protocol}/{denied.port} "
            f"(no policy for {denied.direction} of {whose} allows it)"
        )


def follow(engine: Engine, api: Api, path: str) -> None:
    """Tell the engine of every object of a kind and of each change, until the end."""
    said = ""
    while True:
        try:
            found = api.get(path)
            engine.listed(path, found["items"])
            said = ""
            version = found["metadata"]["resourceVersion"]
            query = f"?watch=true&resourceVersion={version}&timeoutSeconds=300"
            for event in api.lines(f"{path}{query}", timeout=330):
                if event["type"] == "ERROR":
                    break
                engine.happened(path, event["type"], event["object"])
        except (ApiError, OSError, HTTPException, ValueError) as error:
            if said != str(error):
                said = str(error)
                engine.say(f"{path}: {said}; it is asked until it answers")
            time.sleep(RETRY)


class Handler(socketserver.StreamRequestHandler):
    """One message of a node or of the plugin, one answer."""

    server: Server

    def handle(self) -> None:
        """Answer when it is done."""
        error = None
        try:
            self.take(json.loads(self.rfile.readline()))
        except (RuntimeError, OSError, ValueError, KeyError) as problem:
            error = f"{type(problem).__name__}: {problem}"
            self.server.engine.say(f"refused a message: {error}")
        with suppress(OSError):  # it did not wait
            self.wfile.write(json.dumps({"error": error}).encode() + b"\n")

    def take(self, message: dict[str, str]) -> None:
        """Pass a message on."""
        engine = self.server.engine
        if message["event"] == "start":
            credentials = self.request.getsockopt(SOL_SOCKET, SO_PEERCRED, struct.calcsize("3i"))
            pid, _, _ = struct.unpack("3i", credentials)
            engine.node_starts(message["node"], message["pods"], pid)
        elif message["event"] == "add":
            engine.pod_starts(message)
        else:
            engine.pod_ends(message["container"])


class Server(socketserver.ThreadingUnixStreamServer):
    """Listens at `engine.sock` in the working folder: paths of sockets are short."""

    daemon_threads = True

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        Path("engine.sock").unlink(missing_ok=True)
        super().__init__("engine.sock", Handler)


def say(line: str) -> None:
    """A line of the log."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


def main(folder: Path, pki: Path) -> None:
    """Run until the end; a thread that fails is the end."""
    threading.excepthook = _fail
    engine = Engine(say)
    client = Pair(pki / f"{NAME}.crt", pki / f"{NAME}.key")
    api = Api(ADDRESS, KUBERNETES_PORT, pki / "ca.crt", client)
    os.chdir(folder)
    server = Server(engine)
    for path in (PODS, NAMESPACES, POLICIES):
        threading.Thread(target=follow, args=(engine, api, path), daemon=True).start()
    for work in (server.serve_forever, engine.look):
        threading.Thread(target=work, daemon=True).start()
    engine.run()


def _fail(problem: threading.ExceptHookArgs) -> None:
    sys.excepthook(problem.exc_type, problem.exc_value or problem.exc_type(), problem.exc_traceback)
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute())
