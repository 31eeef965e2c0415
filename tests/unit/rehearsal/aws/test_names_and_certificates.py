"""The emulated Route 53, ACM and load balancers: what AWS refuses, and when it issues."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from support import hosted_zones as dns
from support.emulator import Aws
from support.hosted_zones import HOST

CNAME = dns.plain(f"{HOST}.", "CNAME", "elsewhere.example.net")


@pytest.fixture
def zone(aws: Aws) -> str:
    return dns.zone(aws)


def alias(name: str, zone: str = "Z35SXDOTRQ7X7K") -> dict[str, Any]:
    target = {"HostedZoneId": zone, "DNSName": name, "EvaluateTargetHealth": False}
    return {"Name": f"{HOST}.", "Type": "A", "AliasTarget": target}


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (dns.plain("rag.example.net.", "A", "192.0.2.1"), "is not permitted in zone example.com."),
        (dns.plain("notexample.com.", "A", "192.0.2.1"), "is not permitted in zone example.com."),
        (dns.plain("example.com.", "CNAME", "a.example.net"), "is not permitted at apex"),
        (dns.plain(f"{HOST}.", "TXT", "bare"), "should be enclosed in quotation marks"),
        (dns.plain(f"{HOST}.", "A", "192.0.2.1"), "because a conflicting RRSet of type CNAME"),
        (dns.plain("there.example.com.", "CNAME", "b.example.net"), "conflicts with other records"),
        (dns.plain("there.example.com.", "A", "192.0.2.9"), "but it already exists"),
        (alias("gone.us-east-1.elb.amazonaws.com"), "but that target was not found"),
        (alias("gone.us-east-1.elb.amazonaws.com", "Z1"), "does not lie within the target zone"),
    ],
)
def test_records_that_do_not_fit_are_refused(
    aws: Aws, zone: str, record: dict[str, Any], said: str
) -> None:
    there = dns.plain("there.example.com.", "A", "192.0.2.1")
    dns.change(aws, zone, ("CREATE", there), ("CREATE", CNAME))
    before = dns.records(aws, zone)
    with pytest.raises(ClientError, match="InvalidChangeBatch") as refused:
        dns.change(aws, zone, ("CREATE", record))
    assert said in str(refused.value)
    assert dns.records(aws, zone) == before


def test_a_batch_may_put_another_type_in_a_cnames_place(aws: Aws, zone: str) -> None:
    dns.change(aws, zone, ("CREATE", CNAME))
    dns.change(aws, zone, ("DELETE", CNAME), ("CREATE", dns.plain(f"{HOST}.", "A", "192.0.2.1")))
    assert list(dns.records(aws, zone)) == [(f"{HOST}.", "A")]


def status(aws: Aws, arn: str) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("acm").describe_certificate(CertificateArn=arn)
    return dict(found["Certificate"])


def request(aws: Aws, **more: Any) -> str:
    options = {"DomainName": HOST, "ValidationMethod": "DNS", **more}
    return str(aws.client("acm").request_certificate(**options)["CertificateArn"])


def wanted(seen: dict[str, Any]) -> dict[str, str] | None:
    found: dict[str, str] | None = seen["DomainValidationOptions"][0].get("ResourceRecord")
    return found


def test_a_certificate_is_issued_when_its_record_is_seen_in_a_public_zone(
    aws: Aws, zone: str
) -> None:
    arn = request(aws)
    first = status(aws, arn)
    assert (first["Status"], wanted(first)) == ("PENDING_VALIDATION", None)
    assert "IssuedAt" not in first
    seen = [status(aws, arn) for _ in range(6)]
    record = wanted(seen[-1])
    assert record is not None
    assert {each["Status"] for each in seen} == {"PENDING_VALIDATION"}
    wrong = dns.plain(record["Name"], "CNAME", "_other.acm-validations.aws.")
    dns.change(aws, zone, ("CREATE", wrong))
    assert {status(aws, arn)["Status"] for _ in range(4)} == {"PENDING_VALIDATION"}
    right = dns.plain(record["Name"], "CNAME", record["Value"])
    dns.change(aws, zone, ("DELETE", wrong), ("CREATE", right))
    states = [status(aws, arn)["Status"] for _ in range(5)]
    assert (states[0], states[-1]) == ("PENDING_VALIDATION", "ISSUED")


def test_the_record_is_an_accounts_and_a_token_makes_no_second_one(aws: Aws) -> None:
    one, same = (request(aws, IdempotencyToken="a1") for _ in range(2))
    other = request(aws, IdempotencyToken="b2")
    assert one == same != other
    for arn in (one, other):
        for _ in range(3):
            status(aws, arn)
    assert wanted(status(aws, one)) == wanted(status(aws, other)) is not None


def test_a_listener_takes_what_is_issued_and_holds_it(aws: Aws, zone: str) -> None:
    acm, elb = aws.client("acm"), aws.client("elbv2")
    balancer = dns.balancer(aws, "k8s-rag")["LoadBalancerArn"]
    nobodys = "arn:aws:acm:us-east-1:000000000000:certificate/none"
    with pytest.raises(ClientError, match="CertificateNotFound"):
        dns.listen(aws, balancer, nobodys)
    arn = request(aws)
    with pytest.raises(ClientError, match="UnsupportedCertificate"):
        dns.listen(aws, balancer, arn)
    while (record := wanted(status(aws, arn))) is None:
        pass
    dns.change(aws, zone, ("CREATE", dns.plain(record["Name"], "CNAME", record["Value"])))
    for _ in range(4):
        status(aws, arn)
    listener = dns.listen(aws, balancer, arn)
    assert status(aws, arn)["InUseBy"] == [balancer]
    with pytest.raises(ClientError, match="ResourceInUseException"):
        acm.delete_certificate(CertificateArn=arn)
    elb.delete_listener(ListenerArn=listener)
    with pytest.raises(ClientError, match="ResourceInUseException"):
        acm.delete_certificate(CertificateArn=arn)
    acm.delete_certificate(CertificateArn=arn)


def test_a_name_that_no_certificate_holds_is_refused(aws: Aws) -> None:
    with pytest.raises(ClientError, match="longer than the 64 characters"):
        request(aws, DomainName=f"{'r' * 59}.example.com")


def test_the_name_of_an_internal_load_balancer_says_so(aws: Aws) -> None:
    names = [dns.balancer(aws, f"k8s-{each}", each)["DNSName"] for each in ("internal",)]
    names += [dns.balancer(aws, "k8s-outside", "internet-facing")["DNSName"]]
    assert [name.startswith("internal-") for name in names] == [True, False]
    listed = aws.client("elbv2").describe_load_balancers()["LoadBalancers"]
    assert {each["DNSName"] for each in listed} == set(names)
