# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Certificates of ACM: found by our tags, requested, replaced when dead, deleted after use."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from ..aws import AwsError, Dict, tag_dict, wait_until
from ..ownership import IDENTITY
from ..reconcile import UNKNOWN, Api, Plan, missing_tags, tag_list

GONE = ("ResourceNotFoundException",)
IN_USE = "ResourceInUseException"
ALIVE = ("ISSUED", "PENDING_VALIDATION")
KEYS = ("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096")
CURVES = ("EC_prime256v1", "EC_secp384r1", "EC_secp521r1")


@dataclass(frozen=True)
class Found:
    """A certificate as AWS lists it, with its tags."""

    arn: str
    domain: str
    status: str
    tags: Mapping[str, str]

    @property
    def label(self) -> str:
        """How errors name it."""
        return f"certificate {self.domain} ({self.arn.rpartition('/')[2]})"


def label_of(domain: str) -> str:
    """Return how the plan names the certificate of a domain."""
    return f"certificate {domain}"


def listed(api: Api) -> list[Dict]:
    """Return all certificates of the region, of whatever key."""
    return api.pages(
        "list_certificates",
        "CertificateSummaryList",
        "the certificates",
        Includes={"keyTypes": [*KEYS, *CURVES]},
    )


def own(api: Api, every: list[Dict], tags: Mapping[str, str]) -> list[Found]:
    """Return ours among the listed ones, those that are issued first."""
    proof = {key: str(tags[key]) for key in IDENTITY if key in tags}
    found = []
    for each in every:
        arn, domain = each["CertificateArn"], each["DomainName"]
        answer = api.read("list_tags_for_certificate", label_of(domain), GONE, CertificateArn=arn)
        carried = tag_dict(answer.get("Tags"))
        if each.get("Type") != "IMPORTED" and proof.items() <= carried.items():
            found.append(Found(arn, domain, each["Status"], carried))
    return sorted(found, key=lambda one: (one.status != "ISSUED", one.status, one.arn))


def describe(api: Api, arn: str, label: str) -> Dict:
    """Return a certificate as AWS describes it; an empty dict if there is none."""
    answer = api.read("describe_certificate", label, GONE, CertificateArn=arn)
    found: Dict = answer.get("Certificate", {})
    return found


def ensure_present(api: Api, plan: Plan, domain: str, tags: Mapping[str, str]) -> Dict:
    """Return our certificate of a domain as AWS describes it; request one if none is alive.

    One that failed or expired is replaced, and deleted if nothing has it any more. In check mode
    a certificate that would be requested has the ARN UNKNOWN, and no record.
    """
    mine = own(api, [each for each in listed(api) if each["DomainName"] == domain], tags)
    wanted = {key: str(value) for key, value in tags.items()}
    for dead in (each for each in mine if each.status not in ALIVE):
        if not describe(api, dead.arn, dead.label).get("InUseBy"):
            plan.record(f"{dead.label}, {dead.status}", {"arn": dead.arn}, None)
            api.write("delete_certificate", dead.label, GONE, CertificateArn=dead.arn)
    for current in (each for each in mine if each.status in ALIVE):
        # The list may still have one that is gone.
        if there := describe(api, current.arn, current.label):
            _tag(api, plan, current, wanted)
            return there
    plan.record(label_of(domain), None, {"tags": wanted})
    return _request(api, domain, wanted)


def _tag(api: Api, plan: Plan, current: Found, wanted: Mapping[str, str]) -> None:
    carried = {key: current.tags[key] for key in wanted if key in current.tags}
    plan.record(label_of(current.domain), {"tags": carried}, {"tags": wanted})
    # All of them: a policy may ask for the ones that say whose it is.
    if missing_tags(current.tags, wanted):
        api.write(
            "add_tags_to_certificate",
            current.label,
            CertificateArn=current.arn,
            Tags=tag_list(wanted),
        )


def _request(api: Api, domain: str, tags: Mapping[str, str]) -> Dict:
    label = label_of(domain)
    answer = api.write(
        "request_certificate",
        label,
        DomainName=domain,
        ValidationMethod="DNS",
        # Of this run: a call that is repeated makes no second one, the next run may.
        IdempotencyToken=uuid.uuid4().hex,
        Tags=tag_list(tags),
    )
    if not answer:
        return {"CertificateArn": UNKNOWN, "Status": UNKNOWN}
    arn = answer["CertificateArn"]

    def lacking() -> str | None:
        arns = {each["CertificateArn"] for each in listed(api)}
        return None if arn in arns else "not among the certificates yet"

    # The next run would request another one.
    wait_until(label, lacking, timeout=120, interval=5)
    return describe(api, arn, label)


def ensure_absent(
    api: Api, plan: Plan, certificates: list[Found], timeout: float, *, keep_used: bool
) -> list[str]:
    """Delete certificates; return the ARNs of those that are kept, since something has them.

    Raises:
        AwsError: one is still in use after so many seconds, and `keep_used` is not set.
    """
    kept = []
    for each in certificates:
        outcome = DELETED if api.check_mode else _delete(api, each, timeout, keep_used=keep_used)
        if outcome == DELETED:
            plan.record(each.label, {"arn": each.arn}, None)
        elif outcome == KEPT:
            kept.append(each.arn)
    return kept


DELETED, KEPT, MISSING = "deleted", "kept", "missing"
"""What became of a certificate. MISSING: the list still had one that is gone."""


def _delete(api: Api, certificate: Found, timeout: float, *, keep_used: bool) -> str:
    outcome = DELETED

    def lacking() -> str | None:
        nonlocal outcome
        try:
            api.write("delete_certificate", certificate.label, CertificateArn=certificate.arn)
        except AwsError as error:
            if error.code in GONE:
                outcome = MISSING
                return None
            if error.code != IN_USE:
                raise
            users = describe(api, certificate.arn, certificate.label).get("InUseBy") or ()
            return f"in use by {', '.join(users) or 'what ACM does not name yet'}"
        return None

    try:
        wait_until(certificate.label, lacking, timeout=timeout)
    except AwsError as error:
        if error.code or not keep_used:
            raise
        return KEPT
    return outcome
