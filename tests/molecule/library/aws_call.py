#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module aws_call: one call of boto3, for scenarios that read AWS back or make drift by hand."""

from __future__ import annotations

DOCUMENTATION = r"""
module: aws_call
short_description: One call of the AWS API
description:
  - Sends one call and returns its answer, independently of the modules under test.
options:
  service: {description: Name of the service in boto3., type: str, required: true}
  operation: {description: Method of its client., type: str, required: true}
  arguments: {description: Arguments of the method., type: dict, default: {}}
  region: {description: Region., type: str, default: us-east-1}
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Suspend versioning
  aws_call:
    service: s3
    operation: put_bucket_versioning
    arguments: {Bucket: ragops-molecule-documents, VersioningConfiguration: {Status: Suspended}}
"""

RETURN = r"""
answer: {description: What AWS answered., returned: always, type: dict}
"""

import json

import boto3
from ansible.module_utils.basic import AnsibleModule


def main() -> None:
    """Send the call."""
    module = AnsibleModule(
        argument_spec={
            "service": {"type": "str", "required": True},
            "operation": {"type": "str", "required": True},
            "arguments": {"type": "dict", "default": {}},
            "region": {"type": "str", "default": "us-east-1"},
        }
    )
    client = boto3.client(module.params["service"], region_name=module.params["region"])
    operation = module.params["operation"]
    arguments = module.params["arguments"]
    if client.can_paginate(operation):
        answer = client.get_paginator(operation).paginate(**arguments).build_full_result()
    else:
        answer = getattr(client, operation)(**arguments)
        answer.pop("ResponseMetadata", None)
    reading = operation.startswith(("get_", "describe_", "list_", "head_"))
    plain = json.loads(json.dumps(answer, default=str))
    module.exit_json(changed=not reading, answer=plain)


if __name__ == "__main__":
    main()
