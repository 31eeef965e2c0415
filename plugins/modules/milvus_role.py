#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Manage a Milvus role, its privileges and its user."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: milvus_role
short_description: Manage a Milvus role, its privileges and its user
version_added: 0.2.0
author:
  - The ragops.platform authors (@ragops)
description:
  - Creates a role with its privileges, and a user that has only this role.
  - Repairs manual changes, and revokes privileges that somebody added to the role.
  - Milvus does not return passwords, so the module logs in as O(user) to check O(password). If the
    password is wrong, the user is removed and created again. Milvus would need the old password to
    change it.
  - Waits until all parts of the server know a change.
  - Requires a Milvus with authorization, and a login that may manage users, such as C(root).
attributes:
  check_mode:
    description: Only reads. RV(changed) and the diff are the same as in a real run.
    support: full
  diff_mode:
    description: Returns the state before and after, without the password.
    support: full
  idempotent:
    description: A second run changes nothing.
    support: full
options:
  database:
    description: Database in which the privileges apply.
    type: str
    default: default
  state:
    description:
      - Whether the role exists.
      - V(absent) also removes users that have no other role.
    type: str
    choices: [present, absent]
    default: present
  name:
    description: Name of the role.
    type: str
    required: true
  user:
    description: User that has only this role.
    type: str
  password:
    description: Password of O(user), 6 to 72 characters.
    type: str
  privileges:
    description: All privileges of the role. Required with O(state=present).
    type: list
    elements: dict
    suboptions:
      object_type:
        description: Kind of the objects.
        type: str
        choices: [Collection, Global, User]
        default: Collection
      object_names:
        description:
          - Collections, aliases or users, or V(*) for all.
          - A client that uses an alias needs the privilege on the alias. Since Milvus 2.6.11 some
            calls need it on the collection instead. Grant both to support all versions.
        type: list
        elements: str
        default: ["*"]
      privileges:
        description: Privileges as Milvus names them, such as V(Search).
        type: list
        elements: str
        required: true
  purge_privileges:
    description: Whether privileges that are not in O(privileges) are revoked from the role.
    type: bool
    default: true
  purge_users:
    description:
      - Whether the role is revoked from all other users. A user with only this role is removed.
      - Otherwise these users are returned in RV(other_users), with a warning.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait until the server accepts a connection, and separately until it
      reports the new state.
    type: int
    default: 120
extends_documentation_fragment:
  - ragops.platform.milvus
  - ragops.platform.relayed
"""

EXAMPLES = r"""
- name: Let the application search and write one collection, through its alias
  ragops.platform.milvus_role:
    kubernetes:
      kubeconfig: ~/.kube/config
      namespace: milvus
      service: milvus
      port: "19530"
    token: root:{{ root_password }}
    name: documents_writer
    user: application
    password: "{{ application_password }}"
    privileges:
      - object_names: [documents, documents_v1]
        privileges: [Search, Query, Upsert, Delete]
      - object_type: Global
        privileges: [DescribeCollection]

- name: Remove role and user
  ragops.platform.milvus_role:
    uri: http://127.0.0.1:19530
    token: root:{{ root_password }}
    name: documents_writer
    state: absent
"""

RETURN = r"""
role:
  description: Role and user after the run. Empty if absent.
  returned: success
  type: dict
  sample:
    name: documents_writer
    privileges: [Search on Collection default.documents]
    user: {name: application, password: as wanted, roles: [documents_writer]}
    other_users: []
other_users:
  description: Other users that have the role after the run.
  returned: success
  type: list
  elements: str
  sample: []
server_version:
  description: Version that the server reports.
  returned: success
  type: str
  sample: v2.6.15
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ragops.platform.plugins.module_utils._milvus.api import (
    CONNECTION_OPTIONS,
    MilvusError,
    connect,
)
from ansible_collections.ragops.platform.plugins.module_utils._milvus.roles import Outcome, Role

PRIVILEGES = {
    "object_type": {
        "type": "str",
        "choices": ["Collection", "Global", "User"],
        "default": "Collection",
    },
    "object_names": {"type": "list", "elements": "str", "default": ["*"]},
    "privileges": {"type": "list", "elements": "str", "required": True},
}

ARGUMENTS = {
    **CONNECTION_OPTIONS,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name": {"type": "str", "required": True},
    "user": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "privileges": {"type": "list", "elements": "dict", "options": PRIVILEGES},
    "purge_privileges": {"type": "bool", "default": True},
    "purge_users": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 120},
}


def warning_of(outcome: Outcome, role: str) -> str:
    """Say which other users have the role, or nothing."""
    if not outcome.others:
        return ""
    return (
        f"Role {role} is also granted to {', '.join(outcome.others)}. When nobody uses these"
        " logins any more, set purge_users to revoke it."
    )


def run(module: AnsibleModule) -> dict:
    """Connect, bring role and user to their state and return the result."""
    with connect(module.params, module.no_log_values) as server:
        role = Role(server, module.params, module.check_mode)
        present = module.params["state"] == "present"
        outcome = role.ensure_present() if present else role.ensure_absent()
        if warning := warning_of(outcome, role.name):
            module.warn(warning)
        return {
            "changed": outcome.changed,
            "role": outcome.after,
            "other_users": outcome.others,
            "diff": {"before": outcome.before, "after": outcome.after},
            "server_version": server.version,
        }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        supports_check_mode=True,
        mutually_exclusive=[("uri", "kubernetes")],
        required_one_of=[("uri", "kubernetes")],
        required_together=[("user", "password")],
        required_if=[("state", "present", ("privileges",))],
    )
    try:
        result = run(module)
    except MilvusError as error:
        module.fail_json(msg=str(error), **error.facts)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
