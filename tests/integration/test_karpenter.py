"""Nodes that Karpenter makes and takes away, in order: `make karpenter`.

Each test goes on where the one before it stopped: run with -x.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import REHEARSAL, ROOT, inside, playbook

PLATFORM = "ragops-rehearsal"
ROLE = f"arn:aws:iam::000000000000:role/{PLATFORM}-workload-karpenter"
DEFINITIONS = 5
FIXED = 3
"""Nodes that the world has from its start."""

KINDS = "nodepools,nodeclaims,ec2nodeclasses"
BATCH: dict[str, Any] = {
    "name": "batch",
    "limits": {"cpu": "1024", "memory": "8Ti"},
    "consolidate_after": "15s",
    "labels": {"work": "batch"},
    "taints": [{"key": "work", "value": "batch", "effect": "NoSchedule"}],
}

pytestmark = pytest.mark.usefixtures("world")


def quietly(*argv: str) -> str:
    """What a command inside prints."""
    command = [REHEARSAL, "exec", "--", *argv]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def items(kind: str, *arguments: str) -> list[dict[str, Any]]:
    """Objects in the cluster."""
    found: list[dict[str, Any]] = json.loads(
        quietly("kubectl", "get", kind, *arguments, "-o", "json")
    )["items"]
    return found


def ask(script: str, *arguments: str) -> Any:
    """What a script prints as JSON; it has boto3, and `ec2` is the account owner's."""
    head = "import boto3, json, sys; ec2 = boto3.client('ec2')\n"
    return json.loads(quietly(".venv/bin/python", "-c", head + script, *arguments))


def instances() -> dict[str, dict[str, Any]]:
    """Karpenter's instances that are not ended: id -> what EC2 says."""
    script = """
found = ec2.describe_instances(Filters=[
    {"Name": "tag-key", "Values": ["karpenter.sh/nodepool"]},
    {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}])
print(json.dumps({each["InstanceId"]: each for reservation in found["Reservations"]
                  for each in reservation["Instances"]}, default=str))
"""
    found: dict[str, dict[str, Any]] = ask(script)
    return found


def templates() -> list[str]:
    """Karpenter's launch templates."""
    found: list[str] = ask(
        "print(json.dumps([each['LaunchTemplateName'] for each in "
        "ec2.describe_launch_templates()['LaunchTemplates'] "
        "if each['LaunchTemplateName'].startswith('karpenter')]))"
    )
    return found


def until(what: str, met: Callable[[], Any], limit: float = 120) -> Any:
    """Wait until something is so, and tell how long it took."""
    began = time.monotonic()
    while not (found := met()):
        if time.monotonic() - began > limit:
            explain()
            pytest.fail(f"{what}: not after {limit:.0f} s")
        time.sleep(1)
    print(f"= {what}: {time.monotonic() - began:.0f} s", flush=True)
    return found


def explain() -> None:
    """Show what may say why something did not happen."""
    for argv in (
        ("get", "nodes,nodeclaims,nodepools,ec2nodeclasses", "-o", "wide"),
        ("get", "pods", "-A", "-o", "wide"),
        ("get", "events", "-A", "--sort-by=.lastTimestamp"),
        ("logs", "-n", "kube-system", "-l", "app.kubernetes.io/name=karpenter", "--tail=40"),
    ):
        inside("kubectl", *argv)
    print((ROOT / ".rehearsal/logs/machines.log").read_text())


def run_pods(name: str, replicas: int, **pod: Any) -> None:
    """Start pods of which no two are on one node."""
    labels = {"app": name}
    apart = [{"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": labels}}]
    container = {
        "name": "pause",
        "image": "registry.rehearsal.internal/kubernetes/pause:1.0",
        "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}},
    }
    spec = {
        "terminationGracePeriodSeconds": 1,
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": apart}},
        "containers": [container],
        **pod,
    }
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
    file = ROOT / ".rehearsal/tmp/pods.json"
    file.write_text(json.dumps(deployment))
    assert inside("kubectl", "apply", "-f", str(file)).returncode == 0


def remove_pods(name: str) -> None:
    assert inside("kubectl", "delete", "deployment", name).returncode == 0


def staying(name: str) -> list[dict[str, Any]]:
    """The pods that are not on their way out."""
    found = items("pods", "-l", f"app={name}")
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def pods(name: str) -> set[str]:
    """Their ids."""
    return {pod["metadata"]["uid"] for pod in staying(name)}


def places(name: str) -> list[str]:
    """The nodes of those that are ready."""
    return [
        pod["spec"]["nodeName"]
        for pod in staying(name)
        if any(
            each["type"] == "Ready" and each["status"] == "True"
            for each in pod["status"].get("conditions", [])
        )
    ]


def nodes(**labels: str) -> dict[str, dict[str, Any]]:
    """Nodes with labels: name -> node."""
    wanted = ",".join(f"{key}={value}" for key, value in labels.items())
    return {
        node["metadata"]["name"]: node
        for node in items("nodes", *(["-l", wanted] if wanted else []))
    }


def of_pool(name: str) -> dict[str, dict[str, Any]]:
    return nodes(**{"karpenter.sh/nodepool": name})


def machines_of(pool: str) -> set[str]:
    """The instances of a pool's nodes."""
    return {node["spec"]["providerID"].rpartition("/")[2] for node in of_pool(pool).values()}


def ready(kind: str, name: str) -> bool:
    """Whether an object says that it is."""
    for each in items(kind):
        if each["metadata"]["name"] == name:
            return any(
                condition["type"] == "Ready" and condition["status"] == "True"
                for condition in each.get("status", {}).get("conditions", [])
            )
    return False


def refused() -> list[tuple[str, str]]:
    """(action, resource) of what roles were refused; of the application's there is none."""
    lines = (ROOT / ".rehearsal/aws_decisions.jsonl").read_text().splitlines()
    decided = [json.loads(line) for line in lines]
    return [
        (each["action"], each["resource"])
        for each in decided
        if each["key"].startswith("ASIA") and not each["allowed"]
    ]


def rows(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text())
    return found


def test_a_plan_of_an_empty_world_names_node_class_and_pool(reports: Path) -> None:
    outcome = playbook("playbooks/plan.yml", "-e", f"plan_file={reports}/plan.json")
    assert outcome.returncode == 0
    named = {row["resource"] for row in rows(reports / "plan.json")}
    assert len([name for name in named if "definition" in name]) == DEFINITIONS
    assert {"ec2nodeclass platform", "nodepool general"} <= named
    assert "helm release kube-system/karpenter" in named


def test_karpenter_is_ready_to_make_nodes() -> None:
    assert playbook("site.yml").returncode == 0
    until("the node class is ready", lambda: ready("ec2nodeclasses", "platform"))
    until("the pool is ready", lambda: ready("nodepools", "general"))
    assert instances() == {}


def test_the_second_run_changes_nothing_and_the_plan_is_empty(reports: Path) -> None:
    outcome = playbook("site.yml")
    assert outcome.returncode == 0
    assert outcome.changed == {}
    assert playbook("playbooks/plan.yml", "-e", f"plan_file={reports}/plan.json").returncode == 0
    assert rows(reports / "plan.json") == []


def test_a_pod_that_fits_nowhere_gets_a_node() -> None:
    run_pods("apart", FIXED + 1)
    until("all pods run", lambda: len(set(places("apart"))) == FIXED + 1)
    ((name, node),) = of_pool("general").items()
    assert name in places("apart")
    ((identifier, instance),) = instances().items()
    assert node["spec"]["providerID"] == f"aws:///{zone_of(node)}/{identifier}"
    assert node["spec"].get("taints", []) == []
    labels = node["metadata"]["labels"]
    # The cheapest of those that the pool allows.
    assert labels["node.kubernetes.io/instance-type"] == instance["InstanceType"] == "c6i.large"
    assert labels["karpenter.sh/initialized"] == "true"
    assert instance["Placement"]["AvailabilityZone"] == zone_of(node)
    assert instance["PrivateDnsName"] == name
    assert [group["GroupName"] for group in instance["SecurityGroups"]] == [f"{PLATFORM}-eks-nodes"]
    assert instance["IamInstanceProfile"]["Arn"].endswith(f"/{PLATFORM}-karpenter-nodes")
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert instance["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    until("the instance has its node's name", lambda: tags(identifier).get("Name") == name)
    assert tags(identifier) | {
        f"kubernetes.io/cluster/{PLATFORM}": "owned",
        "karpenter.sh/nodepool": "general",
        "Project": "ragops",
        "Environment": "rehearsal",
        "ManagedBy": "ragops.platform",
        "Component": "cluster_addons",
    } == tags(identifier)


def zone_of(node: dict[str, Any]) -> str:
    return str(node["metadata"]["labels"]["topology.kubernetes.io/zone"])


def tags(identifier: str) -> dict[str, str]:
    """An instance's tags as they are now."""
    return {tag["Key"]: tag["Value"] for tag in instances()[identifier]["Tags"]}


def test_its_role_was_refused_nothing() -> None:
    assert refused() == []


def test_its_role_ends_and_tags_its_own_instances_only() -> None:
    script = """
other = ec2.run_instances(ImageId="ami-0", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
keys = boto3.client("sts").assume_role_with_web_identity(
    RoleArn=sys.argv[1], RoleSessionName="test", WebIdentityToken=sys.argv[2])["Credentials"]
own = boto3.client("ec2", aws_access_key_id=keys["AccessKeyId"],
    aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"])
told = {}
for name in (other, sys.argv[3]):
    named = {"Resources": [name], "Tags": [{"Key": "Name", "Value": "x"}]}
    for call, more in (("terminate_instances", {"InstanceIds": [name]}), ("create_tags", named)):
        try:
            getattr(own, call)(DryRun=True, **more)
        except own.exceptions.ClientError as error:
            told[f"{call} {'other' if name == other else 'own'}"] = error.response["Error"]["Code"]
ec2.terminate_instances(InstanceIds=[other])
print(json.dumps(told))
"""
    token = quietly(
        "kubectl", "create", "token", "karpenter", "-n", "kube-system",
        "--audience", "sts.amazonaws.com",
    ).strip()  # fmt: skip
    assert ask(script, ROLE, token, *instances()) == {
        "terminate_instances own": "DryRunOperation",
        "create_tags own": "DryRunOperation",
        "terminate_instances other": "UnauthorizedOperation",
        "create_tags other": "UnauthorizedOperation",
    }


def test_an_instance_that_was_ended_by_hand_is_replaced() -> None:
    (ended,) = instances()
    before = pods("apart")
    ask("print(json.dumps(ec2.terminate_instances(InstanceIds=[sys.argv[1]]), default=str))", ended)
    until("another instance is there", lambda: instances() and ended not in instances())
    until("another pod is there", lambda: len(pods("apart") - before) == 1)
    until("all pods run", lambda: len(set(places("apart"))) == FIXED + 1)
    until("the ended one's node is gone", lambda: machines_of("general") == set(instances()))


def test_an_empty_node_goes() -> None:
    remove_pods("apart")
    until("no instance is left", lambda: not instances())
    until("no node is left", lambda: not of_pool("general"))
    assert items("nodeclaims") == []
    assert len(nodes()) == FIXED


def test_a_pool_that_is_taken_out_of_the_list_goes_with_its_nodes() -> None:
    general = {"name": "general", "limits": {"cpu": "1024", "memory": "8Ti"}}
    inputs = {"cluster_addons_karpenter_node_pools": [general, BATCH]}
    assert playbook("site.yml", "-e", json.dumps(inputs)).returncode == 0
    until("the new pool is ready", lambda: ready("nodepools", "batch"))
    tolerations = [{"key": "work", "operator": "Equal", "value": "batch", "effect": "NoSchedule"}]
    run_pods("batch", 1, nodeSelector={"work": "batch"}, tolerations=tolerations)
    until("its pod runs", lambda: places("batch"))
    ((_, node),) = of_pool("batch").items()
    assert node["spec"]["taints"] == [
        {key: BATCH["taints"][0][key] for key in ("effect", "key", "value")}
    ]
    assert playbook("site.yml").returncode == 0
    assert {each["metadata"]["name"] for each in items("nodepools")} == {"general"}
    until("its instance is gone", lambda: not instances())
    until("its node is gone", lambda: not of_pool("batch"))
    remove_pods("batch")


def test_another_autoscaler_takes_over() -> None:
    run_pods("apart", FIXED + 1)
    until("all pods run", lambda: len(set(places("apart"))) == FIXED + 1)
    inputs = {
        "cluster_addons_autoscaler": "cluster_autoscaler",
        "cluster_addons_remove": ["karpenter"],
    }
    assert playbook("site.yml", "-e", json.dumps(inputs)).returncode == 0
    assert instances() == {}
    assert templates() == []
    assert inside("kubectl", "get", "deployment", "karpenter", "-n", "kube-system").returncode
    assert of_pool("general") == {}
    queues = ask(
        "print(json.dumps(boto3.client('sqs').list_queues("
        "QueueNamePrefix=sys.argv[1]).get('QueueUrls', [])))",
        f"{PLATFORM}-karpenter",
    )
    assert queues == []
    until("all pods run", lambda: len(set(places("apart"))) == FIXED + 1, limit=180)
    remove_pods("apart")
    until("its node goes, too", lambda: len(nodes()) == FIXED, limit=180)


def test_destroy_takes_nodes_first_and_leaves_nothing() -> None:
    inputs = json.dumps({"cluster_addons_remove": ["cluster_autoscaler"]})
    assert playbook("site.yml", "-e", inputs).returncode == 0
    until("the pool is ready", lambda: ready("nodepools", "general"))
    run_pods("apart", FIXED + 1)
    until("all pods run", lambda: len(set(places("apart"))) == FIXED + 1)
    assert len(instances()) == 1
    outcome = playbook("destroy.yml", "-e", "confirm=rehearsal")
    assert outcome.returncode == 0
    assert instances() == {}
    assert templates() == []
    left = [f"{each['kind']} {each['metadata']['name']}" for each in items(KINDS)]
    assert left == []
    remove_pods("apart")
    again = playbook("destroy.yml", "-e", "confirm=rehearsal")
    assert again.returncode == 0
    assert again.changed == {}
