# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What AWS took and has yet to spread: when an error means "not yet", and how long it may.

AWS's services are eventually consistent. For seconds after an answer that made something, other
calls say that it is not there. Two kinds of calls are therefore repeated for a while:

- one that names what this module made itself (`Memory`), when it is told that there is none;
- one that needs what another module made just before, where AWS refuses in words of their own
  (`NOT_YET`): a role, a service-linked role, a subnet, versioning.

Any other error, such as "there is none" of something that this module did not make, is taken at
its word at once.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

TIMEOUT = 120.0
"""Seconds for which a call is repeated. AWS names no limit; IAM is known to need up to a minute."""
YOUNG = 600.0
"""Seconds after which nothing is young any more."""

NOT_FOUND = re.compile(
    r"404|NoSuchBucket|NoSuchEntity|InvalidTargetBucketForLogging|.*NotFound(Exception|Fault)?"
)
# Ids that AWS gives, which are the same in all its services.
_ID = re.compile(r"[a-z]+-[0-9a-f]{8,17}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|arn:.+")
_SAME: Mapping[tuple[str, str], str] = {
    ("ecr", "repositoryNames"): "repositoryName",
    ("eks", "clusterName"): "name",
    ("kms", "AliasName"): "KeyId",
    ("kms", "TargetKeyId"): "KeyId",
    ("secretsmanager", "Name"): "SecretId",
}
"""(service, parameter): the parameter by which others name the same thing."""
_ENDING = ("delete_", "release_", "terminate_", "schedule_")
_MAKING = ("create_", "allocate_", "request_", "run_instances")
# Of something that the thing has, or has not; not of the thing itself.
_OF_A_PART = ("LifecyclePolicyNotFoundException", "RepositoryPolicyNotFoundException")

ROLE = "IAM has yet to spread the role to this service"
LINKED = "AWS has yet to make the service's own role in this account, or to spread it"
NETWORK = "EC2 has yet to spread the subnet or security group"
PRINCIPAL = "IAM has yet to spread a role that the policy names"
VERSIONING = "S3 has yet to spread the buckets' versioning"
WRITING = "S3 is still at work on the bucket"
KEY = "KMS has yet to spread the key, its policy, or that it is enabled"
DNS = "EC2 has yet to spread the VPC's DNS attributes"
LOGGING = "CloudWatch Logs is still at work on the log group"
BALANCER = "Route 53 has yet to hear of the load balancer"

# (service, operation): (code, part of the text, cause). An empty part: whatever the text.
NOT_YET: Mapping[tuple[str, str], tuple[tuple[str, str, str], ...]] = {
    ("eks", "create_cluster"): (
        ("InvalidParameterException", "InvalidSubnetID.NotFound", NETWORK),
        ("InvalidParameterException", "InvalidGroup.NotFound", NETWORK),
        ("InvalidParameterException", "does not exist", ROLE),
        ("InvalidParameterException", "Error in role params", ROLE),
        ("InvalidParameterException", "could not be assumed", ROLE),
        ("InvalidParameterException", "Amazon EKS Managed Policies", ROLE),
        ("InvalidParameterException", "IAM role's policy must include", ROLE),
        ("InvalidRequestException", "unable to assume the service-linked role", LINKED),
    ),
    ("eks", "create_nodegroup"): (
        ("InvalidParameterException", "nodeRole", ROLE),
        ("InvalidParameterException", "does not exist", NETWORK),
        ("InvalidRequestException", "unable to assume the service-linked role", LINKED),
        ("InvalidRequestException", "Launch template", "EC2 has yet to spread the template"),
    ),
    ("eks", "create_addon"): (("InvalidParameterException", "does not exist", ROLE),),
    ("eks", "update_addon"): (("InvalidParameterException", "does not exist", ROLE),),
    ("eks", "create_access_entry"): (("InvalidParameterException", "invalid principal", ROLE),),
    ("eks", "create_pod_identity_association"): (
        ("InvalidParameterException", "does not exist", ROLE),
    ),
    ("eks", "update_pod_identity_association"): (
        ("InvalidParameterException", "does not exist", ROLE),
    ),
    ("ec2", "create_flow_logs"): (("InvalidParameter", "assume", ROLE),),
    ("ec2", "run_instances"): (
        ("InvalidParameterValue", "IAM Instance Profile", ROLE),
        ("InvalidParameterValue", "has no associated IAM Roles", ROLE),
        ("InvalidSubnetID.NotFound", "", NETWORK),
        ("InvalidGroup.NotFound", "", NETWORK),
        ("InvalidSecurityGroupID.NotFound", "", NETWORK),
    ),
    ("ec2", "create_vpc_endpoint"): (("InvalidParameter", "nabling private DNS requires", DNS),),
    ("ec2", "modify_vpc_endpoint"): (("InvalidParameter", "nabling private DNS requires", DNS),),
    ("iam", "add_role_to_instance_profile"): (("NoSuchEntity", "role", ROLE),),
    ("iam", "create_role"): (("MalformedPolicyDocument", "Invalid principal", PRINCIPAL),),
    ("iam", "update_assume_role_policy"): (
        ("MalformedPolicyDocument", "Invalid principal", PRINCIPAL),
    ),
    ("kms", "create_key"): (("MalformedPolicyDocumentException", "principal", PRINCIPAL),),
    ("kms", "put_key_policy"): (
        ("MalformedPolicyDocumentException", "principal", PRINCIPAL),
        ("KMSInvalidStateException", "pending deletion", KEY),
    ),
    # All of them are sent to a key whose deletion was cancelled, or that was enabled, just before.
    ("kms", "enable_key"): (("KMSInvalidStateException", "pending deletion", KEY),),
    ("kms", "enable_key_rotation"): (
        ("DisabledException", "is disabled", KEY),
        ("KMSInvalidStateException", "pending deletion", KEY),
    ),
    ("kms", "disable_key_rotation"): (
        ("DisabledException", "is disabled", KEY),
        ("KMSInvalidStateException", "pending deletion", KEY),
    ),
    ("kms", "update_key_description"): (("KMSInvalidStateException", "pending deletion", KEY),),
    ("kms", "tag_resource"): (("KMSInvalidStateException", "pending deletion", KEY),),
    ("logs", "create_log_group"): (
        ("InvalidParameterException", "specified KMS", KEY),
        ("AccessDeniedException", "specified KMS", KEY),
    ),
    ("logs", "associate_kms_key"): (
        ("InvalidParameterException", "specified KMS", KEY),
        ("AccessDeniedException", "specified KMS", KEY),
    ),
    ("rds", "create_db_subnet_group"): (
        ("InvalidSubnet", "", NETWORK),
        ("InvalidParameterValue", "Missing necessary credentials", LINKED),
    ),
    ("rds", "create_db_instance"): (
        ("InvalidParameterValue", "ENHANCED_MONITORING", ROLE),
        ("InvalidParameterValue", "service linked role", LINKED),
        ("InvalidParameterValue", "security group", NETWORK),
        ("InvalidSubnet", "", NETWORK),
    ),
    ("rds", "modify_db_instance"): (
        ("InvalidParameterValue", "ENHANCED_MONITORING", ROLE),
        ("InvalidParameterValue", "security group", NETWORK),
    ),
    ("elasticache", "create_cache_subnet_group"): (
        ("InvalidSubnet", "", NETWORK),
        ("ServiceLinkedRoleNotFoundFault", "", LINKED),
    ),
    ("elasticache", "create_cache_parameter_group"): (
        ("ServiceLinkedRoleNotFoundFault", "", LINKED),
    ),
    ("elasticache", "create_replication_group"): (
        ("InvalidParameterValue", "security group", NETWORK),
        ("ServiceLinkedRoleNotFoundFault", "", LINKED),
    ),
    ("route53", "change_resource_record_sets"): (
        ("InvalidChangeBatch", "that target was not found", BALANCER),
    ),
    ("s3", "put_bucket_replication"): (
        ("InvalidRequest", "ersioning", VERSIONING),
        ("OperationAborted", "", WRITING),
    ),
    ("s3", "put_bucket_policy"): (
        ("MalformedPolicy", "Invalid principal", PRINCIPAL),
        ("OperationAborted", "", WRITING),
    ),
    ("secretsmanager", "put_resource_policy"): (
        ("MalformedPolicyDocumentException", "principal", PRINCIPAL),
    ),
}

BUSY: Mapping[str, tuple[str, str]] = {
    "logs": ("OperationAbortedException", LOGGING),
    "s3": ("OperationAborted", WRITING),
}
"""By service, of all its operations on what is there: (code, cause)."""

# By the prefix of an id, or by the operation that made it: (operation, parameter) that reads it.
_READ_BY: Mapping[str, tuple[str, str]] = {
    "eipalloc": ("describe_addresses", "AllocationIds"),
    "igw": ("describe_internet_gateways", "InternetGatewayIds"),
    "nat": ("describe_nat_gateways", "NatGatewayIds"),
    "rtb": ("describe_route_tables", "RouteTableIds"),
    "sg": ("describe_security_groups", "GroupIds"),
    "subnet": ("describe_subnets", "SubnetIds"),
    "vpc": ("describe_vpcs", "VpcIds"),
    "vpce": ("describe_vpc_endpoints", "VpcEndpointIds"),
    "create_alias": ("describe_key", "KeyId"),
    "create_bucket": ("head_bucket", "Bucket"),
    "create_cache_parameter_group": (
        "describe_cache_parameter_groups",
        "CacheParameterGroupName",
    ),
    "create_cache_subnet_group": ("describe_cache_subnet_groups", "CacheSubnetGroupName"),
    "create_cluster": ("describe_cluster", "name"),
    "create_db_instance": ("describe_db_instances", "DBInstanceIdentifier"),
    "create_db_parameter_group": ("describe_db_parameter_groups", "DBParameterGroupName"),
    "create_db_subnet_group": ("describe_db_subnet_groups", "DBSubnetGroupName"),
    "create_instance_profile": ("get_instance_profile", "InstanceProfileName"),
    "create_replication_group": ("describe_replication_groups", "ReplicationGroupId"),
    "create_repository": ("describe_repositories", "repositoryNames"),
    "create_role": ("get_role", "RoleName"),
    "create_secret": ("describe_secret", "SecretId"),
}

Key = tuple[str, str]
"""A thing: (service and parameter that name it, its name), or ("", its id)."""


@dataclass
class Young:
    """Something that this module made. operation: by which; seen: a later call has named it."""

    service: str
    operation: str
    since: float
    seen: bool = False


@dataclass
class Memory:
    """What one run of a module made."""

    things: dict[Key, Young] = field(default_factory=dict)

    def note(
        self, service: str, operation: str, parameters: Mapping[str, Any], answer: Any
    ) -> None:
        """Remember what a successful call made, or forget what it removed."""
        for key in self._named(service, parameters):
            if operation.startswith(_ENDING):
                del self.things[key]
            else:
                self.things[key].seen = True
        if operation.startswith(_MAKING):
            for key in _made(service, operation, parameters, answer):
                self.things[key] = Young(service, operation, time.monotonic())

    def young(self, service: str, parameters: Mapping[str, Any]) -> list[str]:
        """The names and ids of ours that a call gives, and that are young."""
        oldest = time.monotonic() - YOUNG
        named = self._named(service, parameters)
        return [key[1] for key in named if self.things[key].since > oldest]

    def unseen(self, service: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """(operation, parameters) that read what no call has named since it was made."""
        for (scope, value), thing in list(self.things.items()):
            if thing.service != service or thing.seen or not (scope or service == "ec2"):
                continue
            if known := _READ_BY.get(thing.operation if scope else value.split("-")[0]):
                many = known[1].endswith("s")
                yield known[0], {known[1]: [value] if many else value}

    def _named(self, service: str, parameters: Mapping[str, Any]) -> set[Key]:
        found = set()
        for name, value in _leaves("", parameters):
            scope = f"{service}:{_SAME.get((service, name), name)}"
            found |= {key for key in (("", value), (scope, value)) if key in self.things}
            if value.startswith("arn:"):
                found |= {key for key in list(self.things) if _ends_in(value, service, key)}
        return found


def _ends_in(arn: str, service: str, key: Key) -> bool:
    return key[0].startswith(f"{service}:") and arn.endswith((f":{key[1]}", f"/{key[1]}"))


def _leaves(name: str, content: Any) -> Iterator[tuple[str, str]]:
    """(parameter, value) of all texts in a call or an answer; of a list under its name."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from _leaves(str(key), value)
    elif isinstance(content, list | tuple):
        for value in content:
            yield from _leaves(name, value)
    elif isinstance(content, str):
        yield name, content


def _made(
    service: str, operation: str, parameters: Mapping[str, Any], answer: Any
) -> Iterator[Key]:
    """What a creation made: the thing of its name, and the ids and ARNs that AWS gave."""
    noun = operation.removeprefix("create_").replace("_", "")
    for name, value in parameters.items():
        bare = name.lower()
        if isinstance(value, str) and bare in (noun, f"{noun}name", f"{noun}id", "name"):
            yield f"{service}:{_SAME.get((service, name), name)}", value
        elif bare in (f"{noun}identifier", "principalarn") and isinstance(value, str):
            yield f"{service}:{name}", value
    given = {value for _, value in _leaves("", parameters)}
    for name, value in _leaves("", answer):
        if name.lower().endswith(("id", "arn")) and value not in given and _ID.fullmatch(value):
            yield "", value


def cause(
    memory: Memory | None,
    service: str,
    operation: str,
    parameters: Mapping[str, Any],
    error: tuple[str, str],
) -> str | None:
    """Why a call is worth repeating: what AWS has yet to spread; None: it means what it says.

    error: AWS's code and text.
    """
    code, text = error
    for known, part, why in NOT_YET.get((service, operation), ()):
        if code == known and part in text:
            named = principals(parameters) if why == PRINCIPAL else ""
            return f"{why} ({named})" if named else why
    if BUSY.get(service, ("", ""))[0] == code and not operation.startswith(_WHOLE):
        return BUSY[service][1]
    if memory is None or not NOT_FOUND.fullmatch(code) or code in _OF_A_PART:
        return None
    young = memory.young(service, parameters)
    others = [value for _, value in _leaves("", parameters) if len(value) > 3]
    if not young or (
        not any(value in text for value in young)
        and any(value in text for value in others if value not in young)
    ):
        return None
    return f"{', '.join(sorted(young))} was made just before, and AWS has yet to spread it"


def principals(parameters: Mapping[str, Any]) -> str:
    """The users and roles that a call's policy names: AWS does not say which of them is unknown."""
    found = set()
    for _, text in _leaves("", parameters):
        if text.startswith("{") and '"Statement"' in text:
            statements = json.loads(text)["Statement"]
            for statement in [statements] if isinstance(statements, dict) else statements:
                found |= {value for _, value in _leaves("", {"": statement.get("Principal", {})})}
    return ", ".join(sorted(value for value in found if re.match(r"arn:.+:(user|role)/", value)))


_WHOLE = ("create_bucket", "delete_bucket")
