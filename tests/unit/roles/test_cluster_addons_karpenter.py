"""Karpenter by role cluster_addons, against emulated AWS and a real API server without nodes.

The controller itself does not run: the test does its part when nodes are to go. The chart is a
stand-in; with KARPENTER_CRDS=<folder> its definitions are Karpenter's own, and node class and node
pools are held against their schemas and rules.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import kube_api
from support.ansible_runs import Ran, local_play, run_playbook
from support.charts import helm_program
from support.checkout import ROOT
from support.emulator import Aws
from support.kube_api import Kube

pytestmark = pytest.mark.slow

NAME = "ragops-dev"
TAGS = {"Project": "ragops", "Environment": "dev", "ManagedBy": "ragops.platform"}
TAG_LIST = [{"Key": key, "Value": value} for key, value in TAGS.items()]
ROLE_TAGS = [*TAG_LIST, {"Key": "Component", "Value": "workload_identity"}]
POOLS, CLAIMS = "/apis/karpenter.sh/v1/nodepools", "/apis/karpenter.sh/v1/nodeclaims"
CLASSES = "/apis/karpenter.k8s.aws/v1/ec2nodeclasses"
ON = {"cluster_addons_autoscaler": "karpenter"}
OUT = {"cluster_addons_autoscaler": "none", "cluster_addons_remove": ["karpenter"]}
MERGE = {"Content-Type": "application/merge-patch+json"}
MARKS = {f"kubernetes.io/cluster/{NAME}": "owned", "karpenter.sh/nodepool": "general"}


CERTIFICATE = """\
{{- $made := genSelfSignedCert "webhook.kube-system.svc" nil nil 3650 }}
{{- $crt := $made.Cert | b64enc }}
{{- $key := $made.Key | b64enc }}
{{- $kept := lookup "v1" "Secret" .Release.Namespace "webhook-tls" }}
{{- if $kept }}
{{- $crt = index $kept.data "tls.crt" }}
{{- $key = index $kept.data "tls.key" }}
{{- end }}
apiVersion: v1
kind: Secret
metadata: {name: webhook-tls}
type: kubernetes.io/tls
data:
  tls.crt: {{ $crt }}
  tls.key: {{ $key }}
"""
"""Kept as the official load balancer controller's chart keeps it: by a look at the cluster, without
which it is another one each time it is rendered."""


def definition(group: str, kind: str) -> dict[str, Any]:
    """A definition that takes everything."""
    plural = f"{kind.lower()}s" if not kind.endswith("s") else f"{kind.lower()}es"
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Cluster",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [version],
        },
    }


def write_chart(folder: Path) -> Path:
    """A chart called karpenter: its definitions, a service account, a Deployment of no pods."""
    chart = folder / "chart"
    (chart / "crds").mkdir(parents=True)
    (chart / "templates").mkdir()
    described = {"apiVersion": "v2", "name": "karpenter", "version": "1.14.1"}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(described))
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "karpenter", "annotations": "ANNOTATIONS"},
    }
    text = yaml.safe_dump(account)
    text = text.replace("ANNOTATIONS", "{{ .Values.serviceAccount.annotations | toJson }}")
    (chart / "templates/account.yaml").write_text(text)
    pod = {"containers": [{"name": "controller", "image": "karpenter"}]}
    labels = {"app": "karpenter"}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "karpenter"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }
    (chart / "templates/deployment.yaml").write_text(yaml.safe_dump(deployment))
    (chart / "templates/certificate.yaml").write_text(CERTIFICATE)
    if given := os.environ.get("KARPENTER_CRDS"):
        for path in Path(given).glob("*.yaml"):
            (chart / "crds" / path.name).write_text(path.read_text())
    else:
        kinds = {
            "NodePool": "karpenter.sh",
            "NodeClaim": "karpenter.sh",
            "EC2NodeClass": "karpenter.k8s.aws",
        }
        found = [definition(group, kind) for kind, group in kinds.items()]
        (chart / "crds/all.yaml").write_text(yaml.safe_dump_all(found))
    return chart


@pytest.fixture(scope="module")
def kube(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kube]:
    """The API of a cluster in which volumes can be made."""
    with kube_api.serving(tmp_path_factory.mktemp("kubernetes")) as served:
        kube_api.add_volume_driver(served)
        with repeating(lambda: see_deployments(served)):
            yield served


@contextmanager
def repeating(work: Callable[[], object]) -> Iterator[None]:
    """Do something again and again beside the block."""
    over = threading.Event()

    def loop() -> None:
        while not over.wait(0.3):
            work()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def see_deployments(kube: Kube) -> None:
    """Do what the controller manager does with a Deployment of no pods: say that it was seen."""
    path = "/apis/apps/v1/namespaces/kube-system/deployments"
    for item in kube.get(path)["items"]:
        seen = {"status": {"observedGeneration": item["metadata"]["generation"]}}
        if item.get("status", {}) != seen["status"]:
            kube.client.patch(f"{path}/{item['metadata']['name']}/status", json=seen, headers=MERGE)


class World:
    """An account with the platform's network and nodes, and the cluster's API."""

    def __init__(self, aws: Aws, kube: Kube, folder: Path, log: Path) -> None:
        self.aws, self.kube, self.folder, self.log = aws, kube, folder, log
        self.chart = write_chart(folder)
        ec2, iam, eks = (aws.client(service) for service in ("ec2", "iam", "eks"))

        def tagged(kind: str) -> list[dict[str, Any]]:
            return [{"ResourceType": kind, "Tags": TAG_LIST}]

        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=tagged("vpc"))["Vpc"]
        self.subnet = ec2.create_subnet(
            VpcId=vpc["VpcId"], CidrBlock="10.9.0.0/24", TagSpecifications=tagged("subnet")
        )["Subnet"]["SubnetId"]
        self.group = ec2.create_security_group(
            GroupName=f"{NAME}-eks-nodes",
            Description="nodes",
            VpcId=vpc["VpcId"],
            TagSpecifications=tagged("security-group"),
        )["GroupId"]
        for role in ("eks-nodes", "workload-karpenter"):
            trust = '{"Statement": []}'
            iam.create_role(
                RoleName=f"{NAME}-{role}", AssumeRolePolicyDocument=trust, Tags=ROLE_TAGS
            )
        eks.create_cluster(
            name=NAME,
            version="1.35",
            roleArn="arn:aws:iam::000000000000:role/eks",
            resourcesVpcConfig={"subnetIds": [self.subnet]},
            tags=TAGS,
        )
        eks.create_nodegroup(
            clusterName=NAME,
            nodegroupName="main",
            subnets=[self.subnet],
            nodeRole=f"arn:aws:iam::000000000000:role/{NAME}-eks-nodes",
            amiType="AL2023_x86_64_STANDARD",
        )

    def run(self, *flags: str, **inputs: Any) -> Ran:
        file = local_play(
            self.folder,
            vars_files=[str(ROOT / "group_vars/all.yml")],
            roles=["ragops.platform.cluster_addons"],
        )
        given = {
            "platform_environment": "dev",
            "platform_kubeconfig": str(self.kube.kubeconfig),
            "cluster_addons_karpenter_chart": str(self.chart),
            "cluster_addons_metrics_required": False,
            # Nobody says here where the API server is; test_addons_network.py has the policies.
            "cluster_addons_network_policies": False,
            "cluster_addons_default_deny": False,
            **inputs,
        }
        path = f"{Path(helm_program()).parent}:{os.environ['PATH']}"
        return run_playbook(
            ROOT,
            *(file, "-e", json.dumps(given), "--diff", *flags),
            environment={**self.aws.environment, "PATH": path},
        )

    def changes(self, *flags: str, **inputs: Any) -> int:
        ran = self.run(*flags, **inputs)
        assert ran.returncode == 0, ran.output
        return ran.recap["localhost"]["changed"]

    def plan(self, **inputs: Any) -> int:
        """Changes that check mode foresees; it sends nothing to AWS, nor to Kubernetes."""
        before = self.mutations(), self.versions()
        foreseen = self.changes("--check", **inputs)
        assert (self.mutations(), self.versions()) == before
        return foreseen

    def mutations(self) -> int:
        return self.log.read_text().count('"mutating": true')

    def versions(self) -> list[str]:
        found = []
        for path in (POOLS, CLASSES, CLAIMS, "/api/v1/namespaces/kube-system/secrets"):
            answer = self.kube.client.get(path)
            items = answer.json().get("items", []) if answer.is_success else []
            found += [item["metadata"]["resourceVersion"] for item in items]
        return found

    def queues(self) -> list[str]:
        urls = self.aws.client("sqs").list_queues().get("QueueUrls", [])
        return [url.rsplit("/", 1)[-1] for url in urls]

    def node(self) -> str:
        """A node that Karpenter made: a claim that only the controller can let go, an instance."""
        (instance,) = self.aws.client("ec2").run_instances(
            ImageId="ami-1",
            MinCount=1,
            MaxCount=1,
            TagSpecifications=[
                {
                    "ResourceType": "instance",
                    "Tags": [{"Key": key, "Value": value} for key, value in MARKS.items()],
                }
            ],
        )["Instances"]
        claim = {
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodeClaim",
            "metadata": {"name": "general-abcde", "finalizers": ["karpenter.sh/termination"]},
            "spec": {
                "nodeClassRef": {
                    "group": "karpenter.k8s.aws",
                    "kind": "EC2NodeClass",
                    "name": "platform",
                },
                "requirements": [],
            },
        }
        self.kube.make(CLAIMS, claim)
        return str(instance["InstanceId"])

    @contextmanager
    def controller(self, instance: str) -> Iterator[None]:
        """Do what Karpenter does with a claim that is to go: end the instance, let the claim go."""

        def work() -> None:
            for item in self.kube.get(CLAIMS)["items"]:
                if "deletionTimestamp" in item["metadata"]:
                    self.aws.client("ec2").terminate_instances(InstanceIds=[instance])
                    free = {"metadata": {"finalizers": None}}
                    path = f"{CLAIMS}/{item['metadata']['name']}"
                    self.kube.client.patch(path, json=free, headers=MERGE)

        with repeating(work):
            yield


@pytest.fixture
def world(aws: Aws, kube: Kube, tmp_path: Path, request_log: Path) -> World:
    return World(aws, kube, tmp_path, request_log)


def test_its_life(world: World) -> None:
    """Planned, made, unchanged, drifted, changed, taken out, destroyed."""
    made(world)
    repaired(world)
    taken_out(world)
    destroyed_though_switched_off(world)


def made(world: World) -> None:
    assert world.plan(**ON) > 0
    assert world.changes(**ON) > 0
    assert world.changes(**ON) == 0
    assert world.plan(**ON) == 0
    assert world.queues() == [f"{NAME}-karpenter"]
    spec = world.kube.get(f"{CLASSES}/platform")["spec"]
    assert spec["amiSelectorTerms"] == [{"alias": "al2023@v20261101"}]
    assert spec["instanceProfile"] == f"{NAME}-karpenter-nodes"
    assert spec["subnetSelectorTerms"] == [{"id": world.subnet}]
    assert spec["securityGroupSelectorTerms"] == [{"id": world.group}]
    assert spec["metadataOptions"]["httpTokens"] == "required"
    assert spec["metadataOptions"]["httpPutResponseHopLimit"] == 1
    (disk,) = spec["blockDeviceMappings"]
    assert (disk["ebs"]["volumeType"], disk["ebs"]["encrypted"]) == ("gp3", True)
    assert spec["tags"].items() >= {**TAGS, "Component": "cluster_addons"}.items()
    pool = world.kube.get(f"{POOLS}/general")["spec"]
    wanted = {each["key"]: each["values"] for each in pool["template"]["spec"]["requirements"]}
    assert wanted["karpenter.sh/capacity-type"] == ["on-demand"]
    assert wanted["kubernetes.io/arch"] == ["amd64"]
    assert wanted["karpenter.k8s.aws/instance-generation"] == ["4"]
    assert pool["limits"] == {"cpu": "64", "memory": "256Gi"}
    account = world.kube.get("/api/v1/namespaces/kube-system/serviceaccounts/karpenter")
    role = account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
    assert role.endswith(f"role/{NAME}-workload-karpenter")


def repaired(world: World) -> None:
    changed = {"spec": {"limits": {"cpu": "9999"}}}
    world.kube.client.patch(f"{POOLS}/general", json=changed, headers=MERGE).raise_for_status()
    strategic = {"Content-Type": "application/strategic-merge-patch+json"}
    image = {"containers": [{"name": "controller", "image": "another"}]}
    by_hand = {"spec": {"template": {"spec": image}}}
    path = "/apis/apps/v1/namespaces/kube-system/deployments/karpenter"
    world.kube.client.patch(path, json=by_hand, headers=strategic).raise_for_status()
    assert world.plan(**ON) == 2
    assert world.changes(**ON) == 2
    assert world.kube.get(f"{POOLS}/general")["spec"]["limits"]["cpu"] == "64"
    (container,) = world.kube.get(path)["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "karpenter"
    spot = {
        "name": "spot",
        "limits": {"cpu": "32"},
        "capacity_types": ["spot", "on-demand"],
        "labels": {"ragops.platform/interruptible": "true"},
        "taints": [{"key": "ragops.platform/interruptible", "effect": "NoSchedule"}],
        "instance_families": ["m6i"],
        "weight": 10,
        "budgets": [{"nodes": "0", "schedule": "0 8 * * 1-5", "duration": "10h"}],
        "termination_grace_period": "1h",
    }
    general = {"name": "general", "limits": {"cpu": "64"}}
    assert world.changes(**ON, cluster_addons_karpenter_node_pools=[general, spot]) == 1
    assert world.kube.names(POOLS) == ["general", "spot"]
    # What is taken out of a pool's inputs is taken out of the pool.
    assert world.kube.get(f"{POOLS}/general")["spec"]["limits"] == {"cpu": "64"}
    assert world.changes(**ON) == 2
    assert world.kube.names(POOLS) == ["general"]


def taken_out(world: World) -> None:
    foreign = world.kube.get(f"{POOLS}/general")
    foreign["metadata"] = {"name": "mine"}
    world.kube.make(POOLS, foreign)
    refused = world.run(**OUT)
    assert refused.returncode != 0
    assert "node pools exist that this role did not create: mine" in refused.output
    assert world.kube.names(POOLS) == ["general", "mine"]
    world.kube.client.delete(f"{POOLS}/mine").raise_for_status()

    instance = world.node()
    assert world.plan(**OUT) > 0
    stuck = world.run(**OUT, cluster_addons_karpenter_timeout=5)
    assert stuck.returncode != 0
    assert "NodeClaim general-abcde" in stuck.output
    assert f"instance {instance} (running)" in stuck.output
    # All that the controller needs to end it is there still.
    assert world.queues() == [f"{NAME}-karpenter"]
    assert world.kube.get("/api/v1/namespaces/kube-system/serviceaccounts/karpenter")
    with world.controller(instance):
        assert world.changes(**OUT) > 0
    assert world.kube.names(CLAIMS) == world.kube.names(CLASSES) == world.kube.names(POOLS) == []
    assert world.queues() == []
    assert world.aws.client("events").list_rules()["Rules"] == []
    roles = {role["RoleName"] for role in world.aws.client("iam").list_roles()["Roles"]}
    assert f"{NAME}-workload-karpenter" not in roles
    assert f"{NAME}-eks-nodes" in roles
    assert world.changes(**OUT) == 0


def destroyed_though_switched_off(world: World) -> None:
    world.aws.client("iam").create_role(
        RoleName=f"{NAME}-workload-karpenter",
        AssumeRolePolicyDocument='{"Statement": []}',
        Tags=ROLE_TAGS,
    )
    world.changes(**ON)
    instance = world.node()
    gone = {"cluster_addons_state": "absent", "cluster_addons_autoscaler": "none"}
    assert world.plan(**gone) > 0
    with world.controller(instance):
        world.changes(**gone)
    assert world.kube.names(CLAIMS) == world.kube.names(POOLS) == []
    assert world.queues() == []
    # By a filter: EC2 forgets an ended instance after a while.
    chosen = [{"Name": "instance-id", "Values": [instance]}]
    pages = world.aws.client("ec2").describe_instances(Filters=chosen)["Reservations"]
    states = {each["State"]["Name"] for page in pages for each in page["Instances"]}
    assert states <= {"terminated"}
    assert world.changes(**gone) == 0
