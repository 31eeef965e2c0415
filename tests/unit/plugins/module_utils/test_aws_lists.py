"""A list is read to its end: an account may have more of everything than one page holds."""

from __future__ import annotations

from support.stubbed import Script


def aliases(*names: str) -> list[dict[str, str]]:
    return [{"AliasName": f"alias/{name}"} for name in names]


def test_a_list_has_all_its_pages() -> None:
    script = Script("kms")
    script.says(
        "list_aliases", {"Aliases": aliases("a", "b"), "Truncated": True, "NextMarker": "2"}
    )
    script.says("list_aliases", {"Aliases": aliases("c"), "Truncated": False}, Marker="2")
    with script.played() as kms:
        assert kms.pages("list_aliases", "Aliases", "aliases") == aliases("a", "b", "c")


def test_a_list_without_pages_is_read_at_once() -> None:
    script = Script("ec2")
    script.says("describe_availability_zones", {"AvailabilityZones": [{"ZoneName": "us-east-1a"}]})
    with script.played() as ec2:
        (zone,) = ec2.pages("describe_availability_zones", "AvailabilityZones", "zones")
    assert zone["ZoneName"] == "us-east-1a"
