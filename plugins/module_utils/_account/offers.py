# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Databases that the region offers, Elastic IPs that are left, and the regions that are enabled."""

from __future__ import annotations

from ..aws import tag_dict
from .caller import Connect
from .wishes import Wishes

QUOTA = "vpc-max-elastic-ips"


def database_problems(connect: Connect, wishes: Wishes) -> list[str]:
    """Return what is wrong with the database's class. (Version and storage are the module's.)"""
    if not (wanted := wishes.database_class):
        return []
    offers = connect("rds").read(
        "describe_orderable_db_instance_options",
        f"class {wanted} for PostgreSQL",
        Engine="postgres",
        DBInstanceClass=wanted,
        Vpc=True,
        MaxRecords=20,
    )
    if offers["OrderableDBInstanceOptions"] or _has_class(connect, wishes):
        return []
    return [
        f"rds: rds_instance_class is {wanted}, which RDS does not offer for PostgreSQL in "
        f"{wishes.region}. Choose another one (aws rds describe-orderable-db-instance-options "
        "--engine postgres lists them)."
    ]


def _has_class(connect: Connect, wishes: Wishes) -> bool:
    """Whether the instance is there and of that class: it stays, though no new one is offered."""
    about = f"RDS instance {wishes.name}"
    gone = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
    found = connect("rds").read(
        "describe_db_instances", about, gone, DBInstanceIdentifier=wishes.name
    )
    classes = [item["DBInstanceClass"] for item in found.get("DBInstances", [])]
    return wishes.database_class in classes


def address_problems(connect: Connect, wishes: Wishes) -> list[str]:
    """Return what is wrong if NAT gateways need more Elastic IPs than the account may have."""
    network = wishes.network
    if network.get("nat", "none") == "none":
        return []
    zones = len(network["availability_zones"]) or network["zone_count"]
    needed = 1 if network["nat"] == "single" else zones
    ec2, about = connect("ec2"), "Elastic IPs"
    found = ec2.read("describe_addresses", about)["Addresses"]
    ours = sum(1 for item in found if wishes.tags.items() <= tag_dict(item.get("Tags")).items())
    # Addresses that somebody brought along don't count.
    others = sum(1 for item in found if item.get("PublicIpv4Pool", "amazon") == "amazon") - ours
    answer = ec2.read("describe_account_attributes", about, AttributeNames=[QUOTA])
    values = [
        int(value["AttributeValue"])
        for attribute in answer["AccountAttributes"]
        for value in attribute["AttributeValues"]
    ]
    if not values or others + needed <= values[0] or ours >= needed:
        return []
    return [
        f"network: {needed} NAT gateways need {needed} Elastic IPs. The account may have"
        f" {values[0]} in {wishes.region}, of which {others} are used for other purposes. Release"
        " some, request a higher quota (Service Quotas: EC2-VPC Elastic IPs), or set network_nat"
        " to single or none."
    ]


def replica_problems(connect: Connect, wishes: Wishes) -> list[str]:
    """Return what is wrong with the region of the buckets' replicas."""
    if not (wanted := wishes.replica_region):
        return []
    found = connect("ec2").read("describe_regions", "the regions of AWS", AllRegions=True)
    status = {item["RegionName"]: item.get("OptInStatus") for item in found["Regions"]}
    if wanted not in status:
        return [f"s3: s3_replication_region is {wanted}: AWS has no such region."]
    if status[wanted] == "not-opted-in":
        return [
            f"s3: s3_replication_region is {wanted}, which the account has not enabled. Enable it "
            f"(aws account enable-region --region-name {wanted}), or choose another region."
        ]
    return []
