# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Which certificate authorities a database of a region is believed by: pure, no calls."""

from __future__ import annotations

import base64
import binascii
import re

from ..aws import AwsError

BUNDLE = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
_CERTIFICATE = re.compile(
    r"-----BEGIN CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----"
)
_OF_RDS = b"Amazon RDS "


def of_region(text: str, region: str) -> str:
    """Return those certificates of a PEM text that sign databases of a region, as PEM.

    A text without certificates of Amazon RDS is another authority's and is taken as it is.

    Raises:
        AwsError: it has no certificate at all, or RDS's, and none of this region.
    """
    found = [_decoded(body) for body in _CERTIFICATE.findall(text)]
    if not found:
        raise AwsError("contains no certificate (-----BEGIN CERTIFICATE-----)")
    if any(_OF_RDS in one for one in found):
        # The subject is text in the certificate, whatever is around it.
        own = [one for one in found if _OF_RDS + region.encode() + b" Root CA " in one]
        if not own:
            raise AwsError(
                f"contains authorities of Amazon RDS, but none for {region}. Download the current"
                f" file ({BUNDLE}) and give its path"
            )
        found = own
    return "".join(map(_encoded, found))


def _decoded(body: str) -> bytes:
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error as error:
        raise AwsError(f"contains a certificate that cannot be read: {error}") from None


def _encoded(der: bytes) -> str:
    text = base64.b64encode(der).decode()
    lines = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"
