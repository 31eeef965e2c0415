"""What EC2 does with launch templates, and ministack does not."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from rehearsal.aws.query import Action, Parameters, Response, numbered, one


def adjust(ec2: Any) -> None:
    """Correct their calls. ec2: ministack's module."""
    actions: dict[str, Action] = ec2._ACTION_MAP
    describe = "DescribeLaunchTemplates"
    actions[describe] = functools.partial(by_name, ec2, actions[describe])
    ec2._parse_lt_data = functools.partial(with_disk_key, ec2._parse_lt_data)


def by_name(ec2: Any, describe: Action, parameters: Parameters) -> Response:
    """AWS refuses a name or id that no template has. ministack tells of none."""
    templates = list(ec2._launch_templates.values())
    for prefix, what in (("LaunchTemplateName", "name"), ("LaunchTemplateId", "ID")):
        known = {template[prefix] for template in templates}
        if missing := [each for each in numbered(parameters, prefix) if each not in known]:
            code = f"Invalid{prefix}.NotFoundException"
            text = (
                f"The specified launch template, with template {what} {missing[0]}, does not exist."
            )
            refused: Response = ec2._error(code, text, 400)
            return refused
    return describe(parameters)


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
