# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Endpoints by which the private subnets reach AWS's services without the internet."""

from __future__ import annotations

import json
from typing import Any

from .. import policies
from ..aws import AwsError, wait_until
from ..reconcile import UNKNOWN
from .run import Run
from .snapshot import Item, filters, only

BROKEN = ("failed", "rejected", "expired")
"""States that an endpoint does not leave."""

FULL_ACCESS = "full access"


def service_name(run: Run, service: str) -> str:
    """Return AWS's name of a service's endpoints, such as com.amazonaws.us-east-1.s3."""
    return f"com.amazonaws.{run.options['region']}.{service}"


def ensure_gateway(run: Run, vpc_id: str, service: str, table_ids: list[str]) -> str:
    """Make the gateway endpoint of `service` (such as s3) in all route tables."""
    name = f"{run.name}-{service}"
    label = f"gateway endpoint {name}"
    full, policy = service_name(run, service), _wanted_policy(run, service)
    item = only(run.seen.endpoints, "ServiceName", full)
    wanted = {"service": full, "route_tables": sorted(table_ids), "policy": policy}
    if item is None:
        run.plan.record(label, None, {**wanted, "tags": run.tags(name)})
        return _create(
            run,
            label,
            name,
            policy,
            VpcEndpointType="Gateway",
            VpcId=vpc_id,
            ServiceName=full,
            RouteTableIds=table_ids,
        )
    current = _ids(item, "RouteTableIds")
    changes = _difference("RouteTableIds", current, {*table_ids, *_foreign(run, current)})
    seen_policy = _modify(run, label, item, changes, policy)
    before, after = run.settle(label, item, str(item["VpcEndpointId"]), name)
    tables = {"route_tables": sorted(current | set(table_ids))}
    run.plan.record(
        label,
        {**wanted, "route_tables": sorted(current), "policy": seen_policy, **before},
        {**wanted, **tables, **after},
    )
    return str(item["VpcEndpointId"])


def _foreign(run: Run, table_ids: set[str]) -> set[str]:
    """The tables among these that are not ours: whoever added them to the endpoint wants them."""
    own = {str(item["RouteTableId"]) for item in run.own(run.seen.route_tables)}
    return table_ids - own


def ensure_interface(
    run: Run, vpc_id: str, service: str, subnet_ids: list[str], group_id: str
) -> str:
    """Start the interface endpoint of `service` in the subnets; `await_all` waits for it."""
    name = f"{run.name}-{service.replace('.', '-')}"
    label = f"interface endpoint {name}"
    full, policy = service_name(run, service), _wanted_policy(run, service)
    wanted = {
        "service": full,
        "subnets": sorted(subnet_ids),
        "security_groups": [group_id],
        "private_dns": True,
        "policy": policy,
    }
    item = only(run.seen.endpoints, "ServiceName", full)
    if item is None:
        run.plan.record(label, None, {**wanted, "tags": run.tags(name)})
        return _create(
            run,
            label,
            name,
            policy,
            VpcEndpointType="Interface",
            VpcId=vpc_id,
            ServiceName=full,
            SubnetIds=subnet_ids,
            SecurityGroupIds=[group_id],
            PrivateDnsEnabled=True,
        )
    subnets = _ids(item, "SubnetIds")
    groups = {str(group["GroupId"]) for group in item.get("Groups") or []}
    private = bool(item.get("PrivateDnsEnabled"))
    changes = {
        **_difference("SubnetIds", subnets, set(subnet_ids)),
        **_difference("SecurityGroupIds", groups, {group_id}),
        **({} if private else {"PrivateDnsEnabled": True}),
    }
    seen_policy = _modify(run, label, item, changes, policy)
    before, after = run.settle(label, item, str(item["VpcEndpointId"]), name)
    current = {
        "service": full,
        "subnets": sorted(subnets),
        "security_groups": sorted(groups),
        "private_dns": private,
        "policy": seen_policy,
    }
    run.plan.record(label, {**current, **before}, {**wanted, **after})
    return str(item["VpcEndpointId"])


def _ids(item: Item, key: str) -> set[str]:
    return {str(value) for value in item.get(key) or []}


def _difference(what: str, current: set[str], wanted: set[str]) -> dict[str, list[str]]:
    """Return the parameters of modify_vpc_endpoint that bring a set of ids to another."""
    sides = {f"Add{what}": wanted - current, f"Remove{what}": current - wanted}
    return {name: sorted(ids) for name, ids in sides.items() if ids}


def _create(run: Run, label: str, name: str, policy: Any, **how: Any) -> str:
    document = {} if policy == FULL_ACCESS else {"PolicyDocument": json.dumps(policy)}
    place = filters(vpc_id=how["VpcId"], service_name=how["ServiceName"])
    answer = run.api.create(
        "create_vpc_endpoint",
        label,
        lambda: run.find("describe_vpc_endpoints", "VpcEndpoint", place),
        TagSpecifications=run.specification("vpc-endpoint", name),
        **document,
        **how,
    )
    return str(answer.get("VpcEndpoint", {}).get("VpcEndpointId", UNKNOWN))


def _wanted_policy(run: Run, service: str) -> Any:
    """Return the wanted policy of a service's endpoint; without one AWS allows everything."""
    return (run.options.get("endpoint_policies") or {}).get(service) or FULL_ACCESS


def _seen_policy(item: Item, wanted: Any) -> Any:
    """Return the endpoint's policy; the wanted one where AWS only spells it differently."""
    document = json.loads(item.get("PolicyDocument") or "{}")
    if wanted != FULL_ACCESS and policies.same(document, wanted):
        return wanted
    statements = document.get("Statement") or []
    everything = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    bare = [{k: v for k, v in entry.items() if k != "Sid"} for entry in statements]
    return FULL_ACCESS if bare in ([], [everything]) else document


def _modify(run: Run, label: str, item: Item, changes: dict[str, Any], policy: Any) -> Any:
    """Send the changes and the policy if it differs; return the policy before."""
    if item["State"] in BROKEN:
        raise AwsError(_broken(label, item))
    seen = _seen_policy(item, policy)
    if seen != policy:
        changes |= (
            {"ResetPolicy": True}
            if policy == FULL_ACCESS
            else {"PolicyDocument": json.dumps(policy)}
        )
    if changes:
        run.api.write("modify_vpc_endpoint", label, VpcEndpointId=item["VpcEndpointId"], **changes)
    return seen


def _broken(label: str, item: Item) -> str:
    cause = (item.get("LastError") or {}).get("Message") or "AWS gives no reason"
    return (
        f"{label} ({item['VpcEndpointId']}) is {item['State']}: {cause}. Delete this endpoint (aws"
        f" ec2 delete-vpc-endpoints --vpc-endpoint-ids {item['VpcEndpointId']}), then run again."
    )


def await_all(run: Run, endpoint_ids: list[str]) -> None:
    """Wait until the endpoints answer: nodes that start before find no registry."""
    if run.api.check_mode or not endpoint_ids:
        return
    label = f"interface endpoints of {run.name}"

    def pending() -> str | None:
        found = run.api.pages(
            "describe_vpc_endpoints", "VpcEndpoints", label, VpcEndpointIds=endpoint_ids
        )
        for item in found:
            if str(item["State"]).lower() in BROKEN:
                raise AwsError(_broken(f"endpoint of {item['ServiceName']}", item))
        waiting = [
            f"{item['ServiceName']} {item['State']}"
            for item in found
            if str(item["State"]).lower() != "available"
        ]
        return ", ".join(waiting) or None

    wait_until(label, pending, timeout=run.timeout)


def remove(run: Run, items: list[Item]) -> None:
    """Delete endpoints and wait: their interfaces hold groups and subnets until they are gone."""
    if not items:
        return
    ids = [str(item["VpcEndpointId"]) for item in items]
    for item in items:
        run.gone("endpoint", item, str(item["VpcEndpointId"]))
    label = f"endpoints of {run.name}"
    answer = run.api.write("delete_vpc_endpoints", label, VpcEndpointIds=ids)
    if refused := answer.get("Unsuccessful"):
        raise AwsError(
            f"AWS refused to delete endpoint {refused[0].get('ResourceId')} of {run.name}:"
            f" {refused[0]['Error']['Message']}. Remove the cause, then run again."
        )
    if not run.api.check_mode:
        await_gone(run, ids)


def await_gone(run: Run, ids: list[str]) -> None:
    """Wait until AWS lists the endpoints no more, or as deleted."""
    label = f"endpoints of {run.name}"

    def pending() -> str | None:
        found = run.api.pages(
            "describe_vpc_endpoints",
            "VpcEndpoints",
            label,
            Filters=[{"Name": "vpc-endpoint-id", "Values": ids}],
        )
        left = [
            f"{item['VpcEndpointId']} {item['State']}"
            for item in found
            if item["VpcEndpointId"] in ids and str(item["State"]).lower() != "deleted"
        ]
        return ", ".join(left) or None

    wait_until(f"deletion of {label}", pending, timeout=run.timeout)
