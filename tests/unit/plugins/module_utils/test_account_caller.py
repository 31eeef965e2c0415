"""Whose account it is: told before anything changes, and zeros in front are no matter of luck."""

from __future__ import annotations

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._account.caller import (
    Caller,
    check_account,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError

CALLER = Caller("020222070707", "arn:aws-cn:iam::020222070707:role/ops")


def test_an_account_is_a_text_of_twelve_digits() -> None:
    check_account(CALLER, "", "ragops-dev")
    check_account(CALLER, "020222070707", "ragops-dev")
    assert CALLER.partition == "aws-cn"
    with pytest.raises(AwsError, match=r"platform_account_id is '2185785799'. Give the 12 digits"):
        check_account(CALLER, "2185785799", "ragops-dev")
    with pytest.raises(
        AwsError, match=r"are of AWS account 020222070707 .* belongs to 123456789012"
    ):
        check_account(CALLER, "123456789012", "ragops-dev")
