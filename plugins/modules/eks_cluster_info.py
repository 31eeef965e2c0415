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
options:
  name:
    description: Name of the cluster.
    type: str
    required: true
  with_token:
    description: Whether to make RV(token) and RV(kubeconfig). Register the result under no_log.
    type: bool
    default: false
  kubeconfig_path:
    description:
      - File to write a kubeconfig with a new token to, readable by its owner only. Its folder must
        be there. Without a cluster nothing is written.
      - It is written in check mode, too, since reading the cluster needs it, and is no change.
    type: path
extends_documentation_fragment:
  - ragops.platform.reading
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
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

- name: Write it to a file instead, so that no result holds the token
  ragops.platform.eks_cluster_info:
    name: ragops-dev
    kubeconfig_path: /run/user/1000/ragops-dev.kubeconfig
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
  returned: with O(with_token=true) or O(kubeconfig_path), when the cluster exists
  type: str
  sample: "2026-11-22T12:14:00Z"
kubeconfig:
  description: A kubeconfig with endpoint, CA and token. A secret.
  returned: with O(with_token=true), when the cluster exists
  type: dict
"""

import json
import os
import tempfile
from pathlib import Path
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
    fail,
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


def access(module: AnsibleAWSModule, raw: dict[str, Any]) -> dict[str, Any]:
    """What the options ask for of the way into the cluster. Raises OSError."""
    path, with_token = module.params["kubeconfig_path"], module.params["with_token"]
    if not path and not with_token:
        return {}
    bearer = token(client(module, "sts"), raw["name"])
    config = kubeconfig(raw, bearer)
    told = {"token_expires": expiry()}
    if path:
        write(Path(path), config)
    return {"token": bearer, "kubeconfig": config, **told} if with_token else told


def write(path: Path, config: dict[str, Any]) -> None:
    """Put a kubeconfig in the place of the file, readable by its owner from the first byte on."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        json.dump(config, file)
    Path(draft).replace(path)


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "with_token": {"type": "bool", "default": False, "no_log": False},
            "kubeconfig_path": {"type": "path"},
        },
        supports_check_mode=True,
    )
    require_region(module)
    name = module.params["name"]
    try:
        raw = describe(client(module, "eks"), name)
    except AwsError as error:
        fail(module, error)
    result = shape(name, raw)
    if raw is not None:
        try:
            result |= access(module, raw)
        except OSError as error:
            module.fail_json(
                msg=f"The kubeconfig can't be written to {module.params['kubeconfig_path']}: "
                f"{error.strerror}. Give a path in a folder that exists and may be written."
            )
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
