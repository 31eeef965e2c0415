#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Read an EKS cluster and make a short-lived token for it."""

DOCUMENTATION = r"""
---
module: eks_cluster_info
version_added: 0.1.0
short_description: Read an EKS cluster, with a short-lived token and a kubeconfig
description:
  - Returns endpoint, CA, OIDC issuer and status of a cluster.
  - The token is what C(aws eks get-token) makes, a presigned STS request of the caller's identity.
    It is valid for 14 minutes.
  - A cluster that does not exist is not an error; RV(exists) is then V(false).
author:
  - The ragops.platform authors
options:
  name:
    description: Name of the cluster.
    type: str
    required: true
  with_token:
    description: Whether to make RV(token) and RV(kubeconfig). Register the result under no_log.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Reads only, so that it does the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so that there is no diff.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
"""

EXAMPLES = r"""
- name: Read a cluster
  ragops.platform.eks_cluster_info:
    name: ragops-dev
  register: cluster

- name: Get a kubeconfig for the kubernetes.core modules
  ragops.platform.eks_cluster_info:
    name: ragops-dev
    with_token: true
  register: access
  no_log: true
"""

RETURN = r"""
exists:
  description: Whether there is such a cluster.
  returned: always
  type: bool
name:
  description: Name of the cluster.
  returned: always
  type: str
status:
  description: Status as AWS reports it; the following are null too when there is no cluster.
  returned: always
  type: str
  sample: ACTIVE
version:
  description: Kubernetes minor version.
  returned: always
  type: str
  sample: "1.35"
endpoint:
  description: URL of the API server.
  returned: always
  type: str
certificate_authority:
  description: CA of the API server, PEM in base64.
  returned: always
  type: str
oidc_issuer:
  description: URL of the issuer of service account tokens.
  returned: always
  type: str
token:
  description: Bearer token. A secret.
  returned: with O(with_token=true), when the cluster exists
  type: str
token_expires:
  description: When the token ends, in UTC.
  returned: with O(with_token=true), when the cluster exists
  type: str
  sample: "2026-11-22T12:14:00Z"
kubeconfig:
  description: A kubeconfig with endpoint, CA and token. A secret.
  returned: with O(with_token=true), when the cluster exists
  type: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._eks.cluster import describe
from ansible_collections.ragops.platform.plugins.module_utils._eks.token import (
    expiry,
    kubeconfig,
    token,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import (
    AwsError,
    client,
    require_region,
)


def shape(name: str, raw: dict[str, Any] | None) -> dict[str, Any]:
    """What is returned of a cluster, with the same keys when there is none."""
    cluster = raw or {}
    return {
        "exists": raw is not None,
        "name": name,
        "status": cluster.get("status"),
        "version": cluster.get("version"),
        "endpoint": cluster.get("endpoint"),
        "certificate_authority": cluster.get("certificateAuthority", {}).get("data"),
        "oidc_issuer": cluster.get("identity", {}).get("oidc", {}).get("issuer"),
    }


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "with_token": {"type": "bool", "default": False, "no_log": False},
        },
        supports_check_mode=True,
    )
    require_region(module)
    name = module.params["name"]
    try:
        raw = describe(client(module, "eks"), name)
    except AwsError as error:
        module.fail_json(msg=str(error), action=error.action, code=error.code)
    result = shape(name, raw)
    if raw is not None and module.params["with_token"]:
        bearer = token(client(module, "sts"), name)
        result |= {
            "token": bearer,
            "token_expires": expiry(),
            "kubeconfig": kubeconfig(raw, bearer),
        }
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
