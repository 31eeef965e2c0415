# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""The record by which ACM sees that a domain is ours, for the first time and at each renewal."""

from __future__ import annotations

from dataclasses import replace

from .._dns.records import Claim, Records, validation_record
from ..aws import AwsError, Dict, wait_until
from ..reconcile import UNKNOWN, Api, Plan
from . import certificate as certificates

RECORD_TIMEOUT = 300.0
"""Seconds for ACM to say which record it wants to see; it takes some."""
ENDING = ".acm-validations.aws"
"""How the values of records for ACM end."""
REASONS = {
    "CAA_ERROR": (
        "a CAA record of the domain allows other authorities only: add a CAA record for amazon.com"
    ),
    "DOMAIN_NOT_ALLOWED": "ACM considers the domain unsafe",
    "ADDITIONAL_VERIFICATION_REQUIRED": (
        "AWS must verify the domain manually: open a support case with AWS"
    ),
    "DOMAIN_VALIDATION_DENIED": "the validation was denied",
    "INVALID_PUBLIC_DOMAIN": "it is not a valid public domain",
    "PCA_ACCESS_DENIED": "a private certificate authority refused the request",
}
"""What ACM's reasons mean, and what to do."""


def wanted_record(certificate: Dict) -> Dict:
    """Return the record that ACM asks for; empty while it does not."""
    for option in certificate.get("DomainValidationOptions", ()):
        if found := option.get("ResourceRecord"):
            return {**found, "Name": found["Name"].lower()}
    return {}


def await_record(api: Api, certificate: Dict, label: str) -> Dict:
    """Return the certificate when ACM has said which record it wants to see.

    Raises:
        AwsError: it failed, or ACM does not say.
    """
    found = certificate

    def lacking() -> str | None:
        nonlocal found
        if wanted_record(found):
            return None
        found = certificates.describe(api, certificate["CertificateArn"], label)
        refuse_failed(found, label)
        return None if wanted_record(found) else "ACM has not named the validation record yet"

    wait_until(label, lacking, timeout=RECORD_TIMEOUT, interval=5)
    return found


def refuse_failed(certificate: Dict, label: str) -> None:
    """Stop at a state from which a certificate does not recover.

    Raises:
        AwsError: that state, its cause and what to do.
    """
    status = certificate.get("Status", "")
    if status in ("", UNKNOWN, *certificates.ALIVE):
        return
    reason = certificate.get("FailureReason", "")
    meaning = REASONS.get(reason, "see the certificate in ACM")
    raise AwsError(
        f"ACM did not issue {label}: {status}{f' ({reason})' if reason else ''}: {meaning}. Fix"
        " the cause and run again; the run then requests a new certificate."
    )


def ensure_record(records: Records, plan: Plan, domain: str, certificate: Dict) -> Dict:
    """Put the record into the zone that ACM wants to see, and note in the claim that we did.

    One that is there already is somebody's, and serves as well. Returns the record; an empty
    dict in check mode, when ACM has not been asked for a certificate yet.

    Raises:
        AwsError: a record of that name says something else.
    """
    label = f"validation record of {domain}"
    wanted = wanted_record(certificate) or _foreseen(records, domain)
    claim = records.claim(domain) or Claim(domain, records.owner)
    if not wanted:
        plan.record(label, None, {"type": "CNAME", "name": UNKNOWN})
        _note(records, plan, replace(claim, validation=UNKNOWN))
        return {}
    there = records.at(wanted["Name"], "A", "AAAA", "CNAME", "TXT")
    record = validation_record(wanted)
    shown = {"type": "CNAME", "name": wanted["Name"]}
    if any(_same(each, record) for each in there):
        plan.record(label, shown, shown)
        _note(records, plan, claim)
        return wanted
    if there and claim.validation != wanted["Name"]:
        types = ", ".join(each["Type"] for each in there)
        raise AwsError(
            f"ACM needs the CNAME record {wanted['Name']} with {wanted['Value']}, and"
            f" {records.zone.label} has a different record there ({types}). Remove it, then run"
            " again."
        )
    plan.record(label, None, shown)
    after = replace(claim, validation=wanted["Name"])
    _note(records, plan, after)
    remove, make = records.set_claim(records.claim(domain), after)
    records.change(label, [*there, *remove], [*make, record])
    return wanted


def _foreseen(records: Records, domain: str) -> Dict:
    """Return the record for ACM that is there, before ACM was asked: it names the same one for each
    certificate of an account for this domain.
    """
    for each in records.items:
        value = each.get("ResourceRecords", [{"Value": ""}])[0]["Value"]
        name = each["Name"]
        if name.partition(".")[2] == f"{domain}." and value.rstrip(".").endswith(ENDING):
            return {"Name": name, "Type": each["Type"], "Value": value}
    return {}


def _note(records: Records, plan: Plan, after: Claim) -> None:
    """Note how the claim was when the run began, and how it is to be."""
    before = records.found.get(after.host)
    plan.record(after.label, before and {"values": before.values}, {"values": after.values})


def _same(one: Dict, other: Dict) -> bool:
    def values(record: Dict) -> list[str]:
        found = record.get("ResourceRecords", ())
        return [each["Value"].rstrip(".").lower() for each in found]

    return one["Type"] == other["Type"] and values(one) == values(other)


def await_issued(
    api: Api, certificate: Dict, records: Records, wanted: Dict, timeout: float
) -> Dict:
    """Return the certificate when ACM has issued it.

    Raises:
        AwsError: it failed, or is not issued after so many seconds; with the record and the zone.
    """
    arn, domain = certificate["CertificateArn"], certificate["DomainName"]
    label = certificates.label_of(domain)
    found = certificate

    def lacking() -> str | None:
        nonlocal found
        found = certificates.describe(api, arn, label)
        refuse_failed(found, label)
        return None if found.get("Status") == "ISSUED" else str(found.get("Status"))

    try:
        wait_until(label, lacking, timeout=timeout)
    except AwsError as error:
        if error.code or found.get("Status") != "PENDING_VALIDATION":
            raise
        servers = ", ".join(records.zone.servers)
        led = (
            f"the name servers of this zone ({servers})"
            if servers
            else ("the name servers of this zone")
        )
        raise AwsError(
            f"ACM has not issued {label} after {timeout:.0f} s: {found['Status']}. It looks for"
            f" CNAME {wanted['Name']} {wanted['Value']}, which is in {records.zone.label}. Check"
            f" that the domain registrar, or the parent zone, points to {led}. Then run again; the"
            " run waits for the same certificate."
        ) from error
    return found


def ensure_absent(records: Records, plan: Plan, stay: set[str], needed: set[str]) -> None:
    """Remove the records that we made for ACM, and the claims of hosts that lead nowhere.

    stay: domains of our certificates that are kept; needed: of somebody's, which are renewed by
    the same record.
    """
    for claim in (each for each in records.own_claims() if each.host not in stay):
        keep = claim.host in needed
        remove, make = records.without_validation(claim, keep=keep)
        if not remove:
            continue
        label = f"validation record of {claim.host}"
        if claim.validation and not keep:
            plan.record(label, {"type": "CNAME", "name": claim.validation}, None)
        after = {"values": replace(claim, validation="").values} if make else None
        plan.record(claim.label, {"values": claim.values}, after)
        records.change(label, remove, make)
