#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Create, change and delete IAM roles."""

DOCUMENTATION = r"""
---
module: iam_roles
version_added: 0.2.0
short_description: Create, change and delete IAM roles with their trust policy and permissions
description:
  - Manages several roles in one task. Each role is managed completely, so that anything that was
    added to its trust policy or its other policies is removed.
  - In all documents and ARNs, C({account}) and C({partition}) stand for the account and the
    partition of the caller.
  - The tags C(Project), C(Environment), C(Component) and C(ManagedBy) name the owner. If a role has
    another owner than O(tags), the module fails and does not change the role.
options:
  state:
    description: Whether the roles exist.
    type: str
    choices: [present, absent]
    default: present
  roles:
    description: The roles. With O(state=absent) only their names matter.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the role.
        type: str
        required: true
      path:
        description: Path of the role. AWS cannot change it later.
        type: str
        default: /
      description:
        description: What the role is for.
        type: str
        default: ""
      trust:
        description: Trust policy, which defines who may assume the role.
        type: dict
        default: {}
      policies:
        description: Inline policies as C(name -> document). Other inline policies are removed.
        type: dict
        default: {}
      managed_policies:
        description: ARNs of attached policies. Other policies are detached.
        type: list
        elements: str
        default: []
      permissions_boundary:
        description: ARN of the permissions boundary of the role. Empty means none.
        type: str
        default: ""
      max_session_duration:
        description: Maximum duration of a session in seconds, 3600 to 43200.
        type: int
        default: 3600
  tags:
    description: Tags of all roles. Other tags stay.
    type: dict
    default: {}
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Make a role for the pods of one service account
  ragops.platform.iam_roles:
    tags: {Project: ragops, Environment: dev}
    roles:
      - name: ragops-dev-workload-backend
        trust:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Action: sts:AssumeRoleWithWebIdentity
              Principal:
                Federated: "arn:{partition}:iam::{account}:oidc-provider/oidc.example.com/id/A"
              Condition:
                StringEquals:
                  "oidc.example.com/id/A:aud": sts.amazonaws.com
                  "oidc.example.com/id/A:sub": system:serviceaccount:rag:rag-backend
        policies:
          documents:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: s3:PutObject
                Resource: "arn:{partition}:s3:::ragops-dev-documents-{account}/*"

- name: Remove it
  ragops.platform.iam_roles:
    state: absent
    tags: {Project: ragops, Environment: dev}
    roles:
      - name: ragops-dev-workload-backend
"""

RETURN = r"""
roles:
  description: ARN of each role, by name. A role that does not exist yet has the ARN that it will
    get.
  returned: with O(state=present)
  type: dict
  sample: {ragops-dev-eks-nodes: "arn:aws:iam::123456789012:role/ragops-dev-eks-nodes"}
"""

import json
from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._iam.checks import check
from ansible_collections.ragops.platform.plugins.module_utils.ownership import proof
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Api,
    Connect,
    Plan,
    fill_identity,
    reconcile,
)
from ansible_collections.ragops.platform.plugins.module_utils.resources import iam_role

ROLE: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "path": {"type": "str", "default": "/"},
    "description": {"type": "str", "default": ""},
    "trust": {"type": "dict", "default": {}},
    "policies": {"type": "dict", "default": {}},
    "managed_policies": {"type": "list", "elements": "str", "default": []},
    "permissions_boundary": {"type": "str", "default": ""},
    "max_session_duration": {"type": "int", "default": 3600},
}


def filler(sts: Api) -> Any:
    """What puts the caller's account and partition into a text; AWS is asked once."""
    account, partition = fill_identity("{account} {partition}", sts).split()

    def fill(text: str) -> str:
        return text.replace("{account}", account).replace("{partition}", partition)

    return fill


def wanted_of(options: dict[str, Any], tags: dict[str, Any], fill: Any) -> iam_role.Wanted:
    """Return the role that is wanted. fill: puts account and partition into texts."""
    filled = ("trust", "policies", "managed_policies", "permissions_boundary")
    texts = json.loads(fill(json.dumps({key: options[key] for key in filled})))
    texts["permissions_boundary"] = texts["permissions_boundary"] or None
    return iam_role.Wanted(
        **{**options, **texts}, tags={key: str(value) for key, value in tags.items()}
    )


def run(module: AnsibleAWSModule, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Bring all roles to their state; return what is told of them."""
    roles, tags = module.params["roles"], module.params["tags"]
    api = connect("iam")
    # Whose each role is, before the first is made or removed.
    foreseen = api.quiet(), Plan()
    if module.params["state"] == "absent":
        for how in (foreseen, (api, plan)):
            for role in roles:
                iam_role.ensure_absent(*how, role["name"], tags if proof(tags) else None)
        return {}
    for role in roles:
        check(role)
    fill = filler(connect("sts"))
    wanted = [wanted_of(role, tags, fill) for role in roles]
    for role in wanted:
        iam_role.ensure_present(*foreseen, role)
    arns = {}
    for role in wanted:
        predicted = fill(f"arn:{{partition}}:iam::{{account}}:role{role.path}{role.name}")
        arns[role.name] = iam_role.ensure_present(api, plan, role) or predicted
    return {"roles": arns}


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "roles": {"type": "list", "elements": "dict", "required": True, "options": ROLE},
            "tags": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    reconcile(module, run)


if __name__ == "__main__":
    main()
