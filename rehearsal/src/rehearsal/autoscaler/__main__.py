"""Resize the groups of nodes: `python -m rehearsal.autoscaler WORLD`, inside the namespace."""

from __future__ import annotations

import sys
import time
import traceback
from pathlib import Path
from typing import Any

from rehearsal.autoscaler import plan
from rehearsal.autoscaler.cluster import (
    Cluster,
    leaving,
    place_of,
    takes_pods,
    waits_for_node,
)
from rehearsal.autoscaler.plan import Group
from rehearsal.autoscaler.scene import Place, Scene
from rehearsal.autoscaler.settings import Settings
from rehearsal.cluster.api import Api
from rehearsal.cluster.pki import Pair
from rehearsal.names import KUBERNETES_PORT
from rehearsal.world import ADDRESS

Dict = dict[str, Any]

IDLE = 2.0
"""Seconds between two looks for the release."""
PROVISION = 900.0
"""Seconds for which an instance that is no node yet is reckoned with, as by default."""
REPEAT = 60.0
"""Seconds after which a pod is told again that nothing helps it."""


class Controller:
    """Brings the groups to what the pods need, again and again."""

    def __init__(self, world: Path) -> None:
        pki = world / "cluster/pki"
        admin = Pair(pki / "admin.crt", pki / "admin.key")
        self._cluster = Cluster(Api(ADDRESS, KUBERNETES_PORT, pki / "ca.crt", admin))
        self._settings: Settings | None = None
        self._cloud: Any = None
        self._coming: dict[str, float] = {}
        self._grown = -PROVISION
        self._unneeded: dict[str, float] = {}
        self._told: dict[str, tuple[str, float]] = {}

    def run(self) -> None:
        """Until the world ends."""
        while True:
            try:
                self._take(self._cluster.settings())
                if self._settings:
                    self.reconcile(self._settings)
            except Exception:  # whatever it is, it is tried again, and the log says what
                traceback.print_exc()
            time.sleep(self._settings.interval if self._settings else IDLE)

    def _take(self, settings: Settings | None) -> None:
        """The release came, changed or went."""
        if settings == self._settings and (settings is None or self._cloud):
            return
        self._settings, self._cloud, self._unneeded = settings, None, {}
        if settings is None:
            return
        # Only now: botocore is most of what this process would be otherwise.
        from rehearsal.autoscaler.cloud import Cloud, Identity

        role = self._cluster.role(settings)
        if not role:
            raise RuntimeError(f"service account {settings.service_account} names no IAM role")
        identity = Identity(role, lambda: self._cluster.token(settings))
        self._cloud = Cloud(settings.cluster, settings.region, identity)
        say(f"resizes the groups of {settings.cluster} as {role}")

    def reconcile(self, settings: Settings) -> None:
        """One round."""
        pods, nodes = self._cluster.pods(), self._cluster.nodes()
        waiting = sorted(filter(waits_for_node, pods), key=_age)
        if not waiting and not any(map(instance_of, nodes)):
            return  # nothing could grow, and nothing shrink: AWS need not be asked
        scene = self._cluster.scene(nodes, pods)
        groups = [group_of(each, nodes) for each in self._cloud.groups()]
        self._empty(settings, groups, nodes, pods)
        # What is on its way takes pods; what leaves does not, its taint sees to that.
        before = list(scene.places)
        self._expect(scene, groups, nodes)
        if waiting:
            self._grow(plan.growth(scene, waiting, groups, settings.balance), groups)
        scene.places = before
        if settings.scale_down:
            self._shrink(settings, groups, nodes, scene)

    def _expect(self, scene: Scene, groups: list[Group], nodes: list[Dict]) -> None:
        """Put nodes into the scene that were asked for and are not there yet."""
        there = {instance_of(node) for node in nodes if takes_pods(node)}
        now = time.monotonic()
        self._coming = {
            instance: until
            for instance, until in self._coming.items()
            if instance not in there and until > now
        }
        for group in groups:
            for number, instance in enumerate(sorted(group.instances & set(self._coming))):
                place = plan.another(group, -1 - number)
                scene.places.append(Place(instance, place.labels, place.taints, place.room))

    def _grow(self, found: plan.Growth, groups: list[Group]) -> None:
        sizes = {group.name: group for group in groups}
        for name, more in found.more.items():
            group = sizes[name]
            self._cloud.resize(name, group.desired + more)
            say(f"{name}: {group.desired} -> {group.desired + more}")
            self._grown = time.monotonic()
        if found.more:
            for each in self._cloud.groups():
                known = sizes[each["AutoScalingGroupName"]].instances
                for member in each["Instances"]:
                    if member["InstanceId"] not in known:
                        self._coming[member["InstanceId"]] = time.monotonic() + PROVISION
        for pod, name in found.by:
            group = sizes[name]
            text = (
                f"pod triggered scale-up: [{{{name} {group.desired}->"
                f"{group.desired + found.more[name]} (max: {group.largest})}}]"
            )
            self._cluster.tell(pod, "Pod", "TriggeredScaleUp", text)
        for pod, text in found.hopeless:
            said, at = self._told.get(pod["metadata"]["uid"], ("", 0.0))
            if said != text or time.monotonic() - at > REPEAT:
                # Noted afterwards: what the API did not take is told again in the next round.
                self._cluster.tell(pod, "Pod", "NotTriggerScaleUp", text)
                self._told[pod["metadata"]["uid"]] = (text, time.monotonic())

    def _shrink(
        self, settings: Settings, groups: list[Group], nodes: list[Dict], scene: Scene
    ) -> None:
        """Mark one node that was not needed for long enough."""
        now = time.monotonic()
        places = {place.name: place for place in scene.places}
        budgets = self._cluster.budgets()
        idle: dict[str, float] = {}
        for node in nodes:
            name = node["metadata"]["name"]
            group = next((each for each in groups if instance_of(node) in each.instances), None)
            if group is None or name not in places or leaving(node):
                continue
            going = sum(leaving(each) and instance_of(each) in group.instances for each in nodes)
            if group.desired - going > group.smallest and plan.unneeded(
                scene, places[name], node, budgets, settings
            ):
                idle[name] = self._unneeded.get(name, now)
        self._unneeded = idle
        if now - self._grown < settings.delay_after_add:
            return
        for name, since in idle.items():
            if now - since >= settings.unneeded_time:
                say(f"{name} is not needed")
                self._cluster.mark(name, leaving=True)
                node = next(each for each in nodes if each["metadata"]["name"] == name)
                self._cluster.tell(node, "Node", "ScaleDown", "marked the node as toBeDeleted")
                return

    def _empty(
        self, settings: Settings, groups: list[Group], nodes: list[Dict], pods: list[Dict]
    ) -> None:
        """Evict what runs on marked nodes; end those on which nothing does any more."""
        mine = {instance for group in groups for instance in group.instances}
        for node in nodes:
            name, instance = node["metadata"]["name"], instance_of(node)
            if not leaving(node) or instance not in mine:
                continue
            left = [
                pod
                for pod in pods
                if pod["spec"].get("nodeName") == name and not plan.stays_with_node(pod)
            ]
            if not left:
                self._cloud.end(instance)
                say(f"{name}: instance {instance} ends")
                continue
            if time.time() - marked_at(node) > settings.grace:
                names = ", ".join(pod["metadata"]["name"] for pod in left)
                text = f"failed to drain the node, aborting ScaleDown: {names} did not go"
                self._cluster.mark(name, leaving=False)
                self._cluster.tell(node, "Node", "ScaleDownFailed", text)
                say(f"{name}: {text}")
                continue
            for pod in left:
                if "deletionTimestamp" not in pod["metadata"]:
                    self._cluster.evict(pod)


def group_of(found: Dict, nodes: list[Dict]) -> Group:
    """A group of AWS. A new node of it has what the nodes of the world have: all are alike."""
    like = next(node for node in nodes if takes_pods(node))
    members = {member["InstanceId"] for member in found["Instances"]}
    own = found["of"]
    labels = {
        "kubernetes.io/arch": like["metadata"]["labels"]["kubernetes.io/arch"],
        "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": own["instanceTypes"][0],
        "topology.kubernetes.io/region": found["AvailabilityZones"][0][:-1],
        "topology.kubernetes.io/zone": found["AvailabilityZones"][0],
        "eks.amazonaws.com/capacityType": own["capacityType"],
        "eks.amazonaws.com/nodegroup": own["nodegroupName"],
        **own.get("labels", {}),
    }
    effects = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute"}
    taints = [
        {"key": each["key"], "value": each.get("value", ""), "effect": effects[each["effect"]]}
        for each in own.get("taints", [])
        if each["effect"] in effects
    ]
    room = place_of(like).room
    return Group(
        name=found["AutoScalingGroupName"],
        node_group=own["nodegroupName"],
        smallest=found["MinSize"],
        largest=found["MaxSize"],
        desired=found["DesiredCapacity"],
        instances=frozenset(members),
        template=Place(found["AutoScalingGroupName"], labels, list(taints), room),
    )


def instance_of(node: Dict) -> str:
    """The instance behind a node; empty when it does not say."""
    return str(node["spec"].get("providerID", "")).rpartition("/")[2]


def marked_at(node: Dict) -> float:
    """When a node was marked to be ended."""
    return next(
        float(taint["value"])
        for taint in node["spec"]["taints"]
        if taint["key"] == "ToBeDeletedByClusterAutoscaler"
    )


def _age(pod: Dict) -> tuple[str, str]:
    return pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]


def say(text: str) -> None:
    """A line of the log."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    Controller(Path(sys.argv[1])).run()
