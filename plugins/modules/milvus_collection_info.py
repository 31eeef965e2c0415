#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Describe the collections of a Milvus server."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: milvus_collection_info
short_description: Describe Milvus collections, their indexes, aliases and load state
version_added: 0.1.0
author:
  - The ragops.platform authors (@ragops)
description:
  - Reads all collections of a database, or one collection by its name or alias. The format is the
    same as in M(ragops.platform.milvus_collection).
attributes:
  check_mode:
    description: The module only reads.
    support: full
  diff_mode:
    description: The module changes nothing.
    support: none
  idempotent:
    description: The module only reads.
    support: full
options:
  wait_timeout:
    description: Seconds to wait until the server accepts a connection.
    type: int
    default: 30
  database:
    description: Database to read.
    type: str
    default: default
  name:
    description: Name or alias of one collection. Defaults to all collections.
    type: str
extends_documentation_fragment:
  - ragops.platform.milvus
  - ragops.platform.relayed
"""

EXAMPLES = r"""
- name: Read one collection through its alias
  ragops.platform.milvus_collection_info:
    uri: http://127.0.0.1:19530
    name: documents
  register: documents

- name: Read all collections of the server in the cluster
  ragops.platform.milvus_collection_info:
    kubernetes:
      kubeconfig: ~/.kube/config
      namespace: milvus
      service: milvus
      port: "19530"
"""

RETURN = r"""
collections:
  description: The collections, sorted by name. Empty if there is none.
  returned: success
  type: list
  elements: dict
  sample:
    - name: documents_v1
      database: default
      description: ""
      enable_dynamic_field: false
      consistency_level: Bounded
      fields:
        - {name: chunk_id, type: VARCHAR, primary_key: true, auto_id: false, partition_key: false,
          nullable: false, max_length: 64}
      indexes:
        - {field: embedding, index_type: HNSW, metric_type: COSINE, params: {M: "16",
          efConstruction: "200"}}
      aliases: [documents]
      load_state: loaded
      rows: 0
databases:
  description: Databases of the server.
  returned: success
  type: list
  elements: str
  sample: [default]
server_version:
  description: Version that the server reports.
  returned: success
  type: str
  sample: v2.3.5-lite
capabilities:
  description: Features that this server supports, as far as the module knows.
  returned: success
  type: dict
  sample: {flavour: milvus, nullable: false, sparse_vector: false, index_params_reported: true}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ragops.platform.plugins.module_utils._milvus.api import (
    CONNECTION_OPTIONS,
    MilvusError,
    Server,
    connect,
)

ARGUMENTS = {
    **CONNECTION_OPTIONS,
    "wait_timeout": {"type": "int", "default": 30},
    "name": {"type": "str"},
}


def read(server: Server, name: str | None) -> list[dict]:
    """Return the collections asked for, each with its rows."""
    names = server.collections()
    if name and name not in names:
        target = server.alias_target(name)
        names = [target] if target else []
    elif name:
        names = [name]
    found = []
    for one in names:
        collection = server.collection(one)
        loaded = collection["load_state"] == "loaded"
        found.append({**collection, "rows": server.rows(one) if loaded else None})
    return found


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        supports_check_mode=True,
        mutually_exclusive=[("uri", "kubernetes")],
        required_one_of=[("uri", "kubernetes")],
    )
    try:
        with connect(module.params, module.no_log_values) as server:
            result = {
                "collections": read(server, module.params["name"]),
                "databases": server.databases,
                "server_version": server.version,
                "capabilities": server.capabilities,
            }
    except MilvusError as error:
        module.fail_json(msg=str(error), **error.facts)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
