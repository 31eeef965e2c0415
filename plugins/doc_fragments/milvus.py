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
      - PEM text of the authorities that signed the server's certificate, instead of those that
        the machine trusts.
      - With O(kubernetes) it also says that the server speaks TLS.
    type: str
  server_name:
    description:
      - Name that the server's certificate must have, if it is not that of O(uri).
      - With O(kubernetes) it is C(service.namespace.svc.cluster.local) by default.
    type: str
  timeout:
    description: Seconds that one call to the server may take.
    type: int
    default: 30
"""
