#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Lock a platform for one run, so that a second run stops and names the first one."""

DOCUMENTATION = r"""
---
module: platform_lock
version_added: 0.2.0
short_description: Lock a platform for the duration of one run
description:
  - Creates the SSM parameter C(/ragops.platform/<project>-<environment>/lock), which names the
    running playbook and its caller. Only one of two runs can create it. The other run fails and
    names the run that has the lock.
  - A background process renews the lock and removes it when the run ends, even if the run fails or
    is killed. If the machine stops, the lock expires after three minutes.
  - In check mode it changes nothing and never fails because of another run.
options:
  project:
    description: First part of the name of the platform.
    type: str
    required: true
  environment:
    description: Second part of the name of the platform.
    type: str
    required: true
  work:
    description: What the run does. A second run shows this text.
    type: str
    required: true
  folder:
    description:
      - Folder of the run, such as lookup P(ragops.platform.run_folder#lookup) returns. The lock is
        removed when this folder no longer exists. A file C(lock.lost) in it means that another run
        has taken the lock.
    type: path
    required: true
  account_id:
    description: The account that the credentials must belong to. Empty means any account.
    type: str
    default: ""
attributes:
  check_mode:
    description: Sends no request that changes anything.
    support: full
  diff_mode:
    description: The lock is not part of the platform, so there is no diff.
    support: none
  idempotent:
    description: A run that has the lock keeps it.
    support: full
author:
  - The ragops.platform authors
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: See that nobody else is at work
  ragops.platform.platform_lock:
    project: ragops
    environment: dev
    region: us-east-1
    work: site.yml
    folder: "{{ lookup('ragops.platform.run_folder') }}"
"""

RETURN = r"""
parameter:
  description: Name of the SSM parameter.
  returned: always
  type: str
  sample: /ragops.platform/ragops-dev/lock
"""

from pathlib import Path

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._account import caller
from ansible_collections.ragops.platform.plugins.module_utils._lock import hold, lease
from ansible_collections.ragops.platform.plugins.module_utils.aws import (
    AwsError,
    client,
    fail,
    require_region,
)
from ansible_collections.ragops.platform.plugins.module_utils.program import credentials
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api


def main() -> None:
    """Entry point of the module."""
    text = {"type": "str", "required": True}
    module = AnsibleAWSModule(
        argument_spec={
            "project": text,
            "environment": text,
            "work": text,
            "folder": {"type": "path", "required": True},
            "account_id": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    region, given = require_region(module), module.params
    name = f"{given['project']}-{given['environment']}"
    parameter = lease.parameter_of(name)
    if module.check_mode:
        module.exit_json(changed=False, parameter=parameter)

    def connect(service: str, elsewhere: str | None = None) -> Api:
        return Api(client(module, service, elsewhere))

    try:
        who = caller.identify(connect, region)
        caller.check_account(who, given["account_id"], name)
        hold.hold(
            connect("ssm"),
            hold.Run(parameter, region, who.arn, given["work"], Path(given["folder"])),
            credentials(module),
        )
    except AwsError as error:
        fail(module, error)
    except OSError as error:
        module.fail_json(msg=f"The lock of {name} cannot be held: {error}.")
    module.exit_json(changed=False, parameter=parameter)


if __name__ == "__main__":
    main()
