"""Auto Scaling groups of managed node groups: EKS makes them. ministack: none."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rehearsal.aws.eks.scaling_instances import Launcher
from rehearsal.aws.wire.query import Action, Parameters, Response, listed, one

Dict = dict[str, Any]


def adjust(eks: Any, autoscaling: Any, ec2: Any) -> None:
    """Put our functions in the places of ministack's; each is its module of a service."""
    groups = Groups(eks, autoscaling, Launcher(ec2))
    eks._handle_request_sync = functools.partial(groups.follow, eks._handle_request_sync)
    actions: dict[str, Action] = autoscaling._ACTION_MAP
    describe = actions["DescribeAutoScalingGroups"]
    actions["DescribeAutoScalingGroups"] = functools.partial(groups.describe, describe)
    actions["SetDesiredCapacity"] = groups.set_desired
    actions["TerminateInstanceInAutoScalingGroup"] = groups.terminate


class Groups:
    """The groups, as EKS keeps them. launcher: starts and ends their instances.

    The instances that a group starts with are records, as ministack makes them: the world's three
    nodes stand for those. Each one that is asked for later is an instance of EC2.
    """

    def __init__(self, eks: Any, autoscaling: Any, launcher: Launcher) -> None:
        self._eks, self._autoscaling, self._launcher = eks, autoscaling, launcher
        self._lock = threading.RLock()

    def follow(self, handle: Callable[..., Any], *request: Any) -> Any:
        """AWS: a node group reports the size that its group has now, and sets bounds and size."""
        with self._lock:
            for group, scaling in self._pairs():
                if scaling:
                    group["scalingConfig"]["desiredSize"] = scaling["DesiredCapacity"]
            response = handle(*request)
            for group, scaling in list(self._pairs()):
                if scaling is None:
                    self._make(group)
                else:
                    self._bound(scaling, group["scalingConfig"])
            self._remove_others({name_of(group) for group, _ in self._pairs()})
        return response

    def describe(self, describe: Action, parameters: Parameters) -> Response:
        """AWS: groups are filtered by their tags. ministack: filters are not looked at."""
        filters = list(filters_of(parameters))
        if not filters:
            return describe(parameters)
        wanted = listed(parameters, "AutoScalingGroupNames")
        names = [
            name
            for name, scaling in self._autoscaling._asgs.items()
            if (not wanted or name in wanted)
            and all(matches(scaling["Tags"], *each) for each in filters)
        ]
        named = {
            f"AutoScalingGroupNames.member.{number}": name
            for number, name in enumerate(names or ["none"], start=1)
        }
        return describe({"Action": "DescribeAutoScalingGroups", **named})

    def set_desired(self, parameters: Parameters) -> Response:
        """AWS: a size beyond the bounds is refused. ministack: anything is taken."""
        name, desired = one(parameters, "AutoScalingGroupName"), one(parameters, "DesiredCapacity")
        with self._lock:
            scaling = self._autoscaling._asgs.get(name)
            if scaling is None:
                return self._refused(f"AutoScalingGroup name not found - no such group: {name}")
            for bound, beyond in (("MinSize", int.__lt__), ("MaxSize", int.__gt__)):
                if beyond(int(desired), scaling[bound]):
                    side = "below min" if bound == "MinSize" else "above max"
                    return self._refused(
                        f"New SetDesiredCapacity value {desired} is {side} value {scaling[bound]} "
                        "for the AutoScalingGroup."
                    )
            self._resize(scaling, int(desired))
        answer: Response = self._autoscaling._xml(200, "SetDesiredCapacityResponse", "")
        return answer

    def terminate(self, parameters: Parameters) -> Response:
        """AWS: TerminateInstanceInAutoScalingGroup. ministack: no such call."""
        wanted = one(parameters, "InstanceId")
        smaller = one(parameters, "ShouldDecrementDesiredCapacity").lower() == "true"
        with self._lock:
            for scaling in self._autoscaling._asgs.values():
                ids = [member["InstanceId"] for member in scaling["Instances"]]
                if wanted not in ids:
                    continue
                if smaller and scaling["DesiredCapacity"] <= scaling["MinSize"]:
                    return self._refused(
                        f"Currently, desiredSize equals minSize ({scaling['MinSize']}). Terminating"
                        " instance without replacement will violate group's min size constraint."
                    )
                del scaling["Instances"][ids.index(wanted)]
                self._launcher.end([wanted])
                self._resize(scaling, scaling["DesiredCapacity"] - smaller)
                inner = (
                    "<TerminateInstanceInAutoScalingGroupResult><Activity>"
                    f"<AutoScalingGroupName>{scaling['AutoScalingGroupName']}"
                    "</AutoScalingGroupName><StatusCode>InProgress</StatusCode>"
                    "</Activity></TerminateInstanceInAutoScalingGroupResult>"
                )
                name = "TerminateInstanceInAutoScalingGroupResponse"
                answer: Response = self._autoscaling._xml(200, name, inner)
                return answer
        return self._refused(f"Instance Id not found - No managed instance found: {wanted}")

    def _pairs(self) -> Iterator[tuple[Dict, Dict | None]]:
        """Each node group with its group."""
        for group in list(self._eks._nodegroups.values()):
            yield group, self._autoscaling._asgs.get(name_of(group))

    def _make(self, group: Dict) -> None:
        """Make the group of a node group, with its first instances as records."""
        name, bounds = name_of(group), group["scalingConfig"]
        self._autoscaling._create_asg(
            {
                "AutoScalingGroupName": name,
                "MinSize": str(bounds["minSize"]),
                "MaxSize": str(bounds["maxSize"]),
                "DesiredCapacity": str(bounds["desiredSize"]),
                "VPCZoneIdentifier": ",".join(group["subnets"]),
                **{
                    f"AvailabilityZones.member.{number}": zone
                    for number, zone in enumerate(self._launcher.zones(group), start=1)
                },
                **{
                    f"Tags.member.{number}.{field}": text
                    for number, (key, value) in enumerate(tags_of(group).items(), start=1)
                    for field, text in (
                        ("Key", key),
                        ("Value", value),
                        ("PropagateAtLaunch", "true"),
                    )
                },
            }
        )

    def _bound(self, scaling: Dict, bounds: Mapping[str, int]) -> None:
        """Take over the bounds of a node group, and a size within them."""
        scaling |= {"MinSize": bounds["minSize"], "MaxSize": bounds["maxSize"]}
        desired = bounds.get("desiredSize", scaling["DesiredCapacity"])
        self._resize(scaling, min(max(desired, bounds["minSize"]), bounds["maxSize"]))

    def _remove_others(self, known: set[str]) -> None:
        """Groups of node groups that are gone go, with their instances."""
        for name, scaling in list(self._autoscaling._asgs.items()):
            own = {tag["Key"] for tag in scaling["Tags"]}
            if name not in known and "eks:nodegroup-name" in own:
                self._launcher.end([member["InstanceId"] for member in scaling["Instances"]])
                self._autoscaling._delete_asg({"AutoScalingGroupName": name})

    def _resize(self, scaling: Dict, desired: int) -> None:
        """Start what is missing in the emptiest zones; end the youngest that are too many."""
        members = scaling["Instances"]
        surplus = [member["InstanceId"] for member in members[desired:]]
        del members[desired:]
        self._launcher.end(surplus)
        scaling["DesiredCapacity"] = desired
        group = next(each for each, its in self._pairs() if its is scaling)
        while len(members) < desired:
            taken = [member["AvailabilityZone"] for member in members]
            zone = min(scaling["AvailabilityZones"], key=lambda each: (taken.count(each), each))
            started = self._launcher.start(group, zone, tags_of(group))
            members.append(
                {
                    "InstanceId": started,
                    "LifecycleState": "InService",
                    "HealthStatus": "Healthy",
                    "AvailabilityZone": zone,
                    "ProtectedFromScaleIn": False,
                }
            )

    def _refused(self, text: str) -> Response:
        refusal: Response = self._autoscaling._error("ValidationError", text)
        return refusal


def name_of(group: Mapping[str, Any]) -> str:
    """Name of a node group's group."""
    return str(group["resources"]["autoScalingGroups"][0]["name"])


def tags_of(group: Mapping[str, Any]) -> dict[str, str]:
    """What EKS tags a group with, and its instances by it."""
    cluster = group["clusterName"]
    return {
        "eks:cluster-name": cluster,
        "eks:nodegroup-name": group["nodegroupName"],
        "k8s.io/cluster-autoscaler/enabled": "true",
        f"k8s.io/cluster-autoscaler/{cluster}": "owned",
        f"kubernetes.io/cluster/{cluster}": "owned",
    }


def filters_of(parameters: Parameters) -> Iterator[tuple[str, list[str]]]:
    """Filters of a request: (name, values)."""
    number = 1
    while name := one(parameters, f"Filters.member.{number}.Name"):
        yield name, listed(parameters, f"Filters.member.{number}.Values")
        number += 1


def matches(tags: list[dict[str, Any]], name: str, values: list[str]) -> bool:
    """Whether a filter (tag-key, tag-value, tag:<key>) takes a group with these tags."""
    own = {tag["Key"]: tag["Value"] for tag in tags}
    if name == "tag-key":
        return any(value in own for value in values)
    if name == "tag-value":
        return any(value in own.values() for value in values)
    return own.get(name.removeprefix("tag:")) in values
