"""The certificate authorities of databases: those that are shipped, and the choice of a region."""

from __future__ import annotations

import base64
import datetime
import re

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._rds import authorities
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from support.checkout import ROOT

SHIPPED = (ROOT / "roles/app_rollout/files/rds-authorities.pem").read_text()
OTHER = (
    "-----BEGIN CERTIFICATE-----\n"
    + base64.b64encode(b"x" * 90).decode()
    + ("\n-----END CERTIFICATE-----\n")
)


def test_what_is_shipped_signs_itself_and_is_what_its_comments_say() -> None:
    comments = re.findall(r"^# (Amazon RDS .*), SHA-256 ([0-9a-f]{64})$", SHIPPED, re.MULTILINE)
    found = x509.load_pem_x509_certificates(SHIPPED.encode())
    assert len(comments) == len(found) > 60
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=3650)
    for (name, fingerprint), one in zip(comments, found, strict=True):
        one.verify_directly_issued_by(one)
        assert f"CN={name}," in one.subject.rfc4514_string() + ","
        assert one.fingerprint(hashes.SHA256()).hex() == fingerprint
        assert one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert one.not_valid_after_utc > later


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "ap-southeast-3"])
def test_a_region_gets_its_own_three(region: str) -> None:
    own = authorities.of_region(SHIPPED + OTHER, region)
    found = x509.load_pem_x509_certificates(own.encode())
    assert len(found) == 3
    assert all(f"Amazon RDS {region} Root" in one.subject.rfc4514_string() for one in found)


def test_another_authority_is_taken_as_it_is() -> None:
    assert authorities.of_region(f"text before\n{OTHER}", "us-east-1") == (
        OTHER.replace(OTHER.splitlines()[1], re.sub("(.{64})", r"\1\n", OTHER.splitlines()[1]))
    )


@pytest.mark.parametrize(
    ("text", "region", "said"),
    [
        ("hello", "us-east-1", "contains no certificate"),
        (SHIPPED, "mars-north-1", "none for mars-north-1. Download the current file"),
    ],
)
def test_what_is_of_no_use_is_refused(text: str, region: str, said: str) -> None:
    with pytest.raises(AwsError, match=said):
        authorities.of_region(text, region)
