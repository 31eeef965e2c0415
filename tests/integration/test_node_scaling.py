"""Pods that find no node get one, and it goes with them: the autoscaler's release is at work."""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from conftest import REHEARSAL, ROOT, inside, run

pytestmark = pytest.mark.usefixtures("platform")

NAMESPACE = "node-scaling"
IMAGE = "registry.rehearsal.internal/base/python:3.11-bookworm"
PLATFORM = "ragops-rehearsal"
FIXED = {f"ip-10-255-0-{number}.ec2.internal" for number in (11, 12, 13)}


def deployment(replicas: int) -> dict[str, Any]:
    """Pods that share no node."""
    labels = {"app": "alone"}
    term = {"labelSelector": {"matchLabels": labels}, "topologyKey": "kubernetes.io/hostname"}
    apart = {"requiredDuringSchedulingIgnoredDuringExecution": [term]}
    container = {
        "name": "main",
        "image": IMAGE,
        "command": ["python3", "-m", "http.server", "8000"],
        "readinessProbe": {"tcpSocket": {"port": 8000}, "periodSeconds": 1},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "alone", "namespace": NAMESPACE},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "affinity": {"podAntiAffinity": apart},
                    "terminationGracePeriodSeconds": 1,
                    "containers": [container],
                },
            },
        },
    }


def choosy() -> dict[str, Any]:
    """A pod for which no group has a node."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "choosy", "namespace": NAMESPACE},
        "spec": {
            "nodeSelector": {"disk": "none-has-it"},
            "containers": [{"name": "main", "image": IMAGE}],
        },
    }


def kubectl(*arguments: str) -> str:
    outcome = inside("kubectl", *arguments)
    assert outcome.returncode == 0
    return outcome.output


def items(kind: str, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(kubectl("get", kind, "-o", "json", *arguments))[
        "items"
    ]
    return found


def apply(*manifests: dict[str, Any]) -> None:
    program = (
        "import subprocess, sys\n"
        "sys.exit(subprocess.run(sys.argv[2:], input=sys.argv[1], text=True).returncode)"
    )
    text = yaml.safe_dump_all(manifests)
    outcome = inside("python3", "-c", program, text, "kubectl", "apply", "-f", "-")
    assert outcome.returncode == 0


def aws(program: str, *arguments: str) -> Any:
    """What a program prints as JSON, run in the world as the account's root."""
    python = str(ROOT / ".venv/bin/python")
    outcome = inside(python, "-c", textwrap.dedent(program), *arguments)
    assert outcome.returncode == 0
    return json.loads(outcome.output.splitlines()[-1])


def group() -> dict[str, Any]:
    """The group of node group `main`, and the private names of its instances that EC2 knows."""
    found: dict[str, Any] = aws(
        """
        import boto3, json, sys
        marks = [f"k8s.io/cluster-autoscaler/{sys.argv[1]}"]
        [group] = boto3.client("autoscaling").describe_auto_scaling_groups(
            Filters=[{"Name": "tag-key", "Values": marks}])["AutoScalingGroups"]
        ids = [each["InstanceId"] for each in group["Instances"]]
        pages = boto3.client("ec2").describe_instances(
            Filters=[{"Name": "instance-state-name", "Values": ["running"]}])["Reservations"]
        names = {each["InstanceId"]: each["PrivateDnsName"] for page in pages
                 for each in page["Instances"] if each["InstanceId"] in ids}
        print(json.dumps({"name": group["AutoScalingGroupName"], "largest": group["MaxSize"],
                          "desired": group["DesiredCapacity"], "names": names}))
        """,
        PLATFORM,
    )
    return found


def ready_nodes() -> dict[str, dict[str, Any]]:
    """Nodes that are ready, by name."""
    return {
        node["metadata"]["name"]: node
        for node in items("nodes")
        if any(each["type"] == "Ready" and each["status"] == "True" for each in conditions(node))
    }


def conditions(node: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = node["status"]["conditions"]
    return found


def ready_pods() -> list[dict[str, Any]]:
    return [
        pod
        for pod in items("pods", "--namespace", NAMESPACE)
        if any(
            each["type"] == "Ready" and each["status"] == "True"
            for each in pod["status"].get("conditions", [])
        )
    ]


def events(reason: str) -> list[tuple[str, str]]:
    """Whom an event is about, and what it says."""
    return [
        (each["involvedObject"]["name"], each["message"])
        for each in items("events", "--namespace", NAMESPACE)
        if each["reason"] == reason
    ]


def told(reason: str, text: str) -> set[str]:
    """The pods that were told something."""
    return {name for name, message in events(reason) if message == text}


def wait(what: str, met: Callable[[], object], timeout: float) -> float:
    """Wait until something is met; how many seconds it took."""
    began = time.monotonic()
    while not met():
        if time.monotonic() - began > timeout:
            log = run(REHEARSAL, "logs", "cluster-autoscaler").output
            pytest.fail(f"{what}: not within {timeout:.0f} s\n{log}")
        time.sleep(1)
    return time.monotonic() - began


@pytest.fixture(scope="module", autouse=True)
def namespace() -> Iterator[None]:
    apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    yield
    kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found")


@pytest.fixture(scope="module")
def before() -> dict[str, Any]:
    """The group as role eks made it; only the world's three nodes are there."""
    found = group()
    assert set(ready_nodes()) == FIXED
    assert found["names"] == {}
    return found


def test_pods_without_a_node_get_one(before: dict[str, Any]) -> None:
    """As many nodes as the group may have, beside those that are there: one pod each."""
    more = before["largest"] - before["desired"]
    apply(deployment(len(FIXED) + more))
    seconds = wait("all pods are ready", lambda: len(ready_pods()) == len(FIXED) + more, 180)
    print(f"\n{more} nodes more, and their pods ready: {seconds:.0f} s")
    after, nodes = group(), ready_nodes()
    assert after["desired"] == before["largest"]
    new = set(nodes) - FIXED
    assert set(after["names"].values()) == new
    assert len(new) == more
    for identifier, name in after["names"].items():
        zone = nodes[name]["metadata"]["labels"]["topology.kubernetes.io/zone"]
        assert nodes[name]["spec"]["providerID"] == f"aws:///{zone}/{identifier}"
        assert nodes[name]["metadata"]["labels"]["eks.amazonaws.com/nodegroup"] == "main"
    size = f"{before['desired']}->{before['largest']} (max: {before['largest']})"
    said = events("TriggeredScaleUp")
    assert len(said) == more
    text = f"pod triggered scale-up: [{{{before['name']} {size}}}]"
    assert {message for _, message in said} == {text}


@pytest.mark.usefixtures("before")
def test_pods_of_a_new_node_reach_the_others() -> None:
    pods = {pod["spec"]["nodeName"]: pod for pod in ready_pods()}
    new = next(name for name in pods if name not in FIXED)
    addresses = [pod["status"]["podIP"] for name, pod in pods.items() if name != new]
    program = (
        "import sys, urllib.request as web\n"
        "print([web.urlopen(f'http://{each}:8000', timeout=3).status for each in sys.argv[1:]])"
    )
    name = pods[new]["metadata"]["name"]
    said = kubectl("exec", "-n", NAMESPACE, name, "--", "python3", "-c", program, *addresses)
    assert json.loads(said.splitlines()[-1]) == [200] * len(addresses)


def test_pods_that_no_node_would_help_are_told_why(before: dict[str, Any]) -> None:
    apply(choosy(), deployment(len(FIXED) + before["largest"] - before["desired"] + 1))
    start = "pod didn't trigger scale-up: 1 "
    # At its bound, a group is not asked whether a node of it would help.
    full = f"{start}max node group size reached"
    # Longer than the minute after which a pod is told again.
    wait("both are told", lambda: len(told("NotTriggerScaleUp", full)) == 2, 90)
    apply(deployment(len(FIXED)))
    selector = f"{start}node(s) didn't match Pod's node affinity/selector"
    wait("its nodes go", lambda: set(ready_nodes()) == FIXED, 180)
    wait("the true cause", lambda: told("NotTriggerScaleUp", selector), 90)
    kubectl("delete", "pod", "choosy", "--namespace", NAMESPACE)


def test_nodes_that_are_not_needed_go(before: dict[str, Any]) -> None:
    """The pods of the test before have gone, and so have their nodes, one after the other."""
    after = group()
    assert (after["desired"], after["names"]) == (before["desired"], {})
    assert {node["metadata"]["name"] for node in items("nodes")} == FIXED
    assert not any(node["spec"].get("taints") for node in ready_nodes().values())


def test_the_autoscaler_may_resize_the_platforms_groups_only() -> None:
    """As its role: what it may see, and what another cluster's group says."""
    told = aws(
        """
        import boto3, json, subprocess, sys
        from botocore.exceptions import ClientError
        from rehearsal.autoscaler.cloud import Cloud, Identity
        boto3.client("autoscaling").create_auto_scaling_group(
            AutoScalingGroupName="another", MinSize=0, MaxSize=1, DesiredCapacity=0,
            AvailabilityZones=["us-east-1a"],
            Tags=[{"Key": "k8s.io/cluster-autoscaler/another", "Value": "owned"}])
        def token():
            return subprocess.check_output(["kubectl", "create", "token", "cluster-autoscaler",
                "--namespace=kube-system", "--audience=sts.amazonaws.com"], text=True).strip()
        cloud = Cloud(sys.argv[1], "us-east-1", Identity(sys.argv[2], token))
        groups = cloud.groups()
        answers = {"groups": [each["of"]["nodegroupName"] for each in groups]}
        for name, size in (("another", 1), (groups[0]["AutoScalingGroupName"],
                                            groups[0]["DesiredCapacity"])):
            try:
                cloud.resize(name, size)
                answers[name] = "resized"
            except ClientError as error:
                answers[name] = error.response["Error"]["Code"]
        boto3.client("autoscaling").delete_auto_scaling_group(AutoScalingGroupName="another")
        print(json.dumps(answers))
        """,
        PLATFORM,
        f"arn:aws:iam::000000000000:role/{PLATFORM}-workload-cluster-autoscaler",
    )
    assert told.pop("groups") == ["main"]
    assert told.pop("another") == "AccessDenied"
    assert list(told.values()) == ["resized"]
