"""Add-ons: made side by side, reset, removed."""

from __future__ import annotations

from support.drifts import named
from support.drifts.eks import DRIFTS
from support.eks_members import CLUSTER
from support.emulator import Aws
from support.lifecycle import TAGS, Life, World


def test_addons_live_side_by_side(cluster: World) -> None:
    addons = [
        {"name": "vpc-cni", "configuration": {"enableNetworkPolicy": "true"}, "tags": TAGS},
        {"name": "coredns", "tags": TAGS},
    ]

    def reset(aws: Aws) -> None:
        aws.client("eks").update_addon(
            clusterName=CLUSTER, addonName="vpc-cni", configurationValues="{}"
        )

    remove = named("add-on deleted", DRIFTS["eks_addon"]).on(CLUSTER)
    Life(cluster, "eks_addon", {"cluster": CLUSTER, "addons": addons}).whole([reset, remove])
