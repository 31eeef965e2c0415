"""Hosts that lead to a load balancer: made, repaired, removed; somebody's are refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import hosted_zones as dns
from support.emulator import Aws
from support.hosted_zones import CLAIM, HOST, OWNER, TAGS
from support.lifecycle import Life, World
from support.module_process import examples, play

CNAME = dns.plain(f"{HOST}.", "CNAME", "elsewhere.example.net")


@pytest.fixture
def zone(world: World) -> str:
    return dns.zone(world.aws)


@pytest.fixture
def target(world: World) -> str:
    return str(dns.balancer(world.aws, "k8s-rag")["DNSName"])


@pytest.fixture
def life(world: World, zone: str, target: str) -> Life:
    options = {"name": HOST, "hosted_zone": zone, "target": target, "tags": TAGS}
    return Life(world, "route53_alias", options)


def alias(aws: Aws, zone: str) -> dict[str, Any]:
    found: dict[str, Any] = dns.records(aws, zone)[f"{HOST}.", "A"]["AliasTarget"]
    return found


def test_the_host_leads_to_the_load_balancer(life: Life, zone: str, target: str) -> None:
    assert target.startswith("internal-")
    assert life.settles()["hosts"] == [HOST]
    found = dns.records(life.world.aws, zone)
    assert set(found) == {(f"{HOST}.", "A"), (CLAIM, "TXT")}
    assert alias(life.world.aws, zone)["DNSName"] == f"{target}."
    assert dns.values(found[CLAIM, "TXT"]) == [OWNER]


def test_drift_is_repaired_and_only_ours_is_removed(life: Life, zone: str) -> None:
    aws = life.world.aws
    kept = dns.plain("www.example.com.", "CNAME", "elsewhere.example.net")
    theirs = dns.plain(
        "_ragops-platform.b.example.com.", "TXT", '"heritage=ragops.platform,owner=ragops/prod"'
    )
    other = dns.plain("b.example.com.", "A", "192.0.2.9")
    for record in (kept, theirs, other):
        dns.change(aws, zone, ("CREATE", record))

    def gone(aws: Aws) -> None:
        dns.change(aws, zone, ("DELETE", dns.records(aws, zone)[f"{HOST}.", "A"]))

    def led_away(aws: Aws) -> None:
        there = dns.records(aws, zone)[f"{HOST}.", "A"]
        dns.change(aws, zone, ("DELETE", there), ("CREATE", CNAME))

    def six(aws: Aws) -> None:
        dns.change(aws, zone, ("CREATE", dns.plain(f"{HOST}.", "AAAA", "2001:db8::1")))

    life.whole([gone, led_away, six])
    assert sorted(name for name, _ in dns.records(aws, zone)) == sorted(
        each["Name"] for each in (kept, theirs, other)
    )


def test_another_load_balancer_is_led_to(life: Life, zone: str) -> None:
    life.settles()
    other = dns.balancer(life.world.aws, "k8s-other", "internet-facing")["DNSName"]
    assert not other.startswith("internal-")
    life.settles(target=other)
    assert alias(life.world.aws, zone)["DNSName"] == f"{other}."


def test_a_host_that_is_handed_over_is_taken(life: Life, zone: str) -> None:
    """A CNAME can't stand beside another record: it goes in the same batch."""
    dns.change(life.world.aws, zone, ("CREATE", CNAME))
    life.world.run("route53_alias", life.options, fails=True)
    dns.change(life.world.aws, zone, ("CREATE", dns.plain(CLAIM, "TXT", OWNER)))
    life.settles()
    assert (f"{HOST}.", "CNAME") not in dns.records(life.world.aws, zone)


def other_owner(aws: Aws, zone: str) -> None:
    theirs = OWNER.replace("ragops/test", "billing/prod")
    dns.change(aws, zone, ("CREATE", dns.plain(CLAIM, "TXT", theirs)))


def external_dns(aws: Aws, zone: str) -> None:
    theirs = '"heritage=external-dns,external-dns/owner=default"'
    dns.change(aws, zone, ("CREATE", dns.plain(CLAIM, "TXT", theirs)))


def a_record(aws: Aws, zone: str) -> None:
    dns.change(aws, zone, ("CREATE", CNAME))


def weighted(aws: Aws, zone: str) -> None:
    record = {**dns.plain(f"{HOST}.", "A", "192.0.2.1"), "SetIdentifier": "one", "Weight": 1}
    claim = dns.plain(CLAIM, "TXT", OWNER)
    dns.change(aws, zone, ("CREATE", record), ("CREATE", claim))


def delegated(aws: Aws, zone: str) -> None:
    record = dns.plain(f"{HOST}.", "NS", "ns1.example.net.", "ns2.example.net.")
    dns.change(aws, zone, ("CREATE", record))


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (other_owner, "billing/prod, but this is ragops/test"),
        (external_dns, "names no platform"),
        (a_record, f"already has a record {HOST} (CNAME)"),
        (weighted, "have a routing policy"),
        (delegated, f"delegates {HOST} to other name servers"),
    ],
)
def test_somebodys_host_is_refused_before_anything_is_made(
    life: Life, zone: str, there: Callable[[Aws, str], None], said: str
) -> None:
    there(life.world.aws, zone)
    before, quiet = dns.records(life.world.aws, zone), life.world.mutations()
    for state in ("free", "present"):
        answer = life.world.run("route53_alias", {**life.options, "state": state}, fails=True)
        assert said in answer["msg"]
        assert "Nothing was changed" in answer["msg"]
    assert dns.records(life.world.aws, zone) == before
    assert life.world.mutations() == quiet


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("Z0000000000000", "There is no public hosted zone Z0000000000000"),
        ("nowhere.example", "There is no public hosted zone nowhere.example"),
        ("inside.example", "Hosted zone inside.example is private"),
        ("twice.example", "There are several public hosted zones twice.example"),
        ("other.example", f"{HOST} is not in hosted zone other.example"),
        ("ample.com", f"{HOST} is not in hosted zone ample.com"),
    ],
)
def test_a_zone_that_does_not_do_is_refused(life: Life, asked: str, said: str) -> None:
    aws = life.world.aws
    vpc = aws.client("ec2").create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    dns.zone(aws, "inside.example", vpc=vpc)
    for name in ("twice.example", "twice.example", "other.example", "ample.com"):
        dns.zone(aws, name)
    options = {**life.options, "hosted_zone": asked, "state": "free"}
    assert said in life.world.run("route53_alias", options, fails=True)["msg"]


def test_check_mode_foresees_a_load_balancer_that_is_still_to_be_made(life: Life) -> None:
    foreseen = life.world.run("route53_alias", {**life.options, "target": ""}, check=True)
    assert set(foreseen["diff"]["after"]) == {f"A record {HOST}", f"TXT record {CLAIM[:-1]}"}
    said = life.world.run("route53_alias", {**life.options, "target": ""}, fails=True)["msg"]
    assert said.startswith("target is empty")


def test_a_load_balancer_that_does_not_come_is_named(life: Life) -> None:
    options = {**life.options, "target": "gone.us-east-1.elb.amazonaws.com", "wait_timeout": 1}
    said = life.world.run("route53_alias", options, fails=True)["msg"]
    assert "load balancer gone.us-east-1.elb.amazonaws.com: not ready after 1 s" in said
    assert "(last seen: not there)" in said


def test_a_host_that_is_free_is_left_free(life: Life, zone: str) -> None:
    quiet = life.world.mutations()
    answer = life.world.run("route53_alias", {**life.options, "state": "free"})
    assert (answer["changed"], answer["zone_id"]) == (False, zone)
    assert life.world.mutations() == quiet


def test_a_zone_that_is_gone_has_nothing_left(world: World) -> None:
    answer = world.run(
        "route53_alias", {"state": "absent", "hosted_zone": "gone.example", "tags": TAGS}
    )
    assert (answer["changed"], answer["hosts"], answer["zone_id"]) == (False, [], "")


@pytest.mark.usefixtures("zone")
def test_the_examples_of_both_modules_run(world: World, tmp_path: Path) -> None:
    certificate, last = examples("acm_certificate")
    free, led, nowhere = examples("route53_alias")
    name = dns.balancer(world.aws, "k8s-rag")["DNSName"]
    led["ragops.platform.route53_alias"]["target"] = name
    tasks = [free, certificate, led, nowhere, last]
    done = play(tasks, tmp_path, world.aws.environment)
    assert [each["changed"] for each in done] == [False, True, True, True, True]


def test_a_sweep_finds_what_is_left_of_ours(life: Life, zone: str) -> None:
    aws, world = life.world.aws, life.world
    dns.change(aws, zone, ("CREATE", dns.plain("www.example.com.", "A", "192.0.2.1")))
    options = {"project": "ragops", "environment": "test", "hosted_zone": dns.ZONE}
    assert world.run("platform_sweep", options)["left"] == []
    life.settles()
    certificate = {"domain_name": HOST, "hosted_zone": zone, "tags": TAGS}
    arn = world.run("acm_certificate", certificate)["certificate"]["arn"]
    left = {item["id"]: item["type"] for item in world.run("platform_sweep", options)["left"]}
    (validation,) = (name for name, kind in dns.records(aws, zone) if kind == "CNAME")
    assert left == {
        arn: "certificate",
        f"A {HOST} in {zone}": "record",
        f"TXT {CLAIM[:-1]} in {zone}": "record",
        f"CNAME {validation[:-1]} in {zone}": "record",
    }
    assert world.run("platform_sweep", {**options, "environment": "dev"})["left"] == []
