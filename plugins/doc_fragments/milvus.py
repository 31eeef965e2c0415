# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Documentation that the modules share which speak with Milvus."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments of documentation, by the name after the dot."""

    DOCUMENTATION = r"""
requirements:
  - pymilvus >= 2.6
options:
  uri:
    description:
      - Address of the server, such as V(http://127.0.0.1:19530).
      - Exactly one of O(uri) and O(kubernetes) is required.
    type: str
  token:
    description: Token, or C(user:password), on a server with authorization.
    type: str
  ca:
    description:
      - PEM text of the authorities that signed the certificate of the server. Without it the
        authorities that this machine trusts are used.
      - With O(kubernetes) it also says that the server speaks TLS.
    type: str
  server_name:
    description:
      - Name that the certificate of the server must have, if it differs from the host in O(uri).
      - With O(kubernetes) the default is C(service.namespace.svc.cluster.local).
    type: str
  timeout:
    description: Seconds that one call to the server may take.
    type: int
    default: 30
"""
