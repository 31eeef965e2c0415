"""A user's own cluster in the place of the world's (REHEARSAL_KUBECONFIG).

The world has no way out, so its API server is reached by two relays that a unix socket
joins: one in the namespace, at EKS's address, one outside. With REHEARSAL_EXPOSE, an
address of this machine that the cluster's nodes reach, the outer one also takes what
the cluster asks of the world (AWS, PostgreSQL, Redis, registry).
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from rehearsal.identity import Identity, Process
from rehearsal.names import (
    AWS,
    AWS_PORT,
    KUBERNETES_PORT,
    POSTGRES_PORT,
    REDIS_PORT,
    REGISTRY_PORT,
)
from rehearsal.paths import Places
from rehearsal.relay import from_port, from_socket, to_address, to_socket
from rehearsal.world import ADDRESS, WorldError

EXPOSED = (AWS_PORT, POSTGRES_PORT, REDIS_PORT, REGISTRY_PORT)


def take_over(source: Path, places: Places) -> None:
    """Keep the current context of a kubeconfig, with the relay as its server."""
    try:
        content = yaml.safe_load(source.read_text())
        contexts = {item["name"]: item["context"] for item in content["contexts"]}
        context = contexts[content["current-context"]]
        clusters = {item["name"]: item["cluster"] for item in content["clusters"]}
        users = {item["name"]: item["user"] for item in content["users"]}
        cluster, user = dict(clusters[context["cluster"]]), dict(users[context["user"]])
        server = urlsplit(cluster["server"])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise WorldError(
            f"REHEARSAL_KUBECONFIG={source}: no usable current context: {error!r}"
        ) from error
    if not server.hostname or server.scheme != "https":
        raise WorldError(f"REHEARSAL_KUBECONFIG={source}: its server is no https address")
    port = server.port or 443
    (places.data / "own-cluster.json").write_text(
        json.dumps({"host": server.hostname, "port": port})
    )
    cluster.setdefault("tls-server-name", server.hostname)
    cluster["server"] = f"https://{AWS}:{KUBERNETES_PORT}"
    for entry in (cluster, user):
        for name in ("certificate-authority", "client-certificate", "client-key", "tokenFile"):
            if name in entry:
                entry[name] = str((source.parent / entry[name]).absolute())
    own = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "own",
        "contexts": [{"name": "own", "context": {**context, "cluster": "own", "user": "own"}}],
        "clusters": [{"name": "own", "cluster": cluster}],
        "users": [{"name": "own", "user": user}],
    }
    path = places.data / "own-kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(own))


def spawn_outside(places: Places, identity: Identity) -> None:
    """Start the outer relay; it ends with the world."""
    (places.data / "run").mkdir(mode=0o700, exist_ok=True)
    with (places.data / "logs/own-cluster.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "rehearsal.own_cluster", "outside", places.data],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            start_new_session=True,
            env={**os.environ, "REHEARSAL_INIT": f"{identity.init.pid}:{identity.init.start}"},
        )
    if found := Process.of(process.pid):
        (places.data / "own-cluster.pid").write_text(f"{found.pid}:{found.start}")


def outer_relay(places: Places) -> Process | None:
    """The outer relay's process, if one was started."""
    try:
        pid, start = (places.data / "own-cluster.pid").read_text().split(":")
    except (FileNotFoundError, ValueError):
        return None
    return Process(int(pid), int(start))


async def outside(data: Path) -> None:
    """Outside: from the unix socket to the cluster, and from the exposed ports to the world."""
    known: dict[str, Any] = json.loads((data / "own-cluster.json").read_text())
    run = data / "run"
    servers = [await from_socket(run / "cluster.sock", to_address(known["host"], known["port"]))]
    if address := os.environ.get("REHEARSAL_EXPOSE"):
        servers += [
            await from_port(address, port, to_socket(run / f"{port}.sock")) for port in EXPOSED
        ]
    pid, start = os.environ["REHEARSAL_INIT"].split(":")
    init = Process(int(pid), int(start))
    while init.alive:
        await asyncio.sleep(0.5)
    for server in servers:
        server.close()


async def inside(data: Path) -> None:
    """Inside: from EKS's address to the unix socket, and from the sockets to the servers."""
    run = data / "run"
    await from_port(ADDRESS, KUBERNETES_PORT, to_socket(run / "cluster.sock"))
    for port in EXPOSED:
        await from_socket(run / f"{port}.sock", to_address(ADDRESS, port))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run({"outside": outside, "inside": inside}[sys.argv[1]](Path(sys.argv[2])))
