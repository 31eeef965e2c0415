"""Every inventory parses and passes preflight; bad inputs are named and nothing else runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import programs
from support.ansible_runs import Ran, run_playbook
from support.checkout import ROOT
from support.emulator import Aws

INVENTORIES = sorted(path.parent.name for path in (ROOT / "inventories").glob("*/hosts.yml"))


@pytest.fixture
def environment(aws: Aws, tmp_path: Path) -> dict[str, str]:
    """An empty account, and the programs that preflight looks for."""
    return programs.environment(aws, tmp_path, helm="v4.3.2+g0", grype="grype")


def preflight(inventory: str, environment: dict[str, str], **inputs: Any) -> Ran:
    return run_playbook(
        ROOT,
        *("playbooks/preflight.yml", "-i", f"inventories/{inventory}", "-e", json.dumps(inputs)),
        environment=environment,
    )


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_an_inventory_passes_preflight(inventory: str, environment: dict[str, str]) -> None:
    done = preflight(inventory, environment)
    assert done.returncode == 0, done.output
    assert "spans several zones" not in done.output
    assert all(row["changed"] == row["failed"] == 0 for row in done.recap.values())


def test_bad_inputs_are_all_named_at_once(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "helm").write_text("#!/bin/sh\necho v3.12.3+g0\n")
    (tmp_path / "grype").unlink()
    done = preflight(
        "prod",
        environment,
        platform_project="Rag_Ops",
        eks_version="1.28",
        eks_allowed_cidr_blocks=["0.0.0.0/0"],
        network_availability_zones=["us-west-2a"],
        platform_kubeconfig="/nowhere",
    )
    assert done.returncode == 2
    for text in (
        "checks failed for Rag_Ops-prod, nothing was changed",
        "platform_project is 'Rag_Ops'",
        "eks_version is 1.28, which AWS retired on 2025-11-26",
        "opens the API server to the whole internet (0.0.0.0/0). This is not allowed in prod",
        "must be 2 or 3 different zones",
        "has zones outside us-east-1",
        "platform_kubeconfig is '/nowhere', where there is no file",
        "need helm on PATH, 3.13 or newer or 4, found v3.12.3+g0",
        "images_scan is required, and neither trivy nor grype is on PATH",
    ):
        assert text in done.output, text


def test_another_account_is_refused(environment: dict[str, str]) -> None:
    done = preflight("dev", environment, platform_account_id="123456789012")
    assert done.returncode == 2
    assert "belongs to 123456789012 (platform_account_id)" in done.output


def test_a_tunnel_asks_for_the_program_that_carries_it(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "session-manager-plugin").unlink()
    done = preflight("dev", environment)
    assert done.returncode == 2
    assert "session-manager-plugin is not on PATH, which carries the tunnel" in done.output
    assert preflight("rehearsal", environment).returncode == 0


@pytest.mark.slow
def test_a_platform_is_planned_in_zones_that_the_account_has(
    environment: dict[str, str], account: Callable[..., None]
) -> None:
    letters = {"a": {"id": "usw1-az3"}, "c": {"id": "usw1-az1"}}
    account(
        zones={"us-west-1": letters},
        offered={"t3.medium": ["us-west-1a"], "m6i.large": []},
        addresses=1,
    )
    small = [{"name": "main", "instance_types": ["t3.medium"], "min_size": 2, "max_size": 4}]
    huge = [{**small[0], "name": "huge", "instance_types": ["m6i.large"]}]
    done = preflight(
        "prod",
        environment,
        platform_region="us-west-1",
        eks_node_groups=small + huge,
        rds_instance_class="db.t1.micro",
    )
    assert done.returncode == 2
    for text in (
        "nothing was changed",
        "network_zone_count is 3, and in us-west-1 this account has us-west-1a, us-west-1c that can"
        " be used",
        "Set network_zone_count to fewer",
        "node group huge: AWS offers no m6i.large in us-west-1.",
        "3 NAT gateways need 3 Elastic IPs. The account may have 1 in us-west-1, of which 0",
        "rds_instance_class is db.t1.micro, which RDS does not offer for PostgreSQL in us-west-1",
    ):
        assert text in done.output, text
    done = preflight(
        "prod",
        environment,
        platform_region="us-west-1",
        network_availability_zones=["us-west-1a", "us-west-1b"],
        eks_node_groups=small,
    )
    assert "network_availability_zones has us-west-1b: the account has no such zone" in done.output
    done = preflight(
        "dev", environment, platform_region="us-west-1", eks_node_groups=small, network_zone_count=2
    )
    assert "node group main: AWS offers no t3.medium in us-west-1c" in done.output
    assert "zones that have them: us-west-1a." in done.output


def test_endpoints_are_asked_for_where_the_network_is(
    environment: dict[str, str], account: Callable[..., None]
) -> None:
    account(endpoint_zones={"bedrock-runtime": ["us-east-1c"]})
    services = ["ecr.api", "bedrock-runtime", "docker"]
    done = preflight("dev", environment, network_interface_endpoints=services)
    assert done.returncode == 2
    assert "has docker, and AWS has no interface endpoint of that name in us-east-1" in done.output
    text = "has bedrock-runtime, which AWS does not offer in us-east-1a, us-east-1b."
    assert text in " ".join(done.output.split())
    assert "ecr.api, " not in done.output


@pytest.mark.slow
def test_a_region_that_the_account_has_not_enabled_is_named(
    environment: dict[str, str], account: Callable[..., None]
) -> None:
    account(disabled_regions=["ap-east-1"])
    done = preflight("dev", environment, s3_replication_region="ap-east-1")
    assert done.returncode == 2
    assert "s3_replication_region is ap-east-1, which the account has not enabled" in done.output
    done = preflight("dev", environment, platform_region="ap-east-1")
    assert done.returncode == 2
    assert "The account has not enabled the region ap-east-1 (platform_region)" in done.output
