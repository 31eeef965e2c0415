"""Serve the cluster's Ingresses: `python -m rehearsal.balancer WORLD`, inside the namespace."""

from __future__ import annotations

import json
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from rehearsal.balancer import gates, wanted
from rehearsal.balancer.cluster import Cluster, Settings
from rehearsal.balancer.health import DRAINING, HEALTHY, Checker, Target
from rehearsal.balancer.places import Places
from rehearsal.balancer.proxy import Proxy
from rehearsal.balancer.records import Records, name_of
from rehearsal.balancer.wanted import Balancer, Group, Refused
from rehearsal.cluster.api import Api, ApiError
from rehearsal.cluster.pki import Pair
from rehearsal.names import KUBERNETES_PORT
from rehearsal.world import ADDRESS

Dict = dict[str, Any]

QUIET = 5.0
"""Seconds after which it looks again although nothing changed."""
TOGETHER = 0.1
"""Seconds in which changes are taken together."""


class Controller:
    """Brings load balancers, records and Ingresses to what is asked for, again and again."""

    def __init__(self, world: Path) -> None:
        folder = world / "balancer"
        pki = world / "cluster/pki"
        admin = Pair(pki / "admin.crt", pki / "admin.key")
        self._api = Api(ADDRESS, KUBERNETES_PORT, pki / "ca.crt", admin)
        self._cluster = Cluster(self._api)
        self._awake = threading.Event()
        self._checker = Checker(self._awake.set)
        self._proxy = Proxy(
            folder / "run", folder / "server.crt", world / "logs/load-balancer-proxy.log"
        )
        self._places = Places(world / "etc/hosts")
        self._folder, self._world = folder, world
        self._settings: Settings | None = None
        self._records: Records | None = None
        self._made: dict[str, Balancer] = {}
        self._targets: dict[str, dict[tuple[str, int], Target]] = {}
        self._draining: dict[str, list[Target]] = {}
        self._registered: dict[str, frozenset[tuple[str, int]]] = {}
        self._told: dict[str, str] = {}
        self._services: dict[str, Dict] = {}

    def run(self) -> None:
        """Until the world ends."""
        gates.serve(self._folder / "server.crt", self._folder / "server.key", self.conditions)
        self._cluster.watch(self._awake.set)
        while True:
            self._awake.wait(QUIET)
            time.sleep(TOGETHER)
            self._awake.clear()
            try:
                self.reconcile()
            except (ApiError, ClientError, BotoCoreError, OSError, RuntimeError):
                traceback.print_exc()
                time.sleep(1)

    def conditions(self, namespace: str, labels: Dict) -> list[str]:
        """Types of the gates of a pod."""
        groups = {each for balancer in list(self._made.values()) for each in balancer.groups}
        return [
            group.condition
            for group in sorted(groups, key=lambda each: each.name)
            if group.namespace == namespace
            and (service := self._services.get(f"{namespace}/{group.service}"))
            and gates.selects(service, labels)
        ]

    def reconcile(self) -> None:
        """One round."""
        settings = self._cluster.settings()
        if settings != self._settings:
            self._take(settings)
        if self._records is None:
            return
        ingresses = self._cluster.ingresses()
        self._services = self._cluster.services() if ingresses else {}
        self._remove([each for each in ingresses if "deletionTimestamp" in each["metadata"]])
        stacks: dict[str, list[Dict]] = {}
        for each in ingresses:
            if "deletionTimestamp" not in each["metadata"]:
                stacks.setdefault(wanted.stack_of(each), []).append(each)
        for stack, members in stacks.items():
            try:
                self._ensure(stack, members)
            except (Refused, ClientError) as error:
                self._warn(stack, members, str(error))
        for balancer in self._made.values():
            for group in balancer.groups:
                self._follow(group)
        self._show()

    def _take(self, settings: Settings | None) -> None:
        """The release came, changed or went."""
        if settings is None:
            gates.unregister(self._api)
            self._records = None
        else:
            self._records = Records(
                settings.region, settings.cluster, settings.vpc, dict(settings.tags)
            )
            gates.register(self._api, (self._world / "ca.crt").read_bytes())
            self._made = {}
        self._settings = settings

    def _ensure(self, stack: str, members: list[Dict]) -> None:
        assert self._records is not None  # noqa: S101 - the caller looked
        balancer = wanted.balancer(stack, members, self._services)
        if self._made.get(stack) != balancer:
            for each in members:
                self._cluster.hold(each, held=True)
            name = self._records.ensure(balancer)
            self._places.take(stack, name, balancer.hosts)
            self._made[stack] = balancer
            self._told.pop(stack, None)
            self._registered = {}
        name = self._places.name(stack)
        for each in members:
            self._cluster.hold(each, held=True)
            self._cluster.publish(each, name)

    def _warn(self, stack: str, members: list[Dict], text: str) -> None:
        """Say once what is wrong."""
        if self._told.get(stack) != text:
            self._told[stack] = text
            for each in members:
                self._cluster.tell(each, "FailedDeployModel", f"Failed deploy model due to {text}")

    def _remove(self, leaving: list[Dict]) -> None:
        assert self._records is not None  # noqa: S101 - the caller looked
        for ingress in leaving:
            stack = wanted.stack_of(ingress)
            if wanted.protected(ingress):
                name = ingress["metadata"]["name"]
                text = f"deletion_protection is enabled, cannot delete the ingress: {name}"
                self._warn(stack, [ingress], text)
                continue
            gone = self._made.pop(stack, None)
            for group in gone.groups if gone else ():
                self._targets.pop(group.name, None)
                self._draining.pop(group.name, None)
                self._registered.pop(group.name, None)
            self._records.remove(stack, name_of(stack))
            self._show()
            self._places.free(stack)
            self._cluster.hold(ingress, held=False)

    def _follow(self, group: Group) -> None:
        """Register and deregister the pods of a group, and let draining ones end."""
        assert self._records is not None  # noqa: S101 - the caller looked
        present = self._cluster.endpoints(group)
        known = self._targets.setdefault(group.name, {})
        draining = self._draining.setdefault(group.name, [])
        now = time.monotonic()
        for address in set(known) - set(present):
            target = known.pop(address)
            target.state, target.gone_at = DRAINING, now + group.delay
            draining.append(target)
        for address, (pod, _ready) in present.items():
            target = known.setdefault(address, Target(group, address, pod))
            target.group, target.pod = group, pod
        draining[:] = [each for each in draining if each.gone_at > now]
        addresses = frozenset(known)
        if self._registered.get(group.name) != addresses:
            self._records.targets(group.name, sorted(addresses))
            self._registered[group.name] = addresses

    def _show(self) -> None:
        """Give the proxy, the checks, the gates and the emulated AWS what is known now."""
        targets = {
            group.name: [
                *self._targets.get(group.name, {}).values(),
                *self._draining.get(group.name, []),
            ]
            for balancer in self._made.values()
            for group in balancer.groups
        }
        self._checker.watch([each for some in targets.values() for each in some])
        self._proxy.apply(self._made, self._places.addresses, targets)
        self._places.note(self._world / "load_balancers.json")
        health = {
            name: [
                {"id": t.address[0], "port": t.address[1], "state": t.state, "reason": t.reason}
                for t in some
            ]
            for name, some in targets.items()
        }
        draft = self._world / "target_health.new"
        draft.write_text(json.dumps(health))
        draft.rename(self._world / "target_health.json")
        for some in targets.values():
            for target in some:
                if target.pod and target.state != DRAINING:
                    try:
                        self._cluster.open_gate(
                            target.group, target.pod, target.state == HEALTHY, target.reason
                        )
                    except ApiError as error:
                        if error.status != 404:  # the pod is gone
                            sys.stderr.write(f"readiness gate of {target.pod}: {error}\n")


if __name__ == "__main__":
    Controller(Path(sys.argv[1])).run()
