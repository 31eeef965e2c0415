"""Zones, records and load balancers of the tests' emulated account."""

from __future__ import annotations

from typing import Any

from support.emulator import Aws

HOST, ZONE = "rag.example.com", "example.com"
CLAIM = f"_ragops-platform.{HOST}."
TAGS = {"Project": "ragops", "Environment": "test", "ManagedBy": "ragops.platform"}
OWNER = '"heritage=ragops.platform,owner=ragops/test"'


def zone(aws: Aws, name: str = ZONE, *, vpc: str = "") -> str:
    """A new hosted zone's id; with a VPC it is private."""
    private = {"VPC": {"VPCRegion": "us-east-1", "VPCId": vpc}} if vpc else {}
    made = aws.client("route53").create_hosted_zone(
        Name=name, CallerReference=f"{name}{len(zones(aws))}", **private
    )
    return str(made["HostedZone"]["Id"]).rpartition("/")[2]


def zones(aws: Aws) -> list[dict[str, Any]]:
    """All hosted zones."""
    found: list[dict[str, Any]] = aws.client("route53").list_hosted_zones()["HostedZones"]
    return found


def records(aws: Aws, zone_id: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What the zone has beside what each has, by name and type."""
    found = aws.client("route53").list_resource_record_sets(HostedZoneId=zone_id)
    return {
        (each["Name"], each["Type"]): each
        for each in found["ResourceRecordSets"]
        if each["Type"] not in ("SOA", "NS") or each["Name"] != f"{ZONE}."
    }


def values(record: dict[str, Any]) -> list[str]:
    """The values of a record."""
    return [each["Value"] for each in record["ResourceRecords"]]


def change(aws: Aws, zone_id: str, *changes: tuple[str, dict[str, Any]]) -> None:
    """Change records by hand: (action, record)."""
    aws.client("route53").change_resource_record_sets(
        HostedZoneId=zone_id,
        ChangeBatch={
            "Changes": [{"Action": what, "ResourceRecordSet": record} for what, record in changes]
        },
    )


def plain(name: str, kind: str, *texts: str) -> dict[str, Any]:
    """A record without a routing policy."""
    listed = [{"Value": text} for text in texts]
    return {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": listed}


def balancer(aws: Aws, name: str, scheme: str = "internal") -> dict[str, Any]:
    """A new load balancer."""
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24")["Subnet"]["SubnetId"]
        for number in (0, 1)
    ]
    made: dict[str, Any] = aws.client("elbv2").create_load_balancer(
        Name=name, Subnets=subnets, Scheme=scheme, Type="application"
    )["LoadBalancers"][0]
    return made


def listen(aws: Aws, balancer_arn: str, certificate: str) -> str:
    """An HTTPS listener with a certificate; its ARN."""
    made = aws.client("elbv2").create_listener(
        LoadBalancerArn=balancer_arn,
        Port=443,
        Protocol="HTTPS",
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
    )
    return str(made["Listeners"][0]["ListenerArn"])
