#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""A loopback port that leads through an instance by SSM as long as a run lasts."""

DOCUMENTATION = r"""
---
module: ssm_tunnel
version_added: 0.2.0
short_description: A local port that is forwarded through an instance by SSM for the duration of a
  run
description:
  - Opens a port on 127.0.0.1 and forwards it through an SSM managed instance to a host that the
    instance can reach. It uses the SSM document C(AWS-StartPortForwardingSessionToRemoteHost). The
    program C(session-manager-plugin), 1.2.497.0 or newer, must be on PATH.
  - For the same folder, instance and host there is one tunnel, which parallel tasks share.
  - SSM ends idle sessions. The next connection then starts a new session, and the port stays the
    same.
  - Tunnel and session end when the run ends, even if it fails or is killed, or when its folder is
    removed.
options:
  name:
    description: Name of the instance (tag C(Name)). The instance must be running.
    type: str
    required: true
  tags:
    description: Further tags that the instance must have.
    type: dict
    default: {}
  host:
    description: Target host, by the name or address that the instance uses.
    type: str
    required: true
  port:
    description: Port of the target host.
    type: int
    default: 443
  folder:
    description: Folder of the run, such as lookup P(ragops.platform.run_folder#lookup) returns.
    type: path
    required: true
  wait_timeout:
    description: Seconds to wait until SSM knows an instance that was just started.
    type: int
    default: 180
extends_documentation_fragment:
  - ragops.platform.reading
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Open a way to the API server of a private cluster
  ragops.platform.ssm_tunnel:
    name: ragops-dev-bastion
    host: 0123456789ABCDEF.gr7.us-east-1.eks.amazonaws.com
    folder: "{{ lookup('ragops.platform.run_folder') }}"
  register: tunnel
"""

RETURN = r"""
exists:
  description: Whether the instance exists. If not, check mode opens no tunnel, and a real run
    fails.
  returned: always
  type: bool
host:
  description: Address to connect to.
  returned: when the tunnel is open
  type: str
  sample: 127.0.0.1
port:
  description: Port to connect to.
  returned: when the tunnel is open
  type: int
  sample: 40123
pid:
  description: Id of the process that keeps the tunnel open.
  returned: when the tunnel is open
  type: int
"""

from pathlib import Path
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._tunnel.open import (
    TunnelError,
    find_or_open,
    wish,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import (
    AwsError,
    call,
    client,
    fail,
    require_region,
)
from ansible_collections.ragops.platform.plugins.module_utils.program import credentials


def instance(module: AnsibleAWSModule) -> str:
    """Return the id of the newest running instance of the name; "" if there is none."""
    tags = {**module.params["tags"], "Name": module.params["name"]}
    filters = [{"Name": f"tag:{key}", "Values": [str(value)]} for key, value in tags.items()]
    filters.append({"Name": "instance-state-name", "Values": ["running"]})
    label = f"instance {module.params['name']}"
    answer = call(client(module, "ec2"), "describe_instances", label, Filters=filters)
    found = [item for each in answer["Reservations"] for item in each["Instances"]]
    newest: list[dict[str, Any]] = sorted(found, key=lambda item: str(item.get("LaunchTime")))[-1:]
    return str(newest[0]["InstanceId"]) if newest else ""


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "tags": {"type": "dict", "default": {}},
            "host": {"type": "str", "required": True},
            "port": {"type": "int", "default": 443},
            "folder": {"type": "path", "required": True},
            "wait_timeout": {"type": "int", "default": 180},
        },
        supports_check_mode=True,
    )
    region, given = require_region(module), module.params
    try:
        target = instance(module)
    except AwsError as error:
        fail(module, error)
    if not target:
        if module.check_mode:
            module.exit_json(changed=False, exists=False)
        module.fail_json(
            msg=(
                f"No instance {given['name']} for a tunnel runs in {region}. Run the components"
                " network and bastion first (--limit network,bastion)."
            )
        )
    wanted = wish(
        target, given["host"], given["port"], region, Path(given["folder"]), given["wait_timeout"]
    )
    try:
        tunnel = find_or_open(wanted, credentials(module))
    except (TunnelError, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=False, exists=True, host="127.0.0.1", port=tunnel["port"], pid=tunnel["pid"]
    )


if __name__ == "__main__":
    main()
