"""What controllers call, asked against their policies with the tags that resources really have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any

import pytest
from support.ansible_runs import local_play, run_playbook
from support.checkout import ROOT
from support.deciding import ACCOUNT, ROOT_KEY, Account, attempt, deciding

pytestmark = pytest.mark.slow


NAME = "ragops-dev"
CONTROLLERS = json.loads((ROOT / "tests/unit/roles/controllers.json").read_text())
"""By role: version, source, and calls that pass and that IAM refuses. {name} in them stands for an
id of the test, or for what a call before gave (keep: name, path in its answer)."""
MINE = {"Project": "ragops", "Environment": "dev", "ManagedBy": "ragops.platform"}
OWNED = {f"kubernetes.io/cluster/{NAME}": "owned", "karpenter.sh/nodepool": "general"}
PLACES = {
    **{"account": ACCOUNT, "region": "us-east-1", "name": NAME},
    **{"project": "ragops", "environment": "dev"},
}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """The platform's network and key, and the roles of its workloads with either autoscaler."""
    folder = tmp_path_factory.mktemp("controllers")
    with deciding(folder) as served:
        environment = {
            **served.aws.environment,
            "AWS_ACCESS_KEY_ID": ROOT_KEY,
            "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
        }
        limit = ["--limit", "network,kms", "-i", "inventories/dev"]
        ran = run_playbook(ROOT, "site.yml", *limit, environment=environment)
        assert ran.returncode == 0, ran.output
        served.client("iam").create_role(
            RoleName=f"{NAME}-eks-nodes",
            AssumeRolePolicyDocument='{"Version": "2012-10-17", "Statement": []}',
        )
        served.client("eks").create_cluster(
            name=NAME,
            version="1.35",
            roleArn=f"arn:aws:iam::{ACCOUNT}:role/{NAME}-eks-nodes",
            resourcesVpcConfig={"subnetIds": subnets(served)},
            tags=MINE,
        )
        for autoscaler in ("cluster_autoscaler", "karpenter"):
            given = {
                "platform_environment": "dev",
                "cluster_addons_load_balancer_controller": True,
                "cluster_addons_external_secrets": True,
                "cluster_addons_autoscaler": autoscaler,
                "workload_identity_withdrawn": [],
            }
            play = local_play(
                folder,
                vars_files=[str(ROOT / "group_vars/all.yml")],
                roles=["ragops.platform.workload_identity"],
            )
            ran = run_playbook(ROOT, play, "-e", json.dumps(given), environment=environment)
            assert ran.returncode == 0, ran.output
            keep(served)
        yield served


KEPT: dict[str, list[dict[str, Any]]] = {"": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def keep(account: Account) -> None:
    """Note the statements of each workload's role."""
    iam = account.client("iam")
    for role in iam.list_roles()["Roles"]:
        name = role["RoleName"]
        if name.startswith(f"{NAME}-workload-"):
            short = name.removeprefix(f"{NAME}-workload-")
            found = iam.get_role_policy(RoleName=name, PolicyName=short)["PolicyDocument"]
            KEPT[short] = found["Statement"]


def subnets(account: Account) -> list[str]:
    found = account.client("ec2").describe_subnets(
        Filters=[{"Name": "tag:Project", "Values": ["ragops"]}]
    )["Subnets"]
    return [str(each["SubnetId"]) for each in found]


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.fixture(scope="module")
def places(account: Account) -> dict[str, str]:
    """Ids of what the platform has, and of another team's."""
    ec2, eks = account.client("ec2"), account.client("eks")
    groups = {
        tag["Value"]: each["GroupId"]
        for each in ec2.describe_security_groups()["SecurityGroups"]
        for tag in each.get("Tags", [])
        if tag["Key"] == "SecurityGroup"
    }
    eks.create_nodegroup(
        clusterName=NAME,
        nodegroupName="main",
        subnets=subnets(account),
        nodeRole=f"arn:aws:iam::{ACCOUNT}:role/{NAME}-eks-nodes",
        scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 2},
    )
    scaling = account.client("autoscaling")
    (group,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    made = ec2.describe_vpcs(Filters=[{"Name": "tag:Project", "Values": ["ragops"]}])["Vpcs"]
    theirs = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    there = ec2.create_subnet(VpcId=theirs, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    other = ec2.create_security_group(GroupName="theirs", Description="theirs", VpcId=theirs)
    balancer = account.client("elbv2").create_load_balancer(Name="theirs", Subnets=[there])
    instances = [
        ec2.run_instances(
            ImageId="ami-1",
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            SubnetId=there,
            TagSpecifications=[{"ResourceType": "instance", "Tags": listed(tags)}],
        )["Instances"][0]["InstanceId"]
        for tags in (OWNED, {"Project": "billing"})
    ]
    for name in (f"{NAME}/database-url", "billing/password"):
        key = f"alias/{NAME}" if name.startswith(NAME) else None
        more = {"KmsKeyId": key} if key else {}
        account.client("secretsmanager").create_secret(Name=name, SecretString="x", **more)
    for purpose in ("embeddings", "documents"):
        account.client("s3").create_bucket(Bucket=f"{NAME}-{purpose}-{ACCOUNT}")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    return {
        **PLACES,
        **groups,
        "node": group["Instances"][0]["InstanceId"],
        "node_of_bound": group["Instances"][1]["InstanceId"],
        "own_node": instances[0],
        "scaling_group": group["AutoScalingGroupName"],
        "subnet": subnets(account)[0],
        "their_balancer": balancer["LoadBalancers"][0]["LoadBalancerArn"],
        "their_group": other["GroupId"],
        "their_instance": instances[1],
        "their_subnet": there,
        "their_volume": volume,
        "vpc": made[0]["VpcId"],
    }


def filled(value: Any, places: Mapping[str, str]) -> Any:
    """A value with the places' names in it."""
    if isinstance(value, dict):
        return {key: filled(inner, places) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, places) for inner in value]
    if isinstance(value, str):
        return re.sub(r"\{(\w+)\}", lambda match: places[match.group(1)], value)
    return value


def step(answer: Any, key: str) -> Any:
    return answer[int(key)] if isinstance(answer, list) else answer[key]


CASES = [
    pytest.param(each, bound, id=f"{each['role'] or 'disks-and-addresses'}{'-bound' * bound}")
    for each in CONTROLLERS
    for bound in (False, True)
    # AWS's own policies are in the place of a role's: what is ours is the boundary.
    if each["role"] or bound
]


@pytest.mark.parametrize(("controller", "bound"), CASES)
def test_a_controller_may_do_what_it_calls_and_nothing_to_others(
    controller: dict[str, Any], bound: bool, account: Account, places: dict[str, str]
) -> None:
    text = (ROOT / "docs/iam/boundary.json").read_text()
    for name, value in PLACES.items():
        text = text.replace(f"<{name}>", value)
    boundary = json.loads(text) if bound else None
    key = account.user(*KEPT[controller["role"]], boundary=boundary)
    # Each run ends a node.
    here = {**places, "node": places["node_of_bound" if bound else "node"]}
    failed = []
    for wanted in ("passes", "refused"):
        for each in controller[wanted]:
            service, method = each["call"].split(".")
            arguments = filled(each.get("with", {}), here)
            said, answer = attempt(account.client(service, *key), method, arguments)
            if bool(said) != (wanted == "refused"):
                failed.append(f"{wanted}: {each['call']} {arguments}: {said}")
            for name, path in each.get("keep", {}).items():
                assert "error" not in answer, (each["call"], answer, failed)
                here[name] = reduce(step, path.split("."), answer)
    assert failed == []


def asked_tags(role: str, kind: str) -> set[tuple[str, str]]:
    """(key, value) of the tags that a policy's conditions ask for: Resource or Request."""
    found = set()
    for statement in KEPT[role]:
        for keys in statement.get("Condition", {}).values():
            for key, value in keys.items():
                head, _, name = key.partition("/")
                if head == f"aws:{kind}Tag":
                    found |= {
                        (name, each) for each in ([value] if isinstance(value, str) else value)
                    }
    return found


def test_somebody_sets_each_tag_that_a_policy_asks_for(
    account: Account, places: dict[str, str]
) -> None:
    """Role network, EKS, or the controller itself, since its policy lets it make nothing without.

    Else the policy allows nothing: the load balancer controller was to open groups by a tag that
    nobody set.
    """
    ec2 = account.client("ec2")
    of_network = {
        (tag["Key"], tag["Value"])
        for each in ec2.describe_security_groups(GroupIds=[places["eks_nodes"]])["SecurityGroups"]
        for tag in each["Tags"]
    }
    (group,) = account.client("autoscaling").describe_auto_scaling_groups(
        AutoScalingGroupNames=[places["scaling_group"]]
    )["AutoScalingGroups"]
    of_eks = {(tag["Key"], tag["Value"]) for tag in group["Tags"]}
    unset = {}
    for role in KEPT:
        by_itself = asked_tags(role, "Request")
        # What only keeps off, as Null does, needs nobody.
        asked = {each for each in asked_tags(role, "Resource") if each[1] not in ("true", "false")}
        if lacking := asked - by_itself - of_network - of_eks:
            unset[role] = sorted(lacking)
    assert unset == {}
