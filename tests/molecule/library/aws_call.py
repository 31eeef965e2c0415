#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module aws_call: calls of boto3, for scenarios that read AWS back or make drift by hand."""

from __future__ import annotations

DOCUMENTATION = r"""
module: aws_call
short_description: Calls of the AWS API
description:
  - Sends calls one after the other in one process, and returns their answers, independently of the
    modules under test.
options:
  service: {description: Name of the service in boto3., type: str, required: true}
  arguments: {description: Arguments that all calls have., type: dict, default: {}}
  calls:
    description: The calls.
    type: list
    elements: dict
    required: true
    suboptions:
      service: {description: Another service than O(service)., type: str}
      operation: {description: Method of the service's client., type: str, required: true}
      arguments:
        description:
          - Arguments of the method. A value C({found: EXPRESSION}) is what the JMESPath expression
            finds in the list of the answers so far.
        type: dict
        default: {}
  region: {description: Region., type: str, default: us-east-1}
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Change a key by hand
  aws_call:
    service: kms
    calls:
      - {operation: describe_key, arguments: {KeyId: alias/ragops-molecule}}
      - operation: disable_key_rotation
        arguments: {KeyId: {found: "[0].KeyMetadata.KeyId"}}
"""

RETURN = r"""
answers: {description: What AWS answered, returned: always, type: list, elements: dict}
"""

import json
from typing import Any

import boto3
import jmespath
from ansible.module_utils.basic import AnsibleModule


def filled(value: Any, answers: list[Any]) -> Any:
    """The value with what earlier answers say in place of {found: EXPRESSION}."""
    if isinstance(value, list):
        return [filled(item, answers) for item in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["found"]:
        return jmespath.search(value["found"], answers)
    return {key: filled(item, answers) for key, item in value.items()}


def call(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
    """Send one call, for all its pages, and return its answer as JSON has it."""
    if client.can_paginate(operation):
        answer = client.get_paginator(operation).paginate(**arguments).build_full_result()
    else:
        answer = getattr(client, operation)(**arguments)
        answer.pop("ResponseMetadata", None)
    return json.loads(json.dumps(answer, default=str))


def main() -> None:
    """Send the calls."""
    one = {
        "service": {"type": "str"},
        "operation": {"type": "str", "required": True},
        "arguments": {"type": "dict", "default": {}},
    }
    module = AnsibleModule(
        argument_spec={
            "service": {"type": "str", "required": True},
            "arguments": {"type": "dict", "default": {}},
            "calls": {"type": "list", "elements": "dict", "required": True, "options": one},
            "region": {"type": "str", "default": "us-east-1"},
        }
    )
    clients: dict[str, Any] = {}
    answers: list[Any] = []
    for each in module.params["calls"]:
        name = each["service"] or module.params["service"]
        if name not in clients:
            clients[name] = boto3.client(name, region_name=module.params["region"])
        arguments = {**module.params["arguments"], **filled(each["arguments"], answers)}
        answers.append(call(clients[name], each["operation"], arguments))
    reading = ("get_", "describe_", "list_", "head_")
    changed = any(not each["operation"].startswith(reading) for each in module.params["calls"])
    module.exit_json(changed=changed, answers=answers)


if __name__ == "__main__":
    main()
