"""Start, ask and stop the cluster. All of it runs inside the private namespace."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rehearsal import world as w
from rehearsal.cluster import addons, cgroups, control_plane, node, pki, stores
from rehearsal.cluster.api import Api, ApiError
from rehearsal.cluster.requirements import CNI_NEEDED, CNI_PLUGINS, PROGRAMS

REGISTRIES = (
    "000000000000.dkr.ecr.us-east-1.amazonaws.com",
    "registry.rehearsal.internal",
)
"""Hosts of images for which the world's TLS registry answers."""

NODES_TIMEOUT = 90.0


@dataclass(frozen=True)
class Cluster:
    """A cluster that was started in `world`.

    limits: whether CPU and memory limits are enforced and metrics are true;
    limits_reason: a sentence that says why not, "" when they are.
    """

    world: w.World
    limits: bool
    limits_reason: str

    @classmethod
    def open(cls, world: w.World) -> Cluster:
        """The cluster that another process started in this world."""
        state = _read_state(world.data)
        if state is None:
            raise w.WorldError(f"{world.data}: no cluster was started here")
        return cls(world, limits=bool(state["hierarchies"]), limits_reason=state["reason"])

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.world.data / "kubeconfig"

    @property
    def authority(self) -> Path:
        """Certificate (PEM) of the authority that signed the API server's certificate."""
        return _pki_folder(self.world) / "ca.crt"

    def stop_node(self, name: str) -> None:
        """Take a node away as a power cut does; its volumes stay."""
        found = _node(name)
        node.kill(self.world, [found])
        node.unplug(found)
        cgroups.remove(self._hierarchies(), found.name)

    def start_node(self, name: str, *, wait: bool = True) -> None:
        """Let a node return that was taken away, with its volumes and images."""
        found = _node(name)
        if node.pid(self.world, found) is not None:
            return
        cgroups.remove(self._hierarchies(), found.name)
        began = datetime.now(UTC).replace(microsecond=0)
        node.start(self.world, found)
        if wait:
            _wait_for_nodes(self.world, self._api(), [found], since=began)

    def add_machine(self, spare: node.Node, life: node.Life) -> None:
        """Start a spare node as a new machine; it joins some seconds later."""
        cgroups.remove(self._hierarchies(), spare.name)
        node.renew(self.world, spare, life)
        node.start(self.world, spare)

    def has_node(self, spare: node.Node) -> bool:
        """Whether there is a Node of this name."""
        try:
            self._api().get(f"/api/v1/nodes/{spare.name}")
        except ApiError as error:
            if error.status != 404:
                raise
            return False
        return True

    def remove_machine(self, spare: node.Node) -> None:
        """End a machine, and take its Node away, as EKS does when an instance is gone."""
        node.kill(self.world, [spare])
        node.unplug(spare)
        cgroups.remove(self._hierarchies(), spare.name)
        try:
            self._api().delete(f"/api/v1/nodes/{spare.name}")
        except ApiError as error:
            if error.status != 404:
                raise

    def status(self) -> list[dict[str, str]]:
        """One row (part, state, detail) per server, node and Deployment of the cluster."""
        api = self._api()
        try:
            api.get("/readyz")
            rows = [_row("Kubernetes API", "ready", f"https://{w.ADDRESS}:{control_plane.PORT}")]
        except ApiError as error:
            return [_row("Kubernetes API", "failed", str(error))]
        for each in node.EVERY:
            running = node.pid(self.world, each) is not None
            if each in node.SPARE and not running:
                continue
            missing = _node_missing(self.world, api, each) if running else "stopped"
            state = "ready" if missing is None else "not ready"
            rows.append(_row(each.name, state, missing or each.zone))
        for name in addons.DEPLOYMENTS:
            missing = addons.unavailable(api, name)
            rows.append(_row(name, "ready" if missing is None else "not ready", missing or ""))
        limits = "enforced" if self.limits else "ignored"
        return [*rows, _row("CPU and memory limits", limits, self.limits_reason)]

    def stop(self) -> None:
        """End every process of the cluster and remove its files and control groups."""
        node.kill(self.world, node.EVERY)
        for name in reversed(control_plane.SERVERS):
            process = self.world.processes.pop(name, None)
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        for each in node.EVERY:
            self.world.processes.pop(each.name, None)
        clean(self.world.data)
        shutil.rmtree(self.world.data / "cluster", ignore_errors=True)
        self.kubeconfig.unlink(missing_ok=True)

    def _hierarchies(self) -> tuple[cgroups.Hierarchy, ...]:
        return _hierarchies(_read_state(self.world.data))

    def _api(self) -> Api:
        folder = _pki_folder(self.world)
        admin = pki.Pair(folder / "admin.crt", folder / "admin.key")
        return Api(w.ADDRESS, control_plane.PORT, self.authority, admin)


def start(
    world: w.World,
    binaries: Path,
    *,
    names: Mapping[str, str],
    registry_ca: Path | None = None,
    registry_hosts: Sequence[str] = REGISTRIES,
    archives: Sequence[Path] = (),
) -> Cluster:
    """Start a new cluster; returns when it can take work.

    binaries: what `build.build` returned; names: the world's host names and their
    addresses, which nodes and pods resolve; registry_ca: the authority that signed the
    registry's certificate (default <data>/ca.crt); registry_hosts: the hosts it answers for;
    archives: of images that the nodes get beside those of `binaries`.
    Raises WorldError when a program is missing or a part does not come up.
    """
    _check_programs()
    clean(world.data)
    delegation = cgroups.delegate(_group_name(world.data))
    cluster = Cluster(world, limits=not delegation.reason, limits_reason=_sentence(delegation))
    _write_state(world.data, delegation, cluster.limits_reason)
    if not cluster.limits:
        world.say(cluster.limits_reason)
    identities = control_plane.make_identities(_pki_folder(world))
    control_plane.write_kubeconfig(cluster.kubeconfig, identities, identities.admin, "admin")
    kept = stores.claim(world)
    registry = node.Registry(registry_hosts, (registry_ca or world.data / "ca.crt").absolute())

    with world.step("Kubernetes: the API server is ready"):
        api = control_plane.start(world, binaries, identities)
        for each in node.EVERY:
            node.prepare(
                world,
                each,
                binaries,
                stores=kept,
                identities=identities,
                registry=registry,
                names=names,
                hierarchies=delegation.hierarchies,
                archives=archives,
            )
            if each in node.NODES:
                node.start(world, each)
        control_plane.wait(world, api)
        control_plane.start_controllers(world, binaries, identities)
        addons.apply(world, api, names)
    with world.step(f"Kubernetes: {len(node.NODES)} nodes are ready"):
        _wait_for_nodes(world, api, node.NODES)
    with world.step("Kubernetes: DNS and volumes are available"):
        addons.wait(world, api)
    return cluster


def clean(data: Path) -> None:
    """Remove the control groups of a world that has ended; run outside it or inside."""
    cgroups.remove(_hierarchies(_read_state(data)))


def _check_programs() -> None:
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    missing += [
        f"{CNI_PLUGINS}/{name}" for name in CNI_NEEDED if not (Path(CNI_PLUGINS) / name).exists()
    ]
    if missing:
        raise w.WorldError(
            f"Kubernetes cannot be started, these programs are missing: {', '.join(missing)}. "
            "Install the packages that `rehearsal.cluster.DEBIAN_PACKAGES` names"
        )


def _wait_for_nodes(
    world: w.World, api: Api, nodes: Sequence[node.Node], since: datetime | None = None
) -> None:
    for each in nodes:

        def missing(each: node.Node = each) -> str | None:
            control_plane.check(world)
            return _node_missing(world, api, each, since)

        world.wait_until(f"Node {each.name}", missing, timeout=NODES_TIMEOUT, process=each.name)


def _node_missing(
    world: w.World, api: Api, wanted: node.Node, since: datetime | None = None
) -> str | None:
    """Why a node is not ready, with what it says about itself; None when it is.

    What it reported before `since` does not count: it may have been killed after that.
    """
    try:
        found = api.get(f"/api/v1/nodes/{wanted.name}")
    except ApiError as error:
        said = world.tail(wanted.name, 1)
        return f"it has not joined yet ({said})" if error.status == 404 else str(error)
    for condition in found["status"].get("conditions", []):
        if condition["type"] == "Ready":
            if since and datetime.fromisoformat(condition["lastHeartbeatTime"]) < since:
                return "its kubelet has not reported since it was started"
            return None if condition["status"] == "True" else str(condition["message"])
    return "its kubelet has not reported yet"


def _node(name: str) -> node.Node:
    for each in node.NODES:
        if each.name == name:
            return each
    known = ", ".join(each.name for each in node.NODES)
    raise w.WorldError(f"{name}: there is no such node; the nodes are {known}")


def _row(part: str, state: str, detail: str) -> dict[str, str]:
    return {"part": part, "state": state, "detail": detail}


def _group_name(data: Path) -> str:
    """Two checkouts' worlds may run side by side, so the name depends on the folder."""
    return f"ragops-{hashlib.sha256(str(data.absolute()).encode()).hexdigest()[:8]}"


def _sentence(delegation: cgroups.Delegation) -> str:
    if not delegation.reason:
        return ""
    return (
        "CPU and memory limits are ignored, and pod metrics show the whole machine: "
        f"{delegation.reason}"
    )


def _pki_folder(world: w.World) -> Path:
    return world.data / "cluster" / "pki"


def _state_file(data: Path) -> Path:
    return data / "cluster" / "state.json"


def _hierarchies(state: dict[str, Any] | None) -> tuple[cgroups.Hierarchy, ...]:
    return tuple(cgroups.Hierarchy(**each) for each in state["hierarchies"]) if state else ()


def _write_state(data: Path, delegation: cgroups.Delegation, reason: str) -> None:
    file = _state_file(data)
    file.parent.mkdir(parents=True, exist_ok=True)
    hierarchies = [each.as_json() for each in delegation.hierarchies]
    file.write_text(json.dumps({"hierarchies": hierarchies, "reason": reason}))


def _read_state(data: Path) -> dict[str, Any] | None:
    with contextlib.suppress(FileNotFoundError):
        state: dict[str, Any] = json.loads(_state_file(data).read_text())
        return state
    return None
