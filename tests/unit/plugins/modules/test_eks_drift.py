"""Drift of everything that belongs to a cluster: named before it is repaired, and repaired once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.emulator import Aws
from support.lifecycle import TAGS, Life, World

NAME = "ragops-test"
KEY = "arn:aws:kms:us-east-1:000000000000:key/1"
ROLE = "arn:aws:iam::000000000000:role/ragops-test-"
WHO = "arn:aws:iam::000000000000:role/engineers"
OTHER = "arn:aws:iam::000000000000:role/somebody"
POLICIES = "arn:aws:eks::aws:cluster-access-policy/"
ISSUER = "https://oidc.eks.us-east-1.amazonaws.com/id/ABC"
THUMBPRINT = "a" * 40
LOGS = {"logGroupName": f"/aws/eks/{NAME}/cluster"}
GROUP = {"clusterName": NAME, "nodegroupName": "main"}
ENTRY = {"clusterName": NAME, "principalArn": WHO}

Change = Callable[[Aws], object]

MODULES: dict[str, dict[str, Any]] = {
    "eks_log_group": {"cluster": NAME, "kms_key_arn": KEY, "tags": TAGS},
    "eks_cluster": {
        "name": NAME,
        "version": "1.35",
        "role_arn": f"{ROLE}eks-cluster",
        "subnet_ids": ["subnet-a", "subnet-b"],
        "security_group_ids": ["sg-1"],
        "encryption_key_arn": KEY,
        "deletion_protection": True,
        "upgrade_policy": "EXTENDED",
        "tags": TAGS,
    },
    "iam_oidc_provider": {"url": ISSUER, "thumbprints": [THUMBPRINT], "tags": TAGS},
    "eks_access_entry": {
        "cluster": NAME,
        "purge": True,
        "entries": [
            {
                "principal_arn": WHO,
                "kubernetes_groups": ["readers"],
                "policies": [{"policy_arn": "AmazonEKSEditPolicy", "namespaces": ["rag"]}],
                "tags": TAGS,
            }
        ],
    },
    "eks_addon": {
        "cluster": NAME,
        "service_account_role_arns": {"vpc-cni": f"{ROLE}eks-vpc-cni"},
        "addons": [
            {"name": "vpc-cni", "configuration": {"enableNetworkPolicy": "true"}, "tags": TAGS},
            {"name": "kube-proxy", "version": "v1.35.3-eksbuild.2", "tags": TAGS},
            {"name": "coredns", "tags": TAGS},
        ],
    },
    "eks_launch_template": {
        "cluster": NAME,
        "templates": [{"name": "main"}],
        "security_group_ids": ["sg-own", "sg-nodes"],
        "tags": TAGS,
    },
    "eks_nodegroup": {
        "cluster": NAME,
        "node_groups": [
            {
                "name": "main",
                "node_role_arn": f"{ROLE}eks-nodes",
                "subnet_ids": ["subnet-a", "subnet-b"],
                "instance_types": ["t3.medium", "t3a.medium"],
                "max_unavailable_percentage": 33,
                "node_repair": True,
                "version": "1.35",
                "labels": {"kept": "1"},
                "tags": TAGS,
            }
        ],
    },
}


@pytest.fixture(scope="module")
def platform(modules_world: World) -> World:
    """A cluster with all that belongs to it; each test leaves it as it was."""
    modules_world.aws.reset()
    for module, options in MODULES.items():
        result = modules_world.run(module, {**options, "state": "present"})
        if module == "eks_launch_template":
            MODULES["eks_nodegroup"]["launch_templates"] = result["launch_templates"]
    return modules_world


def differences(before: Any, after: Any, path: str = "") -> list[str]:
    """The paths at which two nested values differ, sorted."""
    if before == after:
        return []
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return [path]
    return sorted(
        found
        for key in {**before, **after}
        for found in differences(before.get(key), after.get(key), f"{path}.{key}".lstrip("."))
    )


def eks(method: str, **arguments: Any) -> Change:
    return lambda aws: getattr(aws.client("eks"), method)(**arguments)


def configure(**arguments: Any) -> Change:
    return eks("update_cluster_config", name=NAME, **arguments)


def logs(method: str, **arguments: Any) -> Change:
    return lambda aws: getattr(aws.client("logs"), method)(**arguments)


def oidc(method: str, **arguments: Any) -> Change:
    arn = f"arn:aws:iam::000000000000:oidc-provider/{ISSUER.removeprefix('https://')}"
    return lambda aws: getattr(aws.client("iam"), method)(OpenIDConnectProviderArn=arn, **arguments)


def untag(describe: str, key: str, arn: str, **which: str) -> Change:
    """Take the tag Environment off something of EKS."""

    def change(aws: Aws) -> None:
        client = aws.client("eks")
        found = getattr(client, describe)(**which)[key]
        client.untag_resource(resourceArn=found[arn], tagKeys=["Environment"])

    return change


def template(**data: Any) -> Change:
    """Somebody's version of the launch template."""

    def change(aws: Aws) -> None:
        ec2 = aws.client("ec2")
        which = {"LaunchTemplateName": f"{NAME}-main"}
        answer = ec2.describe_launch_template_versions(**which, Versions=["$Latest"])
        latest = answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]
        latest["MetadataOptions"].pop("State", None)  # reported, not taken
        ec2.create_launch_template_version(**which, LaunchTemplateData={**latest, **data})

    return change


def untag_template(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    (found,) = ec2.describe_launch_templates()["LaunchTemplates"]
    ec2.delete_tags(Resources=[found["LaunchTemplateId"]], Tags=[{"Key": "Environment"}])


def exchange_policy(aws: Aws) -> None:
    client = aws.client("eks")
    arn = f"{POLICIES}AmazonEKSEditPolicy"
    client.disassociate_access_policy(**ENTRY, policyArn=arn)
    client.associate_access_policy(
        **ENTRY, policyArn=f"{POLICIES}AmazonEKSAdminPolicy", accessScope={"type": "cluster"}
    )


def add_administrator(aws: Aws) -> None:
    client = aws.client("eks")
    which = {"clusterName": NAME, "principalArn": OTHER}
    client.create_access_entry(**which)
    arn = f"{POLICIES}AmazonEKSClusterAdminPolicy"
    client.associate_access_policy(**which, policyArn=arn, accessScope={"type": "cluster"})


ON = {"types": ["audit", "scheduler"], "enabled": False}
PUBLIC = {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}
CNI = {"clusterName": NAME, "addonName": "vpc-cni"}
PROXY = {"clusterName": NAME, "addonName": "kube-proxy"}
TAINT = {"key": "hers", "value": "1", "effect": "NO_SCHEDULE"}
CLUSTER = f"EKS cluster {NAME}"
LABEL = f"log group /aws/eks/{NAME}/cluster"
LT = f"launch template {NAME}-main"

DRIFTS: dict[str, tuple[str, Change, list[str]]] = {
    "two log types off": (
        "eks_cluster",
        configure(logging={"clusterLogging": [ON]}),
        [f"{CLUSTER}.logging"],
    ),
    "public endpoint opened": (
        "eks_cluster",
        configure(resourcesVpcConfig=PUBLIC),
        [f"{CLUSTER}.endpoint_public_access"],
    ),
    "private endpoint closed": (
        "eks_cluster",
        configure(resourcesVpcConfig={"endpointPrivateAccess": False}),
        [f"{CLUSTER}.endpoint_private_access"],
    ),
    "security group of the control plane taken away": (
        "eks_cluster",
        configure(resourcesVpcConfig={"securityGroupIds": []}),
        [f"{CLUSTER}.security_group_ids"],
    ),
    "deletion protection off": (
        "eks_cluster",
        configure(deletionProtection=False),
        [f"{CLUSTER}.deletion_protection"],
    ),
    "upgrade policy changed": (
        "eks_cluster",
        configure(upgradePolicy={"supportType": "STANDARD"}),
        [f"{CLUSTER}.upgrade_policy"],
    ),
    "tag of the cluster removed": (
        "eks_cluster",
        untag("describe_cluster", "cluster", "arn", name=NAME),
        [f"{CLUSTER}.tags.Environment"],
    ),
    "logs kept for a week": (
        "eks_log_group",
        logs("put_retention_policy", **LOGS, retentionInDays=7),
        [f"{LABEL}.retention_days"],
    ),
    "logs kept for ever": (
        "eks_log_group",
        logs("delete_retention_policy", **LOGS),
        [f"{LABEL}.retention_days"],
    ),
    "key of the logs taken away": (
        "eks_log_group",
        logs("disassociate_kms_key", **LOGS),
        [f"{LABEL}.kms_key_arn"],
    ),
    "tag of the log group removed": (
        "eks_log_group",
        logs("untag_log_group", **LOGS, tags=["Environment"]),
        [f"{LABEL}.tags.Environment"],
    ),
    "log group deleted": ("eks_log_group", logs("delete_log_group", **LOGS), [LABEL]),
    "policy of an access entry exchanged": (
        "eks_access_entry",
        exchange_policy,
        [f"{WHO}.policies"],
    ),
    "policy widened to the whole cluster": (
        "eks_access_entry",
        eks(
            "associate_access_policy",
            **ENTRY,
            policyArn=f"{POLICIES}AmazonEKSEditPolicy",
            accessScope={"type": "cluster"},
        ),
        [f"{WHO}.policies"],
    ),
    "access entry given masters": (
        "eks_access_entry",
        eks("update_access_entry", **ENTRY, kubernetesGroups=["readers", "system:masters"]),
        [f"{WHO}.kubernetes_groups"],
    ),
    "tag of an access entry removed": (
        "eks_access_entry",
        untag("describe_access_entry", "accessEntry", "accessEntryArn", **ENTRY),
        [f"{WHO}.tags.Environment"],
    ),
    "access entry deleted": ("eks_access_entry", eks("delete_access_entry", **ENTRY), [WHO]),
    "somebody made administrator": ("eks_access_entry", add_administrator, [OTHER]),
    "network policies switched off": (
        "eks_addon",
        eks("update_addon", **CNI, configurationValues='{"enableNetworkPolicy": "false"}'),
        ["vpc-cni.configuration.enableNetworkPolicy"],
    ),
    "setting added to an add-on": (
        "eks_addon",
        eks("update_addon", clusterName=NAME, addonName="coredns", configurationValues='{"a": 1}'),
        ["coredns.configuration.a"],
    ),
    "role of an add-on exchanged": (
        "eks_addon",
        eks("update_addon", **CNI, serviceAccountRoleArn=f"{ROLE}admin"),
        ["vpc-cni.service_account_role_arn"],
    ),
    "pinned add-on at another version": (
        "eks_addon",
        eks("update_addon", **PROXY, addonVersion="v1.34.6-eksbuild.2"),
        ["kube-proxy.version"],
    ),
    "add-on deleted": (
        "eks_addon",
        eks("delete_addon", clusterName=NAME, addonName="coredns"),
        ["coredns"],
    ),
    "tag of an add-on removed": (
        "eks_addon",
        untag("describe_addon", "addon", "addonArn", **CNI),
        ["vpc-cni.tags.Environment"],
    ),
    "greatest number of nodes raised": (
        "eks_nodegroup",
        eks(
            "update_nodegroup_config",
            **GROUP,
            scalingConfig={"minSize": 2, "maxSize": 40, "desiredSize": 2},
        ),
        ["main.max_size"],
    ),
    "label and taint added": (
        "eks_nodegroup",
        eks(
            "update_nodegroup_config",
            **GROUP,
            labels={"addOrUpdateLabels": {"hers": "1"}},
            taints={"addOrUpdateTaints": [TAINT]},
        ),
        ["main.labels.hers", "main.taints"],
    ),
    "label removed": (
        "eks_nodegroup",
        eks("update_nodegroup_config", **GROUP, labels={"removeLabels": ["kept"]}),
        ["main.labels.kept"],
    ),
    "node repair off": (
        "eks_nodegroup",
        eks("update_nodegroup_config", **GROUP, nodeRepairConfig={"enabled": False}),
        ["main.node_repair"],
    ),
    "all nodes updated at once": (
        "eks_nodegroup",
        eks("update_nodegroup_config", **GROUP, updateConfig={"maxUnavailable": 4}),
        ["main.max_unavailable", "main.max_unavailable_percentage"],
    ),
    "tag of a node group removed": (
        "eks_nodegroup",
        untag("describe_nodegroup", "nodegroup", "nodegroupArn", **GROUP),
        ["main.tags.Environment"],
    ),
    "node group deleted": ("eks_nodegroup", eks("delete_nodegroup", **GROUP), ["main"]),
    "nodes open to IMDSv1": (
        "eks_launch_template",
        template(MetadataOptions={"HttpTokens": "optional", "HttpPutResponseHopLimit": 2}),
        [f"{LT}.metadata.hop_limit", f"{LT}.metadata.tokens"],
    ),
    "start script and key pair in the template": (
        "eks_launch_template",
        template(UserData="IyEvYmluL3No", KeyName="hers"),
        [f"{LT}.others"],
    ),
    "group of the data stores not on the nodes": (
        "eks_launch_template",
        template(SecurityGroupIds=["sg-own"]),
        [f"{LT}.security_group_ids"],
    ),
    "tag of the template removed": (
        "eks_launch_template",
        untag_template,
        [f"{LT}.tags.Environment"],
    ),
    "audience added": (
        "iam_oidc_provider",
        oidc("add_client_id_to_open_id_connect_provider", ClientID="anybody"),
        ["OIDC provider.client_ids"],
    ),
    "audience removed": (
        "iam_oidc_provider",
        oidc("remove_client_id_from_open_id_connect_provider", ClientID="sts.amazonaws.com"),
        ["OIDC provider.client_ids"],
    ),
    "thumbprint replaced": (
        "iam_oidc_provider",
        oidc("update_open_id_connect_provider_thumbprint", ThumbprintList=["b" * 40]),
        ["OIDC provider.thumbprints"],
    ),
    "tag of the provider removed": (
        "iam_oidc_provider",
        oidc("untag_open_id_connect_provider", TagKeys=["Environment"]),
        ["OIDC provider.tags.Environment"],
    ),
    "provider deleted": (
        "iam_oidc_provider",
        oidc("delete_open_id_connect_provider"),
        ["OIDC provider"],
    ),
}


@pytest.mark.parametrize("name", DRIFTS)
def test_drift_is_named_and_repaired(platform: World, name: str) -> None:
    module, change, named = DRIFTS[name]
    change(platform.aws)
    options = {**MODULES[module], "state": "present"}
    if module == "eks_launch_template":  # nodes are rolled to the repaired version afterwards
        options.pop("state")
    life = Life(platform, module, options)
    quiet = platform.mutations()
    foreseen = platform.run(module, options, check=True)
    assert platform.mutations() == quiet, "check mode sent mutating calls"
    assert differences(foreseen["diff"]["before"], foreseen["diff"]["after"]) == named
    done = life.settles()
    assert differences(done["diff"]["before"], done["diff"]["after"]) == named


def test_the_number_of_nodes_is_the_autoscalers(platform: World) -> None:
    """No drift, though it differs from the desired size of the inputs."""
    platform.aws.client("eks").update_nodegroup_config(
        **GROUP, scalingConfig={"minSize": 2, "maxSize": 4, "desiredSize": 3}
    )
    Life(platform, "eks_nodegroup", MODULES["eks_nodegroup"]).rests()


def test_entries_of_aws_itself_are_left_alone(platform: World) -> None:
    eks_ = platform.aws.client("eks")
    service = f"{ROLE.removesuffix('ragops-test-')}aws-service-role/eks.amazonaws.com/Insights"
    eks_.create_access_entry(clusterName=NAME, principalArn=service)
    node = f"{ROLE}eks-nodes"
    eks_.create_access_entry(clusterName=NAME, principalArn=node, type="EC2_LINUX")
    Life(platform, "eks_access_entry", MODULES["eks_access_entry"]).rests()
    listed = eks_.list_access_entries(clusterName=NAME)["accessEntries"]
    assert sorted(listed) == sorted([WHO, service, node])
