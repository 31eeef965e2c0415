#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module acm_certificate: a public certificate that is validated in a hosted zone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: acm_certificate
version_added: 0.2.0
short_description: A public ACM certificate that is validated through Route 53
description:
  - Requests a public certificate for a host, creates its validation record in a hosted zone, and
    waits until ACM issues the certificate. A later run restores a record that was removed, because
    ACM renews the certificate only while the record exists.
  - A certificate that failed, timed out or expired is replaced. It is deleted if nothing uses it.
  - DNS records have no tags. So the TXT record C(_ragops-platform.<host>) names the owner of the
    host and the record that was created for ACM. A host that has other records and no such TXT
    record is refused before anything is created.
  - M(community.aws.acm_certificate) imports certificates; it does not request any.
options:
  state:
    description: Whether the certificate exists. V(absent) removes all certificates of the region
      whose tags C(Project), C(Environment) and C(ManagedBy) match O(tags). It also removes their
      records in the zone.
    type: str
    choices: [present, absent]
    default: present
  domain_name:
    description: The host, of 64 characters at most. Required with O(state=present).
    type: str
  hosted_zone:
    description: Id or name of a public hosted zone that contains the host. Required with
      O(state=present). With O(state=absent) the zone may no longer exist.
    type: str
  keep_used:
    description: What happens with O(state=absent) if a certificate is still in use after
      O(wait_timeout). V(true) keeps it with a warning, V(false) fails.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait until the certificate is issued, or until nothing uses it any more.
    type: int
    default: 1800
  tags:
    description: Tags of the certificate. Tags that others added are kept.
    type: dict
    required: true
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Have a certificate for the host
  ragops.platform.acm_certificate:
    domain_name: rag.example.com
    hosted_zone: example.com
    tags: {Project: ragops, Environment: dev, ManagedBy: ragops.platform}

- name: Remove it when nothing uses it any more
  ragops.platform.acm_certificate:
    state: absent
    hosted_zone: example.com
    tags: {Project: ragops, Environment: dev, ManagedBy: ragops.platform}
"""

RETURN = r"""
certificate:
  description: The certificate.
  returned: when O(state=present)
  type: dict
  contains:
    arn:
      description: ARN of the certificate. In check mode a placeholder text if it does not exist
        yet.
      type: str
      returned: always
      sample: arn:aws:acm:us-east-1:000000000000:certificate/0b7c1a2d-0000-4000-8000-000000000000
    status:
      description: Status that ACM reports.
      type: str
      returned: always
      sample: ISSUED
    domain_name:
      description: The host.
      type: str
      returned: always
      sample: rag.example.com
kept:
  description: ARNs of certificates that were kept because something uses them.
  returned: when O(state=absent)
  type: list
  elements: str
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._acm import certificate, validation
from ansible_collections.ragops.platform.plugins.module_utils._dns import zone as zones
from ansible_collections.ragops.platform.plugins.module_utils._dns.records import Records
from ansible_collections.ragops.platform.plugins.module_utils.ownership import IDENTITY
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    UNKNOWN,
    Api,
    Connect,
    Plan,
    reconcile,
    require_tags,
)


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    return {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "domain_name": {"type": "str"},
        "hosted_zone": {"type": "str"},
        "keep_used": {"type": "bool", "default": False},
        "wait_timeout": {"type": "int", "default": 1800},
        "tags": {"type": "dict", "required": True},
    }


def ensure_present(module: Any, plan: Plan, acm: Api, names: Api) -> dict[str, Any]:
    """Take the host, request, let ACM see the record, wait."""
    options = module.params
    domain = str(options["domain_name"]).lower().rstrip(".")
    zone = zones.need(names, options["hosted_zone"], domain)
    records = Records(names, zone, options["tags"])
    records.take(domain)
    found = certificate.ensure_present(acm, plan, domain, options["tags"])
    if not module.check_mode:
        found = validation.await_record(acm, found, certificate.label_of(domain))
    wanted = validation.ensure_record(records, plan, domain, found)
    if not module.check_mode:
        timeout = options["wait_timeout"]
        found = validation.await_issued(acm, found, records, wanted, timeout)
    arn, status = found.get("CertificateArn", UNKNOWN), found.get("Status", UNKNOWN)
    return {"certificate": {"arn": arn, "status": status, "domain_name": domain}}


def ensure_absent(module: Any, plan: Plan, acm: Api, names: Api) -> dict[str, Any]:
    """Delete our certificates, then the records by which they were validated."""
    options = module.params
    every = certificate.listed(acm)
    mine = certificate.own(acm, every, options["tags"])
    kept = certificate.ensure_absent(
        acm, plan, mine, options["wait_timeout"], keep_used=options["keep_used"]
    )
    if kept:
        module.warn(
            f"These certificates were kept, because something uses them: {', '.join(kept)}. Remove"
            " their users, then run again."
        )
    asked = options["hosted_zone"]
    zone = zones.find(names, asked) if asked else None
    if zone:
        records = Records(names, zone, options["tags"])
        ours = {each.arn for each in mine}
        needed = {
            name
            for each in every
            if each["CertificateArn"] not in ours
            for name in (each["DomainName"], *each.get("SubjectAlternativeNameSummaries", ()))
        }
        stay = {each.domain for each in mine if each.arn in kept}
        validation.ensure_absent(records, plan, stay, needed)
    return {"kept": kept}


def run(module: Any, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Bring the certificate to the wanted state."""
    require_tags(module.params["tags"], IDENTITY)
    acm, names = connect("acm"), connect("route53")
    if module.params["state"] == "absent":
        return ensure_absent(module, plan, acm, names)
    return ensure_present(module, plan, acm, names)


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=argument_spec(),
        required_if=[("state", "present", ("domain_name", "hosted_zone"))],
        supports_check_mode=True,
    )
    reconcile(module, run)


if __name__ == "__main__":
    main()
