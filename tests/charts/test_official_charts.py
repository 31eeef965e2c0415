"""The official charts themselves with the roles' values: rendered, and installed twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from subprocess import CalledProcessError
from typing import Any

import httpx
import pytest
from ansible_collections.ragops.platform.plugins.module_utils._helm.command import Chart, Helm
from ansible_collections.ragops.platform.plugins.module_utils._helm.release import Release
from ansible_collections.ragops.platform.plugins.module_utils.kube import Kube
from given import Given
from support import chart_facts as facts
from support.chart_facts import Packed
from support.kube_api import Kube as Served

CHARTS = sorted(facts.known())
RANDOM = {"caBundle", "ca.crt", "tls.crt", "tls.key"}
HOOKS = "/apis/admissionregistration.k8s.io/v1/"


@pytest.fixture(params=CHARTS)
def name(request: pytest.FixtureRequest) -> str:
    """Each chart."""
    return str(request.param)


def test_the_facts_are_those_of_the_chart(
    name: str,
    packed: dict[str, Packed],
    installations: dict[str, list[Given]],
    pytestconfig: pytest.Config,
) -> None:
    every: dict[str, Any] = {}
    for each in installations[name]:
        found = packed[name].facts(each.release, each.namespace, each.values)
        every = facts.merged(every, found)
    recorded = facts.known()
    source = {"source": recorded[name]["source"], "repository": recorded[name]["repository"]}
    if pytestconfig.getoption("--write"):
        recorded[name] = source | every
        facts.write(recorded)
    assert facts.known()[name] == source | every


def test_it_is_rendered_alike_at_an_upgrade(
    name: str, packed: dict[str, Packed], installations: dict[str, list[Given]]
) -> None:
    """But for certificates, which a chart may keep by a look at the cluster."""
    for each in installations[name]:
        first, second = (
            packed[name].render(each.release, each.namespace, each.values, *flags)
            for flags in ((), ("--is-upgrade",))
        )
        differing = {
            line.strip().split(":")[0]
            for lines in zip(first.splitlines(), second.splitlines(), strict=True)
            if lines[0] != lines[1]
            for line in lines
        }
        assert differing <= RANDOM


def test_each_value_makes_a_difference(
    name: str, packed: dict[str, Packed], installations: dict[str, list[Given]]
) -> None:
    """A value that the chart does not look at is lost without a word."""
    chart = packed[name]
    seen, silent = set(), set()
    for each in installations[name]:
        whole = chart.render(each.release, each.namespace, each.values)
        for place, changed in changes(each.values):
            try:
                other = chart.render(each.release, each.namespace, changed)
            except CalledProcessError:  # refused: looked at, too
                seen.add(place)
                continue
            (seen if stripped(other) != stripped(whole) else silent).add(place)
    assert silent - seen - set(ELSEWHERE) == set()


ELSEWHERE = {
    "keepTLSSecret": "by a look at the cluster",
    "certController.podDisruptionBudget.minAvailable": "with a budget, which one pod has not",
}
"""What makes a difference, but not here."""


def changes(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each value that says something, and the values with another of its type in its place."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            for place, changed in changes(value, f"{path}{key}."):
                yield place, {**values, key: changed}
        elif value not in ([], {}):
            yield f"{path}{key}", {**values, key: another(value)}


def another(value: Any) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return [] if isinstance(value, list) else f"{value}1"


def stripped(rendered: str) -> list[str]:
    """Lines but those that are random at each rendering."""
    return [line for line in rendered.splitlines() if line.strip().split(":")[0] not in RANDOM]


@pytest.fixture
def release(name: str, packed: dict[str, Packed], kube: Served) -> Iterator[Any]:
    """Plans and carries out installations; what answers by webhooks goes with the test."""

    def made(each: Given) -> tuple[Release, Chart]:
        helm = Helm(str(kube.kubeconfig), "", each.namespace, each.release, 60)
        release = Release(Kube(str(kube.kubeconfig), None), helm, 3)
        return release, Chart(str(packed[name].path), "", "", each.values)

    yield made
    for kind in ("mutatingwebhookconfigurations", "validatingwebhookconfigurations"):
        for each in kube.names(HOOKS + kind):
            kube.client.delete(f"{HOOKS}{kind}/{each}").raise_for_status()


def test_the_api_server_takes_it_and_the_second_run_changes_nothing(
    name: str,
    packed: dict[str, Packed],
    installations: dict[str, list[Given]],
    kube: Served,
    release: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", f"{packed[name].helm.rsplit('/', 1)[0]}:/usr/bin:/bin")
    define(kube, packed[name])
    for each in installations[name][-1:]:
        here, chart = release(each)
        plan = here.plan(chart, 0)
        assert plan.changed
        here.carry_out(plan, chart, 0)
        again = here.plan(chart, 0)
        assert [str(change.key) for change in again.changes] == []
        assert not again.changed


def define(kube: Served, chart: Packed) -> None:
    """Send the definitions that Helm would not upgrade, as role cluster_addons does."""
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    for file in sorted((chart.path / "crds").glob("*.yaml")):
        for each in facts.parsed(file.read_text()):
            if each["kind"] == "CustomResourceDefinition":
                answer: httpx.Response = kube.client.post(path, json=each)
                assert answer.is_success, answer.text


def test_no_operator_has_every_secret_or_identity_of_the_cluster(
    packed: dict[str, Packed], installations: dict[str, list[Given]]
) -> None:
    """The certificates' controller reads Secrets everywhere, which its chart can't be told."""
    (each,) = installations["external-secrets"]
    rendered = packed["external-secrets"].render(each.release, each.namespace, each.values)
    rights = {
        (item["metadata"]["name"], resource, verb)
        for item in facts.parsed(rendered)
        if item["kind"] == "ClusterRole"
        for rule in item["rules"]
        if not rule.get("resourceNames")
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if resource in ("secrets", "serviceaccounts/token")
    }
    name = "external-secrets-cert-controller"
    assert rights == {(name, "secrets", verb) for verb in ("get", "list", "watch")}
    roles = [item for item in facts.parsed(rendered) if item["kind"] == "Role"]
    scoped = [item for item in roles if item["metadata"]["name"] == "external-secrets-controller"]
    assert [item["metadata"]["namespace"] for item in scoped] == ["rag"]


def test_a_tag_may_carry_a_digest(
    name: str, packed: dict[str, Packed], installations: dict[str, list[Given]]
) -> None:
    digest = f"@sha256:{'0' * 64}"

    def pinned(values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key: pinned(value)
            if isinstance(value, dict)
            else f"{value}{digest}"
            if key == "tag"
            else value
            for key, value in values.items()
        }

    if name == "milvus":
        return  # the role names no tag of it
    (each,) = installations[name]
    rendered = packed[name].render(each.release, each.namespace, pinned(each.values))
    found = re.findall(r"image: \"?([^\s\"]+)", rendered)
    assert found
    assert all(image.endswith(digest) and image.count("@") == 1 for image in found), found
