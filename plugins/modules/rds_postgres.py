#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module rds_postgres: a PostgreSQL instance whose master password AWS manages."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_postgres
version_added: 0.1.0
short_description: An RDS for PostgreSQL instance with its subnet and parameter groups
description:
  - Makes, modifies or removes a private, encrypted instance, its subnet group and its parameter
    group.
  - Unlike M(amazon.aws.rds_instance) it leaves the master password to AWS (in Secrets Manager),
    resolves the newest version that AWS creates, and reads Multi-AZ back.
options:
  identifier:
    description: Identifier of the instance.
    type: str
    required: true
  state:
    description: Whether the instance exists.
    type: str
    choices: [present, absent]
    default: present
  engine_version:
    description: A major version (best) or a full one. A new instance gets the newest that AWS
      creates under it; an existing one of that major is left to AWS's minor upgrades.
    type: str
    default: "15"
  instance_class:
    description: Instance class.
    type: str
    default: db.t3.micro
  allocated_storage:
    description: Storage in GiB; it only grows.
    type: int
    default: 20
  max_allocated_storage:
    description: To how many GiB AWS lets the storage grow by itself.
    type: int
    default: 100
  storage_type:
    description: Storage type.
    type: str
    choices: [gp2, gp3, io1, io2]
    default: gp3
  kms_key_arn:
    description: Key for storage and master password; AWS's own when not given.
    type: str
  db_name:
    description: Database that is made with the instance.
    type: str
    default: rag
  master_username:
    description: Name of the master user.
    type: str
    default: ragops
  subnet_group:
    description: The subnet group; made with the instance and removed with it.
    type: dict
    required: true
    suboptions:
      name:
        description: Name of the subnet group.
        type: str
        required: true
      subnet_ids:
        description: Its subnets.
        type: list
        elements: str
        default: []
  parameter_group:
    description: The parameter group; made with the instance and removed with it.
    type: dict
    required: true
    suboptions:
      name:
        description: Name of the parameter group.
        type: str
        required: true
      parameters:
        description: Parameters to set; others keep their value.
        type: dict
        default: {}
  security_group_ids:
    description: Security groups of the instance.
    type: list
    elements: str
    default: []
  multi_az:
    description: Whether a standby lies in another zone. It is read back.
    type: bool
    default: false
  backup_retention_days:
    description: Days for which backups are kept, 1 to 35.
    type: int
    default: 7
  backup_window:
    description: Daily window of backups in UTC.
    type: str
  maintenance_window:
    description: Weekly window of maintenance in UTC.
    type: str
  deletion_protection:
    description: Whether AWS refuses to delete the instance. With O(state=absent), V(false) turns it
      off first.
    type: bool
    default: true
  auto_minor_version_upgrade:
    description: Whether AWS installs minor versions.
    type: bool
    default: true
  iam_authentication:
    description: Whether database users may log in by IAM; left alone when not given.
    type: bool
  log_exports:
    description: Logs sent to CloudWatch.
    type: list
    elements: str
    choices: [postgresql, upgrade]
    default: []
  apply_immediately:
    description: Whether modifications are made at once, or in the maintenance window.
    type: bool
    default: true
  final_snapshot_id:
    description: With O(state=absent) the name of a last snapshot; none when not given.
    type: str
  wait:
    description: Whether to wait until the instance is available.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait. AWS takes 4 to 20 minutes to make an instance.
    type: int
    default: 2400
  tags:
    description: Tags. Those that others add are left alone.
    type: dict
    required: true
extends_documentation_fragment: ragops.platform.reconciled
"""

EXAMPLES = r"""
- name: Start an instance, to be awaited later
  ragops.platform.rds_postgres:
    identifier: ragops-dev
    engine_version: "15"
    subnet_group: {name: ragops-dev, subnet_ids: [subnet-0a, subnet-0b]}
    parameter_group: {name: ragops-dev-postgres15, parameters: {rds.force_ssl: "1"}}
    security_group_ids: [sg-0a]
    wait: false
    tags: {Project: ragops, Environment: dev}

- name: Remove it, keeping a last snapshot
  ragops.platform.rds_postgres:
    identifier: ragops-dev
    state: absent
    subnet_group: {name: ragops-dev}
    parameter_group: {name: ragops-dev-postgres15}
    deletion_protection: false
    final_snapshot_id: ragops-dev-final-20261122
    tags: {Project: ragops, Environment: dev}
"""

RETURN = r"""
instance:
  description: The instance.
  returned: when O(state=present)
  type: dict
  contains:
    identifier: {description: Identifier., type: str, returned: always}
    arn: {description: ARN., type: str, returned: when made}
    status: {description: AWS's status., type: str, returned: always, sample: available}
    endpoint: {description: Host name., type: str, returned: when available}
    port: {description: Port., type: int, returned: when available, sample: 5432}
    db_name: {description: Database., type: str, returned: when made, sample: rag}
    engine_version: {description: Version., type: str, returned: when made, sample: "15.18"}
    multi_az: {description: Whether there is a standby., type: bool, returned: always}
    master_username: {description: Master user., type: str, returned: when made}
    master_secret_arn: {description: Secret with its password., type: str, returned: when made}
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils import aws
from ansible_collections.ragops.platform.plugins.module_utils._rds import ensure
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import Api, Plan


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    subnets = {
        "name": {"type": "str", "required": True},
        "subnet_ids": {"type": "list", "elements": "str", "default": []},
    }
    parameters = {
        "name": {"type": "str", "required": True},
        "parameters": {"type": "dict", "default": {}},
    }
    return {
        "identifier": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "engine_version": {"type": "str", "default": "15"},
        "instance_class": {"type": "str", "default": "db.t3.micro"},
        "allocated_storage": {"type": "int", "default": 20},
        "max_allocated_storage": {"type": "int", "default": 100},
        "storage_type": {
            "type": "str",
            "choices": ["gp2", "gp3", "io1", "io2"],
            "default": "gp3",
        },
        "kms_key_arn": {"type": "str"},
        "db_name": {"type": "str", "default": "rag"},
        "master_username": {"type": "str", "default": "ragops"},
        "subnet_group": {"type": "dict", "required": True, "options": subnets},
        "parameter_group": {"type": "dict", "required": True, "options": parameters},
        "security_group_ids": {"type": "list", "elements": "str", "default": []},
        "multi_az": {"type": "bool", "default": False},
        "backup_retention_days": {"type": "int", "default": 7},
        "backup_window": {"type": "str"},
        "maintenance_window": {"type": "str"},
        "deletion_protection": {"type": "bool", "default": True},
        "auto_minor_version_upgrade": {"type": "bool", "default": True},
        "iam_authentication": {"type": "bool"},
        "log_exports": {
            "type": "list",
            "elements": "str",
            "choices": ["postgresql", "upgrade"],
            "default": [],
        },
        "apply_immediately": {"type": "bool", "default": True},
        "final_snapshot_id": {"type": "str"},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "int", "default": 2400},
        "tags": {"type": "dict", "required": True},
    }


def run(module: AnsibleAWSModule, plan: Plan) -> dict[str, Any]:
    """Check the options, then bring the instance to its state."""
    api = Api(aws.client(module, "rds"), module.check_mode)
    options = dict(module.params)
    if options["state"] == "absent":
        ensure.ensure_absent(api, plan, options)
        return {}
    if not 1 <= options["backup_retention_days"] <= 35:
        raise aws.AwsError("backup_retention_days must be 1 to 35: without backups data is lost.")
    if options["max_allocated_storage"] <= options["allocated_storage"]:
        raise aws.AwsError("max_allocated_storage must be more than allocated_storage.")
    return {"instance": ensure.ensure_present(api, plan, options)}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
    )
    plan = Plan()
    try:
        result = run(module, plan)
    except aws.AwsError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=plan.changed, diff=plan.diff(), **result)


if __name__ == "__main__":
    main()
