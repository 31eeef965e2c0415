"""Role workload_identity: the documents that it renders, its life, what it needs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.ansible_runs import Ran, local_play, run_playbook
from support.authorization_reference import problems
from support.checkout import ROOT
from support.emulator import Aws

NAME = "ragops-dev"
ACCOUNT = "000000000000"
TAGS = {"Project": "ragops", "Environment": "dev", "ManagedBy": "ragops.platform"}
PLATFORM = {key: TAGS[key] for key in ("Project", "Environment")}
PREFIX = f"{NAME}-workload-"
# What the SDK calls and what IAM calls it.
IAM_NAMES = {"head_bucket": "s3:ListBucket"}


@pytest.fixture
def cluster(aws: Aws) -> Aws:
    """An account with the platform's cluster."""
    aws.client("eks").create_cluster(
        name=NAME,
        version="1.35",
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/eks",
        resourcesVpcConfig={"subnetIds": ["subnet-a", "subnet-b"]},
        tags=TAGS,
    )
    return aws


def run(
    aws: Aws,
    folder: Path,
    *flags: str,
    withdrawn: list[dict[str, str]] | None = None,
    **inputs: Any,
) -> Ran:
    """Run the role; with `withdrawn` the part of it that takes these away."""
    withdraw = {
        "tasks": [
            {
                "name": "Take roles away",
                "ansible.builtin.include_role": {
                    "name": "ragops.platform.workload_identity",
                    "tasks_from": "withdraw",
                },
                "vars": {"workload_identity_withdrawn": withdrawn},
            }
        ]
    }
    parts = withdraw if withdrawn else {"roles": ["ragops.platform.workload_identity"]}
    file = local_play(folder, vars_files=[str(ROOT / "group_vars/all.yml")], **parts)
    given = {"platform_environment": "dev", "s3_kms_key_id": "", **inputs}
    arguments = [file, "-e", json.dumps(given), "--diff", *flags]
    return run_playbook(ROOT, *arguments, environment=aws.environment)


def documents(aws: Aws) -> dict[str, dict[str, Any]]:
    """Trust and policy of each workload's role: {role: {trust, name: document}}."""
    iam = aws.client("iam")
    found: dict[str, dict[str, Any]] = {}
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        if not name.startswith(PREFIX):
            continue
        found[name.removeprefix(PREFIX)] = {"trust": role["AssumeRolePolicyDocument"]} | {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        }
    return found


def all_problems(aws: Aws) -> list[str]:
    return [
        f"{role} {name}: {said}"
        for role, found in documents(aws).items()
        for name, document in found.items()
        for said in problems(document)
    ]


def changed(ran: Ran) -> int:
    assert ran.returncode == 0, ran.output
    return ran.recap["localhost"]["changed"]


def test_each_workload_may_do_what_it_calls_and_no_more(cluster: Aws, tmp_path: Path) -> None:
    assert changed(run(cluster, tmp_path)) == 1
    assert all_problems(cluster) == []
    found = documents(cluster)
    assert set(found) == {"backend", "milvus"}
    issuer = (
        cluster.client("eks")
        .describe_cluster(name=NAME)["cluster"]["identity"]["oidc"]["issuer"]
        .removeprefix("https://")
    )
    for role, account in (("backend", "rag:rag-backend"), ("milvus", "milvus:milvus")):
        (trust,) = found[role]["trust"]["Statement"]
        assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert trust["Principal"] == {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}"}
        assert trust["Condition"] == {
            "StringEquals": {
                f"{issuer}:aud": "sts.amazonaws.com",
                f"{issuer}:sub": f"system:serviceaccount:{account}",
            }
        }
    text = json.dumps(found["backend"]["backend"])
    assert f"arn:aws:s3:::{NAME}-documents-{ACCOUNT}" in text
    assert "embeddings" not in text
    assert "kms" not in text
    adapter = (ROOT / "app/backend/src/rag/adapters/s3.py").read_text()
    calls = set(re.findall(r"self\._client\.(\w+)\(", adapter))
    wanted = {IAM_NAMES.get(call, "s3:" + call.title().replace("_", "")) for call in calls}
    granted = set(re.findall(r'"(s3:[A-Za-z]+)"', text))
    assert granted == wanted, "the backend's policy and its calls differ"
    assert changed(run(cluster, tmp_path)) == 0


CONTROLLERS = {
    "cluster_addons_load_balancer_controller": True,
    "cluster_addons_external_secrets": True,
    "cluster_addons_autoscaler": "cluster_autoscaler",
}


def statements(document: dict[str, Any]) -> dict[str, Any]:
    return {each["Sid"]: each for each in document["Statement"]}


def test_controllers_that_are_switched_on_have_roles_bound_to_the_cluster(
    cluster: Aws, tmp_path: Path
) -> None:
    assert changed(run(cluster, tmp_path, **CONTROLLERS, secrets_kms_key_id="")) == 1
    assert all_problems(cluster) == []
    found = documents(cluster)
    names = {"load-balancer-controller", "secrets", "cluster-autoscaler"}
    assert set(found) == {"backend", "milvus", *names}
    subjects = {
        name: next(
            value
            for key, value in found[name]["trust"]["Statement"][0]["Condition"][
                "StringEquals"
            ].items()
            if key.endswith(":sub")
        ).removeprefix("system:serviceaccount:")
        for name in names
    }
    assert subjects == {
        "load-balancer-controller": "kube-system:aws-load-balancer-controller",
        "secrets": "rag:rag-secrets",
        "cluster-autoscaler": "kube-system:cluster-autoscaler",
    }
    reading = ("Describe", "Get", "List")
    for name in ("load-balancer-controller", "cluster-autoscaler"):
        for sid, statement in statements(found[name][name]).items():
            actions = statement["Action"]
            listed = actions if isinstance(actions, list) else [actions]
            reads = all(action.split(":")[1].startswith(reading) for action in listed)
            bound = NAME in json.dumps([statement["Resource"], statement.get("Condition")])
            # What AWS can't limit, what only makes the service's own role, and the VPC.
            other = sid in {"ServiceLinkedRole", "Vpc", "WebAcl", "WebAclOfLoadBalancers"}
            equals = statement.get("Condition", {}).get("StringEquals", {})
            ours = {f"aws:ResourceTag/{key}": value for key, value in PLATFORM.items()}
            assert reads or bound or other or ours.items() <= equals.items(), (name, sid)
    own = statements(found["secrets"]["secrets"])
    about = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{NAME}/"
    assert {each["Action"] for each in own.values()} == {"secretsmanager:GetSecretValue"}
    assert {sid: (each["Effect"], each["Resource"]) for sid, each in own.items()} == {
        "Values": ("Allow", [f"{about}*"]),
        "RootOfMilvus": ("Deny", f"{about}milvus-token-*"),
    }
    # A Milvus of one's own has no other login than that.
    other = {**CONTROLLERS, "milvus_enabled": False}
    assert changed(run(cluster, tmp_path, **other, secrets_kms_key_id="")) == 1
    assert set(statements(documents(cluster)["secrets"]["secrets"])) == {"Values"}
    assert changed(run(cluster, tmp_path, **CONTROLLERS, secrets_kms_key_id="")) == 1
    assert changed(run(cluster, tmp_path, **CONTROLLERS, secrets_kms_key_id="")) == 0
    assert changed(run(cluster, tmp_path)) == 1
    assert set(documents(cluster)) == {"backend", "milvus"}


KARPENTER = {"cluster_addons_autoscaler": "karpenter"}
CHANGING = {
    *("ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:CreateTags"),
    *("ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"),
}
MARK = f"kubernetes.io/cluster/{NAME}"


def test_karpenter_makes_and_ends_nothing_without_the_clusters_tag(
    cluster: Aws, tmp_path: Path
) -> None:
    assert changed(run(cluster, tmp_path, **KARPENTER)) == 1
    assert all_problems(cluster) == []
    found = documents(cluster)["karpenter"]
    equals = found["trust"]["Statement"][0]["Condition"]["StringEquals"]
    assert "system:serviceaccount:kube-system:karpenter" in equals.values()
    policy = statements(found["karpenter"])
    # AWS takes 10240 characters in all inline policies of a role.
    assert len(json.dumps(found["karpenter"], separators=(",", ":"))) < 10240
    actions = {
        sid: {each["Action"]} if isinstance(each["Action"], str) else set(each["Action"])
        for sid, each in policy.items()
    }
    changing = {sid for sid, named in actions.items() if named & CHANGING}
    assert changing >= {"NewNodes", "TagNew", "NameOwn", "EndOwn", "OwnTemplates"}
    # What others gave: images of AWS, and the platform's network.
    for sid in changing - {"Images", "OwnNetwork"}:
        condition = policy[sid]["Condition"]
        kind = "RequestTag" if sid in ("NewNodes", "TagNew") else "ResourceTag"
        assert condition["StringEquals"][f"aws:{kind}/{MARK}"] == "owned", sid
        assert condition["StringLike"] == {f"aws:{kind}/karpenter.sh/nodepool": "*"}, sid
    assert policy["OwnNetwork"]["Condition"] == {
        "StringEquals": {f"aws:ResourceTag/{key}": value for key, value in PLATFORM.items()}
    }
    assert policy["NodeRole"]["Resource"] == f"arn:aws:iam::{ACCOUNT}:role/{NAME}-eks-nodes"
    # Before a node class goes, Karpenter looks for a profile that it might have made for it.
    profiles = f"arn:aws:iam::{ACCOUNT}:instance-profile/{NAME}"
    assert policy["LookAtProfile"]["Resource"] == [f"{profiles}-karpenter-nodes", f"{profiles}_*"]
    assert policy["Warnings"]["Resource"] == f"arn:aws:sqs:us-east-1:{ACCOUNT}:{NAME}-karpenter"
    granted = set().union(*actions.values())
    # It starts nodes by a profile that it neither makes nor changes.
    assert {each for each in granted if each.startswith("iam:")} == {
        *("iam:CreateServiceLinkedRole", "iam:GetInstanceProfile"),
        *("iam:ListInstanceProfiles", "iam:PassRole"),
    }
    assert not any(each.startswith("kms:") for each in granted)
    assert changed(run(cluster, tmp_path, **KARPENTER)) == 0


@pytest.mark.parametrize("given", ["eks_node_volume_kms_key_arn", "kms_key_arn"])
def test_karpenter_may_use_the_key_of_its_nodes_disks_through_ec2(
    cluster: Aws, tmp_path: Path, given: str
) -> None:
    key = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    inputs = (
        {given: key}
        if given.startswith("eks")
        else {"cluster_addons_karpenter_node_class": {given: key}}
    )
    assert changed(run(cluster, tmp_path, **KARPENTER, **inputs)) == 1
    assert all_problems(cluster) == []
    policy = statements(documents(cluster)["karpenter"]["karpenter"])
    for sid in ("Disks", "GrantDisks"):
        assert policy[sid]["Resource"] == key
        through = policy[sid]["Condition"]["StringEquals"]["kms:ViaService"]
        assert through == "ec2.us-east-1.amazonaws.com"
    assert policy["GrantDisks"]["Condition"]["Bool"] == {"kms:GrantIsForAWSResource": "true"}


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["irsa", "pod_identity"])
def test_karpenter_keeps_its_role_until_it_is_gone(cluster: Aws, tmp_path: Path, mode: str) -> None:
    """Without it nobody could end its nodes; the switch alone takes nothing out of a cluster."""
    pods = {"platform_workload_identity": mode}
    run(cluster, tmp_path, **KARPENTER, **pods)
    assert changed(run(cluster, tmp_path, **pods)) == 0
    assert set(documents(cluster)) == {"backend", "milvus", "karpenter"}
    gone = {"name": "karpenter", "namespace": "kube-system", "service_account": "karpenter"}
    for times in (2 if mode == "pod_identity" else 1, 0):
        foreseen = run(cluster, tmp_path, "--check", withdrawn=[gone], **pods)
        assert changed(foreseen) == times
        assert changed(run(cluster, tmp_path, withdrawn=[gone], **pods)) == times
    assert set(documents(cluster)) == {"backend", "milvus"}
    listed = cluster.client("eks").list_pod_identity_associations(clusterName=NAME)["associations"]
    assert "karpenter" not in {each["serviceAccount"] for each in listed}


def test_with_pod_identity_the_operator_itself_reads_the_secrets(
    cluster: Aws, tmp_path: Path
) -> None:
    switched = {"cluster_addons_external_secrets": True, "secrets_kms_key_id": ""}
    ran = run(cluster, tmp_path, platform_workload_identity="pod_identity", **switched)
    assert ran.returncode == 0, ran.output
    (trust,) = documents(cluster)["secrets"]["trust"]["Statement"]
    equals = trust["Condition"]["StringEquals"]
    assert equals["aws:RequestTag/kubernetes-namespace"] == "external-secrets"
    assert equals["aws:RequestTag/kubernetes-service-account"] == "external-secrets"


def test_the_key_of_the_buckets_is_used_through_s3_only(cluster: Aws, tmp_path: Path) -> None:
    kms = cluster.client("kms")
    tags = [{"TagKey": key, "TagValue": value} for key, value in TAGS.items()]
    key = kms.create_key(Tags=tags)["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{NAME}", TargetKeyId=key["KeyId"])
    assert changed(run(cluster, tmp_path, s3_kms_key_id=f"alias/{NAME}")) == 1
    assert all_problems(cluster) == []
    actions = ["kms:Decrypt", "kms:GenerateDataKey"]
    for role in ("backend", "milvus"):
        (statement,) = (
            each
            for each in documents(cluster)[role][role]["Statement"]
            if each["Sid"] == "Encryption"
        )
        assert (statement["Action"], statement["Resource"]) == (actions, key["Arn"])
        assert statement["Condition"] == {
            "StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}
        }
    refused = run(cluster, tmp_path, s3_kms_key_id="alias/other")
    assert refused.returncode != 0
    assert "alias/other, which is neither a key's ARN" in refused.output


def test_an_empty_account_can_be_planned(aws: Aws, tmp_path: Path, request_log: Path) -> None:
    before = request_log.read_text().count('"mutating": true')
    planned = run(aws, tmp_path, "--check", s3_kms_key_id=f"alias/{NAME}")
    assert changed(planned) == 1
    assert f"IAM role {PREFIX}backend" in planned.output
    assert "oidc-provider/(known after creation)" in planned.output
    assert request_log.read_text().count('"mutating": true') == before
    refused = run(aws, tmp_path)
    assert refused.returncode != 0
    assert "Run the component eks first" in refused.output
    assert documents(aws) == {}


@pytest.mark.slow
def test_roles_live_and_go_with_their_workloads(cluster: Aws, tmp_path: Path) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sqs:SendMessage",
                "Resource": "arn:{partition}:sqs:us-east-1:{account}:jobs",
            }
        ],
    }
    own = {
        "name": "jobs",
        "namespace": "rag",
        "service_account": "jobs",
        "policies": {"q": document},
    }
    bounded = {
        "workload_identity_path": "/ragops/",
        "workload_identity_permissions_boundary": "arn:aws:iam::aws:policy/PowerUserAccess",
    }
    assert changed(run(cluster, tmp_path, workload_identity_extra=[own], **bounded)) == 1
    assert set(documents(cluster)) == {"backend", "milvus", "jobs"}
    assert all_problems(cluster) == []
    role = cluster.client("iam").get_role(RoleName=PREFIX + "jobs")["Role"]
    assert role["Path"] == "/ragops/"
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"].endswith("/PowerUserAccess")
    assert changed(run(cluster, tmp_path, **bounded)) == 1
    assert set(documents(cluster)) == {"backend", "milvus"}
    assert changed(run(cluster, tmp_path, workload_identity_state="absent")) == 1
    assert documents(cluster) == {}
    assert changed(run(cluster, tmp_path, workload_identity_state="absent")) == 0


@pytest.mark.slow
def test_pod_identity_takes_the_place_of_irsa(cluster: Aws, tmp_path: Path) -> None:
    pods = {"platform_workload_identity": "pod_identity"}
    assert changed(run(cluster, tmp_path, **pods)) == 2
    assert all_problems(cluster) == []
    (trust,) = documents(cluster)["backend"]["trust"]["Statement"]
    assert trust["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    equals = trust["Condition"]["StringEquals"]
    assert equals["aws:RequestTag/kubernetes-service-account"] == "rag-backend"
    eks = cluster.client("eks")
    associated = eks.list_pod_identity_associations(clusterName=NAME)["associations"]
    assert {each["serviceAccount"] for each in associated} == {"rag-backend", "milvus"}
    assert changed(run(cluster, tmp_path, workload_identity_state="absent", **pods)) == 2
    assert eks.list_pod_identity_associations(clusterName=NAME)["associations"] == []
