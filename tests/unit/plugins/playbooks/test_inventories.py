"""Every inventory parses and passes preflight; bad inputs are named and nothing else runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from running import ROOT, Aws, Ran, run_playbook

INVENTORIES = sorted(path.parent.name for path in (ROOT / "inventories").glob("*/hosts.yml"))


PROGRAMS = (
    ("helm", "v3.20.0+g0"),
    ("buildah", "buildah"),
    ("session-manager-plugin", "1.2.707.0"),
    ("grype", "grype"),
)
"""What preflight looks for, and what each says."""


@pytest.fixture
def environment(aws: Aws, tmp_path: Path) -> dict[str, str]:
    """An environment with an empty AWS, helm 3, and what the rehearsal sets."""
    for name, says in PROGRAMS:
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {says}\n")
        program.chmod(0o755)
    return {
        **aws.environment,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "KUBECONFIG": "",
    }


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
    assert all(row["changed"] == row["failed"] == 0 for row in done.recap.values())


def test_bad_inputs_are_all_named_at_once(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "helm").write_text("#!/bin/sh\necho v4.3.2+g0\n")
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
        "opens the API server to the whole internet (0.0.0.0/0); in prod that is refused",
        "must be 2 or 3 different zones",
        "not all are zones of us-east-1",
        "platform_kubeconfig is '/nowhere', where there is no file",
        "need helm 3 on PATH, found v4.3.2+g0",
        "Helm 4 applies objects in another way",
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
