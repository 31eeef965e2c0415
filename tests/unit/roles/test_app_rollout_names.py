"""Role app_rollout: the host leads to the load balancer that its Ingress is told of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import hosted_zones as dns
from support import kube_api
from support.ansible_runs import Ran, local_play, run_playbook
from support.checkout import ROOT
from support.emulator import Aws
from support.hosted_zones import HOST, TAGS
from support.kube_api import Kube

INGRESSES = "/apis/networking.k8s.io/v1/namespaces/default/ingresses"
MERGE = {"Content-Type": "application/merge-patch+json"}
EMPTY: dict[str, Any] = {
    "metadata": {"name": "rag"},
    "spec": {"defaultBackend": {"service": {"name": "x", "port": {"number": 80}}}},
}


@pytest.fixture(scope="module")
def kube(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kube]:
    with kube_api.serving(tmp_path_factory.mktemp("kubernetes")) as served:
        served.make(INGRESSES, EMPTY)
        yield served


def tell(kube: Kube, *names: str) -> None:
    """Do what the controller does when a load balancer is made."""
    status = {"status": {"loadBalancer": {"ingress": [{"hostname": name} for name in names]}}}
    answer = kube.client.patch(f"{INGRESSES}/rag/status", json=status, headers=MERGE)
    assert answer.is_success, answer.text


def run(aws: Aws, kube: Kube | None, folder: Path, *flags: str, **inputs: Any) -> Ran:
    """The tasks of the role that are about the name."""
    name = {
        "ansible.builtin.include_role": {
            "name": "ragops.platform.app_rollout",
            "tasks_from": "name",
        }
    }
    given = {
        "platform_namespace": "default",
        "platform_region": "us-east-1",
        "platform_tags": TAGS,
        "app_rollout_host": HOST,
        "app_rollout_hosted_zone": dns.ZONE,
        "app_rollout_timeout": 5,
        "__kube_access_available": kube is not None,
        "__kube_access_kubeconfig": str(kube.kubeconfig) if kube else "",
        **inputs,
    }
    book = local_play(folder, vars=given, tasks=[name])
    return run_playbook(ROOT, book, *flags, environment=aws.environment)


def changed(ran: Ran) -> int:
    assert ran.returncode == 0, ran.output
    return ran.recap["localhost"]["changed"]


def target(aws: Aws, zone: str) -> str:
    return str(dns.records(aws, zone)[f"{HOST}.", "A"]["AliasTarget"]["DNSName"]).rstrip(".")


def test_the_host_follows_the_load_balancer_of_the_asked_scheme(
    aws: Aws, kube: Kube, tmp_path: Path
) -> None:
    zone = dns.zone(aws)
    inside = dns.balancer(aws, "k8s-inside", "internal")["DNSName"]
    outside = dns.balancer(aws, "k8s-outside", "internet-facing")["DNSName"]
    assert changed(run(aws, None, tmp_path, "--check")) == 1
    tell(kube, inside)
    assert changed(run(aws, kube, tmp_path)) == 1
    assert target(aws, zone) == inside
    assert changed(run(aws, kube, tmp_path)) == 0
    # The one before is told until the controller has made the other one.
    early = run(aws, kube, tmp_path, app_rollout_scheme="internet-facing")
    assert "has not reported an internet-facing load balancer" in " ".join(early.output.split())
    assert target(aws, zone) == inside
    tell(kube, outside)
    ran = run(aws, kube, tmp_path, app_rollout_scheme="internet-facing")
    assert changed(ran) == 1
    assert target(aws, zone) == outside


def test_without_a_load_balancer_it_says_what_the_controller_says(
    aws: Aws, kube: Kube, tmp_path: Path
) -> None:
    dns.zone(aws)
    tell(kube)
    text = "Failed deploy model due to couldn't auto-discover subnets"
    event = {
        "metadata": {"name": "rag.1"},
        "type": "Warning",
        "reason": "FailedDeployModel",
        "message": text,
        "involvedObject": {"kind": "Ingress", "name": "rag", "namespace": "default"},
    }
    kube.make("/api/v1/namespaces/default/events", event)
    ran = run(aws, kube, tmp_path)
    assert ran.returncode != 0
    said = " ".join(ran.output.replace('"', " ").split())
    assert "has not reported an internal load balancer for Ingress default/rag within 5 s" in said
    assert text in said


def test_preflight_asks_for_the_zone_before_anything_is_made(
    aws: Aws, tmp_path: Path, request_log: Path
) -> None:
    """The zone is there, and the host is somebody's."""
    zone = dns.zone(aws)
    dns.change(aws, zone, ("CREATE", dns.plain(f"{HOST}.", "A", "192.0.2.1")))
    look = yaml.safe_load((ROOT / "roles/preflight/tasks/main.yml").read_text())[-1]
    given = {
        "preflight_components": ["app_rollout"],
        "platform_region": "us-east-1",
        "platform_tags": TAGS,
    }
    before = len(request_log.read_text().splitlines())
    for asked, code in ((dns.ZONE, 2), ("", 0)):
        named = {"app_rollout_host": HOST, "app_rollout_hosted_zone": asked}
        host = {"ansible.builtin.add_host": {"name": "app_rollout", **named}}
        ran = run_playbook(
            ROOT,
            local_play(tmp_path, vars=given, tasks=[host, look]),
            environment=aws.environment,
        )
        assert ran.returncode == code, ran.output
        assert (f"already has a record {HOST} (A)" in " ".join(ran.output.split())) is bool(asked)
    lines = request_log.read_text().splitlines()[before:]
    assert not any('"mutating": true' in line for line in lines)
