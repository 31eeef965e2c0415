"""What role milvus asks of the official chart, and what it makes beside it.

The chart itself is no package of a registry. With MILVUS_CHART, a folder or an archive of it,
the values are rendered with it too.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import init_plugin_loader
from ansible.template import Templar, trust_as_template
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder
from support import chart_facts as facts
from support.charts import KUBERNETES, Chart, Objects
from support.checkout import ROOT

PACKAGE = "ansible_collections"
ROLE = ROOT / "roles/milvus"
OFFICIAL = ("standalone", "cluster")
VARIABLES = {
    "platform_name": "ragops-test",
    "platform_namespace": "rag",
    "platform_region": "us-east-1",
    "platform_workload_identity": "irsa",
    "hostvars": {},
    "__milvus_platform": {"resources": {"iam": {"roles": {"workload_milvus": "arn:aws:iam::1:m"}}}},
    "__milvus_bucket": "ragops-test-embeddings",
}


def collections() -> dict[str, ModuleType]:
    """What is imported of collections."""
    return {name: found for name, found in sys.modules.items() if name.startswith(PACKAGE)}


@pytest.fixture(scope="module", autouse=True)
def _finder() -> Iterator[None]:
    """Let Ansible find the filters of its collections here: other tests import without it."""
    before = collections()
    for name in before:
        del sys.modules[name]
    init_plugin_loader([str(ROOT / "collections")])
    yield
    _AnsibleCollectionFinder._remove()
    for name in collections():
        del sys.modules[name]
    sys.modules.update(before)


def role(expression: str, **inputs: Any) -> Any:
    """An expression with the role's variables, as Ansible works it out."""
    loader = DataLoader()
    variables: dict[str, Any] = {}
    for file in (ROLE / "defaults/main.yml", *sorted((ROLE / "vars/main").iterdir())):
        variables |= loader.load_from_file(str(file), trusted_as_template=True)
    templar = Templar(loader=loader, variables={**variables, **VARIABLES, **inputs})
    return json.loads(json.dumps(templar.template(trust_as_template(expression))))


def values(mode: str, **inputs: Any) -> dict[str, Any]:
    """The values of a mode."""
    expression = "{{ __milvus_common | combine(__milvus_modes[milvus_mode], recursive=true) }}"
    found: dict[str, Any] = role(expression, milvus_mode=mode, **inputs)
    return found


@pytest.mark.parametrize("mode", OFFICIAL)
def test_the_chart_has_a_place_for_each_value_and_takes_its_type(mode: str) -> None:
    assert facts.misplaced(values(mode), facts.known()["milvus"]["values"]) == []


def test_each_component_is_bounded_and_a_drain_leaves_one_of_each() -> None:
    found = values("cluster")
    components = ("proxy", "mixCoordinator", "queryNode", "dataNode", "streamingNode")
    for name in components:
        limits, requests = (found[name]["resources"][kind] for kind in ("limits", "requests"))
        assert limits["memory"] == requests["memory"], name
        assert {"cpu"} <= set(limits) & set(requests), name
        assert found[name]["replicas"] >= 2
    budgets = role("{{ __milvus_budgets }}", milvus_mode="cluster")
    covered = {each["spec"]["selector"]["matchLabels"]["component"] for each in budgets}
    assert covered == {name.lower().replace("ordinator", "ord") for name in components}
    assert found["etcd"]["pdb"]["create"] is True
    assert role("{{ __milvus_budgets }}", milvus_mode="standalone") == []


def test_query_nodes_scale_when_there_is_room_between_least_and_most() -> None:
    nodes = role("{{ milvus_query_nodes }}")
    found = values("cluster", milvus_query_nodes={**nodes, "max": 5})["queryNode"]
    assert found["replicas"] == -1
    assert found["hpa"]["enabled"] is True
    assert (found["hpa"]["minReplicas"], found["hpa"]["maxReplicas"]) == (2, 5)
    assert values("cluster")["queryNode"]["hpa"]["enabled"] is False


def test_pods_go_where_they_are_told() -> None:
    where = {"milvus_node_selector": {"a": "b"}, "milvus_tolerations": [{"key": "a"}]}
    found = values("cluster", **where)
    for part in (found, found["etcd"]):
        assert part["nodeSelector"] == {"a": "b"}
        assert part["tolerations"] == [{"key": "a"}]


def flows(**inputs: Any) -> dict[str, dict[str, Any]]:
    """Policies by name."""
    found = role("{{ __milvus_policies }}", milvus_mode="cluster", **inputs)
    return {each["metadata"]["name"]: each["spec"] for each in found}


def ports_from_outside(spec: dict[str, Any]) -> dict[str, list[int]]:
    """Namespace of each peer from elsewhere, with the ports that it reaches."""
    return {
        peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]: [
            port["port"] for port in rule["ports"]
        ]
        for rule in spec["ingress"]
        for peer in rule["from"]
        if "namespaceSelector" in peer
    }


def test_nobody_but_the_backend_gets_to_milvus_and_nobody_to_9091() -> None:
    found = flows()
    assert found["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert ports_from_outside(found["milvus"]) == {"rag": [19530]}
    assert "9091" not in json.dumps(found)
    for name, spec in found.items():
        rules = spec.get("ingress", []) + spec.get("egress", [])
        assert all(rule.get("from") or rule.get("to") for rule in rules), f"{name}: for everybody"
        assert all(rule["ports"] for rule in rules), f"{name}: every port"


def test_prometheus_is_let_in_when_it_is_named_and_without_clients_nobody_is() -> None:
    prometheus = [{"namespace": "monitoring", "labels": {"app": "prometheus"}}]
    found = flows(milvus_metrics_clients=prometheus)["milvus"]
    assert ports_from_outside(found) == {"rag": [19530], "monitoring": [9091]}
    assert ports_from_outside(flows(milvus_clients=[])["milvus"]) == {}


def test_the_agent_of_pod_identity_is_reached_only_where_it_is_used() -> None:
    assert "169.254.170.23/32" not in json.dumps(flows())
    assert "169.254.170.23/32" in json.dumps(flows(platform_workload_identity="pod_identity"))


def test_the_vpc_is_reached_only_where_sts_is_asked_there() -> None:
    """By IRSA and an interface endpoint. Else the API server is there, and other pods."""
    endpoint = {"network_interface_endpoints": ["sts"], "network_cidr_block": "10.30.0.0/16"}
    assert "10.30.0.0/16" in json.dumps(flows(**endpoint))
    for inputs in ({}, {"platform_workload_identity": "pod_identity"}):
        given = {**endpoint, **inputs} if inputs else {"network_cidr_block": "10.30.0.0/16"}
        assert "10.30.0.0/16" not in json.dumps(flows(**given))


def environment(found: dict[str, Any]) -> dict[str, str]:
    """Variables of a component that have a value."""
    return {each["name"]: each["value"] for each in found["extraEnv"] if "value" in each}


@pytest.mark.parametrize(("mode", "speaker"), [("standalone", "standalone"), ("cluster", "proxy")])
def test_with_tls_there_is_no_rest_server_on_the_same_port(mode: str, speaker: str) -> None:
    """Milvus 2.6 ends at its start otherwise: milvus-io/milvus#46312."""
    encrypted = environment(values(mode)[speaker])
    assert encrypted["COMMON_SECURITY_TLSMODE"] == "1"
    assert encrypted["PROXY_HTTP_ENABLED"] == "false"
    plain = environment(values(mode, milvus_tls=False)[speaker])
    assert not {"COMMON_SECURITY_TLSMODE", "PROXY_HTTP_ENABLED"} & set(plain)


def test_replicas_of_each_component_are_kept_apart_by_themselves() -> None:
    found = values("cluster")
    spread = {each["topologyKey"]: each for each in found["topologySpreadConstraints"]}
    assert set(spread) == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}
    for constraint in spread.values():
        assert constraint["matchLabelKeys"] == ["pod-template-hash"]
    assert spread["kubernetes.io/hostname"]["whenUnsatisfiable"] == "DoNotSchedule"
    (zones,) = found["etcd"]["topologySpreadConstraints"]
    assert zones["whenUnsatisfiable"] == "DoNotSchedule", "its volumes never move"


def test_images_come_from_a_mirror() -> None:
    mirrored = values("cluster", milvus_image_mirror="mirror.example")
    assert mirrored["image"]["all"]["repository"] == "mirror.example/milvusdb/milvus"
    assert mirrored["etcd"]["image"]["registry"] == "mirror.example"
    assert values("cluster")["image"] == values("cluster")["etcd"]["image"] == {}


@pytest.mark.parametrize("mode", OFFICIAL)
def test_what_the_chart_would_choose_by_itself_is_said(mode: str) -> None:
    """Its own choices differ between an installation and an upgrade, and by the release's name.

    The second run restarted etcd, and another name of the release was none of the Service.
    """
    found = values(mode, milvus_release="vectors")
    assert found["fullnameOverride"] == "vectors"
    assert found["etcd"]["initialClusterState"] == "new"
    assert found["etcd"]["removeMemberOnContainerTermination"] is False


def template(helm: str, folder: Path, mode: str, *flags: str, **inputs: Any) -> str:
    """What the real chart makes of the values of a mode."""
    if not (chart := os.environ.get("MILVUS_CHART")):
        pytest.skip("MILVUS_CHART names no copy of milvus-helm 5.0.19, which no registry has")
    file = folder / "values.yaml"
    file.write_text(yaml.safe_dump(values(mode, **inputs)))
    release = inputs.get("milvus_release", "milvus")
    outcome = Chart(helm, Path(chart), file).run(
        "template", release, chart, "--namespace", "milvus", "--kube-version", KUBERNETES,
        "--values", str(file), *flags,
    )  # fmt: skip
    assert outcome.returncode == 0, outcome.stderr
    return str(outcome.stdout)


@pytest.mark.parametrize("mode", OFFICIAL)
def test_the_real_chart_makes_the_same_at_an_upgrade(helm: str, tmp_path: Path, mode: str) -> None:
    """Else the second run would restart etcd, and one after a failed first run would split it."""
    first = template(helm, tmp_path, mode)
    assert template(helm, tmp_path, mode, "--is-upgrade") == first
    assert "prestop.sh" not in first


@pytest.mark.parametrize("release", ["milvus", "vectors"])
def test_the_real_service_is_called_as_the_release(helm: str, tmp_path: Path, release: str) -> None:
    made = Objects(yaml.safe_load_all(template(helm, tmp_path, "cluster", milvus_release=release)))
    ports = {each["port"] for each in made.get("Service", release)["spec"]["ports"]}
    assert {19530, 9091} <= ports


def test_the_real_images_come_from_a_mirror(helm: str, tmp_path: Path) -> None:
    text = template(helm, tmp_path, "cluster", milvus_image_mirror="mirror.example")
    images = set(re.findall(r"image: \"?([^\s\"]+)", text))
    assert images
    assert all(image.startswith("mirror.example/milvusdb/") for image in images), images


@pytest.fixture(params=OFFICIAL)
def rendered(request: pytest.FixtureRequest, helm: str, tmp_path: Path) -> tuple[str, Objects]:
    """The real chart with the values of each mode."""
    mode = str(request.param)
    return mode, Objects(yaml.safe_load_all(template(helm, tmp_path, mode)))


def test_the_real_chart_makes_of_it_what_is_meant(rendered: tuple[str, Objects]) -> None:
    mode, objects = rendered
    config = objects.get("ConfigMap", "milvus")["data"]["default.yaml"]
    settings = yaml.safe_load(config)
    assert settings["mq"]["type"] == "woodpecker"
    assert settings["minio"]["address"] == "s3.us-east-1.amazonaws.com"
    workloads = {
        each["metadata"]["name"]: each["spec"]["template"]
        for each in objects
        if each["kind"] in ("Deployment", "StatefulSet")
    }
    parts = {
        "standalone": {"standalone"},
        "cluster": {"proxy", "mixcoord", "querynode", "datanode", "streamingnode"},
    }[mode]
    assert set(workloads) == {"milvus-etcd", *(f"milvus-{part}" for part in parts)}
    own = role("{{ __milvus_pods }}")["matchLabels"].items()
    ports = set(role("{{ __milvus_internal_ports }}")) | {9091}
    # What the configuration says of ports is where components are called.
    called = {int(each) for each in re.findall(r"^  (?:internalP|p)ort: (\d+)$", config, re.M)}
    assert called - {443} <= ports
    for name, template in workloads.items():
        (container,) = template["spec"]["containers"]
        assert {"requests", "limits"} <= set(container["resources"]), name
        if name != "milvus-etcd":
            assert own <= template["metadata"]["labels"].items()
            assert {each["containerPort"] for each in container["ports"]} <= ports
    etcd = role("{{ __milvus_etcd_pods }}")["matchLabels"].items()
    assert etcd <= workloads["milvus-etcd"]["metadata"]["labels"].items()
