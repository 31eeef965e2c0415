"""Health of load balancers' targets, as the world's proxy sees them."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from rehearsal.aws.wire.query import Action, Parameters, Response, one


def adjust(alb: Any, health: Path) -> None:
    """Report true states. alb: ministack's module; health: what rehearsal.balancer writes."""
    actions: dict[str, Action] = alb._ACTION_MAP
    actions["DescribeTargetHealth"] = functools.partial(
        true_health, alb, actions["DescribeTargetHealth"], health
    )


def true_health(alb: Any, describe: Action, health: Path, parameters: Parameters) -> Response:
    """AWS: targets are initial, healthy, unhealthy or draining. ministack's are all healthy."""
    group = alb._tgs.get(one(parameters, "TargetGroupArn"))
    known = json.loads(health.read_text()) if health.exists() else {}
    if group is None or group["TargetGroupName"] not in known:
        return describe(parameters)
    members = "".join(member(target) for target in known[group["TargetGroupName"]])
    inner = f"<TargetHealthDescriptions>{members}</TargetHealthDescriptions>"
    answer: Response = alb._xml(200, "DescribeTargetHealth", inner)
    return answer


def member(target: dict[str, Any]) -> str:
    """One target's description."""
    reason = escape(target["reason"])
    return (
        f"<member><Target><Id>{escape(target['id'])}</Id><Port>{target['port']}</Port></Target>"
        f"<TargetHealth><State>{escape(target['state'])}</State>"
        f"{f'<Reason>{reason}</Reason>' if reason else ''}</TargetHealth></member>"
    )
