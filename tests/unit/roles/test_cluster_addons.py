"""Role cluster_addons: what it would install, from where, with which values and roles."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.cluster_addons import ALL, ROLES, make_cluster, play, releases, run, suits
from support.emulator import Aws

DEFINITION = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.org}
"""


def test_an_empty_account_can_be_planned(aws: Aws, tmp_path: Path) -> None:
    chart = tmp_path / "chart"
    (chart / "crds").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: chart\nversion: 1.0.0\n")
    (chart / "crds/things.yaml").write_text(DEFINITION)
    charts = {
        f"cluster_addons_{name}_chart": str(chart)
        for name in ("load_balancer_controller", "external_secrets")
    }
    planned = run(aws, tmp_path, "--check", **ALL, **charts)
    assert planned.returncode == 0, planned.output
    for said in (
        "namespace external-secrets",
        "namespace rag",
        "customresourcedefinition things.example.org",
        "helm release kube-system/aws-load-balancer-controller",
        "helm release external-secrets/external-secrets",
        "helm release kube-system/cluster-autoscaler",
        "helm release kube-system/metrics-server",
    ):
        assert said in planned.output


def test_a_controller_does_not_start_without_its_role(aws: Aws, tmp_path: Path) -> None:
    make_cluster(aws)
    refused = run(aws, tmp_path, **ALL, kube_access_reach_timeout=0)
    assert refused.returncode != 0
    assert "aws-load-balancer-controller, cluster-autoscaler would run without" in refused.output
    assert "--limit workload_identity" in refused.output


def test_roles_that_iams_list_does_not_show_yet_are_known_from_who_made_them(
    aws: Aws, tmp_path: Path
) -> None:
    names = ("load-balancer-controller", "cluster-autoscaler", "secrets")
    arns = {name: f"arn:aws:iam::000000000000:role/{name}" for name in names}
    made = {"name": "workload_identity", "workload_identity_result": {"role_arns": arns}}
    tasks = [
        {"name": "Stand for the host", "ansible.builtin.add_host": made},
        {
            "name": "Run the role",
            "ansible.builtin.include_role": {"name": "ragops.platform.cluster_addons"},
        },
    ]
    make_cluster(aws)
    ran = play(aws, tmp_path, {"tasks": tasks}, **ALL, kube_access_reach_timeout=0)
    assert "would run without an IAM role" not in ran.output
    assert "__cluster_addons_classes" in ran.output, (
        "the next step asks the API, which nobody serves"
    )


def test_production_values_are_complete(aws: Aws, tmp_path: Path) -> None:
    found = releases(aws, tmp_path)
    assert {name: (each["repo"], each["version"]) for name, each in found.items()} == {
        "aws-load-balancer-controller": ("https://aws.github.io/eks-charts", "3.5.0"),
        "external-secrets": ("https://charts.external-secrets.io", "2.9.0"),
        "cluster-autoscaler": ("https://kubernetes.github.io/autoscaler", "9.59.0"),
        "metrics-server": ("https://kubernetes-sigs.github.io/metrics-server", "3.13.1"),
    }
    controller = found["aws-load-balancer-controller"]["values"]
    assert (controller["clusterName"], controller["region"], controller["vpcId"]) == (
        "ragops-dev",
        "us-east-1",
        "vpc-1",
    )
    annotation = {"eks.amazonaws.com/role-arn": ROLES["workload_load_balancer_controller"]}
    assert controller["serviceAccount"]["annotations"] == annotation
    assert controller["defaultTags"]["Environment"] == "dev"
    for name, each in found.items():
        values = each["values"]
        suits(name, values)
        assert (values.get("replicaCount") or values.get("replicas")) == 2
        assert values["resources"]["limits"]["memory"]
        assert values["priorityClassName"] == "system-cluster-critical"
        assert values["podDisruptionBudget"]
        keys = [spread["topologyKey"] for spread in values["topologySpreadConstraints"]]
        assert keys == ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
    # It borrows the token of the application's service account, and has rights where that is only.
    secrets = found["external-secrets"]["values"]
    assert "annotations" not in secrets["serviceAccount"]
    assert (secrets["scopedRBAC"], secrets["scopedNamespace"]) == (True, "rag")
    assert not any(value for key, value in secrets.items() if key.startswith("process"))


@pytest.mark.parametrize("mirror", ["oci://mirror.example/charts", "https://mirror.example/charts"])
def test_everything_can_come_from_a_mirror(aws: Aws, tmp_path: Path, mirror: str) -> None:
    found = releases(
        aws,
        tmp_path,
        cluster_addons_chart_mirror=mirror,
        cluster_addons_image_mirror="mirror.example/images",
        cluster_addons_metrics_server_chart="/srv/charts/metrics-server.tgz",
        platform_workload_identity="pod_identity",
    )
    controller = found["aws-load-balancer-controller"]
    if mirror.startswith("oci"):
        assert (controller["chart"], controller["repo"]) == (
            f"{mirror}/aws-load-balancer-controller",
            "",
        )
    else:
        assert (controller["chart"], controller["repo"]) == ("aws-load-balancer-controller", mirror)
    assert controller["version"] == "3.5.0"
    archive = found["metrics-server"]
    assert (archive["chart"], archive["repo"], archive["version"]) == (
        "/srv/charts/metrics-server.tgz",
        "",
        "",
    )
    for each in found.values():
        assert each["values"]["image"]["repository"].startswith("mirror.example/images/")
    # EKS gives the role to the service account by an association.
    assert controller["values"]["serviceAccount"]["annotations"] == {}


def test_karpenter_runs_on_managed_nodes_by_its_queue_and_role(aws: Aws, tmp_path: Path) -> None:
    found = releases(aws, tmp_path, cluster_addons_autoscaler="karpenter")
    assert "cluster-autoscaler" not in found
    karpenter = found["karpenter"]
    assert (karpenter["chart"], karpenter["repo"], karpenter["version"]) == (
        "oci://public.ecr.aws/karpenter/karpenter",
        "",
        "1.14.1",
    )
    values = karpenter["values"]
    suits("karpenter", values)
    assert values["settings"]["interruptionQueue"] == "ragops-dev-karpenter"
    role = values["serviceAccount"]["annotations"]["eks.amazonaws.com/role-arn"]
    assert role == ROLES["workload_karpenter"]
    required = values["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = required["nodeSelectorTerms"]
    assert {each["key"]: each["operator"] for each in term["matchExpressions"]} == {
        "karpenter.sh/nodepool": "DoesNotExist",
        "eks.amazonaws.com/nodegroup": "Exists",
    }


@pytest.mark.parametrize(
    ("mirror", "chart"),
    [
        ("oci://mirror.example/charts", "oci://mirror.example/charts/karpenter"),
        ("https://mirror.example/charts", "karpenter"),
    ],
)
def test_karpenter_can_come_from_a_mirror(
    aws: Aws, tmp_path: Path, mirror: str, chart: str
) -> None:
    karpenter = releases(
        aws,
        tmp_path,
        cluster_addons_autoscaler="karpenter",
        cluster_addons_chart_mirror=mirror,
        cluster_addons_image_mirror="mirror.example/images",
    )["karpenter"]
    repo = "" if mirror.startswith("oci") else mirror
    assert (karpenter["chart"], karpenter["repo"]) == (chart, repo)
    image = karpenter["values"]["controller"]["image"]
    assert image["repository"] == "mirror.example/images/karpenter/controller"
