# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Take down a network, or what is too much in it, in the order that AWS demands.

Only what carries the platform's tags is removed, and what AWS's controllers made
for the platform's cluster. What others left in the VPC makes the last step fail,
and the error lists it.
"""

from __future__ import annotations

from collections.abc import Collection

from . import balancers, endpoints, groups, leftovers, nat
from .deletion import delete
from .run import Run
from .snapshot import Item


def ensure_absent(run: Run) -> None:
    """Remove the network and record what was there."""
    inside = run.seen.vpc is not None
    if inside:
        balancers.remove(run)
        leftovers.remove_endpoints(run)
    nat.remove_surplus(run, set())
    if inside:
        leftovers.remove_interfaces(run)
        leftovers.remove_groups(run)
        for item in run.own(run.seen.subnets):
            label = run.gone("subnet", item, str(item["SubnetId"]))
            delete(run, "delete_subnet", label, SubnetId=item["SubnetId"])
        # Deleting the subnets took the associations with them.
        _remove_tables(run, run.own(run.seen.route_tables))
    _remove_gateways(run, run.own(run.seen.gateways))
    if run.seen.vpc is not None:
        label = run.gone("vpc", run.seen.vpc, str(run.seen.vpc["VpcId"]))
        delete(run, "delete_vpc", label, VpcId=run.seen.vpc["VpcId"])


def remove_surplus(run: Run, kept: Collection[str]) -> None:
    """Remove what this platform made in its network and no longer wants.

    Such things come from a change of the inputs, or from a run that was killed between a call and
    its answer. What other components made in the VPC is left alone.

    Args:
        kept: the ids of all that is wanted.
    """

    def surplus(items: list[Item], key: str) -> list[Item]:
        return [item for item in run.own(items, "Component") if item[key] not in kept]

    endpoints.remove(run, surplus(run.seen.endpoints, "VpcEndpointId"))
    nat.remove_surplus(run, set(kept))
    unused = [item for item in surplus(run.seen.route_tables, "RouteTableId") if not _serves(item)]
    _remove_tables(run, unused)
    loose = surplus(run.seen.gateways, "InternetGatewayId")
    _remove_gateways(run, [item for item in loose if not item.get("Attachments")])
    others = surplus(run.seen.groups, "GroupId")
    groups.remove(run, [item for item in others if item["GroupName"] != "default"])


def _serves(table: Item) -> bool:
    return bool(table.get("Associations"))


def _remove_tables(run: Run, tables: list[Item]) -> None:
    for item in tables:
        label = run.gone("route table", item, str(item["RouteTableId"]))
        delete(run, "delete_route_table", label, RouteTableId=item["RouteTableId"])


def _remove_gateways(run: Run, gateways: list[Item]) -> None:
    for item in gateways:
        gateway_id = str(item["InternetGatewayId"])
        label = run.gone("internet gateway", item, gateway_id)
        for attachment in item.get("Attachments") or []:
            delete(
                run,
                "detach_internet_gateway",
                label,
                InternetGatewayId=gateway_id,
                VpcId=attachment["VpcId"],
            )
        delete(run, "delete_internet_gateway", label, InternetGatewayId=gateway_id)
