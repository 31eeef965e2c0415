"""Who may see a node group and resize its group. ministack knows neither's ARN, nor their tags."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

NODE_GROUP = re.compile(r"/clusters/([\w-]+)/node-groups/([\w-]+)")


def adjust(evaluator: Any, actions: Any, autoscaling: Any) -> None:
    """Put our functions in the places of ministack's.

    evaluator, actions: modules of its IAM; autoscaling: its module of that service.
    """
    evaluator.enforce = functools.partial(with_tags, evaluator.enforce, autoscaling)
    actions.extract_resource_arn = functools.partial(
        with_group, actions.extract_resource_arn, autoscaling
    )


def with_group(
    extract: Callable[..., str], autoscaling: Any, service: str, method: str, path: str, *more: Any
) -> str:
    """AWS: a node group is asked for by its own ARN, and who ends an instance of a group by the
    group's. ministack: by the cluster's, and by everything (*).
    """
    parameters, region, account = more[-3:]
    if service == "eks" and (match := NODE_GROUP.match(path)):
        return f"arn:aws:eks:{region}:{account}:nodegroup/{match[1]}/{match[2]}/*"
    found = extract(service, method, path, *more)
    if service == "autoscaling" and found == "*":
        wanted = parameters.get("InstanceId", "")
        wanted = wanted[0] if isinstance(wanted, list) else wanted
        for name, group in autoscaling._asgs.items():
            if any(member["InstanceId"] == wanted for member in group["Instances"]):
                kind = "autoScalingGroup:*:autoScalingGroupName"
                return f"arn:aws:autoscaling:{region}:{account}:{kind}/{name}"
    return found


def with_tags(
    decide: Callable[..., Any],
    autoscaling: Any,
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: dict[str, Any] | None = None,
) -> Any:
    """AWS: `aws:ResourceTag` is what the group carries."""
    context = dict(service_context or {})
    if service == "autoscaling":
        group = autoscaling._asgs.get(resource_arn.rpartition("/")[2])
        for tag in group["Tags"] if group else ():
            context[f"aws:ResourceTag/{tag['Key']}"] = tag["Value"]
    return decide(
        access_key_id,
        iam_action,
        service,
        region,
        resource_arn=resource_arn,
        service_context=context,
    )
