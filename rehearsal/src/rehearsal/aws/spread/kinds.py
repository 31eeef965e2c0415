"""What AWS says of a thing that it does not know yet: codes and texts by service.

They are those of the services' models (botocore), of EC2's list of error codes, and of the
retries of terraform-provider-aws, which were written down from real answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

# EC2's ids by prefix: (code, text).
EC2_IDS: Mapping[str, tuple[str, str]] = {
    "vpc": ("InvalidVpcID.NotFound", "The vpc ID '{}' does not exist"),
    "subnet": ("InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist"),
    "sg": ("InvalidGroup.NotFound", "The security group '{}' does not exist"),
    "rtb": ("InvalidRouteTableID.NotFound", "The routeTable ID '{}' does not exist"),
    "igw": (
        "InvalidInternetGatewayID.NotFound",
        "The internetGateway ID '{}' does not exist",
    ),
    "nat": ("NatGatewayNotFound", "The Nat gateway {} was not found"),
    "eipalloc": ("InvalidAllocationID.NotFound", "The allocation ID '{}' does not exist"),
    "vpce": ("InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id '{}' does not exist"),
    "i": ("InvalidInstanceID.NotFound", "The instance ID '{}' does not exist"),
    "vol": ("InvalidVolume.NotFound", "The volume '{}' does not exist."),
    "lt": ("InvalidLaunchTemplateId.NotFound", "The launch template {} does not exist."),
    "fl": ("InvalidFlowLogId.NotFound", "Flow log {} does not exist."),
}
EC2_ID = re.compile(rf"\b(?:{'|'.join(EC2_IDS)})-[0-9a-f]{{8,17}}\b")
# A route or an address names a gateway in another form than a description does.
EC2_ELSEWHERE: Mapping[tuple[str, str], tuple[str, str]] = {
    ("CreateRoute", "nat"): (
        "InvalidNatGatewayID.NotFound",
        "The natGateway ID '{}' does not exist",
    ),
    ("ReplaceRoute", "nat"): (
        "InvalidNatGatewayID.NotFound",
        "The natGateway ID '{}' does not exist",
    ),
}

# Where each description of EC2 says which item it is of.
EC2_LISTS: Mapping[str, str] = {
    "DescribeVpcs": "vpcId",
    "DescribeSubnets": "subnetId",
    "DescribeSecurityGroups": "groupId",
    "DescribeRouteTables": "routeTableId",
    "DescribeInternetGateways": "internetGatewayId",
    "DescribeNatGateways": "natGatewayId",
    "DescribeAddresses": "allocationId",
    "DescribeVpcEndpoints": "vpcEndpointId",
    "DescribeInstances": "instanceId",
    "DescribeVolumes": "volumeId",
    "DescribeLaunchTemplates": "launchTemplateId",
    "DescribeFlowLogs": "flowLogId",
}

# How other services say that they do not know a subnet or a group of EC2 yet: (code, text).
STRANGERS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("rds", "subnet"): (
        "InvalidSubnet",
        "Some input subnets in :[{}] are invalid.",
    ),
    ("rds", "sg"): ("InvalidParameterValue", "Invalid security group , groupId= {}, groupName=."),
    ("elasticache", "subnet"): (
        "InvalidSubnet",
        "The following subnet ids are invalid: [{}]",
    ),
    ("elasticache", "sg"): (
        "InvalidParameterValue",
        "Some security group ids are invalid. Invalid security group ids: {}",
    ),
    ("eks", "subnet"): (
        "InvalidParameterException",
        "The subnet ID '{}' does not exist (Service: AmazonEC2; Status Code: 400; Error Code: "
        "InvalidSubnetID.NotFound)",
    ),
    ("eks", "sg"): (
        "InvalidParameterException",
        "The security group '{}' does not exist (Service: AmazonEC2; Status Code: 400; Error "
        "Code: InvalidGroup.NotFound)",
    ),
    ("eks", "lt"): (
        "InvalidRequestException",
        "Launch template {} does not exist.",
    ),
}


@dataclass(frozen=True)
class Kind:
    """Things of one service that have names.

    made: the operation that makes one; name: its parameter with the name, or `<tag` for the
    answer's; refer: parameters that name one; listed: where lists name one.
    """

    service: str
    made: str
    name: str
    refer: tuple[str, ...]
    code: str
    text: str
    status: int = 400
    listed: str = ""


KINDS: tuple[Kind, ...] = (
    Kind(
        "acm",
        "RequestCertificate",
        "<CertificateArn",
        ("CertificateArn",),
        "ResourceNotFoundException",
        "Could not find certificate {}.",
        400,
        "CertificateArn",
    ),
    Kind(
        "iam",
        "CreateRole",
        "RoleName",
        ("RoleName",),
        "NoSuchEntity",
        "The role with name {} cannot be found.",
        404,
        "RoleName",
    ),
    Kind(
        "iam",
        "CreateInstanceProfile",
        "InstanceProfileName",
        ("InstanceProfileName",),
        "NoSuchEntity",
        "Instance Profile {} cannot be found.",
        404,
        "InstanceProfileName",
    ),
    Kind(
        "iam",
        "CreatePolicy",
        "<Arn",
        ("PolicyArn",),
        "NoSuchEntity",
        "Policy {} was not found.",
        404,
        "Arn",
    ),
    Kind(
        "iam",
        "CreateOpenIDConnectProvider",
        "<OpenIDConnectProviderArn",
        ("OpenIDConnectProviderArn",),
        "NoSuchEntity",
        "OpenIDConnect Provider not found for arn {}",
        404,
        "Arn",
    ),
    Kind(
        "rds",
        "CreateDBInstance",
        "DBInstanceIdentifier",
        ("DBInstanceIdentifier",),
        "DBInstanceNotFound",
        "DBInstance {} not found.",
        404,
        "DBInstanceIdentifier",
    ),
    Kind(
        "rds",
        "CreateDBSubnetGroup",
        "DBSubnetGroupName",
        ("DBSubnetGroupName",),
        "DBSubnetGroupNotFoundFault",
        "DB subnet group '{}' does not exist.",
        404,
        "DBSubnetGroupName",
    ),
    Kind(
        "rds",
        "CreateDBParameterGroup",
        "DBParameterGroupName",
        ("DBParameterGroupName",),
        "DBParameterGroupNotFound",
        "DBParameterGroup not found: {}",
        404,
        "DBParameterGroupName",
    ),
    Kind(
        "elasticache",
        "CreateReplicationGroup",
        "ReplicationGroupId",
        ("ReplicationGroupId",),
        "ReplicationGroupNotFoundFault",
        "ReplicationGroup {} not found.",
        404,
        "ReplicationGroupId",
    ),
    Kind(
        "elasticache",
        "CreateCacheSubnetGroup",
        "CacheSubnetGroupName",
        ("CacheSubnetGroupName",),
        "CacheSubnetGroupNotFoundFault",
        "Cache subnet group '{}' does not exist.",
        400,
        "CacheSubnetGroupName",
    ),
    Kind(
        "elasticache",
        "CreateCacheParameterGroup",
        "CacheParameterGroupName",
        ("CacheParameterGroupName",),
        "CacheParameterGroupNotFound",
        "CacheParameterGroup {} not found.",
        404,
        "CacheParameterGroupName",
    ),
    Kind(
        "secretsmanager",
        "CreateSecret",
        "Name",
        ("SecretId",),
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret.",
        400,
        "Name",
    ),
    Kind(
        "kms",
        "CreateKey",
        "<KeyId",
        ("KeyId", "TargetKeyId"),
        "NotFoundException",
        "Key '{}' does not exist",
        400,
        "KeyId",
    ),
    Kind(
        "kms",
        "CreateAlias",
        "AliasName",
        ("KeyId", "AliasName"),
        "NotFoundException",
        "Alias {} is not found.",
        400,
        "AliasName",
    ),
    Kind(
        "logs",
        "CreateLogGroup",
        "logGroupName",
        ("logGroupName", "resourceArn", "logGroupIdentifier"),
        "ResourceNotFoundException",
        "The specified log group does not exist.",
        400,
        "logGroupName",
    ),
    Kind(
        "ecr",
        "CreateRepository",
        "repositoryName",
        ("repositoryName", "repositoryNames", "resourceArn"),
        "RepositoryNotFoundException",
        "The repository with name '{}' does not exist in the registry",
        400,
        "repositoryName",
    ),
    Kind(
        "eks",
        "CreateCluster",
        "name",
        ("name",),
        "ResourceNotFoundException",
        "No cluster found for name: {}.",
        404,
        "clusters",
    ),
    Kind(
        "eks",
        "CreateNodegroup",
        "nodegroupName",
        ("nodegroupName",),
        "ResourceNotFoundException",
        "No node group found for name: {}.",
        404,
        "nodegroups",
    ),
    Kind(
        "eks",
        "CreateAddon",
        "addonName",
        ("addonName",),
        "ResourceNotFoundException",
        "No addon: {} found in cluster.",
        404,
        "addons",
    ),
    Kind(
        "eks",
        "CreateAccessEntry",
        "principalArn",
        ("principalArn",),
        "ResourceNotFoundException",
        "The specified principalArn could not be found. You can view your available access "
        "entries with 'list-access-entries'.",
        404,
        "accessEntries",
    ),
    Kind(
        "s3",
        "PUT",
        "Bucket",
        ("Bucket",),
        "NoSuchBucket",
        "The specified bucket does not exist",
        404,
        "Name",
    ),
)


@dataclass(frozen=True)
class Use:
    """How a service refuses a role that IAM has yet to spread. name: the call's parameter."""

    name: str
    code: str
    text: str


USES: Mapping[tuple[str, str], tuple[Use, ...]] = {
    ("eks", "CreateCluster"): (
        Use(
            "roleArn",
            "InvalidParameterException",
            "Role with arn: {}, could not be assumed because it does not exist or the trusted "
            "entity is not correct",
        ),
    ),
    ("eks", "CreateNodegroup"): (
        Use(
            "nodeRole",
            "InvalidParameterException",
            "Following required service principals [ec2.amazonaws.com] were not found in the "
            "trust relationships of nodeRole {}",
        ),
    ),
    ("eks", "CreateAddon"): (
        Use("serviceAccountRoleArn", "InvalidParameterException", "Role {} does not exist"),
    ),
    ("eks", "CreateAccessEntry"): (
        Use(
            "principalArn",
            "InvalidParameterException",
            "The specified principalArn is invalid: invalid principal.",
        ),
    ),
    ("eks", "CreatePodIdentityAssociation"): (
        Use(
            "roleArn",
            "InvalidParameterException",
            "Role provided in the request does not exist.",
        ),
    ),
    ("ec2", "CreateFlowLogs"): (
        Use("DeliverLogsPermissionArn", "InvalidParameter", "Unable to assume given IAM role"),
    ),
    ("ec2", "RunInstances"): (
        Use(
            "IamInstanceProfile",
            "InvalidParameterValue",
            "Value ({}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance "
            "Profile name",
        ),
    ),
    ("rds", "CreateDBInstance"): (
        Use(
            "MonitoringRoleArn",
            "InvalidParameterValue",
            "IAM role ARN value is invalid or does not include the required permissions for: "
            "ENHANCED_MONITORING",
        ),
    ),
    ("rds", "ModifyDBInstance"): (
        Use(
            "MonitoringRoleArn",
            "InvalidParameterValue",
            "IAM role ARN value is invalid or does not include the required permissions for: "
            "ENHANCED_MONITORING",
        ),
    ),
}


@dataclass(frozen=True)
class Late:
    """How a call is refused that needs a change which is not seen yet.

    change: the operation that made it; name: the call's parameter with the thing that was changed.
    """

    change: str
    name: str
    code: str
    text: str


_NO_KEY = "The specified KMS key does not exist or is not allowed to be used with LogGroup: {}"
LATE: Mapping[tuple[str, str], tuple[Late, ...]] = {
    ("kms", "EnableKey"): (
        Late("CancelKeyDeletion", "KeyId", "KMSInvalidStateException", "{} is pending deletion."),
    ),
    ("kms", "EnableKeyRotation"): (
        Late("EnableKey", "KeyId", "DisabledException", "{} is disabled."),
    ),
    ("logs", "CreateLogGroup"): (Late("CreateKey", "kmsKeyId", "AccessDeniedException", _NO_KEY),),
    ("logs", "AssociateKmsKey"): (Late("CreateKey", "kmsKeyId", "AccessDeniedException", _NO_KEY),),
}
"""By service and operation, of KMS' keys."""

SERVICE_LINKED: Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("rds", "CreateDBInstance"): (
        "rds.amazonaws.com",
        "InvalidParameterValue",
        "Unable to create the resource. Verify that you have permission to create service linked "
        "role. Otherwise wait and try again later",
    ),
    ("elasticache", "CreateCacheSubnetGroup"): (
        "elasticache.amazonaws.com",
        "ServiceLinkedRoleNotFoundFault",
        "This action cannot be completed due to insufficient permissions. (Recommended action) "
        "Please create new role using IAM API CreateServiceLinkedRole.",
    ),
    ("eks", "CreateNodegroup"): (
        "eks-nodegroup.amazonaws.com",
        "InvalidRequestException",
        "Amazon EKS Nodegroups was unable to assume the service-linked role "
        "AWSServiceRoleForAmazonEKSNodegroup",
    ),
}
"""Operation: (the service whose role it makes when it is first asked, code, text)."""
