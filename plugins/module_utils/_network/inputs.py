# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the network's inputs must be, by themselves and against those of the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase

from .._inputs import forms, names
from .._inputs.rules import PLATFORMS, Inputs, Rules, Run
from ..aws import AwsError
from . import layout, rules

GROUP_KEY = forms.pattern(r"[a-z][a-z0-9_]*", "a key of lower-case letters, digits and _")
BUCKET = forms.pattern(
    r"[a-z0-9*{][a-z0-9.*{}-]{1,61}[a-z0-9*}/]*", "a bucket's name; * may stand in it"
)


def problems(inputs: Inputs, run: Run) -> Iterator[str]:
    """Yield what is wrong with the inputs of role network."""
    region = run.region
    named = inputs.get("network_availability_zones") or []
    # Which zones the account has only AWS knows (module platform_account_info).
    zones = named or layout.stand_ins(inputs.get("network_zone_count", 2))
    strange = [zone for zone in named if not (zone[:-1] == region and zone[-1:] in ascii_lowercase)]
    if strange:
        yield (
            f"network: network_availability_zones has zones outside {region} (platform_region): "
            f"{', '.join(strange)}."
        )
    options = {
        "name": run.name,
        "cidr_block": inputs.get("network_cidr_block", ""),
        "availability_zones": zones,
        "public_subnet_cidrs": inputs.get("network_public_subnet_cidrs"),
        "private_subnet_cidrs": inputs.get("network_private_subnet_cidrs"),
    }
    try:
        layout.subnets(options)
    except AwsError as error:
        yield f"network: network_{error}" if str(error)[0].islower() else f"network: {error}"
    yield from _groups(inputs)


def _groups(inputs: Inputs) -> Iterator[str]:
    """Yield what is wrong with security groups and flows; the rules themselves say it."""
    groups = [
        *inputs.get("network_security_groups", []),
        *inputs.get("network_extra_security_groups", []),
    ]
    flows = [*inputs.get("network_flows", []), *inputs.get("network_extra_flows", [])]
    try:
        rules.check_groups(groups)
        rules.of_flows(
            flows,
            # It is there with network_bastion, which other roles' inputs decide.
            [*(group["key"] for group in groups), "bastion"],
            inputs.get("network_gateway_endpoints", []),
        )
    except AwsError as error:
        yield f"network: {error}"


def owned(own: Inputs, _: Run) -> Iterator[tuple[str, ...]]:
    """Yield the names that somebody else may have already."""
    if own.get("network_flow_logs", True):
        yield "role", "-flow-logs"


def bounded(_: Inputs, run: Run) -> Iterator[tuple[str, int, str]]:
    """Yield the names that AWS bounds."""
    yield f"{run.name}-flow-logs", names.ROLE, "an IAM role"


def _key(own: Inputs) -> str | None:
    """The flow log's."""
    if not own.get("network_flow_logs", True):
        return None
    return str(own.get("network_flow_log_kms_key_id", PLATFORMS))


RULES = Rules(
    problems=problems,
    forms={
        "network_extra_security_groups.key": GROUP_KEY,
        "network_flow_log_kms_key_id": forms.KEY,
        "network_nodes_internet": forms.BLOCK,
        "network_readable_buckets": BUCKET,
        "network_security_groups.key": GROUP_KEY,
    },
    owned=owned,
    bounded=bounded,
    key=_key,
)
