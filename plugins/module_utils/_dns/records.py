# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Records of a zone, and which of them are ours.

A record carries no tags. So a TXT record beside a host says whose its records are, as external-dns
does; it is made before them, and in the same batch as what it tells of. Nothing is ever
overwritten: what there is is deleted with exactly the values that were read, or the batch fails.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..aws import AwsError, Dict, wait_until
from ..reconcile import Api
from .zone import Zone

PREFIX = "_ragops-platform."
HERITAGE = "heritage=ragops.platform"
ADDRESSES = ("A", "AAAA", "CNAME")
"""Types of records that lead people to somewhere."""
TTL = 300


@dataclass(frozen=True)
class Claim:
    """The TXT record of a host. validation: name of the record for ACM, if we made that one."""

    host: str
    owner: str
    validation: str = ""

    @property
    def name(self) -> str:
        """Name of the TXT record."""
        return claim_name(self.host)

    @property
    def label(self) -> str:
        """How plan and errors name it."""
        return f"TXT record {self.name.rstrip('.')}"

    @property
    def values(self) -> list[str]:
        """What the TXT record says."""
        more = [f"validation={self.validation}"] if self.validation else []
        return [f"{HERITAGE},owner={self.owner}", *more]

    @property
    def record(self) -> Dict:
        """The TXT record as Route 53 takes it."""
        quoted = [{"Value": f'"{value}"'} for value in self.values]
        return {"Name": self.name, "Type": "TXT", "TTL": TTL, "ResourceRecords": quoted}


def claim_name(host: str) -> str:
    """Return the name of a host's TXT record."""
    return f"{PREFIX}{host}."


def owner_of(tags: Mapping[str, str]) -> str:
    """Return how a claim names whose it is."""
    return f"{tags['Project']}/{tags['Environment']}"


def validation_record(wanted: Mapping[str, str]) -> Dict:
    """Return the CNAME record that ACM wants to see, as Route 53 takes it."""
    value = [{"Value": wanted["Value"]}]
    return {"Name": wanted["Name"], "Type": "CNAME", "TTL": TTL, "ResourceRecords": value}


class Records:
    """All records of one zone, with the changes sent through here. found: claims at first."""

    def __init__(self, api: Api, zone: Zone, tags: Mapping[str, str]) -> None:
        self.api, self.zone, self.owner = api, zone, owner_of(tags)
        self.items = self._read()
        self.found = {claim.host: claim for claim in self.claims()}

    def _read(self) -> list[Dict]:
        return self.api.pages(
            "list_resource_record_sets",
            "ResourceRecordSets",
            self.zone.label,
            HostedZoneId=self.zone.id,
        )

    def at(self, name: str, *types: str) -> list[Dict]:
        """Return the records of a name (with its last dot), of these types."""
        return [each for each in self.items if each["Name"] == name and each["Type"] in types]

    def claim(self, host: str) -> Claim | None:
        """Return the claim of a host, whoever's; None if there is none."""
        found = self.at(claim_name(host), "TXT")
        return _parse(host, found[0]) if found else None

    def claims(self) -> list[Claim]:
        """Return all claims of the zone, whoever's."""
        hosts = [
            each["Name"].removeprefix(PREFIX).rstrip(".")
            for each in self.items
            if each["Type"] == "TXT" and each["Name"].startswith(PREFIX)
        ]
        return [claim for host in hosts if (claim := self.claim(host))]

    def own_claims(self) -> list[Claim]:
        """Return our claims, of whatever host."""
        return [claim for claim in self.claims() if claim.owner == self.owner]

    def take(self, host: str) -> None:
        """Take a host before anything is made for it.

        Raises:
            AwsError: it is somebody else's.
        """
        if self.refuse_taken(host) is None:
            claim = Claim(host, self.owner)
            self.change(claim.label, [], [claim.record])

    def refuse_taken(self, host: str) -> Claim | None:
        """Refuse a host that is not ours to lead to somewhere; return our claim, if there is one.

        Raises:
            AwsError: the host is somebody else's, or the zone has no say about it.
        """
        self._refuse_delegated(host)
        claim, there = self.claim(host), self.at(f"{host}.", *ADDRESSES)
        if claim and claim.owner != self.owner:
            raise AwsError(
                f"{host} belongs to somebody else: {claim.label} in {self.zone.label} names"
                f" {claim.owner or 'no platform'}, but this is {self.owner}. Nothing was changed."
                " Choose another host, or remove that record if nobody needs it."
            )
        if there and not claim:
            types = ", ".join(each["Type"] for each in there)
            ours = Claim(host, self.owner)
            raise AwsError(
                f"{self.zone.label} already has a record {host} ({types}), which does not belong "
                "to the platform. Nothing was changed. Choose another host, or remove the record. "
                f"To let the platform manage the record, create {ours.label} with the value "
                f'"{ours.values[0]}", then run again.'
            )
        if any("SetIdentifier" in each for each in there):
            raise AwsError(
                f"The records of {host} in {self.zone.label} have a routing policy, and the"
                " platform does not change such records. Nothing was changed. Remove them, or"
                " choose another host."
            )
        return claim

    def _refuse_delegated(self, host: str) -> None:
        for each in self.items:
            name = each["Name"].rstrip(".")
            inside = host == name or host.endswith(f".{name}")
            if each["Type"] == "NS" and inside and each["Name"] != self.zone.name:
                raise AwsError(
                    f"{self.zone.label} delegates {name} to other name servers, so a record {host}"
                    f" in it would have no effect. Give the hosted zone of {name}. Nothing was"
                    " changed."
                )

    def change(self, label: str, remove: Iterable[Dict], make: Iterable[Dict]) -> str:
        """Delete and make records in one batch, all or none; return the id of the change.

        Raises:
            AwsError: AWS refused: somebody changed one of them just now, or they don't fit.
        """
        remove, make = list(remove), list(make)
        changes = [{"Action": "DELETE", "ResourceRecordSet": each} for each in remove]
        changes += [{"Action": "CREATE", "ResourceRecordSet": each} for each in make]
        if not changes or self.api.check_mode:
            return ""

        def done() -> Dict | None:
            now = self._read()
            return {} if all(each in now for each in make) and not _any(remove, now) else None

        batch = {"Comment": f"ragops.platform {self.owner}", "Changes": changes}
        answer = self.api.create(
            "change_resource_record_sets",
            label,
            done,
            HostedZoneId=self.zone.id,
            ChangeBatch=batch,
        )
        self.items = [each for each in self.items if each not in remove] + make
        return str(answer.get("ChangeInfo", {}).get("Id", "")).rpartition("/")[2]

    def set_claim(self, old: Claim | None, new: Claim | None) -> tuple[list[Dict], list[Dict]]:
        """Return what to remove and to make, so that the claim is as wanted."""
        if old == new:
            return [], []
        remove = self.at(old.name, "TXT") if old else []
        return remove, [new.record] if new else []

    def without_validation(self, claim: Claim, *, keep: bool) -> tuple[list[Dict], list[Dict]]:
        """Return what to remove and to make, so that a claim's record for ACM is gone.

        keep: whether the record itself stays, since another certificate is renewed by it.
        """
        remaining = replace(claim, validation="")
        used = bool(self.at(f"{claim.host}.", *ADDRESSES))
        remove, make = self.set_claim(claim, remaining if used else None)
        if claim.validation and not keep:
            remove = [*remove, *self.at(claim.validation, "CNAME")]
        return remove, make


def _any(some: list[Dict], there: list[Dict]) -> bool:
    return any(each in there for each in some)


def _parse(host: str, record: Dict) -> Claim:
    texts = [each["Value"].strip('"') for each in record.get("ResourceRecords", ())]
    fields = dict(part.split("=", 1) for text in texts for part in text.split(",") if "=" in part)
    ours = fields.get("heritage") == HERITAGE.partition("=")[2]
    owner = fields.get("owner", "") if ours else ""
    return Claim(host, owner, fields.get("validation", "") if ours else "")


def await_spread(api: Api, change: str, label: str, timeout: float) -> None:
    """Wait until all name servers of Route 53 know a change.

    Raises:
        AwsError: they don't after so many seconds.
    """
    if not change:
        return

    def lacking() -> str | None:
        status = api.read("get_change", label, Id=change)["ChangeInfo"]["Status"]
        return None if status == "INSYNC" else f"{status} in Route 53"

    wait_until(label, lacking, timeout=timeout, interval=5)
