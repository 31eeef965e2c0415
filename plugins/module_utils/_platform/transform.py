# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Pure transformations of platform_info: what AWS said -> one stable shape.

Every key is always there. What does not exist is None, an empty list or an empty
dict, so that a role may write resources['network']['vpc_id'] on an empty account.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._rds.transform import SECRET_TAG
from ..aws import AwsError, Dict, tag_dict
from . import read
from .read import BUCKETS, REPOSITORIES

SECURITY_GROUPS = ("eks_cluster", "eks_nodes", "rds", "elasticache", "endpoints", "bastion")
SECRETS = tuple(what.replace("-", "_") for what in read.SECRETS)


def key_of(name: str, prefix: str) -> str:
    """A resource's key: its name without the platform's, as an identifier.

    ("ragops-dev-eks-nodes", "ragops-dev-") -> "eks_nodes".
    """
    return name.removeprefix(prefix).replace("-", "_").replace("/", "_")


def network(raw: Dict, name: str) -> Dict:
    """VPC, subnets (in order of zone), security groups by key. Raises AwsError on two VPCs."""
    vpcs = sorted(vpc["VpcId"] for vpc in raw["vpcs"])
    if len(vpcs) > 1:
        raise AwsError(
            f"Several VPCs carry the tags of {name}: {', '.join(vpcs)}. Remove the tags Project "
            "and Environment from those which are not this platform's."
        )
    subnets = sorted(raw["subnets"], key=lambda net: (net["AvailabilityZone"], net["SubnetId"]))
    groups: dict[str, str | None] = dict.fromkeys(SECURITY_GROUPS)
    groups.update(
        {
            key_of(group["GroupName"], f"{name}-"): group["GroupId"]
            for group in raw["security_groups"]
        }
    )
    return {
        "vpc_id": vpcs[0] if vpcs else None,
        "cidr_block": raw["vpcs"][0]["CidrBlock"] if vpcs else None,
        "private_subnet_ids": [net["SubnetId"] for net in subnets if not _is_public(net)],
        "public_subnet_ids": [net["SubnetId"] for net in subnets if _is_public(net)],
        "private_subnet_zones": [net["AvailabilityZone"] for net in subnets if not _is_public(net)],
        "private_subnet_cidrs": [net["CidrBlock"] for net in subnets if not _is_public(net)],
        "public_subnet_cidrs": [net["CidrBlock"] for net in subnets if _is_public(net)],
        "availability_zones": sorted({net["AvailabilityZone"] for net in subnets}),
        "security_group_ids": groups,
        "nat_gateway_ids": sorted(
            gateway["NatGatewayId"]
            for gateway in raw["nat_gateways"]
            if gateway.get("State") not in ("deleted", "failed")
        ),
        "elastic_ip_ids": sorted(address["AllocationId"] for address in raw["addresses"]),
        "vpc_endpoint_ids": sorted(
            endpoint["VpcEndpointId"]
            for endpoint in raw["endpoints"]
            if str(endpoint.get("State", "")).lower() != "deleted"
        ),
    }


def _is_public(subnet: Mapping[str, Any]) -> bool:
    """Whether load balancers that face the internet are placed here."""
    return "kubernetes.io/role/elb" in tag_dict(subnet.get("Tags"))


def kms(raw: Dict | None, name: str) -> Dict:
    """The key's ARN and its alias; both None without a usable key."""
    return {
        "key_arn": raw["Arn"] if raw else None,
        "alias": f"alias/{name}" if raw else None,
    }


def eks(raw: Dict | None, name: str) -> Dict:
    """The cluster; node groups as a list of {name, status, version, instance_types, sizes}.

    launch_templates: names of the node groups that have one.
    """
    raw = raw or {}
    cluster: Dict = raw.get("cluster", {})
    return {
        "name": cluster.get("name"),
        "arn": cluster.get("arn"),
        "version": cluster.get("version"),
        "status": cluster.get("status"),
        "deletion_protection": cluster.get("deletionProtection"),
        "endpoint": cluster.get("endpoint"),
        "oidc_issuer": cluster.get("identity", {}).get("oidc", {}).get("issuer"),
        "security_group_id": cluster.get("resourcesVpcConfig", {}).get("clusterSecurityGroupId"),
        "node_groups": [node_group(group) for group in raw.get("node_groups", [])],
        "launch_templates": sorted(
            template.removeprefix(f"{name}-") for template in raw.get("launch_templates", [])
        ),
        "addons": sorted(raw.get("addons", [])),
    }


def node_group(raw: Dict) -> Dict:
    """One managed node group."""
    scaling = raw.get("scalingConfig", {})
    return {
        "name": raw["nodegroupName"],
        "status": raw["status"],
        "version": raw.get("version"),
        "ami_type": raw.get("amiType"),
        "release_version": raw.get("releaseVersion"),
        "instance_types": raw.get("instanceTypes", []),
        "min_size": scaling.get("minSize"),
        "max_size": scaling.get("maxSize"),
        "desired_size": scaling.get("desiredSize"),
        "managed_by": raw.get("tags", {}).get("ManagedBy"),
    }


def rds(raw: Dict | None, name: str) -> Dict:  # noqa: ARG001 - all transformations are called alike
    """The database; endpoint and port are None until AWS has given them."""
    instance = raw or {}
    return {
        "identifier": instance.get("DBInstanceIdentifier"),
        "arn": instance.get("DBInstanceArn"),
        "status": instance.get("DBInstanceStatus"),
        "endpoint": instance.get("Endpoint", {}).get("Address"),
        "port": instance.get("Endpoint", {}).get("Port"),
        "db_name": instance.get("DBName"),
        "master_username": instance.get("MasterUsername"),
        "master_secret_arn": instance.get("MasterUserSecret", {}).get("SecretArn")
        or tag_dict(instance.get("TagList")).get(SECRET_TAG),
        "multi_az": instance.get("MultiAZ"),
        "engine_version": instance.get("EngineVersion"),
    }


def elasticache(raw: Dict | None, name: str) -> Dict:  # noqa: ARG001
    """The replication group; endpoint is the primary's (or the configuration endpoint)."""
    group = raw or {}
    shards = group.get("NodeGroups") or [{}]
    endpoint = group.get("ConfigurationEndpoint") or shards[0].get("PrimaryEndpoint") or {}
    return {
        "replication_group_id": group.get("ReplicationGroupId"),
        "arn": group.get("ARN"),
        "status": group.get("Status"),
        "endpoint": endpoint.get("Address"),
        "port": endpoint.get("Port"),
        "tls": group.get("TransitEncryptionEnabled"),
        "multi_az": group["MultiAZ"] == "enabled" if "MultiAZ" in group else None,
    }


def s3(raw: Mapping[str, str | None], name: str) -> dict[str, str | None]:  # noqa: ARG001
    """Bucket names by purpose."""
    return {purpose: raw.get(purpose) for purpose in BUCKETS}


def ecr(raw: Mapping[str, str | None], name: str) -> dict[str, str | None]:  # noqa: ARG001
    """Repository URIs, and the registry's host which they have in common."""
    uris: dict[str, str | None] = {repository: raw.get(repository) for repository in REPOSITORIES}
    known = [uri for uri in uris.values() if uri]
    return {**uris, "registry": known[0].split("/", 1)[0] if known else None}


def secrets(raw: list[Dict], name: str) -> dict[str, str | None]:
    """ARNs by key: <name>/database-url is database_url."""
    found: dict[str, str | None] = dict.fromkeys(SECRETS)
    found.update({key_of(secret["Name"], f"{name}/"): secret["ARN"] for secret in raw})
    return found


def iam(raw: Dict, name: str) -> Dict:
    """Role ARNs by key (<name>-eks-cluster is eks_cluster) and the OIDC providers' ARNs."""
    return {
        "roles": {key_of(role["RoleName"], f"{name}-"): role["Arn"] for role in raw["roles"]},
        "oidc_provider_arns": sorted(raw["oidc_providers"]),
    }


def logs(raw: list[str], name: str) -> Dict:  # noqa: ARG001
    """Names of log groups."""
    return {"groups": list(raw)}


TRANSFORMATIONS: Mapping[str, Callable[[Any, str], Dict]] = {
    "network": network,
    "kms": kms,
    "eks": eks,
    "rds": rds,
    "elasticache": elasticache,
    "s3": s3,
    "ecr": ecr,
    "secrets": secrets,
    "iam": iam,
    "logs": logs,
}


def shape(raw: Mapping[str, Any], name: str) -> dict[str, Dict]:
    """All components of `raw`, each in its stable shape."""
    return {component: TRANSFORMATIONS[component](raw[component], name) for component in raw}


def found(resources: Mapping[str, Dict]) -> list[str]:
    """The components of which anything at all exists, sorted."""
    return sorted(component for component, shape_ in resources.items() if _any(shape_))


def _any(value: Any) -> bool:
    """Whether anything in a nested shape is set."""
    if isinstance(value, Mapping):
        return any(_any(item) for item in value.values())
    return value not in (None, [], "")
