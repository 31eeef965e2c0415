"""The account that site.yml makes of the production inventory, as a Terraform plan."""

from __future__ import annotations

import json

import identity
import network
import stores
from support.ansible_runs import run_playbook
from support.checkout import ROOT
from support.emulator import Aws
from terraform import Plan

NAME = "ragops-prod"
# The AWS layer with the roles of the workloads: all that is not inside the cluster. The optional
# parts are switched on, so that they are looked at, too.
COMPONENTS = "foundation,data,workload_identity,!images"
INPUTS = {
    "platform_bastion": True,
    "eks_spot_group_enabled": True,
    "s3_replication_region": "us-west-2",
}


def roll_out(aws: Aws) -> None:
    """Make the account."""
    done = run_playbook(
        ROOT,
        *("site.yml", "-i", "inventories/prod", "--limit", COMPONENTS, "--skip-tags", "preflight"),
        *("-e", json.dumps(INPUTS)),
        environment=aws.environment,
    )
    assert done.returncode == 0, done.output


def render(aws: Aws) -> Plan:
    """Read everything back."""
    plan = Plan()
    network.read(aws, NAME, plan)
    stores.cluster(aws, NAME, plan)
    stores.database(aws, NAME, plan)
    stores.cache(aws, NAME, plan)
    stores.buckets(aws, plan)
    stores.repositories(aws, plan)
    identity.keys(aws, plan)
    identity.secrets(aws, plan)
    identity.roles(aws, NAME, plan)
    return plan
