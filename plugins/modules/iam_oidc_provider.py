#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Create, change and delete an OIDC provider in IAM."""

DOCUMENTATION = r"""
---
module: iam_oidc_provider
version_added: 0.1.0
short_description: Create, change and delete an OIDC provider in IAM
description:
  - An OIDC provider lets IAM roles trust the tokens of an issuer, such as tokens of the service
    accounts of an EKS cluster.
options:
  url:
    description: URL of the issuer. AWS accepts https only.
    type: str
    required: true
  state:
    description: Whether the provider exists.
    type: str
    choices: [present, absent]
    default: present
  client_ids:
    description: Accepted audiences. Other audiences are removed.
    type: list
    elements: str
    default: [sts.amazonaws.com]
  thumbprints:
    description:
      - SHA-1 thumbprints of the CA of the issuer. If not given, AWS determines them at creation,
        and existing thumbprints stay.
    type: list
    elements: str
  tags:
    description: Tags to set. Other tags stay.
    type: dict
extends_documentation_fragment:
  - ragops.platform.reconciled
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Let IAM trust the cluster's service accounts
  ragops.platform.iam_oidc_provider:
    url: https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE

- name: Remove it
  ragops.platform.iam_oidc_provider:
    url: https://oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE
    state: absent
"""

RETURN = r"""
arn:
  description: ARN of the provider. V(null) if absent, or in check mode if it does not exist yet.
  returned: always
  type: str
provider:
  description: Settings of the provider after the run. V(null) if absent.
  returned: always
  type: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils.reconcile import (
    Connect,
    Plan,
    reconcile,
)
from ansible_collections.ragops.platform.plugins.module_utils.resources import oidc_provider


def run(module: Any, plan: Plan, connect: Connect) -> dict[str, Any]:
    """Bring the provider to its state; return its ARN and settings."""
    options, iam = module.params, connect("iam")
    if options["state"] == "absent":
        oidc_provider.ensure_absent(iam, plan, options["url"], options["tags"] or {})
        return {"arn": None, "provider": None}
    wanted = {key: options[key] for key in ("client_ids", "thumbprints", "tags")}
    arn, provider = oidc_provider.ensure_present(iam, plan, options["url"], wanted)
    return {"arn": arn, "provider": provider}


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "client_ids": {"type": "list", "elements": "str", "default": ["sts.amazonaws.com"]},
            "thumbprints": {"type": "list", "elements": "str"},
            "tags": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    reconcile(module, run)


if __name__ == "__main__":
    main()
