"""Node groups, add-ons and tokens: what changes in place, what is refused."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs, urlparse

import boto3
import pytest
from ansible_collections.ragops.platform.plugins.module_utils._eks import addons, nodes
from ansible_collections.ragops.platform.plugins.module_utils._eks.token import (
    kubeconfig,
    token,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError

GROUP: dict[str, Any] = {
    "nodegroupName": "main",
    "nodeRole": "role",
    "subnets": ["subnet-b", "subnet-a"],
    "instanceTypes": ["t3.medium"],
    "amiType": "AL2023_x86_64_STANDARD",
    "capacityType": "ON_DEMAND",
    "diskSize": 20,
    "version": "1.35",
    "scalingConfig": {"minSize": 2, "maxSize": 4, "desiredSize": 3},
    "labels": {"old": "1", "kept": "1"},
    "taints": [{"key": "gone", "effect": "NO_SCHEDULE"}],
    "tags": {},
}


def steps(**differing: Any) -> list[dict[str, Any]]:
    before = nodes.node_group(GROUP)
    after = nodes.node_group_after(before, {"name": "main", **differing})
    return [step.parameters for step in nodes.node_group_steps(before, after, "node group main")]


def test_the_number_of_nodes_belongs_to_the_autoscaler_within_the_bounds() -> None:
    assert steps(desired_size=2) == []
    assert steps(min_size=4, max_size=6) == [
        {"scalingConfig": {"minSize": 4, "maxSize": 6, "desiredSize": 4}}
    ]


def test_labels_and_taints_are_exactly_those_wanted() -> None:
    taint = {"key": "new", "value": "1", "effect": "NO_EXECUTE"}
    assert steps(labels={"kept": "2"}, taints=[taint]) == [
        {
            "labels": {"addOrUpdateLabels": {"kept": "2"}, "removeLabels": ["old"]},
            "taints": {
                "addOrUpdateTaints": [taint],
                "removeTaints": [{"key": "gone", "value": "", "effect": "NO_SCHEDULE"}],
            },
        }
    ]


@pytest.mark.parametrize(
    "differing", [{"instance_types": ["m7i.large"]}, {"disk_size": 50}, {"subnet_ids": ["x"]}]
)
def test_what_is_fixed_is_refused_with_the_way_round(differing: dict[str, Any]) -> None:
    with pytest.raises(AwsError, match=r"cannot change .* in place. Add a group with another name"):
        steps(**differing)


def test_version_and_template_roll_the_nodes_once() -> None:
    known = {**GROUP, "launchTemplate": {"id": "lt-1", "name": "n", "version": "1"}}
    del known["diskSize"]
    before = nodes.node_group(known)
    wanted = {"disk_size": 20, "launch_template": {"id": "lt-1", "version": "2"}}
    after = nodes.node_group_after(before, {**wanted, "version": "1.36"})
    (step,) = nodes.node_group_steps(before, after, "")
    assert step.operation == "update_nodegroup_version"
    assert step.parameters == {"version": "1.36", "launchTemplate": wanted["launch_template"]}
    kept = nodes.node_group_after(before, {"disk_size": 50, "launch_template": None})
    assert nodes.node_group_steps(before, kept, "") == []


def test_an_addon_is_updated_with_all_its_settings() -> None:
    before = addons.addon({"addonName": "vpc-cni", "addonVersion": "v1", "tags": {}})
    after = addons.addon_after(before, {"name": "vpc-cni", "configuration": {"a": 1}})
    (step,) = addons.addon_steps(before, after, "")
    assert step.parameters == {
        "addonVersion": "v1",
        "configurationValues": '{"a": 1}',
        "resolveConflicts": "OVERWRITE",
    }
    assert addons.addon_steps(before, before, "") == []


def test_a_token_is_a_signed_request_that_names_the_cluster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    sts = boto3.client(
        "sts", region_name="eu-central-1", aws_access_key_id="AKIA", aws_secret_access_key="s"
    )
    bearer = token(sts, "ragops-dev")
    encoded = bearer.removeprefix("k8s-aws-v1.")
    assert "=" not in encoded
    url = urlparse(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode())
    query = parse_qs(url.query)
    assert url.hostname == "sts.eu-central-1.amazonaws.com"
    assert query["Action"] == ["GetCallerIdentity"]
    assert query["X-Amz-SignedHeaders"] == ["host;x-k8s-aws-id"]
    assert query["X-Amz-Expires"] == ["60"]
    config = kubeconfig({"name": "ragops-dev", "endpoint": "https://e"}, {"token": bearer})
    assert config["users"][0]["user"]["token"] == bearer


def test_a_roll_names_the_version_that_the_nodes_keep() -> None:
    """Without one AWS would take nodes that are held back to the version of the cluster."""
    known = {**GROUP, "launchTemplate": {"id": "lt-1", "version": "1"}, "releaseVersion": "r1"}
    del known["diskSize"]  # the template's
    before = nodes.node_group(known)
    newer = {"id": "lt-1", "version": "2"}
    after = nodes.node_group_after(before, {"launch_template": newer})
    assert after["release_version"] == nodes.NEWEST
    (step,) = nodes.node_group_steps(before, after, "")
    assert step.parameters == {"version": "1.35", "launchTemplate": newer}


def test_a_release_rolls_the_nodes() -> None:
    before = nodes.node_group({**GROUP, "releaseVersion": "1.35.0-1"})
    after = nodes.node_group_after(before, {"release_version": "1.35.0-2"})
    (step,) = nodes.node_group_steps(before, after, "")
    assert step.parameters == {"version": "1.35", "releaseVersion": "1.35.0-2"}


@pytest.mark.parametrize(
    ("found", "wanted", "sent"),
    [
        (
            {"maxUnavailable": 1},
            {"max_unavailable_percentage": 33},
            {"maxUnavailablePercentage": 33},
        ),
        ({"maxUnavailablePercentage": 33}, {"max_unavailable": 2}, {"maxUnavailable": 2}),
        (
            {"maxUnavailable": 1},
            {"update_strategy": "MINIMAL"},
            {"maxUnavailable": 1, "updateStrategy": "MINIMAL"},
        ),
    ],
)
def test_an_update_is_bound_in_one_of_two_ways(
    found: dict[str, Any], wanted: dict[str, Any], sent: dict[str, Any]
) -> None:
    before = nodes.node_group({**GROUP, "updateConfig": found})
    after = nodes.node_group_after(before, wanted)
    (step,) = nodes.node_group_steps(before, after, "")
    assert step.parameters["updateConfig"] == {"updateStrategy": "DEFAULT", **sent}


OFFERS = {
    "1.36": addons.Offer(("v3", "v2"), "v3"),
    "1.35": addons.Offer(("v2", "v1"), "v1"),
}


@pytest.mark.parametrize(
    ("wanted", "current", "clusters", "renew", "chosen"),
    [
        (None, None, ["1.35"], False, "v1"),  # AWS's default
        (None, "v2", ["1.35"], False, "v2"),  # what is there still fits
        (None, "v2", ["1.35"], True, "v1"),
        (None, "v1", ["1.36"], False, "v3"),  # what is there is not offered any more
        ("v2", "v1", ["1.35"], False, "v2"),
        (None, "v3", ["1.35", "1.36"], False, "v2"),  # the only one that fits both
    ],
)
def test_the_version_of_an_addon_is_chosen(
    wanted: str | None, current: str | None, clusters: list[str], renew: bool, chosen: str
) -> None:
    offers = {cluster: OFFERS[cluster] for cluster in clusters}
    assert addons.choose("vpc-cni", wanted, current, offers, renew=renew) == chosen


def test_a_version_that_is_not_offered_is_refused_with_those_that_are() -> None:
    with pytest.raises(AwsError, match=r"vpc-cni v9 is not offered for Kubernetes 1.35.*v2, v1"):
        addons.choose("vpc-cni", "v9", None, {"1.35": OFFERS["1.35"]}, renew=False)
    apart = {"1.36": addons.Offer(("v3",), "v3"), "1.35": addons.Offer(("v1",), "v1")}
    with pytest.raises(AwsError, match=r"No version .* supports all of Kubernetes 1.36 and 1.35"):
        addons.choose("vpc-cni", None, None, apart, renew=False)
