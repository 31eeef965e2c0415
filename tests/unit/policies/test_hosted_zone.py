"""docs/iam/hosted_zone.json: enough for the host's records and certificate, and for no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from support import hosted_zones as dns
from support.deciding import ROOT_KEY, Account, deciding, refused
from support.emulator import Aws
from support.hosted_zones import HOST, TAGS
from support.module_process import run_module
from support.published_policies import filled

OTHERS = {**TAGS, "Project": "billing"}
NAME = f"{TAGS['Project']}-{TAGS['Environment']}"
Key = tuple[str, str]


class Root(Aws):
    """The account as its root sees it, where IAM decides about all others."""

    def client(self, service: str, region_name: str = "us-east-1") -> Any:
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=region_name,
            aws_access_key_id=ROOT_KEY,
            aws_secret_access_key=ROOT_KEY,
        )


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with deciding(tmp_path_factory.mktemp("hosted-zone")) as served:
        yield served


@pytest.fixture(scope="module")
def zone(account: Account) -> str:
    root = Root(account.aws.url)
    found = dns.zone(root)
    dns.change(root, found, ("CREATE", dns.plain("www.example.com.", "A", "192.0.2.1")))
    return found


@pytest.fixture(scope="module")
def document(zone: str) -> dict[str, Any]:
    return filled("hosted_zone", NAME, host=HOST, zone=zone)


@pytest.fixture(scope="module")
def operator(account: Account, document: dict[str, Any]) -> Key:
    return account.user(*document["Statement"])


def test_the_modules_ask_for_exactly_its_actions(
    account: Account, document: dict[str, Any], operator: Key, zone: str
) -> None:
    """From nothing, again, after changes by hand, and to nothing, by a user with this policy."""
    root = Root(account.aws.url)
    credentials = dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), operator, strict=True))
    environment = {**account.aws.environment, **credentials}

    def run(module: str, **options: Any) -> dict[str, Any]:
        return run_module(module, {"tags": TAGS, **options}, env=environment)

    target = dns.balancer(root, "k8s-rag")["DNSName"]
    named = {"domain_name": HOST, "hosted_zone": dns.ZONE}
    led = {"name": HOST, "hosted_zone": zone, "target": target}
    run("route53_alias", **{**led, "state": "free"})
    for changed in (True, False):
        assert run("acm_certificate", **named)["changed"] is changed
        assert run("route53_alias", **led)["changed"] is changed
    records = dns.records(root, zone)
    (validation,) = (record for (_, kind), record in records.items() if kind == "CNAME")
    dns.change(
        root,
        zone,
        ("DELETE", validation),
        ("CREATE", dns.plain(f"{HOST}.", "AAAA", "2001:db8::1")),
    )
    tags = {**TAGS, "Component": "app_rollout"}
    assert run("acm_certificate", **named, tags=tags)["changed"]
    assert run("route53_alias", **led)["changed"]
    assert run("route53_alias", state="absent", hosted_zone=zone)["changed"]
    assert run("acm_certificate", state="absent", hosted_zone=zone)["changed"]
    assert {name for name, _ in dns.records(root, zone)} == {"www.example.com."}
    allowed = {
        action
        for statement in document["Statement"]
        for action in (
            [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        )
    }
    assert {action for action, _ in account.asked(operator[0])} == allowed


def batch(zone: str, *changes: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    listed = [{"Action": what, "ResourceRecordSet": record} for what, record in changes]
    return {"HostedZoneId": zone, "ChangeBatch": {"Changes": listed}}


OWN = dns.plain(f"{HOST}.", "A", "192.0.2.7")
WWW = dns.plain("www.example.com.", "A", "192.0.2.1")
APEX = dns.plain("example.com.", "TXT", '"v=spf1 -all"')
RECORDS: dict[str, Callable[[str], dict[str, Any]]] = {
    "another host": lambda zone: batch(zone, ("DELETE", WWW)),
    "another host beside ours": lambda zone: batch(zone, ("CREATE", OWN), ("DELETE", WWW)),
    "the zone itself": lambda zone: batch(zone, ("CREATE", APEX)),
    "a name below another host": lambda zone: batch(
        zone, ("CREATE", dns.plain("_a.www.example.com.", "TXT", '"x"'))
    ),
    "what overwrites": lambda zone: batch(zone, ("UPSERT", OWN)),
    "a delegation": lambda zone: batch(
        zone, ("CREATE", dns.plain(f"{HOST}.", "NS", "ns.example.net."))
    ),
}


@pytest.mark.parametrize("attempt", RECORDS)
def test_no_other_record_can_be_changed(
    account: Account, operator: Key, zone: str, attempt: str
) -> None:
    client = account.client("route53", *operator)
    said = refused(client, "change_resource_record_sets", RECORDS[attempt](zone))
    assert "route53:ChangeResourceRecordSets" in said
    mine = refused(client, "change_resource_record_sets", batch(zone, ("CREATE", OWN)))
    assert mine == ""
    refused(client, "change_resource_record_sets", batch(zone, ("DELETE", OWN)))


def listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def test_no_other_certificate_can_be_had_or_touched(account: Account, operator: Key) -> None:
    acm, root = account.client("acm", *operator), account.client("acm")
    ask: dict[str, Any] = {"ValidationMethod": "DNS", "Tags": listed(TAGS)}
    for wrong in (
        {"DomainName": "www.example.com"},
        {"DomainName": HOST, "SubjectAlternativeNames": ["www.example.com"]},
        {"DomainName": HOST, "ValidationMethod": "EMAIL"},
        {"DomainName": HOST, "Tags": listed(OTHERS)},
    ):
        assert "acm:RequestCertificate" in refused(acm, "request_certificate", {**ask, **wrong})
    untagged = {"DomainName": HOST, "ValidationMethod": "DNS"}
    assert "acm:RequestCertificate" in refused(acm, "request_certificate", untagged)
    theirs = root.request_certificate(DomainName=HOST, ValidationMethod="DNS", Tags=listed(OTHERS))[
        "CertificateArn"
    ]
    for method, more in (
        ("add_tags_to_certificate", {"Tags": listed(TAGS)}),
        ("delete_certificate", {}),
    ):
        assert "acm:" in refused(acm, method, {"CertificateArn": theirs, **more})
