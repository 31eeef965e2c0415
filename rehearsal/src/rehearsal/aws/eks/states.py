"""EKS is at work for a while on what it took: clusters, node groups and add-ons take minutes.

Until an update ends the old values are told of, DescribeUpdate says InProgress, and a second one is
refused. What is deleted is there for a while, DELETING. Its settings, beside those of `at_work`:

    AWS_EKS_SECONDS   seconds for which EKS is at work on what it took (default 0)
    AWS_NODE_SECONDS  seconds after which the nodes of a new group are ready (default 0)
"""

from __future__ import annotations

import functools
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rehearsal.aws import at_work
from rehearsal.aws.eks.nodegroups import Response, answered, refused

Query = dict[str, Any]
Handle = Callable[[str, str, Any, bytes, Query], Response]

RESOURCE = re.compile(r"(/clusters/[\w-]+(?:/(?:node-groups|addons)/[\w.-]+)?)(?:/(.+))?")
KINDS = {"node-groups": "nodegroup", "addons": "addon"}
# Calls by which each kind is updated: what follows its path.
UPDATES = {
    "cluster": ("update-config", "updates", "encryption-config/associate"),
    "nodegroup": ("update-config", "update-version"),
    "addon": ("update",),
}
# The types of update, as a refusal names them.
TYPES = {
    "logging": "LoggingUpdate",
    "accessConfig": "AccessConfigUpdate",
    "upgradePolicy": "UpgradePolicyUpdate",
    "deletionProtection": "DeletionProtectionUpdate",
    "resourcesVpcConfig": "EndpointAccessUpdate",
    "encryptionConfig": "AssociateEncryptionConfig",
    "version": "VersionUpdate",
}
LATER = ("endpoint", "certificateAuthority", "identity")
"""What a cluster has once it is made."""
ON_NODES = ("aws-ebs-csi-driver", "coredns", "metrics-server")
"""Add-ons whose pods wait for nodes."""
NO_NODES = {
    "code": "InsufficientNumberOfReplicas",
    "message": "The add-on is unhealthy because all deployments have all pods unscheduled.",
    "resourceIds": [],
}


@dataclass(frozen=True)
class Thing:
    """A cluster, node group or add-on. path: of its description; more: what a call adds to it."""

    path: str
    more: str

    @property
    def kind(self) -> str:
        """The key under which it is described."""
        parts = self.path.split("/")
        return KINDS[parts[3]] if len(parts) > 3 else "cluster"

    @property
    def name(self) -> str:
        """Its name."""
        return self.path.rpartition("/")[2]

    @property
    def cluster(self) -> str:
        """The path of the cluster that it is or belongs to."""
        return "/".join(self.path.split("/")[:3])


def named(path: str, body: bytes, key: str) -> Thing:
    """The thing that a call makes. path: of the call; key: where its body has the name."""
    return Thing(f"{path}/{json.loads(body or b'{}').get(key, '')}", "")


def adjust(eks: Any, environment: Mapping[str, str]) -> None:
    """Put our function in the place of ministack's. eks: its module."""
    nodes = float(environment.get("AWS_NODE_SECONDS", 0))
    states = States(eks, at_work.Pace.of(environment, "EKS"), nodes)
    eks._handle_request_sync = functools.partial(states.handle, eks._handle_request_sync)
    eks.reset = functools.partial(states.reset, eks.reset)


class States:
    """What EKS is doing, by the path of each thing. nodes: seconds until they are ready."""

    def __init__(self, eks: Any, pace: at_work.Pace, nodes: float) -> None:
        self._eks, self._pace, self._nodes = eks, pace, nodes
        # Of each account and region their own, as ministack's are.
        self._works: Any = type(eks._clusters)()
        self._updates: Any = type(eks._clusters)()
        self._ready: Any = type(eks._clusters)()

    def reset(self, original: Callable[[], None]) -> None:
        """An empty account."""
        for store in (self._works, self._updates, self._ready):
            store.clear()
        original()

    def handle(
        self, original: Handle, method: str, path: str, headers: Any, body: bytes, query: Query
    ) -> Response:
        """Answer a call as EKS does while it is at work."""

        def ask(verb: str = method, where: str = path) -> Response:
            return original(verb, where, headers, b"" if verb == "GET" else body, query)

        match = RESOURCE.fullmatch(path)
        if match is None:
            return self._of_clusters(ask, method, path, body)
        thing = Thing(match[1], match[2] or "")
        if method == "POST" and thing.more in KINDS:
            return self._create(ask, named(path, body, f"{KINDS[thing.more]}Name"))
        if method == "POST" and thing.more in UPDATES[thing.kind]:
            return self._update(ask, thing, json.loads(body or b"{}"))
        if method == "DELETE" and not thing.more:
            return self._delete(ask, thing)
        if method == "GET":
            return self._tell(ask, thing, query)
        return ask()

    def _of_clusters(
        self, ask: Callable[..., Response], method: str, path: str, body: bytes
    ) -> Response:
        """CreateCluster, ListClusters and what is about no cluster."""
        if path == "/clusters" and method == "POST":
            return self._create(ask, named(path, body, "name"))
        return self._list(ask, "clusters", f"{path}/") if path == "/clusters" else ask()

    def _state(self, path: str) -> str:
        work: at_work.Work | None = self._works.get(path)
        return "" if work is None or work.over else work.state

    def _begin(self, thing: Thing, state: str, before: dict[str, Any] | None) -> None:
        """EKS is at work from now on. before: how it is told of until that ends."""
        known = {} if before is None else {thing.name: before}
        self._works[thing.path] = self._pace.work(state, known)

    def _create(self, ask: Callable[..., Response], thing: Thing) -> Response:
        if self._state(thing.path) == "DELETING":
            text = f"{thing.kind.capitalize()} already exists with name: {thing.name}"
            return refused(self._eks, 409, "ResourceInUseException", text)
        refusing = {"nodegroup": ("CREATING", "UPDATING"), "addon": ("CREATING",)}
        if self._state(thing.cluster) in refusing.get(thing.kind, ()):
            name = thing.cluster.rpartition("/")[2]
            text = f"Cluster '{name}' is not in ACTIVE status"
            return refused(self._eks, 400, "InvalidRequestException", text)
        status, headers, content = ask()
        if status != 200:
            return status, headers, content
        self._begin(thing, "CREATING", None)
        if thing.kind == "nodegroup":
            self._ready[thing.path] = time.monotonic() + self._nodes
        return self._answer(thing, json.loads(content)[thing.kind])

    def _update(self, ask: Callable[..., Response], thing: Thing, wanted: Any) -> Response:
        if refusal := self._refuse_update(thing, wanted):
            return refusal
        before = json.loads(ask("GET", thing.path)[2]).get(thing.kind)
        status, headers, content = ask()
        if status != 200:
            return status, headers, content
        update = json.loads(content)["update"]
        self._begin(thing, "UPDATING", before)
        self._updates[update["id"]] = (thing.path, update, self._works[thing.path])
        return answered(self._eks, {"update": self._as_it_is(update["id"])})

    def _refuse_update(self, thing: Thing, wanted: Any) -> Response | None:
        """The refusal of an update while another one, or what it needs, is in progress."""
        state = self._state(thing.path)
        if thing.more == "update-version" and (refusal := self._ahead(thing, wanted)):
            return refusal
        if not state:
            return None
        if thing.kind == "nodegroup":
            text = "Nodegroup cannot be updated as it is currently not in Active State"
        elif thing.kind == "addon":
            text = f"Addon {thing.name} cannot be updated as it is currently in {state} state"
        else:
            what = next((TYPES[key] for key in wanted if key in TYPES), "ConfigUpdate")
            text = f"Cannot {what} because cluster {thing.name} currently has "
            text += f"update {self._last(thing.path)} in progress"
        return refused(self._eks, 409, "ResourceInUseException", text)

    def _ahead(self, thing: Thing, wanted: Any) -> Response | None:
        """AWS: while a cluster goes to a version, its nodes can't go there yet."""
        work: at_work.Work | None = self._works.get(thing.cluster)
        if work is None or work.over or "version" not in wanted:
            return None
        now = next(iter(work.before.values()), {}).get("version")
        if wanted["version"] in (None, now):
            return None
        text = (
            f"Nodegroup Kubernetes version should be equal to Cluster kubernetes version {now} or "
            f"NodeGroup kubernetes version {now}"
        )
        return refused(self._eks, 400, "InvalidParameterException", text)

    def _last(self, path: str) -> str:
        """The id of the last update of a thing."""
        ids = [key for key, (of, *_) in self._updates.items() if of == path]
        return str(ids[-1]) if ids else ""

    def _delete(self, ask: Callable[..., Response], thing: Thing) -> Response:
        state = self._state(thing.path)
        groups = f"{thing.path}/node-groups/"
        text = ""
        if thing.kind == "cluster" and state:
            text = f"Cannot delete because cluster {thing.name} currently has an update in progress"
        elif thing.kind == "cluster" and any(self._state(p) for p in self._under(groups)):
            text = "Cluster has nodegroups attached"
        elif thing.kind == "nodegroup" and state:
            text = "Nodegroup cannot be deleted as it is currently not in Active State"
        if text:
            return refused(self._eks, 409, "ResourceInUseException", text)
        before = json.loads(ask("GET", thing.path)[2]).get(thing.kind)
        status, headers, content = ask()
        if status != 200:
            return status, headers, content
        until = time.monotonic()
        self._works[thing.path] = at_work.Work(
            "DELETING", until, until + self._pace.busy, {thing.name: before}
        )
        return status, headers, content

    def _under(self, start: str) -> list[str]:
        return [path for path in self._works if path.startswith(start)]

    def _tell(self, ask: Callable[..., Response], thing: Thing, query: Query) -> Response:
        if not thing.more:
            return self._describe(ask, thing)
        if thing.more in KINDS:
            return self._list(ask, f"{KINDS[thing.more]}s", f"{thing.path}/{thing.more}/")
        what, _, identifier = thing.more.partition("/")
        if what == "updates" and identifier in self._updates:
            return self._describe_update(thing, identifier, query)
        return ask()

    def _describe(self, ask: Callable[..., Response], thing: Thing) -> Response:
        status, headers, content = ask()
        work: at_work.Work | None = self._works.get(thing.path)
        if status == 200:
            return self._answer(thing, json.loads(content)[thing.kind])
        if work and work.state == "DELETING" and not work.over:
            gone = {**work.before[thing.name], "status": "DELETING"}
            return answered(self._eks, {thing.kind: gone})
        return status, headers, content

    def _answer(self, thing: Thing, record: dict[str, Any]) -> Response:
        """The description of a thing that is there, as it is told of now."""
        work: at_work.Work | None = self._works.get(thing.path)
        told, _ = at_work.shown({**record, at_work.KEY: work}, thing.name, "status")
        told.pop(at_work.KEY, None)
        if "tags" in record:  # they can be set at any time
            told["tags"] = record["tags"]
        if thing.kind == "cluster" and told["status"] == "CREATING":
            told = {key: value for key, value in told.items() if key not in LATER}
        if thing.kind == "addon" and told["status"] == "ACTIVE" and self._lacks_nodes(thing):
            told |= {"status": "DEGRADED", "health": {"issues": [NO_NODES]}}
        return answered(self._eks, {thing.kind: told})

    def _lacks_nodes(self, thing: Thing) -> bool:
        if not self._nodes or thing.name not in ON_NODES:
            return False
        groups = f"{thing.cluster}/node-groups/"
        ready = [at for path, at in self._ready.items() if path.startswith(groups)]
        return not any(at <= time.monotonic() for at in ready)

    def _list(self, ask: Callable[..., Response], key: str, start: str) -> Response:
        """AWS lists what is being deleted, too. start: of the paths of what is listed."""
        status, headers, content = ask()
        if status != 200:
            return status, headers, content
        names = [path.removeprefix(start) for path in self._under(start)]
        ending = [name for name in names if self._state(start + name) == "DELETING"]
        there = json.loads(content)[key]
        return answered(self._eks, {key: there + [name for name in ending if "/" not in name]})

    def _describe_update(self, thing: Thing, identifier: str, query: Query) -> Response:
        """AWS knows an update of a node group or add-on by its name beside the cluster's."""
        path = thing.path
        for parameter, part in (("nodegroupName", "node-groups"), ("addonName", "addons")):
            if given := query.get(parameter):
                path += f"/{part}/{given[0] if isinstance(given, list) else given}"
        if self._updates[identifier][0] != path:
            text = f"No update found for ID: {identifier}"
            return refused(self._eks, 404, "ResourceNotFoundException", text)
        return answered(self._eks, {"update": self._as_it_is(identifier)})

    def _as_it_is(self, identifier: str) -> dict[str, Any]:
        """An update as it stands."""
        _, update, work = self._updates[identifier]
        return {**update, "status": "Successful" if work.over else "InProgress"}
