"""NetworkPolicies are enforced: by nodes that route real packets, before a pod starts, and fast.

All but the last need the world only. Every check is one shot, right after kubectl has returned:
what is refused must be so by then, what is allowed within two seconds.
"""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, inside, playbook

pytestmark = pytest.mark.usefixtures("world")

IMAGE = "registry.rehearsal.internal/base/python:3.11-bookworm"
HERE, THERE = "policies-here", "policies-there"
NODES = [f"ip-10-255-0-{number}.ec2.internal" for number in (11, 12)]
AWS = "10.255.0.1:4566"

SERVE = """
    import asyncio
    async def main():
        for port in (8000, 9000, 9005):
            await asyncio.start_server(lambda _, writer: writer.close(), "0.0.0.0", port)
        await asyncio.Event().wait()
    asyncio.run(main())
"""
# Connects to all at once, with two tries of the kernel's, the second one after a second.
CONNECT = """
    import asyncio, json, sys
    async def reached(target):
        host, port = target.split(":")
        try:
            await asyncio.wait_for(asyncio.open_connection(host, port), 1.9)
        except (OSError, asyncio.TimeoutError):
            return False
        return True
    async def main():
        targets = sys.argv[1:]
        print(json.dumps(dict(zip(targets, await asyncio.gather(*map(reached, targets))))))
    asyncio.run(main())
"""
# The first thing that this pod does is to connect, without a pause for three seconds.
HURRY = """
    import socket, sys, time
    end = time.monotonic() + 3
    while time.monotonic() < end:
        try:
            socket.create_connection((sys.argv[1], 8000), 0.2).close()
            sys.exit("reached")
        except OSError:
            pass
    sys.exit("never")
"""


def pod(
    name: str, namespace: str, node: str, program: str = SERVE, *arguments: str, **labels: str
) -> dict[str, Any]:
    """A pod that serves on 8000 (which it calls web), 9000 and 9005, or runs a program."""
    container: dict[str, Any] = {
        "name": "main",
        "image": IMAGE,
        "command": ["python3", "-u", "-c", textwrap.dedent(program), *arguments],
        "ports": [{"name": "web", "containerPort": 8000}],
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    if program == SERVE:
        container["readinessProbe"] = {"tcpSocket": {"port": "web"}, "periodSeconds": 1}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {"app": name, **labels}},
        "spec": {
            "nodeName": node,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": False,
            "containers": [container],
        },
    }


def policy(name: str, namespace: str = HERE, app: str | None = None, **spec: Any) -> dict[str, Any]:
    selector = {"matchLabels": {"app": app}} if app else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": selector, **spec},
    }


def kubectl(*arguments: str) -> str:
    outcome = inside("kubectl", *arguments, timeout=120)
    assert outcome.returncode == 0, outcome.output
    return outcome.output


class Apply:
    """Applies manifests by way of a file."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "manifests.yaml"

    def __call__(self, *manifests: dict[str, Any]) -> None:
        self.file.write_text(yaml.safe_dump_all(manifests))
        kubectl("apply", "--filename", str(self.file))


@pytest.fixture(scope="module")
def apply(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apply]:
    """Two namespaces with four pods: server, friend, stranger here, outsider there."""
    apply = Apply(tmp_path_factory.mktemp("policies"))
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "server", "namespace": HERE},
        "spec": {"selector": {"app": "server"}, "ports": [{"port": 80, "targetPort": "web"}]},
    }
    apply(
        *(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            for name in (HERE, THERE)
        ),
        service,
        pod("server", HERE, NODES[0]),
        pod("stranger", HERE, NODES[0]),
        pod("friend", HERE, NODES[1]),
        pod("outsider", THERE, NODES[1]),
    )
    for namespace in (HERE, THERE):
        kubectl("wait", "-n", namespace, "--for=condition=Ready", "pod", "--all", "--timeout=90s")
    yield apply
    kubectl("delete", "namespace", HERE, THERE, "--wait=false")


def address(name: str, namespace: str = HERE) -> str:
    found = kubectl("get", "pod", name, "-n", namespace, "-o", "jsonpath={.status.podIP}")
    return found.strip().splitlines()[-1]


def flows(source: str, *targets: str, namespace: str = HERE) -> list[bool]:
    """Which of the targets (host:port) a pod, or the first one of a Deployment, reaches."""
    program = textwrap.dedent(CONNECT)
    said = kubectl("exec", "-n", namespace, source, "--", "python3", "-c", program, *targets)
    answer = json.loads(said.strip().splitlines()[-1])
    return [answer[target] for target in targets]


def outcome_of(name: str) -> str:
    """What a pod that ends by itself said last."""
    kubectl(
        "wait", "-n", HERE, f"pod/{name}", "--for=jsonpath={.status.phase}=Failed", "--timeout=60s"
    )
    path = "jsonpath={.status.containerStatuses[0].state.terminated.message}"
    return kubectl("get", "pod", name, "-n", HERE, "-o", path).strip().splitlines()[-1]


def test_without_a_policy_everything_is_open(apply: Apply) -> None:  # noqa: ARG001 - the pods
    server = address("server")
    targets = (f"{server}:8000", f"{server}:9000", "server:80", AWS)
    for source in ("stranger", "friend"):
        assert flows(source, *targets) == [True] * 4
    assert flows("server", f"server.{HERE}:80") == [True]
    assert flows("outsider", f"server.{HERE}:80", namespace=THERE) == [True]


def test_only_what_ingress_names_gets_in(apply: Apply) -> None:
    """By label and named port, through the Service too; by namespace and range of ports."""
    server = address("server")
    other_namespace = {"matchLabels": {"kubernetes.io/metadata.name": THERE}}
    rules = [
        {
            "from": [{"podSelector": {"matchLabels": {"app": "friend"}}}],
            "ports": [{"port": "web"}],
        },
        {
            "from": [{"namespaceSelector": other_namespace, "podSelector": {}}],
            "ports": [{"port": 9001, "endPort": 9010}],
        },
    ]
    apply(policy("server", app="server", ingress=rules))
    targets = (f"{server}:8000", "server:80", f"{server}:9000", f"{server}:9005")
    # On the server's own node, on another one, and in another namespace.
    assert flows("stranger", *targets) == [False] * 4
    assert flows("friend", *targets) == [True, True, False, False]
    targets = (f"{server}:8000", f"{server}:9000", f"{server}:9005")
    assert flows("outsider", *targets, namespace=THERE) == [False, False, True]
    # It may still call others, reach itself through its Service, and be asked by its kubelet.
    mine = (f"{address('stranger')}:8000", AWS, f"{server}:8000", f"server.{HERE}:80")
    assert flows("server", *mine) == [True] * 4
    time.sleep(3)
    ready = kubectl("get", "pod", "server", "-n", HERE, "-o", "jsonpath={.status.conditions}")
    conditions = {one["type"]: one["status"] for one in json.loads(ready.strip().splitlines()[-1])}
    assert conditions["Ready"] == "True"


def test_only_what_egress_names_gets_out(apply: Apply) -> None:
    """DNS and one block of addresses without a part of it; the answer to a probe is no egress."""
    dns = {
        "to": [{"namespaceSelector": {}, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}],
        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
    }
    pods = {"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.255.0.0/24"]}}]}
    targets = (f"{address('friend')}:8000", AWS, f"server.{HERE}:80")
    apply(policy("stranger", app="stranger", policyTypes=["Egress"], egress=[dns]))
    assert flows("stranger", *targets) == [False] * 3
    kubectl("exec", "-n", HERE, "stranger", "--", "getent", "hosts", f"server.{HERE}")
    apply(policy("stranger", app="stranger", policyTypes=["Egress"], egress=[dns, pods]))
    assert flows("stranger", *targets) == [True, False, False], "the server's own says no still"
    assert flows("friend", f"{address('stranger')}:8000") == [True]


def test_a_pod_is_bound_from_its_first_packet_on(apply: Apply) -> None:
    """And where a peer has another address than before, the rules know it when it starts."""
    friend = address("friend")
    apply(policy("hurry", app="bound", policyTypes=["Egress"]))
    apply(
        pod("bound", HERE, NODES[0], HURRY, friend),
        pod("free", HERE, NODES[0], HURRY, friend),
    )
    assert outcome_of("free") == "reached"
    assert outcome_of("bound") == "never"

    server = address("server")
    kubectl("delete", "pod", "-n", HERE, "friend", "--wait")
    apply(pod("friend", HERE, NODES[1], HURRY, server))
    assert outcome_of("friend") == "reached"
    apply(pod("stranger-too", HERE, NODES[1], HURRY, server))
    assert outcome_of("stranger-too") == "never"


def test_without_the_engine_the_rules_stay_and_no_pod_starts(apply: Apply) -> None:
    """Stopped (as if it hung), then let go on: what was missed is made up for."""
    state = json.loads((ROOT / ".rehearsal/state.json").read_text())
    engine = str(state["processes"]["network-policies"]["pid"])
    server = address("server")
    assert inside("kill", "-STOP", engine).returncode == 0
    try:
        apply(pod("late", HERE, NODES[0]))
        assert flows("stranger", f"{server}:8000") == [False]
        time.sleep(3)
        phase = kubectl("get", "pod", "late", "-n", HERE, "-o", "jsonpath={.status.phase}")
        assert phase.strip().splitlines()[-1] == "Pending"
    finally:
        assert inside("kill", "-CONT", engine).returncode == 0
    kubectl("wait", "-n", HERE, "--for=condition=Ready", "pod/late", "--timeout=60s")


def test_a_refusal_is_in_the_log(apply: Apply) -> None:  # noqa: ARG001 - the refusals
    wanted = f"refused: {HERE}/stranger -> {HERE}/server tcp/8000 (no policy for ingress of"
    log = ROOT / ".rehearsal/logs/network-policies.log"
    for _ in range(50):
        if wanted in log.read_text():
            return
        time.sleep(0.2)
    print(log.read_text())
    pytest.fail("the log doesn't say who was refused")


def test_the_last_policy_gone_all_is_open(apply: Apply) -> None:  # noqa: ARG001 - the policies
    kubectl("delete", "networkpolicy", "-n", HERE, "--all")
    server = address("server")
    assert flows("stranger", f"{server}:8000", f"{server}:9000", AWS) == [True] * 3


# The same with what the frontend's image has: Node.
CONNECT_BY_NODE = """
    const [host, port] = process.argv[1].split(":");
    const socket = require("net").connect({ host, port, timeout: 900 });
    const end = (reached) => { console.log(JSON.stringify(reached)); process.exit(0); };
    socket.on("connect", () => end(true));
    socket.on("timeout", () => end(false)).on("error", () => end(false));
"""


def test_milvus_hears_the_backend_and_nobody_else(apply: Apply) -> None:  # noqa: ARG001 - outsider
    """Where the platform runs: role milvus names who may speak with it."""
    if inside("kubectl", "get", "deployment", "rag-backend", "-n", "rag").returncode:
        assert playbook("site.yml").returncode == 0
    port = "milvus.milvus:19530"
    metrics = f"{address('milvus-0', 'milvus')}:9091"
    backend = "deployment/rag-backend"
    assert flows(backend, port, metrics, namespace="rag") == [True, False]
    assert flows("outsider", port, metrics, namespace=THERE) == [False, False]
    program = textwrap.dedent(CONNECT_BY_NODE)
    said = kubectl(
        "exec", "-n", "rag", "deployment/rag-frontend", "--", "node", "-e", program, port
    )
    assert json.loads(said.strip().splitlines()[-1]) is False
