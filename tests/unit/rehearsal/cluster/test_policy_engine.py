"""The engine with a real nftables in a network of its own, and with an API that we play."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rehearsal.cluster.policies import engine as engines
from rehearsal.cluster.policies import plugin, table
from rehearsal.cluster.policies.store import NAMESPACES, PODS, POLICIES, Endpoint, Store

NODE, SUBNET = "node-1", "10.244.1.0/24"


def api_pod(uid: str, name: str, **labels: str) -> dict[str, Any]:
    ports = [{"name": "web", "containerPort": 80}, {"containerPort": 81}]
    return {
        "metadata": {"namespace": "shop", "name": name, "uid": uid, "labels": labels},
        "spec": {"containers": [{"ports": ports}, {}]},
    }


def api_policy(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "shop", "name": name},
        "spec": {"podSelector": {}, **spec},
    }


def filled() -> Store:
    store = Store()
    store.replace(NAMESPACES, [{"metadata": {"name": "shop"}}])
    store.replace(PODS, [api_pod("u1", "web-1", app="web"), api_pod("u2", "api-1", app="api")])
    store.replace(POLICIES, [])
    return store


def attach(store: Store, uid: str, address: str, node: str = NODE) -> None:
    facts = store.pod(uid)
    assert facts
    store.attach(Endpoint(node, address, f"container-{uid}", uid, facts))


def test_nothing_is_open_before_all_kinds_have_been_read() -> None:
    store = Store()
    store.replace(PODS, [api_pod("u1", "web-1")])
    attach(store, "u1", "10.244.1.2")
    assert store.leaves() == {}
    store.replace(NAMESPACES, [])
    store.replace(POLICIES, [])
    assert store.leaves()[NODE]["10.244.1.2"].ingress is None


def test_a_pod_that_the_api_forgot_is_bound_until_its_network_is_gone() -> None:
    store = filled()
    attach(store, "u1", "10.244.1.2")
    assert store.change(POLICIES, "ADDED", api_policy("deny"))
    store.change(PODS, "DELETED", api_pod("u1", "web-1", app="web"))
    assert store.leaves()[NODE]["10.244.1.2"].ingress == ()
    assert store.detach("container-u1")
    assert store.leaves() == {}


def test_an_address_that_is_used_again_has_the_new_pods_rules_at_once() -> None:
    store = filled()
    deny_api = api_policy("deny", podSelector={"matchLabels": {"app": "api"}})
    store.change(POLICIES, "ADDED", deny_api)
    attach(store, "u1", "10.244.1.2")
    assert store.leaves()[NODE]["10.244.1.2"].ingress is None
    attach(store, "u2", "10.244.1.2")
    assert store.leaves()[NODE]["10.244.1.2"].ingress == ()
    # That the first one's end is told late takes nothing away from the second.
    assert not store.detach("container-u1")
    assert store.leaves()[NODE]["10.244.1.2"].ingress == ()


def test_only_what_policies_look_at_is_a_change() -> None:
    store = filled()
    attach(store, "u1", "10.244.1.2")
    same = {**api_pod("u1", "web-1", app="web"), "status": {"phase": "Running"}}
    assert not store.change(PODS, "MODIFIED", same)
    assert store.change(PODS, "MODIFIED", api_pod("u1", "web-1", app="other"))
    assert not store.change(NAMESPACES, "MODIFIED", {"metadata": {"name": "shop"}})
    assert store.change(
        NAMESPACES, "MODIFIED", {"metadata": {"name": "shop", "labels": {"a": "b"}}}
    )


def test_a_node_that_is_lost_takes_its_pods_along() -> None:
    store = filled()
    attach(store, "u1", "10.244.1.2")
    attach(store, "u2", "10.244.2.2", "node-2")
    assert store.lose(NODE)
    assert set(store.leaves()) == {"node-2"}


@pytest.fixture
def network() -> Iterator[subprocess.Popen[bytes]]:
    """The first process of a node: a network of its own, and the rights in it."""
    ready = "echo ready; exec sleep 600"
    with subprocess.Popen(
        ["unshare", "--user", "--map-root-user", "--net", "sh", "-c", ready],
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.kill()


class Said(list[str]):
    """The engine's log."""


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> engines.Engine:
    """A running engine that has read an API with two pods."""
    said = Said()
    engine = engines.Engine(said.append)
    engine.store = filled()
    # In the world it has this right already; here it must enter the node's user namespace.
    real = subprocess.Popen

    def entering(command: list[str], **options: Any) -> subprocess.Popen[Any]:
        if command[0] == "nsenter":
            pid = next(iter(engine.nodes.values())).pid
            command = ["nsenter", f"--user=/proc/{pid}/ns/user", *command[1:]]
        return real(command, **options)

    monkeypatch.setattr("rehearsal.cluster.policies.nodes.subprocess.Popen", entering)
    threading.Thread(target=engine.run, daemon=True).start()
    return engine


def ruleset(process: subprocess.Popen[bytes]) -> str:
    return subprocess.run(
        ["nsenter", f"--target={process.pid}", "--user", "--net", "nft", "list", "ruleset"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def start_pod(engine: engines.Engine, uid: str, address: str, node: str = NODE) -> None:
    engine.pod_starts(
        {
            "node": node,
            "address": address,
            "container": f"container-{uid}",
            "namespace": "shop",
            "name": "web-1",
            "uid": uid,
        }
    )


def test_a_node_is_closed_a_pod_is_let_in_and_policies_follow(
    engine: engines.Engine, network: subprocess.Popen[bytes]
) -> None:
    engine.node_starts(NODE, SUBNET, network.pid)
    assert "ip saddr != @pods drop" in ruleset(network)
    assert "10.244.1.2" not in ruleset(network)
    start_pod(engine, "u1", "10.244.1.2")
    assert "elements = { 10.244.1.2 }" in ruleset(network)
    assert "ingress-10.244.1.2" not in ruleset(network)
    engine.happened(POLICIES, "ADDED", api_policy("deny"))
    start_pod(engine, "u2", "10.244.1.3")  # returns when all that came before is in force
    assert "jump ingress-10.244.1.2" in ruleset(network)
    assert "10.244.1.3 : jump ingress-10.244.1.2" in ruleset(network), "they share a chain"
    engine.happened(POLICIES, "DELETED", api_policy("deny"))
    engine.pod_ends("container-u2")
    start_pod(engine, "u1", "10.244.1.2")
    assert "jump" not in ruleset(network)
    assert "10.244.1.3" not in ruleset(network)


def test_a_pod_waits_until_the_api_tells_of_it(
    engine: engines.Engine, network: subprocess.Popen[bytes]
) -> None:
    engine.node_starts(NODE, SUBNET, network.pid)
    threading.Timer(0.3, engine.happened, [PODS, "ADDED", api_pod("u3", "late-1")]).start()
    start_pod(engine, "u3", "10.244.1.4")
    assert "10.244.1.4" in ruleset(network)


def test_a_pod_is_refused_that_the_api_does_not_know(
    engine: engines.Engine,
    network: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine.node_starts(NODE, SUBNET, network.pid)
    monkeypatch.setattr(engines, "ANSWER", 0.2)
    with pytest.raises(RuntimeError, match="has not told of pod shop/web-1"):
        start_pod(engine, "nobody", "10.244.1.5")
    with pytest.raises(RuntimeError, match="node-9 has not said that it starts"):
        start_pod(engine, "u1", "10.244.1.5", "node-9")


def test_what_nftables_refuses_is_told_and_no_pod_starts(
    engine: engines.Engine,
    network: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine.node_starts(NODE, SUBNET, network.pid)
    monkeypatch.setattr(table, "text", lambda *_: "nonsense")
    with pytest.raises(RuntimeError, match=r"node-1: .*syntax error"):
        start_pod(engine, "u1", "10.244.1.2")
    assert "ip saddr != @pods drop" in ruleset(network), "the old table stays"


def test_a_node_that_ended_is_forgotten(
    engine: engines.Engine, network: subprocess.Popen[bytes]
) -> None:
    engine.node_starts(NODE, SUBNET, network.pid)
    network.kill()
    network.wait()
    with pytest.raises(RuntimeError, match="node-1 has ended"):
        start_pod(engine, "u1", "10.244.1.2")
    assert engine.nodes == {}
    assert engine.store.endpoints == {}


def test_what_was_refused_is_understood() -> None:
    """In nft's own words."""
    text = table.text(SUBNET, {})
    add = "add element ip network_policies denied_egress { 10.244.1.2 . 10.0.0.1 . tcp . 443 }\n"
    script = f"nft -f - && nft -j {table.READ_DENIED}"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--net", "sh", "-c", script],
        input=text + add,
        capture_output=True,
        text=True,
        check=True,
    )
    assert list(table.denied(done.stdout)) == [
        table.Denied("egress", "10.244.1.2", "10.0.0.1", "tcp", 443)
    ]


CONFIG = {
    "cniVersion": "0.4.0",
    "node": NODE,
    "prevResult": {"cniVersion": "0.4.0", "ips": [{"address": "10.244.1.2/24"}]},
}


def call_plugin(command: str, path: Path) -> subprocess.CompletedProcess[str]:
    """The plugin as containerd runs it, with its socket at another place."""
    program = Path(plugin.__file__).read_text().replace(plugin.SOCKET, str(path))
    arguments = "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-1;K8S_POD_UID=u1"
    return subprocess.run(
        [sys.executable, "-IS", "-c", program],
        input=json.dumps(CONFIG),
        env={"CNI_COMMAND": command, "CNI_CONTAINERID": "c1", "CNI_ARGS": arguments},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[str | None]]:
    """A socket that says these things (None: yes) to one caller after the other."""
    monkeypatch.chdir(tmp_path)
    said: list[str | None] = []
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("s")
    listener.listen()

    def serve() -> None:
        while True:
            caller, _ = listener.accept()
            with caller, caller.makefile() as lines:
                lines.readline()
                caller.sendall(json.dumps({"error": said.pop(0)}).encode() + b"\n")

    threading.Thread(target=serve, daemon=True).start()
    return Path(os.path.relpath(tmp_path / "s")), said


def test_the_plugin_passes_the_network_on_when_the_engine_says_yes(
    answers: tuple[Path, list[str | None]],
) -> None:
    path, said = answers
    said.append(None)
    done = call_plugin("ADD", path)
    assert (done.returncode, json.loads(done.stdout)) == (0, CONFIG["prevResult"])
    assert json.loads(call_plugin("VERSION", path).stdout)["supportedVersions"] == ["0.4.0"]
    assert call_plugin("CHECK", path).returncode == 0


def test_the_plugin_lets_no_pod_start_without_the_engine(
    answers: tuple[Path, list[str | None]],
) -> None:
    path, said = answers
    said.append("node-1: nft says no")
    done = call_plugin("ADD", path)
    error = json.loads(done.stdout)
    assert done.returncode == 1
    assert error["code"] == plugin.TRY_AGAIN_LATER
    assert "node-1: nft says no" in error["msg"]
    assert "rehearsal logs network-policies" in error["msg"]
    nowhere = path.with_name("nowhere")
    assert call_plugin("ADD", nowhere).returncode == 1
    assert call_plugin("DEL", nowhere).returncode == 0, "a pod can always be taken away"
