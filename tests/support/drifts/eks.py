"""What somebody may change by hand of a cluster and all that belongs to it, by module."""

from __future__ import annotations

from typing import Any

from support.drifts import NAME, WHOLE, Drift, Make, call, filled
from support.emulator import Aws

OPERATORS = "arn:aws:iam::000000000000:role/operators"
OTHER = "arn:aws:iam::000000000000:role/somebody"
POLICIES = "arn:aws:eks::aws:cluster-access-policy/"
ISSUER = "https://oidc.eks.us-east-1.amazonaws.com/id/ABC"

CLUSTER = f"EKS cluster {NAME}"
TEMPLATE = f"launch template {NAME}-main"
PROVIDER = "OIDC provider"
MEMBER = {"clusterName": NAME}
ENTRY = {**MEMBER, "principalArn": OPERATORS}
NODES = {**MEMBER, "nodegroupName": "main"}


def eks(what: str, resource: str, fields: list[str], operation: str, **arguments: Any) -> Drift:
    return Drift(what, call("eks", operation, **arguments), {resource: fields})


def cluster(what: str, field: str, **arguments: Any) -> Drift:
    return eks(what, CLUSTER, [field], "update_cluster_config", name=NAME, **arguments)


def entry(what: str, fields: list[str], operation: str, **arguments: Any) -> Drift:
    return eks(what, OPERATORS, fields, operation, **ENTRY, **arguments)


def addon(what: str, which: str, field: str, **arguments: Any) -> Drift:
    return eks(what, which, [field], "update_addon", **MEMBER, addonName=which, **arguments)


def nodes(what: str, *fields: str, **arguments: Any) -> Drift:
    return eks(what, "main", list(fields), "update_nodegroup_config", **NODES, **arguments)


def provider(what: str, fields: list[str], operation: str, **arguments: Any) -> Drift:
    arn = f"arn:aws:iam::000000000000:oidc-provider/{ISSUER.removeprefix('https://')}"
    make = call("iam", operation, OpenIDConnectProviderArn=arn, **arguments)
    return Drift(what, make, {PROVIDER: fields})


def untagged(what: str, resource: str, kind: str, **which: str) -> Drift:
    """The tag Environment taken off what describe_<kind> tells of."""
    key = "accessEntry" if kind == "access_entry" else kind
    arn = "arn" if kind == "cluster" else f"{key}Arn"

    def make(aws: Aws, name: str) -> None:
        client = aws.client("eks")
        answer = getattr(client, f"describe_{kind}")(**filled(which, name))
        client.untag_resource(resourceArn=answer[key][arn], tagKeys=["Environment"])

    return Drift(what, make, {resource: ["tags.Environment"]})


def template(what: str, *fields: str, **data: Any) -> Drift:
    """Somebody's version of the launch template."""

    def make(aws: Aws, name: str) -> None:
        ec2 = aws.client("ec2")
        which = {"LaunchTemplateName": f"{name}-main"}
        answer = ec2.describe_launch_template_versions(**which, Versions=["$Latest"])
        latest = answer["LaunchTemplateVersions"][0]["LaunchTemplateData"]
        latest["MetadataOptions"].pop("State", None)  # reported, not taken
        ec2.create_launch_template_version(**which, LaunchTemplateData={**latest, **data})

    return Drift(what, make, {TEMPLATE: list(fields)})


def untag_template(aws: Aws, name: str) -> None:
    ec2 = aws.client("ec2")
    found = ec2.describe_launch_templates(LaunchTemplateNames=[f"{name}-main"])["LaunchTemplates"]
    ec2.delete_tags(Resources=[found[0]["LaunchTemplateId"]], Tags=[{"Key": "Environment"}])


def exchange_policy(aws: Aws, name: str) -> None:
    call("eks", "disassociate_access_policy", **ENTRY, policyArn=EDIT)(aws, name)
    associate(OPERATORS, "AmazonEKSAdminPolicy")(aws, name)


def add_administrator(aws: Aws, name: str) -> None:
    call("eks", "create_access_entry", **MEMBER, principalArn=OTHER)(aws, name)
    associate(OTHER, "AmazonEKSClusterAdminPolicy")(aws, name)


def associate(principal: str, policy: str) -> Make:
    which = {**MEMBER, "principalArn": principal, "policyArn": f"{POLICIES}{policy}"}
    return call("eks", "associate_access_policy", **which, accessScope={"type": "cluster"})


def raise_maximum(aws: Aws, name: str) -> None:
    client, which = aws.client("eks"), {"clusterName": name, "nodegroupName": "main"}
    scaling = client.describe_nodegroup(**which)["nodegroup"]["scalingConfig"]
    client.update_nodegroup_config(**which, scalingConfig={**scaling, "maxSize": 50})


EDIT = f"{POLICIES}AmazonEKSEditPolicy"
ADD_CLIENT = "add_client_id_to_open_id_connect_provider"
REMOVE_CLIENT = "remove_client_id_from_open_id_connect_provider"
REPLACE_PRINT = "update_open_id_connect_provider_thumbprint"
UNTAG_PROVIDER = "untag_open_id_connect_provider"
STANDARD = {"supportType": "STANDARD"}
OFF = {"types": ["audit", "scheduler"], "enabled": False}
OPEN = {"endpointPublicAccess": True, "publicAccessCidrs": ["0.0.0.0/0"]}
TAINT = {"key": "hers", "value": "1", "effect": "NO_SCHEDULE"}
ADMIN = f"arn:aws:iam::000000000000:role/{NAME}-admin"
MASTERS = ["readers", "system:masters"]
OLD_METADATA = {"HttpTokens": "optional", "HttpPutResponseHopLimit": 2}

DRIFTS = {
    "eks_cluster": [
        cluster("two log types off", "logging", logging={"clusterLogging": [OFF]}),
        cluster("public endpoint opened", "endpoint_public_access", resourcesVpcConfig=OPEN),
        cluster(
            *("private endpoint closed", "endpoint_private_access"),
            resourcesVpcConfig={"endpointPrivateAccess": False},
        ),
        cluster(
            *("security group of the control plane taken away", "security_group_ids"),
            resourcesVpcConfig={"securityGroupIds": []},
        ),
        cluster("cluster unprotected", "deletion_protection", deletionProtection=False),
        cluster("upgrade policy changed", "upgrade_policy", upgradePolicy=STANDARD),
        untagged("tag of the cluster removed", CLUSTER, "cluster", name=NAME),
    ],
    "eks_access_entry": [
        Drift("policy of an access entry exchanged", exchange_policy, {OPERATORS: ["policies"]}),
        Drift(
            *("policy widened to the whole cluster", associate(OPERATORS, "AmazonEKSEditPolicy")),
            {OPERATORS: ["policies"]},
        ),
        entry(
            *("access entry given masters", ["kubernetes_groups"], "update_access_entry"),
            kubernetesGroups=MASTERS,
        ),
        untagged("tag of an access entry removed", OPERATORS, "access_entry", **ENTRY),
        entry("access entry deleted", WHOLE, "delete_access_entry"),
        Drift("somebody made administrator", add_administrator, {OTHER: WHOLE}),
    ],
    "eks_addon": [
        addon(
            *("network policies switched off", "vpc-cni", "configuration.enableNetworkPolicy"),
            configurationValues='{"enableNetworkPolicy": "false"}',
        ),
        addon(
            *("setting added to an add-on", "coredns", "configuration.a"),
            configurationValues='{"a": 1}',
        ),
        addon(
            *("role of an add-on exchanged", "vpc-cni", "service_account_role_arn"),
            serviceAccountRoleArn=ADMIN,
        ),
        addon(
            *("pinned add-on at another version", "kube-proxy", "version"),
            addonVersion="v1.34.6-eksbuild.2",
        ),
        eks(
            *("add-on deleted", "coredns", WHOLE, "delete_addon"),
            **{**MEMBER, "addonName": "coredns"},
        ),
        untagged(
            *("tag of an add-on removed", "vpc-cni", "addon"),
            **{**MEMBER, "addonName": "vpc-cni"},
        ),
    ],
    "eks_nodegroup": [
        Drift("greatest number of nodes raised", raise_maximum, {"main": ["max_size"]}),
        nodes(
            *("label and taint added", "labels.hers", "taints"),
            labels={"addOrUpdateLabels": {"hers": "1"}},
            taints={"addOrUpdateTaints": [TAINT]},
        ),
        nodes("label removed", "labels.kept", labels={"removeLabels": ["kept"]}),
        nodes("node repair off", "node_repair", nodeRepairConfig={"enabled": False}),
        nodes(
            *("all nodes updated at once", "max_unavailable", "max_unavailable_percentage"),
            updateConfig={"maxUnavailable": 4},
        ),
        untagged("tag of a node group removed", "main", "nodegroup", **NODES),
        eks("node group deleted", "main", WHOLE, "delete_nodegroup", **NODES),
    ],
    "eks_launch_template": [
        template(
            *("nodes open to IMDSv1", "metadata.hop_limit", "metadata.tokens"),
            MetadataOptions=OLD_METADATA,
        ),
        template(
            *("start script and key pair in the template", "others"),
            UserData="IyEvYmluL3No",
            KeyName="hers",
        ),
        template(
            *("group of the data stores not on the nodes", "security_group_ids"),
            SecurityGroupIds=["sg-own"],
        ),
        Drift("tag of the template removed", untag_template, {TEMPLATE: ["tags.Environment"]}),
    ],
    "iam_oidc_provider": [
        provider("audience added", ["client_ids"], ADD_CLIENT, ClientID="anybody"),
        provider("audience removed", ["client_ids"], REMOVE_CLIENT, ClientID="sts.amazonaws.com"),
        provider("thumbprint replaced", ["thumbprints"], REPLACE_PRINT, ThumbprintList=["b" * 40]),
        provider(
            *("tag of the provider removed", ["tags.Environment"], UNTAG_PROVIDER),
            TagKeys=["Environment"],
        ),
        provider("provider deleted", WHOLE, "delete_open_id_connect_provider"),
    ],
}
