# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Whether there is what a component needs of another one that takes no part in a run.

It would wait for it until its time is over, since nobody makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .._kms import find
from .caller import Connect
from .wishes import Wishes


def _key(connect: Connect, wishes: Wishes) -> str:
    alias = f"alias/{wishes.name}"
    return "" if find.find(connect("kms"), alias) else f"KMS key {alias}"


def _network(connect: Connect, wishes: Wishes) -> str:
    filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in wishes.tags.items()]
    name = {"Name": "tag:Name", "Values": [wishes.name]}
    found = connect("ec2").pages(
        "describe_vpcs", "Vpcs", f"VPC {wishes.name}", Filters=[*filters, name]
    )
    return "" if found else f"VPC {wishes.name}"


def _cluster(connect: Connect, wishes: Wishes) -> str:
    about = f"EKS cluster {wishes.name}"
    found = connect("eks").read(
        "describe_cluster", about, ("ResourceNotFoundException",), name=wishes.name
    )
    return "" if found else about


LOOKS: Mapping[str, Callable[[Connect, Wishes], str]] = {
    "eks": _cluster,
    "kms": _key,
    "network": _network,
}
"""By the component that makes it: says what is not there, an empty text when it is."""


def missing(wishes: Wishes, lacking: Mapping[str, str]) -> list[str]:
    """Return one text for each thing that is needed and not there.

    Args:
        wishes: with the neighbours that are needed.
        lacking: what is not there, by its maker.
    """
    found = []
    for maker, what in lacking.items():
        needing = [need["component"] for need in wishes.neighbours if need["maker"] == maker]
        if what:
            found.append(
                f"{', '.join(needing)}: {what} does not exist, and component {maker}, which"
                " creates it, is not part of this run. Run that component first, or together with"
                f" this run (--limit {','.join([maker, *needing])})."
            )
    return found
