"""Lookup addon_releases: the inputs of an add-on decide whether, where and from where it comes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._cluster_addons.releases import (
    release_of,
)
from support.ansible_runs import run_module

ADDON = {"key": "example", "release": "example-controller", "switch": "cluster_addons_example"}
GIVEN = {
    "namespace": "kube-system",
    "chart": "example",
    "chart_repo": "https://charts.example.com",
    "chart_version": "1.2.3",
    "values": {"replicas": 2},
}
ASKED = "{{ query('ragops.platform.addon_releases', addon) | to_json }}"


def asked(**inputs: Any) -> str:
    variables = {f"cluster_addons_example_{name}": value for name, value in GIVEN.items()}
    variables |= {"cluster_addons_example": True, "addon": ADDON} | inputs
    ran = run_module(
        "ansible.builtin.debug", {"msg": f"<{ASKED}>"}, {}, "-e", json.dumps(variables)
    )
    return str(ran.result["msg"]).strip("<>")


def test_a_release_is_what_the_inputs_say_also_as_templates() -> None:
    (found,) = json.loads(asked(cluster_addons_example_namespace="{{ 'kube' ~ '-system' }}"))
    assert found == {
        **ADDON,
        "wanted": True,
        "namespace": "kube-system",
        "place": "kube-system/example-controller",
        "chart": "example",
        "repo": "https://charts.example.com",
        "version": "1.2.3",
        "values": {"replicas": 2},
    }


def test_an_input_that_can_not_be_read_is_named() -> None:
    assert "nothing_of_that_name" in asked(
        cluster_addons_example_values="{{ nothing_of_that_name }}"
    )


@pytest.mark.parametrize(
    ("chart", "repo", "version"),
    [
        ("oci://registry.example.com/charts/example", "", "1.2.3"),
        ("/srv/charts/example-1.2.3.tgz", "", ""),
        ("./charts/example", "", ""),
    ],
)
def test_a_chart_that_is_complete_needs_no_repository(chart: str, repo: str, version: str) -> None:
    found = release_of(ADDON, True, {**GIVEN, "chart": chart})
    assert (found["chart"], found["repo"], found["version"]) == (chart, repo, version)


@pytest.mark.parametrize(
    ("switch", "wanted"),
    [
        (True, True),
        (False, False),
        ("yes", True),
        ("no", False),
        ("example", True),
        ("none", False),
    ],
)
def test_it_is_wanted_by_true_or_by_its_key(switch: object, wanted: bool) -> None:
    assert release_of(ADDON, switch, GIVEN)["wanted"] is wanted
