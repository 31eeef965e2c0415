"""The kinds of drift: what somebody does by hand, and the row of the plan that must name it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts import NAME, OPERATORS
from support.emulator import Aws

DOCUMENTS = f"{NAME}-documents-000000000000"
EMBEDDINGS = f"{NAME}-embeddings-000000000000"


@dataclass(frozen=True)
class Drift:
    """One change by hand.

    resource, field, action: of the row that the plan must have (field: how one of its fields
    begins); make: does it; read: returns what AWS says of it, which the repair must bring back.
    """

    what: str
    component: str
    resource: str
    field: str
    make: Callable[[Aws], object]
    read: Callable[[Aws], Any]
    action: str = "change"


# --- network -----------------------------------------------------------------------------------


def named(name: str) -> list[dict[str, Any]]:
    return [{"Name": "tag:Name", "Values": [name]}]


def group(aws: Aws, key: str) -> dict[str, Any]:
    ec2 = aws.client("ec2")
    filters = [{"Name": "group-name", "Values": [f"{NAME}-{key}" if key else "default"]}]
    filters.append({"Name": "vpc-id", "Values": [vpc(aws)["VpcId"]]})
    found: dict[str, Any] = ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]
    return found


def rules(key: str) -> Callable[[Aws], Any]:
    """The rules of a group in a form that is the same whatever their order."""

    def read(aws: Aws) -> Any:
        found = group(aws, key)
        return sorted(
            json.dumps([way, rule.get("FromPort"), rule.get("IpProtocol"), places(rule)])
            for way in ("IpPermissions", "IpPermissionsEgress")
            for rule in found[way]
        )

    return read


def places(rule: dict[str, Any]) -> list[str]:
    ranges = [item["CidrIp"] for item in rule.get("IpRanges", [])]
    groups = [item["GroupId"] for item in rule.get("UserIdGroupPairs", [])]
    lists = [item["PrefixListId"] for item in rule.get("PrefixListIds", [])]
    return sorted(ranges + groups + lists)


def open_port(key: str, port: int) -> Callable[[Aws], object]:
    permission = {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
    }
    return lambda aws: aws.client("ec2").authorize_security_group_ingress(
        GroupId=group(aws, key)["GroupId"], IpPermissions=[permission]
    )


def close_group(key: str) -> Callable[[Aws], object]:
    def make(aws: Aws) -> None:
        found = group(aws, key)
        rule = found["IpPermissions"][0]
        permission = {
            **{name: rule[name] for name in ("IpProtocol", "FromPort", "ToPort")},
            "UserIdGroupPairs": [{"GroupId": place} for place in places(rule)],
        }
        aws.client("ec2").revoke_security_group_ingress(
            GroupId=found["GroupId"], IpPermissions=[permission]
        )

    return make


def vpc(aws: Aws) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("ec2").describe_vpcs(Filters=named(NAME))["Vpcs"][0]
    return found


def dns_hostnames(aws: Aws) -> Any:
    answer = aws.client("ec2").describe_vpc_attribute(
        VpcId=vpc(aws)["VpcId"], Attribute="enableDnsHostnames"
    )
    return answer["EnableDnsHostnames"]["Value"]


def no_dns_hostnames(aws: Aws) -> None:
    aws.client("ec2").modify_vpc_attribute(
        VpcId=vpc(aws)["VpcId"], EnableDnsHostnames={"Value": False}
    )


def subnet(aws: Aws, name: str) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("ec2").describe_subnets(Filters=named(f"{NAME}-{name}"))[
        "Subnets"
    ][0]
    return found


def tags(item: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}


def route_table(aws: Aws, name: str) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("ec2").describe_route_tables(
        Filters=named(f"{NAME}-{name}")
    )["RouteTables"][0]
    return found


def routes(name: str) -> Callable[[Aws], Any]:
    return lambda aws: sorted(
        str(route.get("DestinationCidrBlock")) for route in route_table(aws, name)["Routes"]
    )


def drop_route(name: str) -> Callable[[Aws], object]:
    return lambda aws: aws.client("ec2").delete_route(
        RouteTableId=route_table(aws, name)["RouteTableId"], DestinationCidrBlock="0.0.0.0/0"
    )


def associations(name: str) -> Callable[[Aws], Any]:
    return lambda aws: sorted(
        str(item.get("SubnetId")) for item in route_table(aws, name)["Associations"]
    )


def leave_table(name: str) -> Callable[[Aws], object]:
    return lambda aws: aws.client("ec2").disassociate_route_table(
        AssociationId=route_table(aws, name)["Associations"][0]["RouteTableAssociationId"]
    )


NETWORK = [
    Drift(
        *("a rule added to a security group", "network", f"security group {NAME}-rds", "rules"),
        *(open_port("rds", 5432), rules("rds")),
    ),
    Drift(
        *("a rule taken from a security group", "network"),
        *(f"security group {NAME}-elasticache", "rules"),
        *(close_group("elasticache"), rules("elasticache")),
    ),
    Drift(
        *("the default security group opened", "network"),
        *(f"default security group of {NAME}", "rules", open_port("", 22), rules("")),
    ),
    Drift(
        *("a subnet's route to the internet gone", "network"),
        *(f"route table {NAME}-private-1", "default_route"),
        *(drop_route("private-1"), routes("private-1")),
    ),
    Drift(
        *("a subnet taken from its route table", "network"),
        *(f"route table {NAME}-private-2", "subnets"),
        *(leave_table("private-2"), associations("private-2")),
    ),
    Drift(
        *("the load balancers' tag of a subnet removed", "network"),
        *(f"subnet {NAME}-private-1", "tags"),
        lambda aws: aws.client("ec2").delete_tags(
            Resources=[subnet(aws, "private-1")["SubnetId"]],
            Tags=[{"Key": "kubernetes.io/role/internal-elb"}],
        ),
        lambda aws: tags(subnet(aws, "private-1")),
    ),
    Drift(
        *("a subnet that gives public addresses", "network"),
        *(f"subnet {NAME}-public-1", "map_public_ip_on_launch"),
        lambda aws: aws.client("ec2").modify_subnet_attribute(
            SubnetId=subnet(aws, "public-1")["SubnetId"], MapPublicIpOnLaunch={"Value": True}
        ),
        lambda aws: subnet(aws, "public-1")["MapPublicIpOnLaunch"],
    ),
    Drift(
        *("the VPC's DNS names off", "network", f"vpc {NAME}", "dns_hostnames"),
        *(no_dns_hostnames, dns_hostnames),
    ),
]

# --- kms ---------------------------------------------------------------------------------------
KEY = f"kms key alias/{NAME}"


def key_id(aws: Aws) -> str:
    found: str = aws.client("kms").describe_key(KeyId=f"alias/{NAME}")["KeyMetadata"]["KeyId"]
    return found


def key_policy(aws: Aws) -> Any:
    answer = aws.client("kms").get_key_policy(KeyId=key_id(aws), PolicyName="default")
    return json.loads(answer["Policy"])


def open_key(aws: Aws) -> None:
    policy = key_policy(aws)
    policy["Statement"].append(
        {
            "Sid": "Everybody",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "kms:*",
            "Resource": "*",
        }
    )
    aws.client("kms").put_key_policy(
        KeyId=key_id(aws), PolicyName="default", Policy=json.dumps(policy)
    )


KMS = [
    Drift(
        *("a key's rotation off", "kms", KEY, "rotation"),
        lambda aws: aws.client("kms").disable_key_rotation(KeyId=key_id(aws)),
        lambda aws: aws.client("kms").get_key_rotation_status(KeyId=key_id(aws))[
            "KeyRotationEnabled"
        ],
    ),
    Drift("a key's policy opened", "kms", KEY, "policy", open_key, key_policy),
    Drift(
        *("a key's tag removed", "kms", KEY, "tags"),
        lambda aws: aws.client("kms").untag_resource(KeyId=key_id(aws), TagKeys=["Component"]),
        lambda aws: sorted(
            tag["TagKey"] for tag in aws.client("kms").list_resource_tags(KeyId=key_id(aws))["Tags"]
        ),
    ),
]

# --- s3 ----------------------------------------------------------------------------------------
BUCKET = {"Bucket": DOCUMENTS}
LEDGER = {"Bucket": EMBEDDINGS}
OPEN_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": f"arn:aws:s3:::{DOCUMENTS}/*",
            }
        ],
    }
)

S3 = [
    Drift(
        *("versioning suspended", "s3", f"bucket {DOCUMENTS}", "versioning"),
        lambda aws: aws.client("s3").put_bucket_versioning(
            **BUCKET, VersioningConfiguration={"Status": "Suspended"}
        ),
        lambda aws: aws.client("s3").get_bucket_versioning(**BUCKET).get("Status"),
    ),
    Drift(
        *("the public access block removed", "s3", f"bucket {DOCUMENTS}", "public_access"),
        lambda aws: aws.client("s3").delete_public_access_block(**BUCKET),
        lambda aws: access_block(aws),
    ),
    Drift(
        *("a bucket's policy replaced", "s3", f"bucket {DOCUMENTS}", "policy"),
        lambda aws: aws.client("s3").put_bucket_policy(**BUCKET, Policy=OPEN_POLICY),
        lambda aws: json.loads(aws.client("s3").get_bucket_policy(**BUCKET)["Policy"]),
    ),
    Drift(
        *("a bucket's lifecycle removed", "s3", f"bucket {EMBEDDINGS}", "lifecycle"),
        lambda aws: aws.client("s3").delete_bucket_lifecycle(**LEDGER),
        lambda aws: lifecycle(aws),
    ),
    Drift(
        *("a bucket's tags removed", "s3", f"bucket {EMBEDDINGS}", "tags"),
        # But for the one without which the bucket would be nobody's.
        lambda aws: aws.client("s3").put_bucket_tagging(
            **LEDGER, Tagging={"TagSet": [{"Key": "ManagedBy", "Value": "ragops.platform"}]}
        ),
        lambda aws: bucket_tags(aws),
    ),
]


def access_block(aws: Aws) -> Any:
    s3 = aws.client("s3")
    try:
        return s3.get_public_access_block(**BUCKET)["PublicAccessBlockConfiguration"]
    except s3.exceptions.ClientError:
        return None


def lifecycle(aws: Aws) -> Any:
    s3 = aws.client("s3")
    try:
        return len(s3.get_bucket_lifecycle_configuration(**LEDGER)["Rules"])
    except s3.exceptions.ClientError:
        return None


def bucket_tags(aws: Aws) -> Any:
    s3 = aws.client("s3")
    try:
        return sorted(tag["Key"] for tag in s3.get_bucket_tagging(**LEDGER)["TagSet"])
    except s3.exceptions.ClientError:
        return None


# --- ecr ---------------------------------------------------------------------------------------
BACKEND = {"repositoryName": f"{NAME}/backend"}
FRONTEND = {"repositoryName": f"{NAME}/frontend"}
KEEP_ONE = json.dumps(
    {
        "rules": [
            {
                "rulePriority": 1,
                "selection": {
                    "tagStatus": "any",
                    "countType": "imageCountMoreThan",
                    "countNumber": 1,
                },
                "action": {"type": "expire"},
            }
        ]
    }
)


def repository(aws: Aws, which: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("ecr").describe_repositories(
        repositoryNames=[which["repositoryName"]]
    )["repositories"][0]
    return found


ECR = [
    Drift(
        *("immutable tags off", "ecr", f"repository {NAME}/backend", ""),
        lambda aws: aws.client("ecr").put_image_tag_mutability(
            **BACKEND, imageTagMutability="MUTABLE"
        ),
        lambda aws: repository(aws, BACKEND)["imageTagMutability"],
    ),
    Drift(
        *("scan on push off", "ecr", f"repository {NAME}/frontend", "scan"),
        lambda aws: aws.client("ecr").put_image_scanning_configuration(
            **FRONTEND, imageScanningConfiguration={"scanOnPush": False}
        ),
        lambda aws: repository(aws, FRONTEND)["imageScanningConfiguration"],
    ),
    Drift(
        *("a repository's lifecycle policy changed", "ecr"),
        *(f"repository {NAME}/frontend", "lifecycle"),
        lambda aws: aws.client("ecr").put_lifecycle_policy(
            **FRONTEND, lifecyclePolicyText=KEEP_ONE
        ),
        lambda aws: json.loads(
            aws.client("ecr").get_lifecycle_policy(**FRONTEND)["lifecyclePolicyText"]
        ),
    ),
]

# --- secrets -----------------------------------------------------------------------------------
TOKEN = {"SecretId": f"{NAME}/milvus-token"}
AUTH = {"SecretId": f"{NAME}/redis-auth-token"}


def secret(aws: Aws, which: dict[str, str], *fields: str) -> Any:
    found = aws.client("secretsmanager").describe_secret(**which)
    return {field: found.get(field) for field in fields}


SECRETS = [
    Drift(
        *("a secret scheduled for deletion", "secrets"),
        *(f"secret {NAME}/milvus-token", "scheduled_for_deletion"),
        lambda aws: aws.client("secretsmanager").delete_secret(**TOKEN, RecoveryWindowInDays=7),
        lambda aws: secret(aws, TOKEN, "DeletedDate"),
    ),
    Drift(
        *("a secret's tag removed", "secrets", f"secret {NAME}/redis-auth-token", "tags"),
        lambda aws: aws.client("secretsmanager").untag_resource(**AUTH, TagKeys=["Environment"]),
        lambda aws: tags(secret(aws, AUTH, "Tags")),
    ),
]

# --- eks ---------------------------------------------------------------------------------------
CLUSTER = {"name": NAME}
MEMBER = {"clusterName": NAME}
NODES = {**MEMBER, "nodegroupName": "main"}
NODE_ROLE = {"RoleName": f"{NAME}-eks-nodes"}
WORKER_POLICY = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
EVERYTHING = "arn:aws:iam::aws:policy/AdministratorAccess"


def cluster(aws: Aws) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("eks").describe_cluster(**CLUSTER)["cluster"]
    return found


def log_types(aws: Aws) -> Any:
    return sorted(
        kind
        for setup in cluster(aws)["logging"]["clusterLogging"]
        if setup["enabled"]
        for kind in setup["types"]
    )


def node_policies(aws: Aws) -> Any:
    found = aws.client("iam").list_attached_role_policies(**NODE_ROLE)["AttachedPolicies"]
    return sorted(policy["PolicyArn"] for policy in found)


def log_group(aws: Aws) -> Any:
    name = f"/aws/eks/{NAME}/cluster"
    found = aws.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]
    return found.get("retentionInDays")


EKS = [
    Drift(
        *("a control plane log off", "eks", f"EKS cluster {NAME}", "logging"),
        lambda aws: aws.client("eks").update_cluster_config(
            **CLUSTER, logging={"clusterLogging": [{"types": ["audit"], "enabled": False}]}
        ),
        log_types,
    ),
    Drift(
        *("the API server opened to the internet", "eks"),
        *(f"EKS cluster {NAME}", "public_access_cidrs"),
        lambda aws: aws.client("eks").update_cluster_config(
            **CLUSTER, resourcesVpcConfig={"publicAccessCidrs": ["0.0.0.0/0"]}
        ),
        lambda aws: cluster(aws)["resourcesVpcConfig"]["publicAccessCidrs"],
    ),
    Drift(
        *("the cluster's deletion protection off", "eks"),
        *(f"EKS cluster {NAME}", "deletion_protection"),
        lambda aws: aws.client("eks").update_cluster_config(**CLUSTER, deletionProtection=False),
        lambda aws: cluster(aws).get("deletionProtection"),
    ),
    Drift(
        *("an add-on's configuration changed", "eks", "eks addon vpc-cni", "configuration"),
        lambda aws: aws.client("eks").update_addon(
            **MEMBER, addonName="vpc-cni", configurationValues='{"enableNetworkPolicy": "false"}'
        ),
        lambda aws: json.loads(
            aws.client("eks").describe_addon(**MEMBER, addonName="vpc-cni")["addon"][
                "configurationValues"
            ]
        ),
    ),
    Drift(
        *("an add-on removed", "eks", "eks addon metrics-server", ""),
        lambda aws: aws.client("eks").delete_addon(**MEMBER, addonName="metrics-server"),
        lambda aws: sorted(aws.client("eks").list_addons(**MEMBER)["addons"]),
        action="create",
    ),
    Drift(
        *("an access entry removed", "eks", f"eks access entry {OPERATORS}", ""),
        lambda aws: aws.client("eks").delete_access_entry(**MEMBER, principalArn=OPERATORS),
        lambda aws: OPERATORS in aws.client("eks").list_access_entries(**MEMBER)["accessEntries"],
        action="create",
    ),
    Drift(
        *("a node group's maximum raised", "eks", "eks nodegroup main", "max_size"),
        lambda aws: aws.client("eks").update_nodegroup_config(
            **NODES, scalingConfig={"minSize": 3, "maxSize": 50, "desiredSize": 3}
        ),
        lambda aws: aws.client("eks").describe_nodegroup(**NODES)["nodegroup"]["scalingConfig"],
    ),
    Drift(
        *("a policy taken from the nodes' role", "eks", f"IAM role {NAME}-eks-nodes", "managed"),
        lambda aws: aws.client("iam").detach_role_policy(**NODE_ROLE, PolicyArn=WORKER_POLICY),
        node_policies,
    ),
    Drift(
        *(
            "a policy of everything given to a role",
            "eks",
            f"IAM role {NAME}-eks-cluster",
            "managed",
        ),
        lambda aws: aws.client("iam").attach_role_policy(
            RoleName=f"{NAME}-eks-cluster", PolicyArn=EVERYTHING
        ),
        lambda aws: len(
            aws.client("iam").list_attached_role_policies(RoleName=f"{NAME}-eks-cluster")[
                "AttachedPolicies"
            ]
        ),
    ),
    Drift(
        *("the retention of the control plane's logs changed", "eks"),
        *(f"log group /aws/eks/{NAME}/cluster", "retention"),
        lambda aws: aws.client("logs").put_retention_policy(
            logGroupName=f"/aws/eks/{NAME}/cluster", retentionInDays=1
        ),
        log_group,
    ),
]

# --- rds ---------------------------------------------------------------------------------------
DATABASE = {"DBInstanceIdentifier": NAME}
PARAMETERS = {"DBParameterGroupName": f"{NAME}-postgres15"}


def database(field: str) -> Callable[[Aws], Any]:
    return lambda aws: (
        aws.client("rds").describe_db_instances(**DATABASE)["DBInstances"][0].get(field)
    )


def database_with(**changes: Any) -> Callable[[Aws], object]:
    return lambda aws: aws.client("rds").modify_db_instance(
        **DATABASE, ApplyImmediately=True, **changes
    )


def force_ssl(aws: Aws) -> Any:
    pages = aws.client("rds").get_paginator("describe_db_parameters").paginate(**PARAMETERS)
    values = {
        item["ParameterName"]: item.get("ParameterValue")
        for page in pages
        for item in page["Parameters"]
    }
    return values.get("rds.force_ssl")


OPEN_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}],
    }
)

RDS = [
    Drift(
        *("backup retention lowered", "rds", f"db instance {NAME}", "backup_retention"),
        *(database_with(BackupRetentionPeriod=1), database("BackupRetentionPeriod")),
    ),
    Drift(
        *("the database's deletion protection off", "rds"),
        *(f"db instance {NAME}", "deletion_protection"),
        *(database_with(DeletionProtection=False), database("DeletionProtection")),
    ),
    Drift(
        *("log exports off", "rds", f"db instance {NAME}", "log_exports"),
        database_with(
            CloudwatchLogsExportConfiguration={"DisableLogTypes": ["postgresql", "upgrade"]}
        ),
        database("EnabledCloudwatchLogsExports"),
    ),
    Drift(
        *("a database parameter changed", "rds"),
        *(f"db parameter group {NAME}-postgres15", "parameters"),
        lambda aws: aws.client("rds").modify_db_parameter_group(
            **PARAMETERS,
            Parameters=[
                {
                    "ParameterName": "rds.force_ssl",
                    "ParameterValue": "0",
                    "ApplyMethod": "immediate",
                }
            ],
        ),
        force_ssl,
    ),
    Drift(
        *("the trust of the monitoring role opened", "rds"),
        *(f"IAM role {NAME}-rds-monitoring", "trust"),
        lambda aws: aws.client("iam").update_assume_role_policy(
            RoleName=f"{NAME}-rds-monitoring", PolicyDocument=OPEN_TRUST
        ),
        lambda aws: aws.client("iam").get_role(RoleName=f"{NAME}-rds-monitoring")["Role"][
            "AssumeRolePolicyDocument"
        ],
    ),
]

# --- elasticache -------------------------------------------------------------------------------
REDIS = {"ReplicationGroupId": NAME}


def redis(aws: Aws) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("elasticache").describe_replication_groups(**REDIS)[
        "ReplicationGroups"
    ][0]
    return found


def redis_tags(aws: Aws) -> Any:
    answer = aws.client("elasticache").list_tags_for_resource(ResourceName=redis(aws)["ARN"])
    return sorted(tag["Key"] for tag in answer["TagList"])


ELASTICACHE = [
    Drift(
        *("snapshot retention lowered", "elasticache", f"replication group {NAME}", "snapshot"),
        lambda aws: aws.client("elasticache").modify_replication_group(
            **REDIS, ApplyImmediately=True, SnapshotRetentionLimit=0
        ),
        lambda aws: redis(aws).get("SnapshotRetentionLimit"),
    ),
    Drift(
        *("the tag of a replication group removed", "elasticache"),
        *(f"replication group {NAME}", "tags"),
        lambda aws: aws.client("elasticache").remove_tags_from_resource(
            ResourceName=redis(aws)["ARN"], TagKeys=["Environment"]
        ),
        redis_tags,
    ),
    Drift(
        *("the stored URL of Redis replaced", "elasticache", f"secret {NAME}/redis-url", "value"),
        lambda aws: aws.client("secretsmanager").put_secret_value(
            SecretId=f"{NAME}/redis-url", SecretString="redis://elsewhere:6379/0"
        ),
        lambda aws: aws.client("secretsmanager").get_secret_value(SecretId=f"{NAME}/redis-url")[
            "SecretString"
        ],
    ),
]

DRIFTS = [*NETWORK, *KMS, *S3, *ECR, *SECRETS, *EKS, *RDS, *ELASTICACHE]
