#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Read an EKS cluster and make a short-lived token for it."""

DOCUMENTATION = r"""
---
module: eks_cluster_info
version_added: 0.1.0
short_description: Read an EKS cluster, and create a token or a self-renewing kubeconfig
description:
  - Returns endpoint, CA, OIDC issuer and status of a cluster.
  - The token is the same as from C(aws eks get-token), a presigned STS request with the identity of
    the caller. EKS accepts it for 15 minutes, so it is used for at most 14.
  - A cluster that does not exist is not an error; RV(exists) is then V(false). A cluster that EKS
    is still creating is no error either. It has no RV(endpoint), and no kubeconfig is written for
    it.
options:
  name:
    description: Name of the cluster.
    type: str
    required: true
  with_token:
    description: Whether to return RV(token) and RV(kubeconfig). Use C(no_log) for the task.
    type: bool
    default: false
  kubeconfig_path:
    description:
      - File to write a kubeconfig to, readable by its owner only. Its folder must exist. Nothing is
        written if there is no cluster.
      - The kubeconfig contains no token. It names a program, which is written to the same folder.
        The program creates a new token with the AWS identity of the caller whenever the last one
        expires.
      - The kubeconfig is written in check mode, too, because reading the cluster needs it. It does
        not count as a change.
    type: path
  token_life:
    description: Seconds for which a token of the kubeconfig is used, at most 840.
    type: int
    default: 840
    version_added: 0.2.0
  server:
    description:
      - URL to connect to instead of the endpoint of the cluster, such as the port of a tunnel. The
        certificate must still match the host name of the endpoint.
    type: str
    version_added: 0.2.0
  reach_timeout:
    description:
      - Seconds within which the API server must accept a request of the caller. Otherwise the
        module fails, and names the failed step (name, route, TLS, credentials) and the remedy. V(0)
        sends no request.
      - Used only if the cluster is C(ACTIVE) or C(UPDATING).
    type: int
    default: 0
    version_added: 0.2.0
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
  description: Status that AWS reports. Null if there is no cluster, as are the values below.
  returned: always
  type: str
  sample: ACTIVE
version:
  description: Kubernetes minor version.
  returned: always
  type: str
  sample: "1.35"
endpoint:
  description: URL of the API server. Null until EKS has created it.
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
  returned: with O(with_token=true), when the cluster has an endpoint
  type: str
token_expires:
  description: When the token ends, in UTC.
  returned: with O(with_token=true), when the cluster has an endpoint
  type: str
  sample: "2026-11-22T12:14:00Z"
kubeconfig:
  description: A kubeconfig with endpoint, CA and token. A secret.
  returned: with O(with_token=true), when the cluster has an endpoint
  type: dict
cause:
  description: Failed step of the connection to the API server.
  returned: on failure with O(reach_timeout)
  type: str
  sample: route
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.ragops.platform.plugins.module_utils._eks.cluster import describe
from ansible_collections.ragops.platform.plugins.module_utils._eks.reach import (
    Door,
    ReachError,
    await_reachable,
)
from ansible_collections.ragops.platform.plugins.module_utils._eks.token import (
    LIFE,
    expiry,
    kubeconfig,
    renewing,
    token,
)
from ansible_collections.ragops.platform.plugins.module_utils.aws import (
    AwsError,
    client,
    fail,
    require_region,
)
from ansible_collections.ragops.platform.plugins.module_utils.program import credentials, write


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


def access(module: AnsibleAWSModule, raw: dict[str, Any], region: str) -> dict[str, Any]:
    """What the options ask for of the way into the cluster. Raises OSError."""
    given, server = module.params, module.params["server"] or ""
    if given["kubeconfig_path"]:
        path = Path(given["kubeconfig_path"])
        user = renewing(path, raw["name"], region, given["token_life"], credentials(module))
        write(path, json.dumps(kubeconfig(raw, user, server)))
    if not given["with_token"]:
        return {}
    bearer = token(client(module, "sts"), raw["name"])
    config = kubeconfig(raw, {"token": bearer}, server)
    return {"token": bearer, "kubeconfig": config, "token_expires": expiry()}


def reach(module: AnsibleAWSModule, raw: dict[str, Any]) -> None:
    """Fail unless the API server lets the caller in."""
    timeout = module.params["reach_timeout"]
    if not timeout or raw.get("status") not in ("ACTIVE", "UPDATING"):
        return
    where = urlsplit(module.params["server"] or raw["endpoint"])
    door = Door(
        endpoint=raw["endpoint"],
        address=(where.hostname or "", where.port or 443),
        authority=raw.get("certificateAuthority", {}).get("data") or "",
        settings=raw.get("resourcesVpcConfig") or {},
    )
    sts = client(module, "sts")
    try:
        await_reachable(door, lambda: token(sts, raw["name"]), timeout)
    except ReachError as error:
        module.fail_json(msg=str(error), cause=error.cause)


def main() -> None:
    """Entry point of the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "with_token": {"type": "bool", "default": False, "no_log": False},
            "kubeconfig_path": {"type": "path"},
            "token_life": {"type": "int", "default": LIFE, "no_log": False},
            "server": {"type": "str"},
            "reach_timeout": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    region = require_region(module)
    name = module.params["name"]
    try:
        raw = describe(client(module, "eks"), name)
    except AwsError as error:
        fail(module, error)
    result = shape(name, raw)
    # One that is still being made, or could not be, has no API server yet.
    if raw is not None and raw.get("endpoint"):
        try:
            result |= access(module, raw, region)
        except OSError as error:
            module.fail_json(
                msg=(
                    f"The kubeconfig cannot be written to {module.params['kubeconfig_path']}:"
                    f" {error.strerror}. Give a path in an existing folder that you can write to."
                )
            )
        reach(module, raw)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
