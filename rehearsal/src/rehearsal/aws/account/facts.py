"""What differs from account to account: its zones, and the regions that it has not enabled.

AWS shuffles the letters of zones per account, and an account lacks some of them. What an account
has is in a file that is read at each call, so that a test can change it. Without it the account has
the zones below. The file is JSON, and each key may be missing:

    {"zones": {"ap-northeast-1": {"a": {"id": "apne1-az4"}, "c": {"id": "apne1-az1"},
                                  "d": {"id": "apne1-az2", "state": "impaired"}}},
     "disabled_regions": ["ap-east-1"],
     "offered": {"t3.medium": ["ap-northeast-1a"]},
     "endpoint_zones": {"bedrock-runtime": ["ap-northeast-1a"]},
     "addresses": 5,
     "quotas": {"vpcs": 5, "cpus": 5}}

zones: by region and letter, with `state` (default available), `type` (default availability-zone)
and `opt_in` (default opt-in-not-required). offered: zones that have an instance type, where it is
not in all. endpoint_zones: likewise of a service's
interface endpoints. addresses: how many Elastic IPs the account may have. quotas: how many VPCs,
and vCPUs that run on demand.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rehearsal.aws.wire.query import Action, Parameters, Response, markup, numbered, one

Zone = dict[str, str]

# One account's letters where they are not a, b, c: ids in the order of the letters.
LETTERS = {
    "us-east-1": {"a": 4, "b": 6, "c": 1, "d": 2, "e": 3, "f": 5},
    "us-west-1": {"a": 3, "c": 1},
    "ca-central-1": {"a": 1, "b": 2, "d": 4},
    "ap-northeast-1": {"a": 4, "c": 1, "d": 2},
}
MORE_SERVICES = (
    *("autoscaling", "bedrock-runtime", "eks", "eks-auth", "elasticache"),
    *("elasticloadbalancing", "guardduty-data", "kms-fips", "rds", "s3", "xray"),
)
"""Of the services with interface endpoints, some that ministack leaves out."""
_ZONES = re.compile("<availabilityZoneSet>.*?</availabilityZoneSet>", re.DOTALL)
ADDRESSES = 5
"""AWS's default quota of Elastic IPs in a region."""
QUOTAS = {"vpcs": 5, "cpus": 256}
"""AWS's default of VPCs in a region; of vCPUs, which AWS raises as an account is used, many."""


class Account:
    """The facts of one account. file: see the module; it may be missing."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the file says now."""
        found: dict[str, Any] = json.loads(self._file.read_text()) if self._file.exists() else {}
        return found

    def zones(self, region: str, prefix: str) -> dict[str, Zone]:
        """Zones of a region by name. prefix: of their ids, as AWS shortens the region's name."""
        given: dict[str, Zone] = self.facts.get("zones", {}).get(region) or {
            letter: {"id": f"{prefix}-az{number}"}
            for letter, number in LETTERS.get(region, {"a": 1, "b": 2, "c": 3}).items()
        }
        return {f"{region}{letter}": dict(zone) for letter, zone in given.items()}

    def offered(self, kind: str, zones: list[str]) -> list[str]:
        """The zones, of those, in which an instance type is offered."""
        only: list[str] = self.facts.get("offered", {}).get(kind, zones)
        return [zone for zone in zones if zone in only]

    def served(self, service: str, zones: list[str]) -> list[str]:
        """The zones, of those, in which a service (com.amazonaws.<region>.x) has endpoints."""
        short = service.split(".", 3)[-1]
        only: list[str] = self.facts.get("endpoint_zones", {}).get(short, zones)
        return [zone for zone in zones if zone in only]

    @property
    def addresses(self) -> int:
        """How many Elastic IPs the account may have in a region."""
        return int(self.facts.get("addresses", ADDRESSES))

    def quota(self, name: str) -> int:
        """A quota of QUOTAS."""
        return int(self.facts.get("quotas", {}).get(name, QUOTAS[name]))

    def disabled(self, region: str) -> bool:
        """Whether the account has not enabled a region."""
        return region in self.facts.get("disabled_regions", ())


def adjust(ec2: Any, account: Account) -> None:
    """Give ministack's EC2 the account's zones. ec2: its module."""
    zones = functools.partial(zones_here, ec2, account)
    ec2._az_id_for_zone_name = functools.partial(id_of, zones, ec2._az_id_for_zone_name)
    ec2._zone_name_for_az_id = lambda wanted: next(
        (name for name, zone in zones().items() if zone["id"] == wanted), None
    )
    actions: dict[str, Action] = ec2._ACTION_MAP
    actions["DescribeAvailabilityZones"] = functools.partial(described, ec2, zones)
    actions["DescribeRegions"] = functools.partial(
        regions_enabled, account, actions["DescribeRegions"]
    )
    actions["CreateSubnet"] = functools.partial(in_known_zone, ec2, zones, actions["CreateSubnet"])
    ec2._VPCE_INTERFACE_SERVICES += MORE_SERVICES
    actions["DescribeVpcEndpointServices"] = functools.partial(
        services_by_zone, zones, account, actions["DescribeVpcEndpointServices"]
    )
    actions["CreateVpcEndpoint"] = functools.partial(
        endpoint_in_served_zones, ec2, zones, account, actions["CreateVpcEndpoint"]
    )
    actions["AllocateAddress"] = functools.partial(
        within_quota, ec2, account, actions["AllocateAddress"]
    )
    actions["CreateVpc"] = functools.partial(within_vpcs, ec2, account, actions["CreateVpc"])
    actions["DescribeAccountAttributes"] = functools.partial(attributes, ec2, account)


def zones_here(ec2: Any, account: Account) -> dict[str, Zone]:
    """The zones of the region that is asked."""
    return account.zones(ec2.get_region(), ec2._az_id_prefix(ec2.get_region()))


def id_of(zones: Callable[[], dict[str, Zone]], original: Callable[[str], str], name: str) -> str:
    """AWS: each account has its own letters for the ids. ministack: a is 1, b is 2."""
    return zones()[name]["id"] if name in zones() else original(name)


def described(ec2: Any, zones: Callable[[], dict[str, Zone]], parameters: Parameters) -> Response:
    """AWS: the account's zones, in which state and by whom enabled. ministack: always a, b, c.

    Zones that are not opted in (local zones and the like) are listed with AllZones only.
    """
    region, found = ec2.get_region(), zones()
    for name in numbered(parameters, "ZoneName"):
        if name not in found:
            return refusal(ec2, "InvalidParameterValue", f"Invalid availability zone: [{name}]")
    every = one(parameters, "AllAvailabilityZones").lower() == "true"
    asked, told = numbered(parameters, "ZoneName"), []
    for name, zone in found.items():
        opt_in = zone.get("opt_in", "opt-in-not-required")
        if (asked and name not in asked) or (opt_in == "not-opted-in" and not every):
            continue
        told.append(
            {
                "zoneName": name,
                "zoneState": zone.get("state", "available"),
                "regionName": region,
                "zoneId": zone["id"],
                "groupName": f"{region}-zg-1",
                "networkBorderGroup": region,
                "optInStatus": opt_in,
                "zoneType": zone.get("type", "availability-zone"),
            }
        )
    answer: Response = ec2._xml(
        200, "DescribeAvailabilityZonesResponse", markup({"availabilityZoneInfo": told})
    )
    return answer


def regions_enabled(account: Account, describe: Action, parameters: Parameters) -> Response:
    """AWS: says of each region whether the account has enabled it. ministack: all are."""
    status, headers, body = describe(parameters)
    for region in account.facts.get("disabled_regions", ()):
        before, found, after = body.partition(f"<regionName>{region}</regionName>".encode())
        if found:
            after = after.replace(b">opted-in<", b">not-opted-in<", 1)
            body = before + found + after
    return status, headers, body


def in_known_zone(
    ec2: Any, zones: Callable[[], dict[str, Zone]], create: Action, parameters: Parameters
) -> Response:
    """AWS: refuses a subnet in a zone that the account lacks. ministack: takes any."""
    there = sorted(
        name for name, zone in zones().items() if zone.get("state", "available") == "available"
    )
    name, identity = one(parameters, "AvailabilityZone"), one(parameters, "AvailabilityZoneId")
    known = [name in there] if name else []
    known += [identity in {zones()[each]["id"] for each in there}] if identity else []
    if not all(known):
        return refusal(
            ec2,
            "InvalidParameterValue",
            f"Value ({name or identity}) for parameter "
            f"{'availabilityZone' if name else 'availabilityZoneId'} is invalid. Subnets can "
            f"currently only be created in the following availability zones: {', '.join(there)}.",
        )
    return create(parameters)


def services_by_zone(
    zones: Callable[[], dict[str, Zone]],
    account: Account,
    describe: Action,
    parameters: Parameters,
) -> Response:
    """AWS: the account's zones, for each service its own. ministack: a, b, c for all."""
    status, headers, body = describe(parameters)
    parts = body.decode().split("<serviceName>")
    for number, part in enumerate(parts[1:], start=1):
        service = part.partition("<")[0]
        told = markup({"availabilityZoneSet": account.served(service, list(zones()))})
        parts[number] = _ZONES.sub(told, part)
    return status, headers, "<serviceName>".join(parts).encode()


def endpoint_in_served_zones(
    ec2: Any,
    zones: Callable[[], dict[str, Zone]],
    account: Account,
    create: Action,
    parameters: Parameters,
) -> Response:
    """AWS: refuses a service that it has not, or not in a zone. ministack: takes any."""
    service, region = one(parameters, "ServiceName"), ec2.get_region()
    kinds = (ec2._VPCE_GATEWAY_SERVICES, ec2._VPCE_INTERFACE_SERVICES)
    if service not in {f"com.amazonaws.{region}.{name}" for kind in kinds for name in kind}:
        text = f"The Vpc Endpoint Service '{service}' does not exist"
        return refusal(ec2, "InvalidServiceName", text)
    served = account.served(service, list(zones()))
    for subnet in numbered(parameters, "SubnetId"):
        there = ec2._subnets.get(subnet, {}).get("AvailabilityZone")
        if there and there not in served:
            text = (
                f"The VPC endpoint service {service} does not support the availability zone of "
                f"the subnet: {subnet}."
            )
            return refusal(ec2, "InvalidParameter", text)
    return create(parameters)


def within_quota(ec2: Any, account: Account, allocate: Action, parameters: Parameters) -> Response:
    """AWS: an account has a quota of Elastic IPs. ministack: has no end of them."""
    if len(ec2._addresses) >= account.addresses:
        text = "The maximum number of addresses has been reached."
        return refusal(ec2, "AddressLimitExceeded", text)
    return allocate(parameters)


def within_vpcs(ec2: Any, account: Account, create: Action, parameters: Parameters) -> Response:
    """AWS: an account has a quota of VPCs, its default one included. ministack: no end of them."""
    if len(ec2._vpcs) >= account.quota("vpcs"):
        text = "The maximum number of VPCs has been reached."
        return refusal(ec2, "VpcLimitExceeded", text)
    return create(parameters)


def attributes(ec2: Any, account: Account, parameters: Parameters) -> Response:
    """AWS: DescribeAccountAttributes tells quotas of EC2. ministack: no such call."""
    known = {
        "vpc-max-elastic-ips": account.addresses,
        "max-elastic-ips": account.addresses,
        "supported-platforms": "VPC",
    }
    asked = numbered(parameters, "AttributeName") or list(known)
    told = [
        {"attributeName": name, "attributeValueSet": [{"attributeValue": known[name]}]}
        for name in asked
        if name in known
    ]
    answer: Response = ec2._xml(
        200, "DescribeAccountAttributesResponse", markup({"accountAttributeSet": told})
    )
    return answer


def refusal(ec2: Any, code: str, text: str) -> Response:
    """An error in EC2's form."""
    refused: Response = ec2._error(code, text, 400)
    return refused
