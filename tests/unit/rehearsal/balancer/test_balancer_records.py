"""What the stand-in for the load balancer controller registers in the emulated AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import hosted_zones as dns
from support.emulator import Aws, adjusted
from support.hosted_zones import HOST
from support.ingresses import SERVICES, ingress

from rehearsal.balancer import wanted
from rehearsal.balancer.records import Records, name_of

STACK = "rag/rag"
POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("balancer")


@pytest.fixture(scope="module")
def aws(world: Path) -> Iterator[Aws]:
    with adjusted(world / "requests.jsonl") as served:
        yield served


@pytest.fixture
def vpc(aws: Aws) -> str:
    """A VPC with two subnets for load balancers that face the internet."""
    aws.reset()
    ec2 = aws.client("ec2")
    made: str = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    for number, zone in enumerate("ab"):
        subnet = ec2.create_subnet(
            VpcId=made, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}"
        )["Subnet"]["SubnetId"]
        tags = [{"Key": "kubernetes.io/role/elb", "Value": "1"}]
        ec2.create_tags(Resources=[subnet], Tags=tags)
    return made


def records(aws: Aws, vpc: str) -> Records:
    endpoint = aws.environment["AWS_ENDPOINT_URL"]
    return Records("us-east-1", "ragops-dev", vpc, {"Project": "ragops"}, endpoint)


def balancer(*paths: tuple[str, str, str], **annotations: str) -> wanted.Balancer:
    return wanted.balancer(STACK, [ingress(*paths, **annotations)], SERVICES)


BOTH = (("/", "Prefix", "frontend"), ("/api", "Prefix", "backend"))


def own(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def test_a_load_balancer_is_made_changed_and_removed_whole(aws: Aws, vpc: str) -> None:
    made = records(aws, vpc)
    elb: Any = aws.client("elbv2")
    name = made.ensure(balancer(*BOTH, scheme="internet-facing"))
    (found,) = elb.describe_load_balancers()["LoadBalancers"]
    assert (found["DNSName"], found["VpcId"], found["Scheme"]) == (name, vpc, "internet-facing")
    assert len(found["AvailabilityZones"]) == 2
    arn = found["LoadBalancerArn"]
    tags = own(elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"])
    assert tags == {
        "Project": "ragops",
        "elbv2.k8s.aws/cluster": "ragops-dev",
        "ingress.k8s.aws/stack": STACK,
        "ingress.k8s.aws/resource": "LoadBalancer",
    }
    groups = {
        each["TargetGroupName"]: each for each in elb.describe_target_groups()["TargetGroups"]
    }
    assert {each["HealthCheckPath"] for each in groups.values()} == {"/backend", "/frontend"}
    (listener,) = elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]
    rules = elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
    paths = [
        rule["Conditions"][0]["PathPatternConfig"]["Values"] for rule in rules if rule["Conditions"]
    ]
    assert paths == [["/api", "/api/*"], ["/*"]]

    (_, frontend) = balancer(*BOTH).groups
    for addresses in ([("10.1.0.1", 80), ("10.1.0.2", 80)], [("10.1.0.2", 80)]):
        made.targets(frontend.name, addresses)
        health = elb.describe_target_health(TargetGroupArn=groups[frontend.name]["TargetGroupArn"])
        seen = [each["Target"]["Id"] for each in health["TargetHealthDescriptions"]]
        assert seen == [address for address, _ in addresses]

    # One path less: its target group goes, the load balancer stays.
    assert made.ensure(balancer(BOTH[0], scheme="internet-facing")) == name
    assert [each["TargetGroupName"] for each in elb.describe_target_groups()["TargetGroups"]] == [
        frontend.name
    ]
    made.remove(STACK, name_of(STACK))
    assert elb.describe_load_balancers()["LoadBalancers"] == []
    assert elb.describe_target_groups()["TargetGroups"] == []
    left = aws.client("ec2").describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}]
    )["SecurityGroups"]
    assert [each["GroupName"] for each in left] == ["default"]


def test_who_may_come_is_kept_true_and_the_scheme_makes_another_one(aws: Aws, vpc: str) -> None:
    made, ec2 = records(aws, vpc), aws.client("ec2")
    elb: Any = aws.client("elbv2")

    def open_to() -> set[tuple[int, str]]:
        (group,) = ec2.describe_security_groups(
            Filters=[{"Name": "group-name", "Values": [name_of(STACK)]}]
        )["SecurityGroups"]
        return {
            (rule["FromPort"], each["CidrIp"])
            for rule in group["IpPermissions"]
            for each in rule["IpRanges"]
        }

    made.ensure(balancer(BOTH[0], scheme="internet-facing"))
    assert open_to() == {(80, "0.0.0.0/0")}
    narrow = {"scheme": "internet-facing", "inbound_cidrs": "203.0.113.0/24"}
    made.ensure(balancer(BOTH[0], **narrow))
    assert open_to() == {(80, "203.0.113.0/24")}
    (before,) = elb.describe_load_balancers()["LoadBalancers"]
    protected = "deletion_protection.enabled=true"
    for subnet in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]:
        tag = {"Key": "kubernetes.io/role/internal-elb", "Value": "1"}
        ec2.create_tags(Resources=[subnet["SubnetId"]], Tags=[tag])
    made.ensure(balancer(BOTH[0], scheme="internal", load_balancer_attributes=protected))
    (after,) = elb.describe_load_balancers()["LoadBalancers"]
    assert after["Scheme"] == "internal"
    assert after["LoadBalancerArn"] != before["LoadBalancerArn"]
    made.remove(STACK, name_of(STACK))
    assert elb.describe_load_balancers()["LoadBalancers"] == []


def test_a_certificate_must_be_there_and_issued(aws: Aws, vpc: str) -> None:
    made, acm = records(aws, vpc), aws.client("acm")
    https = {"scheme": "internet-facing", "listen_ports": '[{"HTTPS": 443}]'}
    nobodys = "arn:aws:acm:us-east-1:000000000000:certificate/none"
    with pytest.raises(wanted.Refused, match="CertificateNotFound"):
        made.ensure(balancer(BOTH[0], certificate_arn=nobodys, **https))
    own = acm.request_certificate(DomainName=HOST, ValidationMethod="DNS")["CertificateArn"]
    with pytest.raises(wanted.Refused, match="its status is PENDING_VALIDATION"):
        made.ensure(balancer(BOTH[0], certificate_arn=own, **https))
    zone = dns.zone(aws)
    for _ in range(8):
        seen = acm.describe_certificate(CertificateArn=own)["Certificate"]
        record = seen["DomainValidationOptions"][0].get("ResourceRecord")
        if record and not any(kind == "CNAME" for _, kind in dns.records(aws, zone)):
            wish = dns.plain(record["Name"], "CNAME", record["Value"])
            dns.change(aws, zone, ("CREATE", wish))
    made.ensure(balancer(BOTH[0], certificate_arn=own, ssl_policy=POLICY, **https))
    elb: Any = aws.client("elbv2")
    (found,) = elb.describe_load_balancers()["LoadBalancers"]
    (secure,) = elb.describe_listeners(LoadBalancerArn=found["LoadBalancerArn"])["Listeners"]
    assert (secure["Protocol"], secure["SslPolicy"]) == ("HTTPS", POLICY)
    assert secure["Certificates"][0]["CertificateArn"] == own


def test_without_subnets_for_it_it_says_which_tag_is_missing(aws: Aws, vpc: str) -> None:
    with pytest.raises(
        wanted.Refused, match=r"0 of vpc-.* carry the tag kubernetes.io/role/internal"
    ):
        records(aws, vpc).ensure(balancer(*BOTH, scheme="internal"))


def test_the_emulated_aws_reports_what_the_checks_say(aws: Aws, vpc: str, world: Path) -> None:
    made = records(aws, vpc)
    made.ensure(balancer(BOTH[0], scheme="internet-facing"))
    (group,) = balancer(BOTH[0]).groups
    target = {"id": "10.1.0.9", "port": 80, "state": "unhealthy", "reason": "Target.Timeout"}
    (world / "target_health.json").write_text(json.dumps({group.name: [target]}))
    elb: Any = aws.client("elbv2")
    (found,) = elb.describe_target_groups()["TargetGroups"]
    health = elb.describe_target_health(TargetGroupArn=found["TargetGroupArn"])
    (seen,) = health["TargetHealthDescriptions"]
    assert seen["TargetHealth"] == {"State": "unhealthy", "Reason": "Target.Timeout"}
    assert seen["Target"] == {"Id": "10.1.0.9", "Port": 80}
