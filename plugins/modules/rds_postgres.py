#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Module rds_postgres: a PostgreSQL instance, whose master password no task sees."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_postgres
version_added: 0.1.0
short_description: An RDS for PostgreSQL instance with its subnet and parameter groups
description:
  - Creates, changes or removes a private, encrypted instance with its subnet group, its parameter
    group and its log groups.
  - Unlike M(amazon.aws.rds_instance), no task ever sees the master password. AWS manages it in
    Secrets Manager, or the module reads it from a secret. The module also chooses the newest
    version that AWS offers, checks the instance class, and verifies Multi-AZ.
  - Changes in place what AWS can change. For any other change, and for options that AWS would
    refuse, the module fails before it sends a request. The error names the remedy.
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
    description: A major version (recommended) or a full version. With a major version, a new
      instance gets the newest minor version, and AWS upgrades the minor version of an existing
      instance. A newer version upgrades the instance, if AWS supports this in one step.
    type: str
    default: "15"
  allow_major_version_upgrade:
    description: Whether an instance of an older major version is upgraded. This cannot be undone.
    type: bool
    default: false
  subnet_group:
    description: The subnet group, created and removed with the instance.
    type: dict
    required: true
    suboptions:
      name:
        description: Name of the subnet group.
        type: str
        required: true
      subnet_ids:
        description: Subnets of the subnet group.
        type: list
        elements: str
        default: []
  parameter_group:
    description: The parameter group, created and removed with the instance. Unused parameter groups
      called C(<identifier>-postgres<number>) are removed.
    type: dict
    required: true
    suboptions:
      name:
        description: Name of the parameter group. Use C(<identifier>-postgres<major>), because a
          parameter group is for one major version.
        type: str
        required: true
      parameters:
        description: Parameters to set. All other parameters are reset to their defaults.
        type: dict
        default: {}
  security_group_ids:
    description: Security groups of the instance.
    type: list
    elements: str
    default: []
  log_exports:
    description: Logs sent to CloudWatch.
    type: list
    elements: str
    choices: [postgresql, upgrade]
    default: []
  log_retention_days:
    description: Days for which CloudWatch keeps the logs. 0 means for ever.
    type: int
    default: 365
  log_kms_key_arn:
    description: KMS key for the logs. CloudWatch Logs must be allowed to use it.
    type: str
  master_password_secret:
    description:
      - Name or ARN of an existing secret with the master password. Its value is a JSON object with
        C(username) and C(password). Without this option RDS creates and rotates its own secret.
      - The server gets the password if the version of the secret differs from the tag
        C(MasterPasswordVersion) of the instance.
    type: str
  master_password_rotation_days:
    description: Days after which AWS changes a master password that it manages, 1 to 1000.
    type: int
    default: 90
  master_password_rotation_schedule:
    description: Schedule of this change instead of days, C(cron(...\)) or C(rate(...\)) in UTC.
    type: str
  master_password_rotation_window:
    description: Hours within which AWS makes this change, V(1h) to V(24h).
    type: str
  rotate_master_password:
    description: Whether AWS changes the master password now. This always reports a change. With
      O(master_password_secret) it only tells check mode that the secret gets a new version in this
      run.
    type: bool
    default: false
  apply_immediately:
    description: Whether changes, including pending ones, are applied immediately. Otherwise AWS
      applies them in the maintenance window. Until then the module reports them as pending, and
      they count as done.
    type: bool
    default: true
  reboot_if_pending:
    description: Whether to reboot the instance if changed parameters need a reboot.
    type: bool
    default: false
  final_snapshot_id:
    description: With O(state=absent), the name of a final snapshot. Without it no snapshot is made.
      If the name is already used, a suffix from -2 to -10 is added.
    type: str
  delete_automated_backups:
    description: With O(state=absent), whether the daily backups are deleted, too. Otherwise they
      are kept for the rest of O(backup_retention_days).
    type: bool
    default: true
  wait:
    description: Whether to wait until the instance is available.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait. AWS needs 4 to 20 minutes to create an instance.
    type: int
    default: 2400
  tags:
    description: Tags of all resources. Tags that others added are kept.
    type: dict
    required: true
extends_documentation_fragment:
  - ragops.platform.reconciled
  - ragops.platform.rds_fields
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
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

- name: Keep the master password in a secret that only a run changes
  ragops.platform.rds_postgres:
    identifier: ragops-dev
    engine_version: "15"
    subnet_group: {name: ragops-dev, subnet_ids: [subnet-0a, subnet-0b]}
    parameter_group: {name: ragops-dev-postgres15, parameters: {rds.force_ssl: "1"}}
    security_group_ids: [sg-0a]
    master_password_secret: ragops-dev/database-login
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
    instance_class: {description: Class., type: str, returned: when made, sample: db.t3.micro}
    allocated_storage: {description: Storage in GiB., type: int, returned: when made, sample: 20}
    multi_az: {description: Whether there is a standby., type: bool, returned: always}
    performance_insights: {description: Whether Performance Insights are on., type: bool, returned:
      always}
    deletion_protection: {description: Whether AWS refuses to delete the instance., type: bool,
      returned: always}
    master_username: {description: Master user., type: str, returned: when made}
    master_secret_arn: {description: ARN of the secret with the master password., type: str,
      returned: when made}
    master_secret_status: {description: State of this secret., type: str, returned: when made}
    pending_modifications: {description: Changes that AWS has not applied yet., type: dict,
      returned: always}
    parameters_pending_reboot:
      description: Whether changed parameters need a reboot.
      type: bool
      returned: always
final_snapshot_id:
  description: Name of the final snapshot.
  returned: when O(state=absent) and one was made
  type: str
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._rds import absent, ensure
from ansible_collections.ragops.platform.plugins.module_utils._rds.fields import FIELDS
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Connect,
    Plan,
    reconcile,
)


def flag(default: bool) -> dict[str, Any]:
    """Return the spec of an option that is true or false."""
    return {"type": "bool", "default": default}


def number(default: int | None = None) -> dict[str, Any]:
    """Return the spec of an option that is a whole number."""
    return {"type": "int"} if default is None else {"type": "int", "default": default}


def text(default: str | None = None, **more: Any) -> dict[str, Any]:
    """Return the spec of an option that is text."""
    given = {} if default is None else {"default": default}
    return {"type": "str", **given, **more}


def texts(**more: Any) -> dict[str, Any]:
    """Return the spec of an option that is a list of text."""
    return {"type": "list", "elements": "str", "default": [], **more}


def argument_spec() -> dict[str, Any]:
    """Return the module's options."""
    subnets = {"name": text(required=True), "subnet_ids": texts()}
    parameters = {"name": text(required=True), "parameters": {"type": "dict", "default": {}}}
    return {
        **FIELDS.spec(),
        "identifier": text(required=True),
        "state": text("present", choices=["present", "absent"]),
        "engine_version": text("15"),
        "allow_major_version_upgrade": flag(False),
        "subnet_group": {"type": "dict", "required": True, "options": subnets},
        "parameter_group": {"type": "dict", "required": True, "options": parameters},
        "security_group_ids": texts(),
        "log_exports": texts(choices=["postgresql", "upgrade"]),
        "log_retention_days": number(365),
        "log_kms_key_arn": text(),
        # The names hold "password", the values are a secret's name, times and a flag.
        "master_password_secret": text(no_log=False),
        "master_password_rotation_days": {**number(90), "no_log": False},
        "master_password_rotation_schedule": text(no_log=False),
        "master_password_rotation_window": text(no_log=False),
        "rotate_master_password": {**flag(False), "no_log": False},
        "apply_immediately": flag(True),
        "reboot_if_pending": flag(False),
        "final_snapshot_id": text(),
        "delete_automated_backups": flag(True),
        "wait": flag(True),
        "wait_timeout": number(2400),
        "tags": {"type": "dict", "required": True},
    }


def run(module: AnsibleAWSModule, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Bring the instance to its state."""
    services = ensure.Services(
        connect("rds"), lambda: connect("ec2"), connect("logs"), connect("secretsmanager")
    )
    options = dict(module.params)
    if options["state"] == "absent":
        # Whose each of them is, before the first is removed.
        absent.ensure_absent(services.quiet(), Plan(), options)
        snapshot = absent.ensure_absent(services, plan, options)
        return {"final_snapshot_id": snapshot} if snapshot else {}
    facts, notes = ensure.ensure_present(services, plan, options)
    for note in notes:
        module.warn(note)
    return {"instance": facts}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec=argument_spec(),
        supports_check_mode=True,
    )
    reconcile(module, run)


if __name__ == "__main__":
    main()
