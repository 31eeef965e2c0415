"""Certificates: requested, validated in the zone, kept, replaced, removed; nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils import journal
from support import hosted_zones as dns
from support.emulator import Aws
from support.hosted_zones import CLAIM, HOST, OWNER, TAGS
from support.lifecycle import Life, World

OPTIONS = {"domain_name": HOST, "hosted_zone": dns.ZONE, "tags": {**TAGS, "Component": "app"}}
REMOVED = {"domain_name": None, "wait_timeout": 5}


@pytest.fixture
def zone(world: World) -> str:
    return dns.zone(world.aws)


@pytest.fixture
def life(world: World, zone: str) -> Life:  # noqa: ARG001 - it must be there
    return Life(world, "acm_certificate", OPTIONS)


def certificates(aws: Aws) -> list[dict[str, Any]]:
    acm = aws.client("acm")
    return [
        acm.describe_certificate(CertificateArn=each["CertificateArn"])["Certificate"]
        for each in acm.list_certificates()["CertificateSummaryList"]
    ]


def tags(aws: Aws, arn: str) -> dict[str, str]:
    found = aws.client("acm").list_tags_for_certificate(CertificateArn=arn)["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


def validation(aws: Aws) -> dict[str, str]:
    found: dict[str, str] = certificates(aws)[0]["DomainValidationOptions"][0]["ResourceRecord"]
    return found


def forbid(aws: Aws, zone: str, what: str) -> None:
    """A CAA record that lets another authority issue only."""
    dns.change(aws, zone, (what, dns.plain("example.com.", "CAA", '0 issue "other.example"')))


def test_it_is_issued_by_its_record_and_tagged(life: Life, zone: str) -> None:
    done = life.settles()["certificate"]
    aws = life.world.aws
    (there,) = certificates(aws)
    assert (there["Status"], there["DomainName"]) == ("ISSUED", HOST)
    assert done == {"arn": there["CertificateArn"], "status": "ISSUED", "domain_name": HOST}
    assert tags(aws, done["arn"]) == {**TAGS, "Component": "app"}
    wanted = validation(aws)
    found = dns.records(aws, zone)
    assert dns.values(found[wanted["Name"], "CNAME"]) == [wanted["Value"]]
    assert dns.values(found[CLAIM, "TXT"]) == [OWNER, f'"validation={wanted["Name"]}"']


def drop_record(aws: Aws) -> None:
    (zone_id,) = (each["Id"].rpartition("/")[2] for each in dns.zones(aws))
    name = validation(aws)["Name"]
    dns.change(aws, zone_id, ("DELETE", dns.records(aws, zone_id)[name, "CNAME"]))


def drop_tag(aws: Aws) -> None:
    arn = certificates(aws)[0]["CertificateArn"]
    aws.client("acm").remove_tags_from_certificate(CertificateArn=arn, Tags=[{"Key": "Component"}])


def test_what_was_removed_is_put_back_and_all_of_it_removed(life: Life, zone: str) -> None:
    dns.change(life.world.aws, zone, ("CREATE", dns.plain("www.example.com.", "A", "192.0.2.1")))
    life.whole([drop_record, drop_tag], REMOVED)
    aws = life.world.aws
    assert certificates(aws) == []
    assert set(dns.records(aws, zone)) == {("www.example.com.", "A")}


def test_one_that_failed_is_said_why_and_replaced(life: Life, zone: str) -> None:
    aws, world = life.world.aws, life.world
    forbid(aws, zone, "CREATE")
    journal.clear()
    said = world.run("acm_certificate", OPTIONS, fails=True)
    assert "FAILED (CAA_ERROR)" in said["msg"]
    assert "add a CAA record for amazon.com" in said["msg"]
    assert {change["action"] for change in said["changed_before_failure"]} == {"create", "change"}
    forbid(aws, zone, "DELETE")
    foreseen = world.run("acm_certificate", OPTIONS, check=True)
    assert [name for name in foreseen["diff"]["before"] if name.endswith(", FAILED")]
    world.run("acm_certificate", OPTIONS)
    assert [each["Status"] for each in certificates(aws)] == ["ISSUED"]
    life.rests()


def test_a_time_out_names_status_record_and_zone(
    life: Life, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is there, and never seen: as when the registrar leads to other name servers."""
    aws = life.world.aws
    from ansible_collections.ragops.platform.plugins.module_utils._acm import validation as module

    monkeypatch.setattr(module, "refuse_failed", lambda *_: hide(aws, zone))
    said = life.world.run("acm_certificate", {**OPTIONS, "wait_timeout": 1}, fails=True)["msg"]
    assert "after 1 s: PENDING_VALIDATION" in said
    assert f"CNAME {validation(aws)['Name']} {validation(aws)['Value']}" in said
    assert f"hosted zone example.com ({zone})" in said
    monkeypatch.undo()
    (waiting,) = certificates(aws)
    life.world.run("acm_certificate", OPTIONS)
    assert [each["CertificateArn"] for each in certificates(aws)] == [waiting["CertificateArn"]]


def hide(aws: Aws, zone: str) -> None:
    """Take the record away before ACM looks."""
    for (name, kind), record in dns.records(aws, zone).items():
        if kind == "CNAME":
            dns.change(aws, zone, ("DELETE", record))
            assert name


def test_one_in_use_is_waited_for_and_kept_if_told(life: Life) -> None:
    arn = life.settles()["certificate"]["arn"]
    aws, world = life.world.aws, life.world
    balancer = dns.balancer(aws, "k8s-rag")["LoadBalancerArn"]
    listener = dns.listen(aws, balancer, arn)
    gone = {**OPTIONS, "state": "absent", "wait_timeout": 1}
    said = world.run("acm_certificate", gone, fails=True)["msg"]
    assert f"in use by {balancer}" in said
    kept = world.run("acm_certificate", {**gone, "keep_used": True})
    assert kept["kept"] == [arn]
    assert "were kept, because something uses them" in str(kept["warnings"])
    life.rests()  # with the record by which it is renewed
    aws.client("elbv2").delete_listener(ListenerArn=listener)
    life.settles("absent", **REMOVED)


def test_somebodys_certificates_stay(life: Life, zone: str) -> None:
    """Of the same host, with the company's two tags: it is neither taken nor deleted."""
    aws = life.world.aws
    acm = aws.client("acm")
    two = [{"Key": key, "Value": TAGS[key]} for key in ("Project", "Environment")]
    other = acm.request_certificate(DomainName=HOST, ValidationMethod="DNS", Tags=two)
    done = life.settles()["certificate"]
    assert done["arn"] != other["CertificateArn"]
    life.settles("absent", **REMOVED)
    assert [each["CertificateArn"] for each in certificates(aws)] == [other["CertificateArn"]]
    # The record, which ACM gives to the account and not to a certificate, renews that one, too.
    assert {kind for _, kind in dns.records(aws, zone)} == {"CNAME"}


def test_a_record_that_is_there_serves_and_is_not_ours(life: Life, zone: str) -> None:
    aws, acm = life.world.aws, life.world.aws.client("acm")
    arn = acm.request_certificate(DomainName=HOST, ValidationMethod="DNS")["CertificateArn"]
    for _ in range(4):
        acm.describe_certificate(CertificateArn=arn)
    wanted = validation(aws)
    theirs = dns.plain(wanted["Name"], "CNAME", wanted["Value"])
    dns.change(aws, zone, ("CREATE", theirs))
    acm.delete_certificate(CertificateArn=arn)
    life.settles()
    assert dns.values(dns.records(aws, zone)[CLAIM, "TXT"]) == [OWNER]
    life.settles("absent", **REMOVED)
    assert dns.records(aws, zone) == {(wanted["Name"], "CNAME"): theirs}


def test_a_host_of_somebody_is_refused_before_anything_is_made(life: Life, zone: str) -> None:
    aws, world = life.world.aws, life.world
    dns.change(aws, zone, ("CREATE", dns.plain(f"{HOST}.", "A", "192.0.2.1")))
    quiet = world.mutations()
    for check in (True, False):
        said = world.run("acm_certificate", OPTIONS, check=check, fails=True)["msg"]
        assert f"already has a record {HOST} (A)" in said
        assert f"TXT record _ragops-platform.{HOST} with the value {OWNER}" in said
    assert world.mutations() == quiet


def test_old_hosts_go_with_the_rest(life: Life, zone: str) -> None:
    life.settles()
    life.settles(domain_name="old.example.com")
    life.settles("absent", **REMOVED)
    assert certificates(life.world.aws) == []
    assert dns.records(life.world.aws, zone) == {}


@pytest.mark.parametrize("lacking", ["Project", "Environment", "ManagedBy"])
def test_without_a_tag_that_proves_it_nothing_is_done(world: World, lacking: str) -> None:
    less = {key: value for key, value in TAGS.items() if key != lacking}
    said = world.run("acm_certificate", {**OPTIONS, "tags": less}, fails=True)
    assert said["msg"].startswith(f"tags lacks {lacking}")
