"""Each documented example of the EKS modules does what its name says, in the order of the page."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import yaml
from support.lifecycle import World
from support.module_process import NAMESPACE

CLUSTER = "ragops-dev"
MODULES = (
    "eks_access_entry",
    "eks_addon",
    "eks_cluster",
    "eks_launch_template",
    "eks_log_group",
    "eks_nodegroup",
    "iam_oidc_provider",
)
# What has nothing to change: it removes what the page did not make.
QUIET = {"Remove an add-on"}
# The nodes of the page are rolled to 1.36, add-ons fit the cluster.
VERSIONS = {"eks_nodegroup": "1.36"}


@pytest.mark.parametrize("module", MODULES)
def test_examples(world: World, module: str) -> None:
    if module != "eks_cluster":
        world.aws.client("eks").create_cluster(
            name=CLUSTER,
            version=VERSIONS.get(module, "1.35"),
            roleArn="arn:aws:iam::123456789012:role/ragops-dev-eks-cluster",
            resourcesVpcConfig={"subnetIds": ["subnet-0a1", "subnet-0b2"]},
        )
    page: Any = importlib.import_module(f"{NAMESPACE}.{module}")
    for task in yaml.safe_load(page.EXAMPLES):
        options = task[f"ragops.platform.{module}"]
        result = world.run(module, options)
        assert result["changed"] is (task["name"] not in QUIET), task["name"]
        again = world.run(module, {**options, "wait": True} if "wait" in options else options)
        assert again["changed"] is False, task["name"]
