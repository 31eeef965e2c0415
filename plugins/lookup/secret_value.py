# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Values of AWS Secrets Manager, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible_collections.amazon.aws.plugins.plugin_utils.lookup import AWSLookupBase
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError, call, is_denied

DOCUMENTATION = r"""
name: secret_value
version_added: 0.2.0
short_description: The value of a secret in AWS Secrets Manager
description:
  - Returns what M(amazon.aws.secretsmanager_secret#lookup) returns for a name or an ARN. If AWS
    denies access, the error names the missing action and the secret.
options:
  _terms:
    description: Names or ARNs of secrets.
    required: true
  on_missing:
    description: Whether a secret that does not exist, or has no value, is an error or is skipped.
    type: str
    choices: [error, skip]
    default: error
  on_denied:
    description:
      - Whether a secret that the caller may not read is an error or is skipped.
      - V(skip) is for plans, which need no value.
    type: str
    choices: [error, skip]
    default: error
extends_documentation_fragment:
  - amazon.aws.boto3
  - amazon.aws.common.plugins
  - amazon.aws.region.plugins
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Use the token
  ansible.builtin.set_fact:
    token: "{{ lookup('ragops.platform.secret_value', 'ragops-dev/milvus-token') }}"
  no_log: true
"""

RETURN = r"""
_raw:
  description: The values, in the order of the names.
  type: list
  elements: str
"""

MISSING = ("ResourceNotFoundException",)


class LookupModule(AWSLookupBase):
    """Reads each secret's current version."""

    def run(self, terms: Sequence[str], variables: Any = None, **kwargs: Any) -> list[str]:
        """Return the values. Raises AnsibleLookupError: AWS refused, or there is none."""
        super().run(terms, variables, **kwargs)
        connection = self.client("secretsmanager")
        found = []
        for name in terms:
            try:
                answer = call(
                    connection,
                    "get_secret_value",
                    f"secret {name}",
                    missing=MISSING if self.get_option("on_missing") == "skip" else (),
                    SecretId=name,
                )
            except AwsError as error:
                if is_denied(error) and self.get_option("on_denied") == "skip":
                    continue
                raise AnsibleLookupError(str(error)) from error
            if answer is not None:
                found.append(str(answer["SecretString"]))
        return found
