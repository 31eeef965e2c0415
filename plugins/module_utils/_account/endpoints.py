# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Interface endpoints: which services have them, and in which zones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..reconcile import Api
from .wishes import Wishes

OPTION = "network: network_interface_endpoints"


def _asked(wishes: Wishes) -> dict[str, str]:
    """The services by AWS's names of their endpoints."""
    wanted = wishes.network.get("interface_endpoints") or ()
    return {f"com.amazonaws.{wishes.region}.{service}": service for service in wanted}


def zones_of(ec2: Api, wishes: Wishes) -> dict[str, list[str]]:
    """Return the zones of each service that has interface endpoints. Raises AwsError."""
    asked = _asked(wishes)
    if not asked:
        return {}
    details = ec2.pages(
        "describe_vpc_endpoint_services",
        "ServiceDetails",
        "the services with endpoints",
        Filters=[
            {"Name": "service-name", "Values": sorted(asked)},
            {"Name": "service-type", "Values": ["Interface"]},
        ],
    )
    return {asked[item["ServiceName"]]: list(item["AvailabilityZones"]) for item in details}


def problems(
    wishes: Wishes, platform: Sequence[str], served: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Yield the endpoints that can't be made.

    Args:
        wishes: of the run.
        platform: zones of the network.
        served: see `zones_of`.
    """
    for service in _asked(wishes).values():
        if service not in served:
            yield (
                f"{OPTION} has {service}, and AWS has no interface endpoint of that name in"
                f" {wishes.region}. Give the last part of the name of a service, such as ecr.api."
            )
            continue
        lacking = [zone for zone in platform if zone not in served[service]]
        if lacking:
            yield (
                f"{OPTION} has {service}, which AWS does not offer in {', '.join(lacking)}. Remove"
                " it, or set network_availability_zones to zones that have it:"
                f" {', '.join(served[service])}."
            )
