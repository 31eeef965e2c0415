# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""User and password of the account's registry."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible_collections.amazon.aws.plugins.plugin_utils.lookup import AWSLookupBase
from ansible_collections.ragops.platform.plugins.module_utils.aws import AwsError, call

DOCUMENTATION = r"""
name: ecr_login
version_added: 0.2.0
short_description: User and password of the Amazon ECR registry of the account
description:
  - The password is valid for twelve hours. Each use of the lookup requests a new one.
  - The identity needs C(ecr:GetAuthorizationToken).
options:
  _terms:
    description: Takes no terms.
    required: false
extends_documentation_fragment:
  - amazon.aws.boto3
  - amazon.aws.common.plugins
  - amazon.aws.region.plugins
author:
  - The ragops.platform authors
"""

EXAMPLES = r"""
- name: Keep the login of this run
  ansible.builtin.set_fact:
    login: "{{ lookup('ragops.platform.ecr_login', region='us-east-1') }}"
  no_log: true
"""

RETURN = r"""
_raw:
  description: C(username) and C(password), in one entry.
  type: list
  elements: dict
"""


class LookupModule(AWSLookupBase):
    """Asks for one token."""

    def run(
        self, terms: Sequence[str], variables: Any = None, **kwargs: Any
    ) -> list[dict[str, str]]:
        """Return the login. Raises AnsibleLookupError: AWS gave none."""
        super().run(terms, variables, **kwargs)
        try:
            answer = call(self.client("ecr"), "get_authorization_token", "the account's registry")
        except AwsError as error:
            # Ansible's message has each cause again.
            raise AnsibleLookupError(str(error)) from None
        token = base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode()
        username, password = token.split(":", 1)
        return [{"username": username, "password": password}]
