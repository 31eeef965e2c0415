"""Who reaches the application, by a name in a hosted zone: what preflight says of the inputs.

More of them than `bad_inputs` has, where each costs a run of Ansible.
"""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._app_rollout import exposure

NAMED = {"app_rollout_host": "rag.example.com", "app_rollout_hosted_zone": "example.com"}
COGNITO = {
    "provider": "cognito",
    "user_pool_arn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a",
    "user_pool_client_id": "1a",
    "user_pool_domain": "rag",
}
LONG = f"{'r' * 59}.example.com"
ARN = "arn:aws:acm:us-east-1:123456789012:certificate/0b7c1a2d"


def said(**inputs: Any) -> list[str]:
    given = {**NAMED, **{f"app_rollout_{key}": value for key, value in inputs.items()}}
    return list(exposure.problems(given, "us-east-1", controller=True))


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"hosted_zone": "example.com."},
        {"hosted_zone": "rag.example.com"},
        {"hosted_zone": "Z0123456789ABCDEFGHIJ"},
        {"scheme": "internet-facing", "inbound_cidrs": ["203.0.113.0/24"]},
        {"scheme": "internet-facing", "sign_in": COGNITO},
        {"host": LONG, "certificate_arn": ARN},
    ],
)
def test_a_zone_stands_for_a_certificate(inputs: dict[str, Any]) -> None:
    assert said(**inputs) == []
    assert list(exposure.warnings({**NAMED, "app_rollout_scheme": "internal"}, True)) == []


@pytest.mark.parametrize(
    ("ranges", "zone", "rules"),
    [(30, "example.com", 0), (31, "example.com", 62), (60, "", 0), (61, "", 61)],
)
def test_more_ranges_than_a_security_group_takes_are_told(
    ranges: int, zone: str, rules: int
) -> None:
    """One rule for each of them and of two listeners, if there is a certificate."""
    inputs = {**NAMED, "app_rollout_hosted_zone": zone, "app_rollout_scheme": "internal"}
    inputs["app_rollout_inbound_cidrs"] = [f"203.0.113.{number}/32" for number in range(ranges)]
    told = [text for text in exposure.warnings(inputs, True) if "security group" in text]
    assert [f"makes {rules} rules" in text for text in told] == ([True] if rules else [])


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        ({"host": ""}, "and app_rollout_host is empty. Set app_rollout_host"),
        ({"hosted_zone": "ample.com"}, "is not in app_rollout_hosted_zone ample.com"),
        ({"hosted_zone": "a.rag.example.com"}, "is not in app_rollout_hosted_zone a.rag"),
        ({"hosted_zone": "Example.com"}, "is 'Example.com', which is neither"),
        ({"hosted_zone": "localhost"}, "is 'localhost', which is neither"),
        ({"hosted_zone": "z0123"}, "is 'z0123', which is neither"),
        ({"host": LONG}, "app_rollout_host has 71 characters"),
        ({"values": {"ingress": {"host": "b.example.com"}}}, "app_rollout_values.ingress has host"),
        ({"values": {"ingress": {"certificateArn": ARN}}}, "ingress has certificateArn"),
        ({"scheme": "internet-facing"}, "and everybody could use the application"),
    ],
)
def test_what_does_not_fit_is_said(inputs: dict[str, Any], text: str) -> None:
    assert any(text in each for each in said(**inputs)), said(**inputs)
