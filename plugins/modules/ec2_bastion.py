#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module ec2_bastion: an instance that is reached through SSM only."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_bastion
version_added: 0.1.0
short_description: An EC2 instance in a private subnet that is reached through SSM only
description:
  - Creates, repairs or removes one instance and its instance profile. The instance has no key pair,
    no public address, and an encrypted gp3 volume. Instance metadata requires session tokens
    (IMDSv2), with a hop limit of one.
  - State, metadata options, security group and tags are changed in place. Any other change replaces
    the instance, because it holds no data. A newer image does not replace the instance.
options:
  name:
    description: Name of the instance and of its instance profile.
    type: str
    required: true
  state:
    description: Whether the instance exists.
    type: str
    choices: [present, absent]
    default: present
  role:
    description: Name of the IAM role of the instance. Required with O(state=present).
    type: str
  subnet_ids:
    description: Subnets that are allowed for the instance. A new instance is created in the first
      one. Required with O(state=present).
    type: list
    elements: str
  security_group_id:
    description: Security group of the instance. Required with O(state=present).
    type: str
  instance_type:
    description: Instance type.
    type: str
    default: t3.micro
  image_parameter:
    description: Public SSM parameter that names the image of a new instance.
    type: str
    default: /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64
  disk_size:
    description: Size of the disk in GiB.
    type: int
    default: 8
  kms_key_id:
    description: KMS key (ARN, id or alias) of the disk. Empty means the default EBS key of the
      account.
    type: str
    default: ""
  tags:
    description: Tags of instance, disk and instance profile. Tags that others added are kept.
    type: dict
    required: true
  wait_timeout:
    description: Seconds to wait for the instance, and separately for the key.
    type: int
    default: 600
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make a bastion
  ragops.platform.ec2_bastion:
    name: ragops-dev-bastion
    role: ragops-dev-bastion
    subnet_ids: [subnet-0a1b2c3d4e5f60718]
    security_group_id: sg-0a1b2c3d4e5f60718
    tags: {Project: ragops, Environment: dev}

- name: Remove it
  ragops.platform.ec2_bastion:
    name: ragops-dev-bastion
    state: absent
    tags: {Project: ragops, Environment: dev}
"""

RETURN = r"""
instance_id:
  description: Id of the instance. In check mode C((known after creation)) if it would be created.
  returned: when O(state=present)
  type: str
  sample: i-0a1b2c3d4e5f60718
"""

from dataclasses import replace
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils import aws
from ansible_collections.ragops.platform.plugins.module_utils._bastion import ensure
from ansible_collections.ragops.platform.plugins.module_utils._kms import find as kms
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Api,
    Connect,
    Plan,
    reconcile,
    require_tags,
)
from ansible_collections.ragops.platform.plugins.module_utils.resources import instance_profile

IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
NO_PARAMETER = ("ParameterNotFound",)


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    return {
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "role": {"type": "str"},
        "subnet_ids": {"type": "list", "elements": "str"},
        "security_group_id": {"type": "str"},
        "instance_type": {"type": "str", "default": "t3.micro"},
        "image_parameter": {"type": "str", "default": IMAGE},
        "disk_size": {"type": "int", "default": 8},
        "kms_key_id": {"type": "str", "default": "", "no_log": False},
        "tags": {"type": "dict", "required": True},
        "wait_timeout": {"type": "int", "default": 600},
    }


def image_of(ssm: Api, parameter: str) -> str:
    """Return the id of the image that a public parameter names.

    Raises:
        AwsError: there is no such parameter.
    """
    answer = ssm.read("get_parameter", f"image {parameter}", NO_PARAMETER, Name=parameter)
    if not answer:
        raise AwsError(
            f"There is no SSM parameter {parameter} in this region. To list the parameters for"
            " Amazon Linux: aws ssm get-parameters-by-path --path"
            " /aws/service/ami-amazon-linux-latest."
        )
    return str(answer["Parameter"]["Value"])


def bring(run: ensure.Run, iam: Api, tags: dict[str, str]) -> dict[str, Any]:
    """Bring instance and profile to their state; return what is told of them."""
    options = run.options
    if options["state"] == "absent":
        ensure.ensure_absent(run)
        instance_profile.ensure_absent(iam, run.plan, options["profile"], tags)
        return {}
    instance_profile.ensure_present(iam, run.plan, options["profile"], options["role"], run.tags)
    return {"instance_id": ensure.ensure_present(run)}


def run(module: Any, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Ask for image and key, then bring instance and profile to their state."""
    require_tags(module.params["tags"])
    options = {**module.params, "profile": module.params["name"]}
    tags = {key: str(value) for key, value in options["tags"].items()}
    if options["state"] == "present":
        options["image_id"] = image_of(connect("ssm"), options["image_parameter"])
        options["kms_key_arn"] = kms.resolve(
            connect("kms"), options["kms_key_id"], options["wait_timeout"], options["tags"]
        )
    wanted = ensure.Run(connect("ec2"), plan, options, {**tags, "Name": options["name"]})
    # Whose each of them is, before the first is made or removed.
    foreseen = replace(wanted, ec2=wanted.ec2.quiet(), plan=Plan())
    bring(foreseen, connect("iam").quiet(), tags)
    return bring(wanted, connect("iam"), tags)


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=argument_spec(),
        required_if=[("state", "present", ("role", "subnet_ids", "security_group_id"))],
        supports_check_mode=True,
    )
    aws.require_region(module)
    reconcile(module, run)


if __name__ == "__main__":
    main()
