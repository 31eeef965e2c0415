# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""NAT gateways and their addresses: started early, awaited late, given back in AWS's order."""

from __future__ import annotations

from typing import Any

from ..aws import AwsError, tag_dict, wait_until
from ..ownership import PROOF
from ..reconcile import UNKNOWN
from .deletion import delete
from .run import Run
from .snapshot import GONE, Item, only, tag_filters


def name_of(run: Run, zone: str) -> str:
    """Return the name of a zone's gateway and of its address."""
    return f"{run.name}-nat-{zone}"


def ensure_nat(run: Run, zone: str, subnet_id: str) -> str:
    """Start one NAT gateway with an address of its own; `await_nats` waits for it."""
    name = name_of(run, zone)
    label = f"nat gateway {name}"
    item = only(run.takeable(run.seen.nats), "SubnetId", subnet_id)
    if item is not None:
        nat_id = str(item["NatGatewayId"])
        before, after = run.settle(label, item, nat_id, name)
        run.plan.record(label, {"zone": zone, **before}, {"zone": zone, **after})
        _settle_address(run, item, name)
        return nat_id
    run.plan.record(label, None, {"zone": zone, "tags": run.tags(name)})
    answer = run.api.write(
        "create_nat_gateway",
        label,
        SubnetId=subnet_id,
        AllocationId=_free_address(run, name),
        TagSpecifications=run.specification("natgateway", name),
    )
    return str(answer.get("NatGateway", {}).get("NatGatewayId", UNKNOWN))


def _free_address(run: Run, name: str) -> str:
    """Return an address that a killed run has left, or a new one."""
    for item in run.seen.addresses:
        if tag_dict(item.get("Tags")).get("Name") == name and not item.get("AssociationId"):
            run.seen.addresses.remove(item)
            return str(item["AllocationId"])
    run.plan.record(f"address {name}", None, {"tags": run.tags(name)})

    def loose() -> dict[str, Any] | None:
        conditions = tag_filters(name, run.options["tags"])
        found = run.api.read("describe_addresses", f"address {name}", Filters=conditions)
        return next((a for a in found["Addresses"] if not a.get("AssociationId")), None)

    made = run.api.create(
        "allocate_address",
        f"address {name}",
        loose,
        Domain="vpc",
        TagSpecifications=run.specification("elastic-ip", name),
    )
    return str(made.get("AllocationId", UNKNOWN))


def _settle_address(run: Run, nat: Item, name: str) -> None:
    """Keep the gateway's addresses out of what is released; ours get the tags that they lost.

    Somebody may have given the gateway a second one, which stays theirs.
    """
    for held in nat.get("NatGatewayAddresses") or []:
        allocation = held.get("AllocationId")
        known = only(run.seen.addresses, "AllocationId", str(allocation))
        if known is not None:
            run.seen.addresses.remove(known)
        elif allocation:
            answer = run.api.read(
                "describe_addresses", f"address {name}", AllocationIds=[allocation]
            )
            found = answer["Addresses"][0]
            # What it was made with is ours by that, though it has lost all its tags.
            bare = held.get("IsPrimary") and not set(tag_dict(found.get("Tags"))) & set(PROOF)
            known = found if bare or run.takeable([found]) else None
        if known is not None:
            label = f"address {name}"
            before, after = run.settle(label, known, str(allocation), name)
            run.plan.record(label, before, after)


def await_nats(run: Run, nat_ids: list[str]) -> None:
    """Wait until the gateways carry traffic: AWS takes a route to them only then."""
    if run.api.check_mode or not nat_ids:
        return
    label = f"nat gateways of {run.name}"

    def pending() -> str | None:
        found = run.api.pages("describe_nat_gateways", "NatGateways", label, NatGatewayIds=nat_ids)
        for item in found:
            if item["State"] in GONE:
                raise AwsError(
                    f"nat gateway {item['NatGatewayId']} is {item['State']}:"
                    f" {item.get('FailureMessage', 'AWS gives no reason')}. Remove the cause and"
                    " run again. The run replaces a failed gateway."
                )
        waiting = [f"{i['NatGatewayId']} {i['State']}" for i in found if i["State"] != "available"]
        return ", ".join(waiting) or None

    wait_until(label, pending, timeout=run.timeout)


def remove_surplus(run: Run, kept: set[str]) -> None:
    """Remove our gateways but those in `kept`, then the addresses that no gateway has any more.

    `ensure_nat` has taken the addresses that are in use out of the snapshot.
    """
    surplus = [item for item in run.own(run.seen.nats) if item["NatGatewayId"] not in kept]
    for item in surplus:
        label = run.gone("nat gateway", item, str(item["NatGatewayId"]))
        run.api.write("delete_nat_gateway", label, NatGatewayId=item["NatGatewayId"])
    _await_gone(run, [*run.seen.leaving_nats, *(str(item["NatGatewayId"]) for item in surplus)])
    for item in run.seen.addresses:
        label = run.gone("address", item, str(item["AllocationId"]))
        delete(run, "release_address", label, AllocationId=item["AllocationId"])


def _await_gone(run: Run, nat_ids: list[str]) -> None:
    """Wait: an address cannot be released, nor a subnet deleted, under a living gateway."""
    if run.api.check_mode or not nat_ids:
        return
    label = f"nat gateways of {run.name}"

    def pending() -> str | None:
        found = run.api.pages(
            "describe_nat_gateways",
            "NatGateways",
            label,
            missing=("NatGatewayNotFound",),
            NatGatewayIds=nat_ids,
        )
        left = [f"{i['NatGatewayId']} {i['State']}" for i in found if i["State"] not in GONE[1:]]
        return ", ".join(left) or None

    wait_until(f"deletion of {label}", pending, timeout=run.timeout)
