"""What the tests of networks share: the role's groups and flows, and what AWS has of them."""

from __future__ import annotations

from typing import Any

import yaml

from support.checkout import ROOT
from support.emulator import Aws
from support.lifecycle import TAGS

NAME = "ragops-test"


def network_options() -> dict[str, Any]:
    """A network with the role's groups (a bastion's, too), two interface endpoints, no gateway."""
    defaults, more = (
        yaml.safe_load((ROOT / "roles/network" / part / "main.yml").read_text())
        for part in ("defaults", "vars")
    )
    groups = [*defaults["network_security_groups"], *more["__network_bastion_groups"]]
    return {
        "name": NAME,
        "cidr_block": "10.20.0.0/16",
        "availability_zones": ["us-east-1a", "us-east-1b"],
        "nat": "none",
        "security_groups": groups,
        "flows": defaults["network_flows"],
        "interface_endpoints": ["ecr.api", "sts"],
        "tags": {**TAGS, "Component": "network", "ManagedBy": "ragops.platform"},
        "wait_timeout": 30,
    }


def group(aws: Aws, key: str, prefix: str = f"{NAME}-") -> dict[str, Any]:
    """A security group of the network."""
    named = [{"Name": "group-name", "Values": [prefix + key.replace("_", "-")]}]
    found = aws.client("ec2").describe_security_groups(Filters=named)["SecurityGroups"]
    return dict(found[0])


def find(aws: Aws, kind: str, key: str, name: str | None = None) -> list[dict[str, Any]]:
    """What describe_<kind> lists of ours under `key`, by its Name tag if one is given."""
    filters = [{"Name": "tag:Project", "Values": ["ragops"]}]
    if name:
        filters.append({"Name": "tag:Name", "Values": [f"{NAME}-{name}"]})
    how = {"Filter" if kind == "nat_gateways" else "Filters": filters}
    found: list[dict[str, Any]] = getattr(aws.client("ec2"), f"describe_{kind}")(**how)[key]
    return found
