# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The hosted zone: found by id or name, public, and one that has the host in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..aws import AwsError, Dict
from ..reconcile import Api

ID = re.compile(r"(?:/hostedzone/)?(Z[A-Z0-9]{1,31})")
GONE = ("NoSuchHostedZone",)


@dataclass(frozen=True)
class Zone:
    """A public hosted zone. name: with the last dot; servers: its name servers, if known."""

    id: str
    name: str
    servers: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """How errors name the zone."""
        return f"hosted zone {self.name.rstrip('.')} ({self.id})"

    def has(self, host: str) -> bool:
        """Whether a host is in the zone, by its name."""
        return host == self.name.rstrip(".") or f"{host}.".endswith(f".{self.name}")


def find(api: Api, asked: str) -> Zone | None:
    """Return the zone; None if there is none such.

    Args:
        asked: id, or name with or without the last dot.

    Raises:
        AwsError: it is private, or there are several of the name.
    """
    wanted = ID.fullmatch(asked)
    found = _by_id(api, wanted[1]) if wanted else _by_name(api, asked.rstrip(".").lower() + ".")
    public = [each for each in found if not each.get("Config", {}).get("PrivateZone")]
    if found and not public:
        raise AwsError(
            f"Hosted zone {asked} is private, so only its VPCs can resolve its records, and ACM"
            " cannot. Give a public hosted zone. Nothing was changed."
        )
    if len(public) > 1:
        ids = ", ".join(sorted(each["Id"].rpartition("/")[2] for each in public))
        raise AwsError(
            f"There are several public hosted zones {asked} ({ids}), of which the internet uses"
            " one. Give the id of the hosted zone to which the domain registrar points. Nothing"
            " was changed."
        )
    if not public:
        return None
    zone = public[0]
    return Zone(zone["Id"].rpartition("/")[2], zone["Name"], tuple(zone.get("servers", ())))


def need(api: Api, asked: str, host: str) -> Zone:
    """Return the zone in which a host gets its records.

    Raises:
        AwsError: there is none such, or the host is not in it.
    """
    zone = find(api, asked)
    if zone is None:
        raise AwsError(
            f"There is no public hosted zone {asked} in this account. Give an existing hosted"
            " zone, or create it first and point the domain registrar to it. Nothing was changed."
        )
    if not zone.has(host):
        raise AwsError(
            f"{host} is not in {zone.label}, so its records would have no effect. Give the hosted"
            " zone of that host. Nothing was changed."
        )
    return zone


def _by_id(api: Api, zone_id: str) -> list[Dict]:
    answer = api.read("get_hosted_zone", f"hosted zone {zone_id}", GONE, Id=zone_id)
    if not answer:
        return []
    servers = answer.get("DelegationSet", {}).get("NameServers", ())
    return [{**answer["HostedZone"], "servers": servers}]


def _by_name(api: Api, name: str) -> list[Dict]:
    # They come in the order of their names, from this one on.
    about = f"hosted zone {name.rstrip('.')}"
    answer = api.read("list_hosted_zones_by_name", about, DNSName=name)
    return [each for each in answer.get("HostedZones", ()) if each["Name"] == name]
