# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Who calls AWS, and whether the region takes calls of their account."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

from ..aws import AwsError
from ..reconcile import Api

ELSEWHERE = "us-east-1"
"""A region that every account has: it knows which others the account has enabled."""

UNKNOWN_HERE = ("AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException")
"""What AWS says of credentials in a region that their account has not enabled."""


class Connect(Protocol):
    """Gives the API of a service, in the module's region or elsewhere."""

    def __call__(self, service: str, elsewhere: str | None = None) -> Api: ...


@dataclass(frozen=True)
class Caller:
    """Who calls. account: 12 digits, as text: some begin with zeros."""

    account: str
    arn: str

    @property
    def partition(self) -> str:
        """The partition of the caller's ARN."""
        return self.arn.split(":")[1]


def identify(connect: Connect, region: str) -> Caller:
    """Return who calls.

    Raises:
        AwsError: no credentials, bad ones, or the account has not enabled the region.
    """
    try:
        answer = connect("sts").read("get_caller_identity", "the caller's identity")
    except AwsError as error:
        if error.code in UNKNOWN_HERE and region != ELSEWHERE and _is_off(connect, region):
            raise AwsError(
                f"The account has not enabled the region {region} (platform_region): AWS accepts"
                " no credentials there. Enable it (aws account enable-region --region-name"
                f" {region}; this takes minutes to hours), or choose another region. Nothing was"
                " changed.",
                code=error.code,
                action=error.action,
            ) from error
        raise
    return Caller(str(answer["Account"]), str(answer["Arn"]))


def _is_off(connect: Connect, region: str) -> bool:
    """Whether the account, asked elsewhere, says that it has not enabled the region."""
    try:
        found = connect("ec2", ELSEWHERE).read(
            "describe_regions", f"region {region}", RegionNames=[region], AllRegions=True
        )
    except AwsError:
        return False  # The credentials are of no use there, either: that is the failure to report.
    return any(item.get("OptInStatus") == "not-opted-in" for item in found["Regions"])


def check_account(caller: Caller, wanted: str, name: str) -> None:
    """Raise AwsError if the credentials are of another account than the platform's."""
    if wanted and re.fullmatch(r"\d{12}", wanted) is None:
        raise AwsError(
            f"platform_account_id is '{wanted}'. Give the 12 digits of an AWS account, in quotes,"
            " so that leading zeros are kept. Nothing was changed."
        )
    if wanted and caller.account != wanted:
        raise AwsError(
            f"The credentials are of AWS account {caller.account} ({caller.arn}), but {name} "
            f"belongs to {wanted} (platform_account_id). Use credentials of that account. Nothing "
            "was changed."
        )
