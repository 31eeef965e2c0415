# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Delete as AWS allows it: wait while something else holds a resource, then say what does."""

from __future__ import annotations

from typing import Any

from ..aws import AwsError, tag_dict, wait_until
from ..reconcile import Api
from .run import Run
from .snapshot import Item, filters

HELD = (
    "DependencyViolation",
    "InvalidGroup.InUse",
    "InvalidIPAddress.InUse",
    "InvalidNetworkInterface.InUse",
    "InvalidParameterValue.InUse",
    "OperationNotPermitted",
    "ResourceInUse",
    "ResourceInUseException",
)
"""AWS's codes for "something still uses it"."""

ADDRESS_HELD = ("AuthFailure", "InvalidNetworkInterfaceID.NotFound")
"""How AWS says it of the address of a NAT gateway: while it goes, and just after it went.

The second one must not be taken for an address that is gone: it would stay, and be billed.
"""


def delete(run: Run, operation: str, label: str, api: Api | None = None, **arguments: Any) -> None:
    """Delete; while something holds the resource try again, until the time-out.

    Raises:
        AwsError: it is still held then, with what is left in the VPC.
    """
    client = api or run.api
    refusals: list[AwsError] = []

    def pending() -> str | None:
        try:
            client.write(operation, label, **arguments)
        except AwsError as error:
            held = HELD + (ADDRESS_HELD if operation == "release_address" else ())
            if error.code not in held and error.code.endswith("NotFound"):
                return None
            if error.code not in held:
                raise
            refusals.append(error)
            return error.code
        return None

    try:
        wait_until(f"deletion of {label}", pending, timeout=run.timeout)
    except AwsError as error:
        if not refusals or error.code:
            raise
        raise AwsError(
            f"{refusals[-1]} AWS has refused this for {run.timeout:.0f} s. {holders(run)}",
            code=refusals[-1].code,
            action=refusals[-1].action,
        ) from error


def holders(run: Run) -> str:
    """Return a sentence on what is still in the VPC, and what to do about it."""
    if run.seen.vpc is None:
        return "The VPC is deleted."
    inside = filters(vpc_id=str(run.seen.vpc["VpcId"]))
    what = f"network {run.name}"
    interfaces = run.api.pages(
        "describe_network_interfaces", "NetworkInterfaces", what, Filters=inside
    )
    if interfaces:
        listed = ", ".join(_interface(item) for item in interfaces[:10])
        more = f" and {len(interfaces) - 10} more" if len(interfaces) > 10 else ""
        return (
            f"Network interfaces are still in the VPC: {listed}{more}. Remove their owners"
            " (instances, load balancers, functions, endpoints), then run again."
        )
    groups = run.api.pages("describe_security_groups", "SecurityGroups", what, Filters=inside)
    ours = {str(item["GroupId"]) for item in run.own(groups)}
    others = [item for item in groups if item["GroupName"] != "default"]
    others = [item for item in others if item["GroupId"] not in ours]
    if others:
        listed = ", ".join(f"{item['GroupId']} ({item['GroupName']})" for item in others)
        return (
            f"The VPC has security groups that others created: {listed}. Remove them, then run"
            " again."
        )
    return (
        "No network interface is left. Look for subnets, route tables, network ACLs, peerings or"
        " VPN gateways that others created in the VPC. Remove them, then run again."
    )


def _interface(item: Item) -> str:
    about = item.get("Description") or tag_dict(item.get("TagSet")).get("Name")
    return f"{item['NetworkInterfaceId']} ({about or item.get('InterfaceType')})"
