# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""A whole network, from checked options to ids: what is slow is started early and awaited last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..aws import AwsError
from . import absent, base, endpoints, groups, layout, nat, refusals, rules, snapshot
from .run import Run


@dataclass(frozen=True)
class Wish:
    """What the options ask for, checked: the subnets, and the rules of each group by its key."""

    subnets: list[layout.Subnet]
    rules: dict[str, rules.Rules]

    def tier(self, name: str) -> list[layout.Subnet]:
        """Return the subnets of one tier, in order of zone."""
        return [subnet for subnet in self.subnets if subnet.tier == name]


def check(options: dict[str, Any]) -> None:
    """Raise AwsError for what cannot be had, whatever AWS has."""
    named = options.get("availability_zones") or []
    wish({**options, "availability_zones": named or layout.stand_ins(options["zone_count"])})


def wish(options: dict[str, Any]) -> Wish:
    """Return what is wanted.

    Raises:
        AwsError: it cannot be had, whatever AWS has.
    """
    rules.check_groups(options["security_groups"])
    keys = [group["key"] for group in options["security_groups"]]
    doubtful = set(options["interface_endpoints"]) & {"s3", "dynamodb"}
    if doubtful:
        raise AwsError(
            f"interface_endpoints has {sorted(doubtful)}, which is free of charge in"
            " gateway_endpoints. Move it there."
        )
    if options["interface_endpoints"] and options["endpoint_group"] not in keys:
        raise AwsError(
            f"interface_endpoints needs a security group {options['endpoint_group']}"
            f" (endpoint_group), but security_groups has only {sorted(keys)}. Add it to"
            " security_groups."
        )
    services = {*options["gateway_endpoints"], *options["interface_endpoints"]}
    if lost := set(options["endpoint_policies"]) - services:
        raise AwsError(
            f"endpoint_policies has {sorted(lost)}, for which there is no endpoint."
            " Remove it, or add the endpoint."
        )
    return Wish(
        layout.subnets(options),
        rules.of_flows(options["flows"], keys, options["gateway_endpoints"]),
    )


def ensure_present(run: Run, wanted: Wish) -> dict[str, Any]:
    """Bring everything to its state; return the ids."""
    options = run.options
    refusals.check(run, wanted.subnets)
    used = {end for flow in options["flows"] for end in (flow["from"], flow["to"])}
    run.seen.prefix_lists = snapshot.read_prefix_lists(
        run.api,
        options["region"],
        [name for name in options["gateway_endpoints"] if f"{rules.ENDPOINT}{name}" in used],
    )
    vpc_id = base.ensure_vpc(run)
    ids = {subnet.name: base.ensure_subnet(run, vpc_id, subnet) for subnet in wanted.subnets}
    gateway_id = base.ensure_internet_gateway(run, vpc_id)
    public = [ids[subnet.name] for subnet in wanted.tier("public")]
    tables = [
        base.ensure_route_table(
            run, vpc_id, f"{run.name}-public", public, ("GatewayId", gateway_id)
        )
    ]
    nats = _start_nats(run, wanted, ids)
    groups.ensure_default_group_closed(run)
    group_ids = groups.ensure_groups(run, vpc_id, wanted.rules)
    private = [ids[subnet.name] for subnet in wanted.tier("private")]
    interfaces = _start_interfaces(run, vpc_id, private, group_ids)
    nat.await_nats(run, list(nats.values()))
    for index, subnet in enumerate(wanted.tier("private"), start=1):
        nat_id = nats.get(subnet.zone) or next(iter(nats.values()), None)
        way_out = ("NatGatewayId", nat_id) if nat_id else None
        name = f"{run.name}-private-{index}"
        tables.append(base.ensure_route_table(run, vpc_id, name, [ids[subnet.name]], way_out))
    gateways = {
        service: endpoints.ensure_gateway(run, vpc_id, service, tables)
        for service in options["gateway_endpoints"]
    }
    endpoints.await_all(run, list(interfaces.values()))
    endpoint_ids = {**gateways, **interfaces}
    kept = {gateway_id, *tables, *nats.values(), *endpoint_ids.values(), *group_ids.values()}
    absent.remove_surplus(run, kept)
    return {
        "vpc_id": vpc_id,
        "availability_zones": options["availability_zones"],
        "public_subnet_ids": public,
        "private_subnet_ids": private,
        "nat_gateway_ids": list(nats.values()),
        "route_table_ids": tables,
        "endpoint_ids": endpoint_ids,
        "security_group_ids": group_ids,
    }


def _start_nats(run: Run, wanted: Wish, ids: dict[str, str]) -> dict[str, str]:
    zones = layout.nat_zones(run.options["nat"], run.options["availability_zones"])
    return {
        subnet.zone: nat.ensure_nat(run, subnet.zone, ids[subnet.name])
        for subnet in wanted.tier("public")
        if subnet.zone in zones
    }


def _start_interfaces(
    run: Run, vpc_id: str, subnet_ids: list[str], group_ids: dict[str, str]
) -> dict[str, str]:
    services = run.options["interface_endpoints"]
    if services and run.seen.leaving_endpoints and not run.api.check_mode:
        # Their private DNS names are taken until they are gone.
        endpoints.await_gone(run, run.seen.leaving_endpoints)
    return {
        service: endpoints.ensure_interface(
            run, vpc_id, service, subnet_ids, group_ids[run.options["endpoint_group"]]
        )
        for service in services
    }
