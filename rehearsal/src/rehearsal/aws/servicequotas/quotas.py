"""What an account may have: AWS's Service Quotas, of which the platform asks before it begins."""

from __future__ import annotations

import functools
import json
from typing import Any

from rehearsal.aws.account.facts import Account
from rehearsal.aws.ec2.prices import reply
from rehearsal.aws.wire.query import Parameters, Response

SERVICE = "servicequotas"
TARGET = "ServiceQuotasV20190624"
NAMES = {"L-F678F1CE": "vpcs", "L-1216C47A": "cpus"}
"""Quotas by code, as the account's facts call them."""


def adjust(app: Any, router: Any, iam_actions: Any, account: Account) -> None:
    """Add the service to ministack's. app, router, iam_actions: its modules."""
    router.SERVICE_PATTERNS[SERVICE] = {
        "target_prefixes": [TARGET],
        "credential_scope": SERVICE,
    }
    iam_actions.SERVICE_TO_IAM_NAMESPACE[SERVICE] = SERVICE
    app.SERVICE_HANDLERS[SERVICE] = functools.partial(answer, account)


async def answer(
    account: Account,
    _method: str,
    _path: str,
    headers: dict[str, str],
    body: bytes,
    _query: Parameters,
) -> Response:
    """AWS: quotas of all services. ministack: no such service. Here are those of NAMES."""
    action = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    asked = json.loads(body or b"{}")
    code = asked.get("QuotaCode", "")
    if action != "GetServiceQuota" or code not in NAMES:
        text = f"The rehearsal knows no quota {code}, asked by {action}"
        return reply(400, {"__type": "NoSuchResourceException", "message": text})
    quota = {"ServiceCode": asked.get("ServiceCode", ""), "QuotaCode": code}
    return reply(200, {"Quota": quota | {"Value": float(account.quota(NAMES[code]))}})
