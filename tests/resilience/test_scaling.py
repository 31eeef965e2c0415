"""Pods and nodes are added and taken away under load, and no request is lost meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from cluster import autoscaled, items, node_of, pods, wait
from conftest import HERE, Inventory, Measure

HEAVY = 40
"""Questions per second beside the steady load. Two backends ask for half a core in all."""
NEW = json.dumps({"question": "Which tags does resource number {n} carry?"})
"""One that was never asked: the backend keeps answers."""


def test_the_autoscaler_follows_the_load(measure: Measure, address: str, tmp_path: Path) -> None:
    before = autoscaled("backend")
    assert before == (2, 2)
    argv = [sys.executable, HERE / "load.py", "150", str(HEAVY), address, f"/v1/ask={NEW}"]
    with measure("load goes up and down") as rows:
        with (tmp_path / "heavy").open("w") as lines:
            heavy = subprocess.Popen(argv, stdout=lines)
            try:
                up = wait("more backends", lambda: len(pods("backend")) > 2, 140)
                most = autoscaled("backend")[1]
            finally:
                heavy.terminate()
                heavy.wait()
        down = wait("two backends again", lambda: autoscaled("backend") == (2, 2), 240)
    print(f"\nup to {most} after {up:.0f} s of load, down to 2 {down:.0f} s after it")
    assert {row.way: dict(row.failures) for row in rows if row.failures} == {}


NODES = 3
"""Nodes that the world has before the autoscaler adds one."""


def nodes() -> set[str]:
    """Names of the nodes."""
    return {node["metadata"]["name"] for node in items("nodes")}


def test_nodes_come_and_go(measure: Measure, inventory: Inventory) -> None:
    """One backend more than there are nodes, of which none shares a node with another."""
    before, values = nodes(), inventory.chart_values()
    assert len(before) == NODES
    selector = {"matchLabels": {"app.kubernetes.io/component": "backend"}}
    term = {"labelSelector": selector, "topologyKey": "kubernetes.io/hostname"}
    apart = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
    scaling = {**values["backend"]["autoscaling"], "minReplicas": NODES + 1}
    backend = {**values["backend"], "affinity": apart, "autoscaling": scaling}
    with measure("a node is added") as rows:
        inventory.roll_out(app_rollout_values={**values, "backend": backend})
        wait("a backend on each node", lambda: len(pods("backend")) > NODES, 240)
    homes = {node_of(pod) for pod in pods("backend")}
    assert len(homes) == NODES + 1
    assert len(homes - before) >= 1
    assert {row.way: dict(row.failures) for row in rows if row.failures} == {}
    with measure("it is taken away") as rows:
        inventory.roll_out(app_rollout_values=values)
        took = wait("the nodes of before", lambda: nodes() == before, 400)
    print(f"\nthe node is gone {took:.0f} s after the rollout that needs it no more")
    assert {node_of(pod) for pod in pods("backend")} <= before
    assert {row.way: dict(row.failures) for row in rows if row.failures} == {}
