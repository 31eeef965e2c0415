"""Start all servers of the world, side by side, and write down what becomes of them."""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import rehearsal.cluster
from rehearsal import disk
from rehearsal.inside import namespace
from rehearsal.names import HOSTS, KUBERNETES_PORT
from rehearsal.paths import Places
from rehearsal.pki import Authority
from rehearsal.services import aws, balancer, nodes, postgres, redis, registry
from rehearsal.world import ADDRESS, World

STARTING, READY, FAILED = "starting", "ready", "failed"


@dataclass
class Supervisor:
    """The servers of one world. python: of ministack; images: the registry's folder.

    archives: of images that the nodes get beside those of `binaries`.
    """

    places: Places
    python: Path
    images: Path
    binaries: Path | None
    archives: Sequence[Path] = ()
    phase: str = STARTING
    error: str = ""
    began: float = field(default_factory=time.time)
    ended: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._lines = self.places.progress.open("a", buffering=1)
        self._lock = threading.Lock()
        self.world = World(self.places.data, self.places.cache, self.say)

    def say(self, line: str) -> None:
        """Tell the one who waits for the world, with the seconds since its start."""
        self._lines.write(f"{time.time() - self.began:6.1f} s  {line}\n")

    def start(self) -> None:
        """Bring everything up; raise what the first part that failed raised."""
        with self.world.step("namespace: network, names, trust"):
            namespace.network()
            namespace.mounts(self.places.data)
            authority = Authority(self.places.ca)
            namespace.trust(self.places.data, self.places.ca)
        parts: dict[str, Callable[[], object]] = {
            "PostgreSQL": lambda: postgres.start(self.world, authority),
            "Redis": lambda: redis.start(self.world, authority),
            "registry": lambda: registry.start(self.world, authority, self.images),
            "AWS API": lambda: aws.start(self.world, self.python, authority),
        }
        if self.binaries:
            parts["Kubernetes"] = functools.partial(self.kubernetes, self.binaries, authority)
        elif (self.places.data / "own-kubeconfig").exists():
            parts["own cluster"] = self.own_cluster
        self.say("waiting for " + ", ".join(parts))
        with ThreadPoolExecutor(len(parts)) as pool:
            running = [pool.submit(self.part, title, work) for title, work in parts.items()]
            done, _ = wait(running, return_when=FIRST_EXCEPTION)
            for future in done:
                if future.exception():
                    # The others need not be waited for: everything ends with us.
                    pool.shutdown(wait=False, cancel_futures=True)
                future.result()

    def part(self, title: str, work: Callable[[], object]) -> None:
        """One part, with its time."""
        with self.world.step(title):
            work()

    def kubernetes(self, binaries: Path, authority: Authority) -> None:
        """The cluster of three nodes, what serves its Ingresses, and what adds nodes to it."""
        rehearsal.cluster.start(self.world, binaries, names=HOSTS, archives=self.archives)
        balancer.start(self.world, authority)
        nodes.start(self.world)

    def own_cluster(self) -> None:
        """The relay to the user's cluster, which REHEARSAL_KUBECONFIG names."""
        module = "rehearsal.own_cluster"
        self.world.spawn(
            "own-cluster-relay", [sys.executable, "-m", module, "inside", self.places.data]
        )
        self.world.wait_until(
            "own cluster", own_cluster_missing, timeout=30, process="own-cluster-relay"
        )

    def watch(self) -> None:
        """Notice each server's end, and write the state, every second.

        On a full disk that fails, and is tried again: those who ask are told by `disk.full`.
        """
        while True:
            for name, process in list(self.world.processes.items()):
                code = process.poll()
                if code is not None and name not in self.ended:
                    self.ended[name] = {"returncode": code, "at": time.time()}
            with contextlib.suppress(OSError):  # a full disk: `status` names it, we try again
                self.write()
            time.sleep(1)

    def entry(self, name: str, started: int) -> dict[str, Any]:
        """A server in the state: its number, and its end unless `rehearsal node` meant it."""
        with contextlib.suppress(KeyError):  # no node
            pid = rehearsal.cluster.recorded(self.world, name)
            if pid != started:
                return {"pid": pid}
        return {"pid": started, **self.ended.get(name, {})}

    def write(self) -> None:
        """Write the state in one piece, so that a reader never sees half of it."""
        with self._lock:
            state = {
                "phase": self.phase,
                "error": self.error,
                "began": self.began,
                "heartbeat": time.time(),
                "processes": {
                    name: self.entry(name, process.pid)
                    for name, process in list(self.world.processes.items())
                },
            }
            draft = self.places.state.with_suffix(".new")
            draft.write_text(json.dumps(state, indent=1))
            draft.rename(self.places.state)

    def enter(self, phase: str, error: str = "") -> None:
        """Go over to a phase, and say so; a full disk has been told already."""
        self.phase, self.error = phase, error
        try:
            self.write()
            self.say(f"{phase}{': ' + error if error else ''}")
        except OSError as problem:
            sys.stderr.write(f"{phase} could not be written: {problem}\n")


def own_cluster_missing() -> str | None:
    """None when the user's cluster is reached at EKS's address, by any answer of TLS."""
    trust = ssl.create_default_context()
    trust.check_hostname = False
    trust.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((ADDRESS, KUBERNETES_PORT), timeout=3) as raw:
            trust.wrap_socket(raw).close()
    except OSError as error:
        return f"the API server that the kubeconfig names does not answer: {error}"
    return None


def explain(error: BaseException) -> str:
    """An error's text for the user."""
    if isinstance(error, subprocess.CalledProcessError):
        output = error.stderr or error.output or b""
        text = output if isinstance(output, str) else output.decode(errors="replace")
        return f"{' '.join(map(str, error.cmd))}: {text.strip() or f'status {error.returncode}'}"
    if isinstance(error, OSError) and (cause := disk.named(error)):
        return cause
    return str(error) or type(error).__name__


def main(arguments: list[str]) -> int:
    """Start the world and keep it. Returns only when it can't be started."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--python", type=Path, required=True)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--binaries", type=Path)
    parser.add_argument("--archive", type=Path, action="append", default=[])
    options = parser.parse_args(arguments)
    os.umask(0o022)
    supervisor = Supervisor(
        Places(options.data, options.cache),
        options.python,
        options.images,
        options.binaries,
        options.archive,
    )
    threading.Thread(target=supervisor.watch, daemon=True).start()
    try:
        supervisor.start()
    except Exception as error:  # whatever it is, the user is told
        traceback.print_exc()
        sys.stderr.flush()
        supervisor.enter(FAILED, explain(error))
        return 1
    supervisor.enter(READY)
    threading.Event().wait()
    return 0
