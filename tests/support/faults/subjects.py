"""What is killed and failed: each component's modules, in the order in which its role runs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from support.checkout import ROOT
from support.emulator import Aws

NAME = "ragops-test"
ZONE = "example.com"
TAGS = {"Project": "ragops", "Environment": "test", "ManagedBy": "ragops.platform"}
SERVICE_ROLES = (
    ("eks-cluster", "eks.amazonaws.com", "AmazonEKSClusterPolicy"),
    ("eks-nodes", "ec2.amazonaws.com", "AmazonEKSWorkerNodePolicy"),
)

Result = dict[str, Any]
Runner = Callable[..., Result]
"""Runs one module: (module's name, options) -> its answer. Fails the test when the module fails."""
Ground = dict[str, Any]
"""What the component stands on, made by `Subject.prepare`: ids by name."""


@dataclass(frozen=True)
class Subject:
    """One component. prepare: makes its ground; present, absent: what its role runs."""

    name: str
    present: Callable[[Runner, Ground], None]
    absent: Callable[[Runner, Ground], None]
    prepare: Callable[[Aws], Ground] = lambda _: {}


def defaults(role: str) -> dict[str, Any]:
    """A role's defaults, untemplated."""
    content: dict[str, Any] = yaml.safe_load((ROOT / f"roles/{role}/defaults/main.yml").read_text())
    return content


def single(
    name: str,
    module: str,
    present: dict[str, Any],
    absent: dict[str, Any],
    **more: Any,
) -> Subject:
    """A component of one module; options whose values are callables are asked for the ground."""

    def fill(options: dict[str, Any], ground: Ground) -> dict[str, Any]:
        return {key: v(ground) if callable(v) else v for key, v in options.items()}

    def make(run: Runner, ground: Ground) -> None:
        run(module, {**fill(present, ground), "tags": TAGS, "state": "present"})

    def remove(run: Runner, ground: Ground) -> None:
        run(module, {**fill(absent, ground), "tags": TAGS, "state": "absent"})

    return Subject(name, make, remove, **more)


def private_network(aws: Aws) -> Ground:
    """Two subnets and a security group that are not the platform's."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.40.{n}.0/24", AvailabilityZone=f"us-east-1{z}")
        for n, z in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="stores", Description="x", VpcId=vpc)["GroupId"]
    return {"subnets": [made["Subnet"]["SubnetId"] for made in subnets], "group": group}


def node_role(aws: Aws) -> Ground:
    """The role of the nodes, which is role eks's."""
    iam = aws.client("iam")
    iam.create_role(RoleName="nodes", AssumeRolePolicyDocument=json.dumps(trust("ec2")))
    return {}


def subnets(ground: Ground) -> dict[str, Any]:
    return {"name": NAME, "subnet_ids": ground["subnets"]}


def groups(ground: Ground) -> list[str]:
    return [ground["group"]]


def make_cluster(run: Runner, ground: Ground) -> None:
    """As roles/eks/tasks/present.yml."""
    roles = run(
        "iam_roles",
        {
            "roles": [
                {
                    "name": f"{NAME}-{what}",
                    "trust": trust(service),
                    "managed_policies": [f"arn:aws:iam::aws:policy/{policy}"],
                }
                for what, service, policy in SERVICE_ROLES
            ],
            "tags": TAGS,
        },
    )["roles"]
    run("eks_log_group", {"cluster": NAME, "retention_days": 30, "tags": TAGS})
    cluster = run(
        "eks_cluster",
        {
            "name": NAME,
            "version": "1.35",
            "role_arn": roles[f"{NAME}-eks-cluster"],
            "subnet_ids": ground["subnets"],
            "logging": ["api", "audit"],
            "authentication_mode": "API",
            "deletion_protection": False,
            "tags": TAGS,
        },
    )
    run("iam_oidc_provider", {"url": cluster["oidc_issuer"], "tags": TAGS})
    run("eks_addon", {"cluster": NAME, "addons": [{"name": "vpc-cni", "tags": TAGS}]})
    templates = run(
        "eks_launch_template",
        {
            "cluster": NAME,
            "templates": [{"name": "main"}],
            "security_group_ids": [ground["group"]],
            "tags": TAGS,
        },
    )["launch_templates"]
    group = {
        "name": "main",
        "instance_types": ["t3.medium"],
        "min_size": 2,
        "max_size": 4,
        "desired_size": 2,
        "node_role_arn": roles[f"{NAME}-eks-nodes"],
        "subnet_ids": ground["subnets"],
        "tags": TAGS,
    }
    run(
        "eks_nodegroup",
        {"cluster": NAME, "node_groups": [group], "launch_templates": templates},
    )
    run("eks_addon", {"cluster": NAME, "addons": [{"name": "coredns", "tags": TAGS}]})


def remove_cluster(run: Runner, _: Ground) -> None:
    """As roles/eks/tasks/absent.yml: only what platform_info finds."""
    found = run(
        "platform_info",
        {"project": "ragops", "environment": "test", "components": ["eks", "iam", "logs"]},
    )["resources"]
    eks = found["eks"]
    for module, key, names in (
        ("eks_nodegroup", "node_groups", [group["name"] for group in eks["node_groups"]]),
        ("eks_launch_template", "templates", eks["launch_templates"]),
        ("eks_addon", "addons", eks["addons"]),
    ):
        if names:
            items = [{"name": name} for name in names]
            run(module, {"cluster": NAME, "state": "absent", key: items})
    if eks["name"]:
        run("eks_cluster", {"name": NAME, "state": "absent", "deletion_protection": False})
    for arn in found["iam"]["oidc_provider_arns"]:
        url = "https://" + arn.split(":oidc-provider/", 1)[1]
        run("iam_oidc_provider", {"url": url, "state": "absent"})
    names = [{"name": f"{NAME}-{what}"} for what, _, _ in SERVICE_ROLES]
    run("iam_roles", {"state": "absent", "roles": names, "tags": TAGS})
    run("eks_log_group", {"cluster": NAME, "state": "absent", "watch_seconds": 0})


def trust(service: str) -> dict[str, Any]:
    """A role's trust in one service."""
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def named(aws: Aws) -> Ground:
    """Somebody's hosted zone, and a load balancer that the cluster's controller would make."""
    aws.client("route53").create_hosted_zone(Name=ZONE, CallerReference="faults")
    found = aws.client("ec2").describe_subnets()["Subnets"]  # of the default VPC
    subnets = [each["SubnetId"] for each in found[:2]]
    made = aws.client("elbv2").create_load_balancer(Name="k8s-rag", Subnets=subnets)
    return {"target": made["LoadBalancers"][0]["DNSName"]}


def make_names(run: Runner, ground: Ground) -> None:
    """As role app_rollout does: the certificate, and the record when there is a load balancer."""
    host = {"hosted_zone": ZONE, "tags": TAGS}
    run("acm_certificate", {**host, "domain_name": f"rag.{ZONE}"})
    run("route53_alias", {**host, "name": f"rag.{ZONE}", "target": ground["target"]})


def remove_names(run: Runner, _: Ground) -> None:
    """In reverse."""
    host = {"hosted_zone": ZONE, "tags": TAGS, "state": "absent"}
    run("route53_alias", host)
    run("acm_certificate", host)


BUCKETS = ["ragops-test-documents-{account}", "ragops-test-embeddings-{account}"]
REPOSITORIES = [f"{NAME}/backend", f"{NAME}/frontend"]
GENERATED = [
    {"name": f"{NAME}/redis-auth-token", "generate_length": 64},
    {"name": f"{NAME}/milvus-token", "generate_length": 40},
]
PARAMETERS = {"name": f"{NAME}-postgres15", "parameters": {"rds.force_ssl": "1"}}
CACHE_PARAMETERS = {"name": f"{NAME}-redis7", "parameters": {"maxmemory-policy": "allkeys-lru"}}

SUBJECTS = {
    subject.name: subject
    for subject in (
        single(
            "network",
            "vpc_network",
            {
                "name": NAME,
                "cidr_block": "10.20.0.0/16",
                "availability_zones": ["us-east-1a", "us-east-1b"],
                "nat": "single",
                "security_groups": defaults("network")["network_security_groups"],
            },
            {"name": NAME},
        ),
        single(
            "kms",
            "kms_key",
            {"alias": f"alias/{NAME}", "description": "Data"},
            {"alias": f"alias/{NAME}", "deletion_window": 7},
        ),
        single(
            "ecr",
            "ecr_repositories",
            {"names": REPOSITORIES},
            {"names": REPOSITORIES, "force": True},
        ),
        single(
            "secrets",
            "secretsmanager_secrets",
            {"secrets": GENERATED},
            {"secrets": GENERATED, "recovery_window_days": 0},
        ),
        single("s3", "s3_buckets", {"names": BUCKETS}, {"names": BUCKETS, "destroy_data": True}),
        single(
            "rds",
            "rds_postgres",
            {
                "identifier": NAME,
                "engine_version": "15",
                "subnet_group": subnets,
                "parameter_group": PARAMETERS,
                "security_group_ids": groups,
                "deletion_protection": False,
            },
            {
                "identifier": NAME,
                "subnet_group": {"name": NAME},
                "parameter_group": {"name": PARAMETERS["name"]},
                "deletion_protection": False,
            },
            prepare=private_network,
        ),
        single(
            "elasticache",
            "elasticache_replication_group",
            {
                "replication_group_id": NAME,
                "subnet_group": subnets,
                "security_group_ids": groups,
                "parameter_group": CACHE_PARAMETERS,
                "auth_token": "a-token-of-sixteen-or-more",
            },
            {
                "replication_group_id": NAME,
                "subnet_group": {"name": NAME},
                "parameter_group": {"name": CACHE_PARAMETERS["name"]},
            },
            prepare=private_network,
        ),
        Subject("eks", make_cluster, remove_cluster, private_network),
        single(
            "karpenter",
            "karpenter_resources",
            {"name": NAME, "node_role": "nodes"},
            {"name": NAME},
            prepare=node_role,
        ),
        Subject("names", make_names, remove_names, named),
    )
}
