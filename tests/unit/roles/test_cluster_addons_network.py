"""NetworkPolicies of role cluster_addons: what they let through, and how they come and go."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import kube_api
from support.ansible_runs import Ran, local_play, run_playbook
from support.checkout import ROOT
from support.emulator import Aws
from support.kube_api import Kube

from rehearsal.cluster.policies.rules import Leave, Pod, Rule, leaves

ROLE = ROOT / "roles/cluster_addons"
POLICIES = "/apis/networking.k8s.io/v1/{}networkpolicies"
SUBNETS = ["10.20.0.0/20", "10.20.16.0/20"]
INTERFACE, ENDPOINT, POD, AWS_ADDRESS = "10.20.1.7", "10.20.17.9", "10.20.2.2", "52.94.0.1"
METADATA, AGENT, API = "169.254.169.254", "169.254.170.23", "10.96.0.1"
ALL = {
    **{"cluster_addons_load_balancer_controller": True, "cluster_addons_external_secrets": True},
    "cluster_addons_autoscaler": "karpenter",
}
NETWORK = {"vpc_id": "vpc-1", "private_subnet_cidrs": SUBNETS}
GIVEN = {
    **{"platform_environment": "dev", "platform_workload_identity": "irsa"},
    "__cluster_addons_platform": {"resources": {"network": NETWORK}},
    "__cluster_addons_service": {"resources": [{"spec": {"clusterIP": "10.96.0.1"}}]},
}
CONTROLLER = ("kube-system", "aws-load-balancer-controller", "aws-load-balancer-controller")
KARPENTER = ("kube-system", "karpenter", "karpenter")
SECRETS = ("external-secrets", "external-secrets", "external-secrets")
WEBHOOK = ("external-secrets", "external-secrets-webhook", "external-secrets")
CERTIFICATES = ("external-secrets", "external-secrets-cert-controller", "external-secrets")
SPEAKS_WITH_AWS = {CONTROLLER[1], KARPENTER[1], SECRETS[1]}
CLOSED = Leave((), ())
NAMES = {
    f"{namespace}/platform-{name}" for namespace, name, _ in (CONTROLLER, KARPENTER, SECRETS)
} | {f"external-secrets/platform-{name}" for name in (WEBHOOK[1], CERTIFICATES[1])}
OWN = NAMES | {"external-secrets/platform-default-deny"}
EVERYTHING = OWN | {"default/platform-default-deny"}


@pytest.fixture
def kube(tmp_path: Path) -> Iterator[Kube]:
    with kube_api.serving(tmp_path) as served:
        yield served


def run(aws: Aws, kube: Kube, folder: Path, *flags: str, **inputs: Any) -> Ran:
    """Bring the policies to their state, as the role does before any pod of an add-on."""
    role = {"name": "ragops.platform.cluster_addons", "tasks_from": "policies"}
    tasks = [{"ansible.builtin.include_role": role}]
    book = local_play(folder, vars_files=[str(ROOT / "group_vars/all.yml")], tasks=tasks)
    given = {**GIVEN, "__kube_access_kubeconfig": str(kube.kubeconfig), **ALL, **inputs}
    return run_playbook(ROOT, book, "-e", json.dumps(given), *flags, environment=aws.environment)


def changed(ran: Ran) -> int:
    assert ran.returncode == 0, ran.output
    return ran.recap["localhost"]["changed"]


def there(kube: Kube) -> dict[str, dict[str, Any]]:
    found = kube.get(POLICIES.format(""))["items"]
    return {f"{each['metadata']['namespace']}/{each['metadata']['name']}": each for each in found}


def pod(namespace: str, name: str, instance: str, number: int) -> Pod:
    labels = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": instance}
    return Pod(namespace, name, "node", f"10.244.0.{number}", labels)


def allowed(rules: tuple[Rule, ...] | None, address: str, port: int) -> bool:
    """Whether TCP with an address at a port is let through; rules None: nobody was asked."""
    assert rules is not None
    who = ipaddress.ip_address(address)

    def within(networks: tuple[str, ...]) -> bool:
        return any(who in ipaddress.ip_network(each) for each in networks)

    return any(
        (rule.networks is None or within(rule.networks))
        and not within(rule.excepted)
        and (
            rule.ports is None
            or any(p.protocol == "TCP" and p.first <= port <= p.last for p in rule.ports)
        )
        for rule in rules
    )


def flows(policies: list[dict[str, Any]], *others: Pod) -> dict[str, Leave]:
    """What the policies let each pod do: the add-ons', CoreDNS, and some that nobody knows."""
    known = (CONTROLLER, KARPENTER, SECRETS, WEBHOOK, CERTIFICATES)
    pods = [pod(*who, number) for number, who in enumerate(known, 10)]
    dns = {"k8s-app": "kube-dns"}
    pods += [
        Pod("kube-system", "coredns", "node", "10.244.0.2", dns),
        Pod("kube-system", "somebody", "node", "10.244.0.3", {}),
        Pod("external-secrets", "stranger", "node", "10.244.0.4", {}),
        Pod("default", "stray", "node", "10.244.0.5", {}),
        *others,
    ]
    spaces = {
        name: {"kubernetes.io/metadata.name": name}
        for name in ("kube-system", "external-secrets", "default", "monitoring")
    }
    found = leaves(pods, spaces, policies)
    return {each.name: found[each.address] for each in pods}


def rendered(aws: Aws, folder: Path, *variants: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The policies for each variant of the inputs, by one play."""
    template = f"'{ROLE}/templates/policies.yml.j2'"
    addons = "template_vars={'addons': __cluster_addons_wanted}"
    text = f"---\n{{{{ lookup('ansible.builtin.template', {template}, {addons}) }}}}"
    write = {"content": text, "dest": f"{folder}/{{{{ number }}}}.yml"}
    tasks = [
        {"ansible.builtin.copy": write, "vars": {**GIVEN, **ALL, **inputs, "number": number}}
        for number, inputs in enumerate(variants)
    ]
    files = [ROOT / "group_vars/all.yml", ROLE / "defaults/main.yml"]
    files += sorted((ROLE / "vars/main").iterdir())
    book = local_play(folder, vars_files=[str(file) for file in files], tasks=tasks)
    ran = run_playbook(ROOT, book, environment=aws.environment)
    assert ran.returncode == 0, ran.output
    texts = [(folder / f"{number}.yml").read_text() for number in range(len(variants))]
    return [[each for each in yaml.safe_load_all(text) if each] for text in texts]


def test_add_ons_hear_and_say_what_they_need_and_no_more(aws: Aws, tmp_path: Path) -> None:
    clients = [{"namespace": "monitoring", "labels": {"app": "prometheus"}}]
    proxy = {"to": [{"ipBlock": {"cidr": "10.9.0.1/32"}}], "ports": [{"port": 3128}]}
    more = {
        **{"cluster_addons_metrics_clients": clients, "cluster_addons_extra_egress": [proxy]},
        "platform_workload_identity": "pod_identity",
    }
    further = {"cluster_addons_releases": [{"name": "theirs", "namespace": "external-secrets"}]}
    opened = {"cluster_addons_network_policies": False, "cluster_addons_default_deny": False}
    lost = {"__cluster_addons_platform": {"resources": {}}}
    plain, wider, shared, none, unknown = rendered(aws, tmp_path, {}, more, further, opened, lost)

    found = flows(plain)
    for name in ("coredns", "somebody"):
        assert found[name] == Leave(), "in kube-system only the add-ons' own pods are bound"
    for name in ("stranger", "stray"):
        assert found[name] == CLOSED
    for name, asked in ((CONTROLLER[1], 9443), (WEBHOOK[1], 10250)):
        heard = found[name].ingress
        assert allowed(heard, INTERFACE, asked)
        assert not allowed(heard, AWS_ADDRESS, asked)
        assert not allowed(heard, INTERFACE, 8080)
    for name in (KARPENTER[1], SECRETS[1], CERTIFICATES[1]):
        assert found[name].ingress == ()
    for name in (CONTROLLER[1], KARPENTER[1], SECRETS[1], WEBHOOK[1], CERTIFICATES[1]):
        said = found[name].egress
        # The VPC CNI's agent judges the Service's address, before kube-proxy puts another in.
        assert allowed(said, API, 443), name
        assert allowed(said, INTERFACE, 443), name
        assert allowed(said, "10.244.0.2", 53), name
        for address, port in ((METADATA, 80), (METADATA, 443), (AGENT, 80), (POD, 8000)):
            assert not allowed(said, address, port), (name, address, port)
        assert allowed(said, AWS_ADDRESS, 443) is (name in SPEAKS_WITH_AWS)
    # Karpenter asks the node's resolver.
    assert allowed(found[KARPENTER[1]].egress, "10.20.0.2", 53)
    assert not allowed(found[SECRETS[1]].egress, "10.20.0.2", 53)

    prometheus = Pod("monitoring", "prometheus", "node", "10.244.0.99", {"app": "prometheus"})
    found = flows(wider, prometheus)
    assert allowed(found[KARPENTER[1]].ingress, prometheus.address, 8080)
    assert not allowed(found[KARPENTER[1]].ingress, "10.244.0.3", 8080)
    for address, port in (("10.9.0.1", 3128), (AGENT, 80)):
        assert allowed(found[SECRETS[1]].egress, address, port)
        assert not allowed(found[WEBHOOK[1]].egress, address, port)

    # A further release of the inputs in the add-on's namespace is somebody's: its pods stay open.
    assert flows(shared)["stranger"] == Leave()
    assert flows(shared)["stray"] == CLOSED
    assert none == []
    # Nobody is known where the API server is: nobody is let in, instead of everybody.
    assert flows(unknown)[CONTROLLER[1]].ingress == ()


@pytest.mark.slow
def test_policies_come_and_go_and_others_are_left_alone(
    aws: Aws, kube: Kube, tmp_path: Path
) -> None:
    planned = run(aws, kube, tmp_path, "--check")
    assert changed(planned) > 0
    assert there(kube) == {}
    for name in EVERYTHING:
        assert name.partition("/")[2] in planned.output or name.startswith(("kube-", "default")), (
            name
        )
    kube.make("/api/v1/namespaces", {"metadata": {"name": "external-secrets"}})
    container = {"name": "it", "image": "it"}
    stray = {"metadata": {"name": "stray"}, "spec": {"containers": [container]}}
    kube.make("/api/v1/namespaces/default/pods", stray)
    place = POLICIES.format("namespaces/kube-system/")
    ours = {"app.kubernetes.io/managed-by": "ragops.platform"}
    ours |= {"app.kubernetes.io/component": "cluster-addons"}
    for name, labels in (("karpenter", ours), ("metrics-server", ours), ("theirs", {})):
        meta = {"name": f"platform-{name}", "labels": labels}
        kube.make(place, {"metadata": meta, "spec": {"podSelector": {}}})

    # Taken out, its policy goes. Switched off alone it stays, as the add-on does.
    out = {"cluster_addons_autoscaler": "none", "cluster_addons_remove": ["karpenter"]}
    ran = run(aws, kube, tmp_path, **out)
    assert changed(ran) == 2
    said = " ".join(ran.output.split())
    assert "WARNING: the namespace default stays open in both directions" in said
    assert "did not create: stray. Move them" in said
    left = {"kube-system/platform-metrics-server", "kube-system/platform-theirs"}
    assert set(there(kube)) == OWN - {"kube-system/platform-karpenter"} | left

    kube.make(place, {"metadata": {"name": "platform-karpenter"}, "spec": {"podSelector": {}}})
    before = there(kube)
    refused = run(aws, kube, tmp_path)
    assert refused.returncode != 0
    said = " ".join(refused.output.split())
    assert "NetworkPolicies kube-system/platform-karpenter have names that this role uses" in said
    assert there(kube) == before
