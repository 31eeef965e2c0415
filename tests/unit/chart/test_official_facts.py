"""What the roles say of the official charts, against the facts about these (tests/charts)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from support import chart_facts as facts
from support.checkout import ROOT

ADDONS = {
    name: value
    for file in ("vars/main/addons.yml", "vars/main/karpenter.yml", "defaults/main.yml")
    for name, value in yaml.safe_load((ROOT / "roles/cluster_addons" / file).read_text()).items()
}
MILVUS = yaml.safe_load((ROOT / "roles/milvus/defaults/main.yml").read_text())
IDENTITY = yaml.safe_load((ROOT / "roles/workload_identity/vars/main.yml").read_text())
FACTS = facts.known()
KNOWN = {each["release"]: each for each in ADDONS["__cluster_addons_list"]}
GROUPS = {
    versions.split("/")[0]
    for each in FACTS.values()
    for kind in ("definitions", "templated_definitions")
    for versions in each[kind].values()
}
"""API groups that the charts define."""


def inputs(release: str) -> Iterator[tuple[str, str]]:
    """Inputs of an add-on, by what they end in, as text."""
    prefix = f"cluster_addons_{KNOWN[release]['key']}_"
    return (
        (name.removeprefix(prefix), str(value))
        for name, value in ADDONS.items()
        if name.startswith(prefix)
    )


def test_there_are_facts_about_each_chart_and_about_no_other() -> None:
    assert set(FACTS) == {*KNOWN, "milvus"}


@pytest.mark.parametrize("release", sorted(KNOWN))
def test_an_add_on_is_the_chart_that_the_facts_are_about(release: str) -> None:
    chart, said = FACTS[release], dict(inputs(release))
    assert said["chart_version"] == chart["version"]
    assert f"'{chart['repository']}" in said["chart_repo"] + said["chart"]
    (image,) = chart["images"]
    path, tag = image.split(":")
    registry, _, name = path.partition("/")
    assert f"'{registry}'" in said["image"]
    assert said["image"].endswith(f"/{name}")
    # Of the autoscaler it is the minor version that belongs to the cluster's.
    if release == "cluster-autoscaler":
        tag, said["image_tag"] = (each.rpartition(".")[0] for each in (tag, said["image_tag"]))
    assert said["image_tag"] == tag
    # By these the network policies know its pods.
    assert {each["name"] for each in KNOWN[release]["pods"]} == set(chart["pods"].values())


@pytest.mark.parametrize("release", sorted(KNOWN))
def test_definitions_that_helm_would_not_upgrade_are_brought_by_the_role(release: str) -> None:
    assert KNOWN[release]["crds"] or not FACTS[release]["definitions"]


def kinds() -> list[tuple[str, str]]:
    """What the roles ask the cluster about, of the charts' own kinds."""
    own = [kind for each in KNOWN.values() for kind in each["kinds"]]
    asked = [(kind["api_version"], kind["kind"]) for kind in own]
    asked += [(k["api_version"], k["kind"]) for k in ADDONS["__cluster_addons_karpenter_kinds"]]
    for file in sorted((ROOT / "app/chart/templates").glob("*.yaml")):
        text = file.read_text()
        found = re.findall(r"^apiVersion: ([\w.-]+/\w+)$\s^kind: (\w+)$", text, re.MULTILINE)
        asked += found
    return sorted({each for each in asked if each[0].split("/")[0] in GROUPS})


@pytest.mark.parametrize(("api_version", "kind"), kinds())
def test_a_kind_is_defined_in_the_version_that_is_asked_for(api_version: str, kind: str) -> None:
    served = [
        each[which][kind].split()
        for each in FACTS.values()
        for which in ("definitions", "templated_definitions")
        if kind in each[which]
    ]
    assert any(api_version in versions for versions in served), served


def test_the_service_accounts_that_may_take_roles_are_those_of_the_charts() -> None:
    trusted = {str(each["service_account"]) for each in IDENTITY["__workload_identity_possible"]}
    for release, each in KNOWN.items():
        if each["role"] and "{{" not in str(each["role"]):
            assert trusted & set(FACTS[release]["accounts"]), release
    assert "milvus" in FACTS["milvus"]["accounts"]


def test_milvus_is_the_chart_that_the_facts_are_about() -> None:
    chart: dict[str, Any] = FACTS["milvus"]
    assert (MILVUS["milvus_chart_version"], MILVUS["milvus_chart_repo"]) == (
        chart["version"],
        chart["repository"],
    )
    assert {9091, 19530} <= set(chart["services"]["milvus"])
    assert {2379, 2380} <= set(chart["services"]["milvus-etcd"])
