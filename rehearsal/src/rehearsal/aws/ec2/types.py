"""The instance types of the emulated AWS: what they have, what they cost, and where they are."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from rehearsal.aws.account.facts import Account, zones_here
from rehearsal.aws.wire.query import Action, Parameters, Response, markup, numbered, one


@dataclass(frozen=True)
class InstanceType:
    """One of them, as DescribeInstanceTypes and the price list of us-east-1 tell it.

    memory: GiB; clock: sustained, GHz; interfaces: most it may have, addresses: of each; bandwidth:
    of its EBS volumes, Mbps, always and at most; price: USD an hour, Linux on demand, in July 2026.
    Sources: https://docs.aws.amazon.com/ec2/latest/instancetypes/ and
    https://aws.amazon.com/ec2/pricing/on-demand/.
    """

    name: str
    cpus: int
    memory: int
    clock: float
    interfaces: int
    addresses: int
    bandwidth: tuple[int, int]
    price: float

    @property
    def burstable(self) -> bool:
        """Whether it has credits for its CPU."""
        return self.name.startswith("t")


TYPES = {
    each.name: each
    for each in (
        InstanceType("t3.medium", 2, 4, 2.5, 3, 6, (347, 2085), 0.0416),
        InstanceType("t3.large", 2, 8, 2.5, 3, 12, (695, 2780), 0.0832),
        InstanceType("m5.large", 2, 8, 3.1, 3, 10, (650, 4750), 0.096),
        InstanceType("m6i.large", 2, 8, 3.5, 3, 10, (650, 10000), 0.096),
        InstanceType("m6i.xlarge", 4, 16, 3.5, 4, 15, (1250, 10000), 0.192),
        InstanceType("c6i.large", 2, 4, 3.5, 3, 10, (650, 10000), 0.085),
        InstanceType("c6i.xlarge", 4, 8, 3.5, 4, 15, (1250, 10000), 0.17),
        InstanceType("r6i.large", 2, 16, 3.5, 3, 10, (650, 10000), 0.126),
    )
}
"""A few of the many: enough for a choice between sizes, families and prices."""

FAMILIES = (
    *("t2", "t3", "t3a", "t4g", "m5", "m5a", "m6i", "m6a", "m6g", "m7i", "m7a", "m7g", "m8g"),
    *("c5", "c5a", "c6i", "c6a", "c6g", "c7i", "c7a", "c7g", "c8g"),
    *("r5", "r5a", "r6i", "r6a", "r6g", "r7i", "r7a", "r7g", "r8g"),
)
SIZES = {
    "t": ("nano", "micro", "small", "medium", "large", "xlarge", "2xlarge"),
    "": ("medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge"),
}
"""Sizes by a family's first letter. They can be had, and nothing more is known of them here."""


def is_offered(kind: str) -> bool:
    """Whether AWS has such a type at all."""
    family, _, size = kind.partition(".")
    return family in FAMILIES and size in SIZES.get(family[:1], SIZES[""])


def adjust(ec2: Any, account: Account) -> None:
    """Correct what is told of them. ec2: ministack's module; account: says where each is."""
    actions: dict[str, Action] = ec2._ACTION_MAP
    describe = "DescribeInstanceTypes"
    actions[describe] = functools.partial(described, ec2, actions[describe])
    actions["DescribeInstanceTypeOfferings"] = functools.partial(offered, ec2, account)


def described(ec2: Any, describe: Action, parameters: Parameters) -> Response:
    """AWS: each type's own figures. ministack: those of a small one under every name.

    It is asked for the types that are none of ours. By a filter, only types that AWS has are found.
    """
    asked = numbered(parameters, "InstanceType")
    if wanted := filters_of(parameters).get("instance-type"):
        some = [
            facts(TYPES[name]) if name in TYPES else sized(name)
            for name in filter(is_offered, wanted)
        ]
        by_name: Response = ec2._xml(
            200, "DescribeInstanceTypesResponse", markup({"instanceTypeSet": some})
        )
        return by_name
    if any(name not in TYPES for name in asked):
        return describe(parameters)
    found = [facts(TYPES[name]) for name in asked or TYPES]
    told: Response = ec2._xml(
        200, "DescribeInstanceTypesResponse", markup({"instanceTypeSet": found})
    )
    return told


def sized(name: str) -> dict[str, Any]:
    """What the size alone says of a type: its vCPUs (those of a t's small sizes are two)."""
    family, _, size = name.partition(".")
    times = size.removesuffix("xlarge") or "1"
    small = 1 if size == "medium" and not family.startswith("t") else 2
    cpus = 4 * int(times) if size.endswith("xlarge") else small
    return {"instanceType": name, "vCpuInfo": {"defaultVCpus": cpus}}


def facts(kind: InstanceType) -> dict[str, Any]:
    """A type in the form of DescribeInstanceTypes."""
    always, most = kind.bandwidth
    return {
        "instanceType": kind.name,
        "currentGeneration": True,
        "freeTierEligible": False,
        "supportedUsageClasses": ["on-demand", "spot"],
        "supportedRootDeviceTypes": ["ebs"],
        "supportedVirtualizationTypes": ["hvm"],
        "bareMetal": False,
        "hypervisor": "nitro",
        "processorInfo": {
            "supportedArchitectures": ["x86_64"],
            "sustainedClockSpeedInGhz": kind.clock,
            "manufacturer": "Intel",
        },
        "vCpuInfo": {
            "defaultVCpus": kind.cpus,
            "defaultCores": kind.cpus // 2,
            "defaultThreadsPerCore": 2,
        },
        "memoryInfo": {"sizeInMiB": kind.memory * 1024},
        "instanceStorageSupported": False,
        "ebsInfo": {
            "ebsOptimizedSupport": "default",
            "encryptionSupport": "supported",
            "ebsOptimizedInfo": {
                "baselineBandwidthInMbps": always,
                "maximumBandwidthInMbps": most,
            },
            "nvmeSupport": "required",
        },
        "networkInfo": {
            "maximumNetworkInterfaces": kind.interfaces,
            "maximumNetworkCards": 1,
            "defaultNetworkCardIndex": 0,
            "networkCards": [{"networkCardIndex": 0, "maximumNetworkInterfaces": kind.interfaces}],
            "ipv4AddressesPerInterface": kind.addresses,
            "ipv6AddressesPerInterface": kind.addresses,
            "ipv6Supported": True,
            "enaSupport": "required",
            "efaSupported": False,
            "encryptionInTransitSupported": kind.name.startswith(("m6i", "c6i", "r6i")),
        },
        "hibernationSupported": True,
        "burstablePerformanceSupported": kind.burstable,
    }


def offered(ec2: Any, account: Account, parameters: Parameters) -> Response:
    """AWS: DescribeInstanceTypeOfferings says where a type can be had. ministack: no such call.

    Filters: instance-type and location. Without the first, those are listed of which more is known.
    """
    where = one(parameters, "LocationType") or "region"
    zones = list(zones_here(ec2, account))
    wanted = filters_of(parameters)
    found = [
        {"instanceType": name, "locationType": where, "location": place}
        for name in filter(is_offered, wanted.get("instance-type", TYPES))
        for place in places(account, name, where, zones, ec2.get_region())
        if place in wanted.get("location", [place])
    ]
    told: Response = ec2._xml(
        200, "DescribeInstanceTypeOfferingsResponse", markup({"instanceTypeOfferingSet": found})
    )
    return told


def places(account: Account, kind: str, where: str, zones: list[str], region: str) -> list[str]:
    """Where a type is offered, by kind of location (region, availability-zone)."""
    there = account.offered(kind, zones)
    return there if where == "availability-zone" else [region] if there else []


def filters_of(parameters: Parameters) -> dict[str, list[str]]:
    """The filters of a request, by name."""
    found: dict[str, list[str]] = {}
    while name := one(parameters, f"Filter.{len(found) + 1}.Name"):
        found[name] = numbered(parameters, f"Filter.{len(found) + 1}.Value")
    return found
