"""What instances cost: AWS's price list, and the history of spot prices."""

from __future__ import annotations

import functools
import json
import time
from typing import Any

from rehearsal.aws.account.facts import Account, zones_here
from rehearsal.aws.ec2.types import TYPES, InstanceType
from rehearsal.aws.wire.query import Action, Parameters, Response, markup, numbered

SERVICE = "pricing"
TARGET = "AWSPriceListService"

SPOT_PART = 0.35
"""Spot prices change by the hour: here they are this part of the price on demand."""

METAL = {"c5.metal": 4.08}
"""A machine without hypervisor: the list is asked for these apart, and no answer is empty."""


def adjust(app: Any, router: Any, iam_actions: Any, ec2: Any, account: Account) -> None:
    """Add the price list to ministack's services, and spot prices to EC2's calls.

    app, router, iam_actions, ec2: ministack's modules; account: whose zones the spot prices are of.
    """
    router.SERVICE_PATTERNS[SERVICE] = {
        "target_prefixes": [TARGET],
        "credential_scope": SERVICE,
    }
    iam_actions.SERVICE_TO_IAM_NAMESPACE[SERVICE] = SERVICE
    app.SERVICE_HANDLERS[SERVICE] = answer
    actions: dict[str, Action] = ec2._ACTION_MAP
    actions["DescribeSpotPriceHistory"] = functools.partial(spot_prices, ec2, account)


async def answer(
    _method: str,
    _path: str,
    headers: dict[str, str],
    body: bytes,
    _query: Parameters,
) -> Response:
    """AWS: a price list with filters for its attributes. ministack: no such service.

    Here are machines of EC2 on demand, with Linux, in us-east-1.
    """
    action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    if action != "GetProducts":
        text = f"The rehearsal's price list knows no {action}"
        return reply(400, {"__type": "InvalidParameterException", "message": text})
    wanted = {each["Field"]: each["Value"] for each in json.loads(body or b"{}").get("Filters", ())}
    found = [
        json.dumps({"product": {"attributes": attributes}, "terms": terms(price)})
        for attributes, price in products()
        if all(attributes.get(field, value) == value for field, value in wanted.items())
    ]
    return reply(200, {"FormatVersion": "aws_v1", "PriceList": found})


def products() -> list[tuple[dict[str, str], float]]:
    """(attributes, price an hour) of everything on the list."""
    shared = {
        "servicecode": "AmazonEC2",
        "regionCode": "us-east-1",
        "operatingSystem": "Linux",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
        "marketoption": "OnDemand",
    }
    machine = shared | {"tenancy": "Shared", "productFamily": "Compute Instance"}
    metal = shared | {"tenancy": "Dedicated", "productFamily": "Compute Instance (bare metal)"}
    return [(machine | {"instanceType": kind.name}, kind.price) for kind in TYPES.values()] + [
        (metal | {"instanceType": name}, price) for name, price in METAL.items()
    ]


def terms(price: float) -> dict[str, Any]:
    """The terms of a product that has one price."""
    dimension = {"unit": "Hrs", "pricePerUnit": {"USD": f"{price:.10f}"}}
    return {"OnDemand": {"term": {"priceDimensions": {"dimension": dimension}}}}


def reply(status: int, content: dict[str, Any]) -> Response:
    """An answer in the form of the price list."""
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return status, headers, json.dumps(content).encode()


def spot_price(kind: InstanceType) -> float:
    """What a spot instance costs an hour."""
    return round(kind.price * SPOT_PART, 4)


def spot_prices(ec2: Any, account: Account, parameters: Parameters) -> Response:
    """AWS: DescribeSpotPriceHistory. ministack: no such call. Here prices never change."""
    asked = numbered(parameters, "InstanceType")
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    found = [
        {
            "instanceType": kind.name,
            "productDescription": "Linux/UNIX",
            "spotPrice": f"{spot_price(kind):.6f}",
            "timestamp": now,
            "availabilityZone": zone,
        }
        for kind in TYPES.values()
        for zone in zones_here(ec2, account)
        if not asked or kind.name in asked
    ]
    told: Response = ec2._xml(
        200, "DescribeSpotPriceHistoryResponse", markup({"spotPriceHistorySet": found})
    )
    return told
