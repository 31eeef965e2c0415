"""What EC2 does with launch templates, and ministack does not."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from rehearsal.aws.wire.query import Action, Parameters, Response, numbered, one

NOT_THERE = {
    "LaunchTemplateName": ("name", "InvalidLaunchTemplateName.NotFoundException"),
    "LaunchTemplateId": ("ID", "InvalidLaunchTemplateId.NotFound"),
}
"""What a template is named by -> its word and AWS's code when there is none such."""


def adjust(ec2: Any) -> None:
    """Correct their calls. ec2: ministack's module."""
    actions: dict[str, Action] = ec2._ACTION_MAP
    for name, names in (("DescribeLaunchTemplates", numbered), ("DeleteLaunchTemplate", single)):
        actions[name] = functools.partial(if_there, ec2, actions[name], names)
    ec2._parse_lt_data = functools.partial(with_disk_key, ec2._parse_lt_data)


def single(parameters: Parameters, prefix: str) -> list[str]:
    """The one name or id that a request gives, if it does."""
    name = one(parameters, prefix)
    return [name] if name else []


def if_there(
    ec2: Any, action: Action, names: Callable[[Parameters, str], list[str]], parameters: Parameters
) -> Response:
    """AWS refuses a name or id that no template has. ministack: not all, or by another code."""
    templates = list(ec2._launch_templates.values())
    for prefix, (word, code) in NOT_THERE.items():
        known = {template[prefix] for template in templates}
        if missing := [each for each in names(parameters, prefix) if each not in known]:
            text = (
                f"The specified launch template, with template {word} {missing[0]}, does not exist."
            )
            refused: Response = ec2._error(code, text, 400)
            return refused
    return action(parameters)


def with_disk_key(
    parse: Callable[..., dict[str, Any]], parameters: Parameters, *more: str
) -> dict[str, Any]:
    """AWS: a template keeps the keys of its disks. ministack forgets them."""
    data = parse(parameters, *more)
    for index, mapping in enumerate(data.get("BlockDeviceMappings", ()), start=1):
        name = f"LaunchTemplateData.BlockDeviceMapping.{index}.Ebs.KmsKeyId"
        if key := one(parameters, name):
            mapping.setdefault("Ebs", {})["KmsKeyId"] = key
    return data
