#!/usr/bin/python
# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Manage one Milvus collection with its indexes, its alias and its load state."""

from __future__ import annotations

DOCUMENTATION = r"""
---
module: milvus_collection
short_description: Manage a Milvus collection, its indexes, alias and load state
version_added: 0.1.0
author:
  - The ragops.platform authors (@ragops)
description:
  - Creates a collection with its fields and indexes, loads it, and points an alias at it. Then
    waits until a search through the alias returns an answer.
  - Compares an existing collection with the options, and returns every difference in RV(plan).
  - If a difference cannot be changed in place, the module fails, unless
    O(on_schema_change=recreate) and O(force_data_loss=true).
  - A collection is never dropped while an alias other than O(alias) points at it.
  - Properties that the server does not report are returned in RV(unknown), and do not count as
    differences.
attributes:
  check_mode:
    description: Only reads. RV(changed), RV(plan) and the diff are the same as in a real run.
    support: full
  diff_mode:
    description: Returns the normalized state before and after.
    support: full
  idempotent:
    description: A second run changes nothing.
    support: full
options:
  database:
    description: Database of the collection.
    type: str
    default: default
  create_database:
    description:
      - Whether a missing O(database) is created.
      - The module never drops a database.
    type: bool
    default: false
  state:
    description: Whether the collection exists.
    type: str
    choices: [present, absent]
    default: present
  name:
    description: Name of the collection, not of an alias.
    type: str
    required: true
  alias:
    description:
      - Alias that points at the collection.
      - With O(state=present) it is created, or moved from another collection to this one.
      - With O(state=absent) it is dropped with the collection if it points at this collection.
    type: str
  description:
    description:
      - Description of the collection.
      - It is set at creation. A later difference gives a warning only, because not every server can
        change it.
    type: str
  fields:
    description:
      - Fields of the schema. Required with O(state=present).
      - Exactly one is the primary key and at least one is a vector.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the field.
        type: str
        required: true
      type:
        description: Data type of the field.
        type: str
        required: true
        choices:
          - BOOL
          - INT8
          - INT16
          - INT32
          - INT64
          - FLOAT
          - DOUBLE
          - VARCHAR
          - JSON
          - ARRAY
          - BINARY_VECTOR
          - FLOAT_VECTOR
          - FLOAT16_VECTOR
          - BFLOAT16_VECTOR
          - SPARSE_FLOAT_VECTOR
      description:
        description: Description of the field. It is set at creation and not compared later.
        type: str
      primary_key:
        description: Whether this is the primary key (INT64 or VARCHAR).
        type: bool
        default: false
      auto_id:
        description: Whether the server generates the primary key.
        type: bool
        default: false
      partition_key:
        description: Whether the server distributes rows over partitions by this field.
        type: bool
        default: false
      nullable:
        description: Whether the field may be null. Requires Milvus 2.5.
        type: bool
        default: false
      max_length:
        description: Maximum bytes of a VARCHAR, or of each element of an ARRAY of VARCHAR.
        type: int
      dim:
        description: Dimension of a dense vector.
        type: int
      element_type:
        description: Type of the elements of an ARRAY.
        type: str
        choices: [BOOL, INT8, INT16, INT32, INT64, FLOAT, DOUBLE, VARCHAR]
      max_capacity:
        description: Maximum number of elements of an ARRAY.
        type: int
  enable_dynamic_field:
    description: Whether rows may have fields that the schema does not define.
    type: bool
    default: false
  indexes:
    description: Indexes, at most one per field. A collection can be loaded only if every vector
      field has an index.
    type: list
    elements: dict
    default: []
    suboptions:
      field:
        description: Name of the field.
        type: str
        required: true
      index_type:
        description: Type such as V(HNSW), V(IVF_FLAT), V(FLAT), V(AUTOINDEX), V(INVERTED).
        type: str
        required: true
      metric_type:
        description: Metric of a vector index, such as V(COSINE), V(IP), V(L2).
        type: str
      params:
        description: Parameters of the index, such as C(M) and C(efConstruction) of V(HNSW).
        type: dict
        default: {}
  load:
    description: Whether the collection is loaded (searchable) or released.
    type: bool
    default: true
  consistency_level:
    description: Default consistency level of reads, set at creation. Not compared if not given.
    type: str
    choices: [Strong, Session, Bounded, Eventually]
  on_schema_change:
    description:
      - What to do if the existing collection has another schema or other indexes.
      - V(fail) changes nothing and reports every difference.
      - V(recreate) drops the collection with its rows and creates it again. It requires
        O(force_data_loss=true).
    type: str
    choices: [fail, recreate]
    default: fail
  force_data_loss:
    description: Confirms that O(on_schema_change=recreate) may delete the rows of the collection.
    type: bool
    default: false
  wait:
    description:
      - Whether to wait until a real search on the collection returns an answer. The search uses
        O(alias) if it is given.
      - After a restart Milvus reports that it is healthy and that the collection is loaded before
        it can search.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait until the server accepts a connection, and separately until the
      collection is loaded and a search returns an answer.
    type: int
    default: 120
extends_documentation_fragment:
  - ragops.platform.milvus
  - ragops.platform.relayed
"""

EXAMPLES = r"""
- name: Create the collection that the application reads through an alias
  ragops.platform.milvus_collection:
    kubernetes:
      kubeconfig: ~/.kube/config
      namespace: milvus
      service: milvus
      port: "19530"
    name: documents_v1
    alias: documents
    fields:
      - name: chunk_id
        type: VARCHAR
        max_length: 64
        primary_key: true
      - name: document_id
        type: VARCHAR
        max_length: 64
      - name: page
        type: INT64
      - name: ordinal
        type: INT64
      - name: embedding
        type: FLOAT_VECTOR
        dim: 384
    indexes:
      - field: embedding
        index_type: HNSW
        metric_type: COSINE
        params:
          M: 16
          efConstruction: 200

- name: Drop the collection and its alias
  ragops.platform.milvus_collection:
    uri: http://127.0.0.1:19530
    name: documents_v1
    alias: documents
    state: absent
"""

RETURN = r"""
collection:
  description: The collection after the run, normalized. V(null) if absent.
  returned: success
  type: dict
  sample:
    name: documents_v1
    database: default
    description: ""
    enable_dynamic_field: false
    consistency_level: Bounded
    fields:
      - {name: chunk_id, type: VARCHAR, primary_key: true, auto_id: false, partition_key: false,
        nullable: false, max_length: 64}
      - {name: embedding, type: FLOAT_VECTOR, primary_key: false, auto_id: false, partition_key:
        false, nullable: false, dim: 384}
    indexes:
      - {field: embedding, index_type: HNSW, metric_type: COSINE, params: {M: "16",
        efConstruction: "200"}}
    aliases: [documents]
    load_state: loaded
alias_target:
  description: Collection that O(alias) points at after the run. V(null) if the alias does not exist
    or was not given.
  returned: success
  type: str
  sample: documents_v1
rows:
  description: Number of rows that the server reports. V(null) if the collection is not loaded or
    does not exist.
  returned: success
  type: int
  sample: 0
plan:
  description: Every difference, and what the module does about it.
  returned: success, and on a refused change
  type: list
  elements: dict
  contains:
    path:
      description: What differs, such as C(fields.embedding.dim).
      type: str
    from:
      description: Value found.
      type: raw
    to:
      description: Value in the options.
      type: raw
    action:
      description: One of C(create), C(drop), C(in_place), C(rebuild), C(none), C(refuse).
      type: str
    reason:
      description: Why the difference needs this action.
      type: str
    data_loss:
      description: Whether the action deletes rows.
      type: bool
unknown:
  description: Properties in the options that this server does not report.
  returned: success
  type: list
  elements: str
  sample: [indexes.embedding.params.M]
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
search_seconds:
  description: Seconds until the first search returned an answer. V(null) if the module did not
    wait.
  returned: success
  type: float
  sample: 0.08
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.ragops.platform.plugins.module_utils._milvus.api import (
    CONNECTION_OPTIONS,
    MilvusError,
    connect,
)
from ansible_collections.ragops.platform.plugins.module_utils._milvus.ensure import (
    Collection,
    Outcome,
)

SCALARS = ["BOOL", "INT8", "INT16", "INT32", "INT64", "FLOAT", "DOUBLE", "VARCHAR"]
VECTORS = [
    "BINARY_VECTOR",
    "FLOAT_VECTOR",
    "FLOAT16_VECTOR",
    "BFLOAT16_VECTOR",
    "SPARSE_FLOAT_VECTOR",
]

FIELD = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "required": True, "choices": [*SCALARS, "JSON", "ARRAY", *VECTORS]},
    "description": {"type": "str"},
    "primary_key": {"type": "bool", "default": False, "no_log": False},
    "auto_id": {"type": "bool", "default": False},
    "partition_key": {"type": "bool", "default": False, "no_log": False},
    "nullable": {"type": "bool", "default": False},
    "max_length": {"type": "int"},
    "dim": {"type": "int"},
    "element_type": {"type": "str", "choices": SCALARS},
    "max_capacity": {"type": "int"},
}

INDEX = {
    "field": {"type": "str", "required": True},
    "index_type": {"type": "str", "required": True},
    "metric_type": {"type": "str"},
    "params": {"type": "dict", "default": {}},
}

ARGUMENTS = {
    **CONNECTION_OPTIONS,
    "create_database": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "name": {"type": "str", "required": True},
    "alias": {"type": "str"},
    "description": {"type": "str"},
    "fields": {"type": "list", "elements": "dict", "options": FIELD},
    "enable_dynamic_field": {"type": "bool", "default": False},
    "indexes": {"type": "list", "elements": "dict", "default": [], "options": INDEX},
    "load": {"type": "bool", "default": True},
    "consistency_level": {
        "type": "str",
        "choices": ["Strong", "Session", "Bounded", "Eventually"],
    },
    "on_schema_change": {"type": "str", "choices": ["fail", "recreate"], "default": "fail"},
    "force_data_loss": {"type": "bool", "default": False},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 120},
}


def result_of(outcome: Outcome) -> dict:
    """Return the module's result of what was found and done."""
    return {
        "changed": outcome.changed,
        "collection": outcome.collection,
        "alias_target": outcome.alias_target,
        "rows": outcome.rows,
        "plan": outcome.plan,
        "unknown": outcome.unknown,
        "search_seconds": outcome.search_seconds,
        "diff": {"before": outcome.before or {}, "after": outcome.after or {}},
    }


def run(module: AnsibleModule) -> dict:
    """Connect, bring the collection to its state and return the result."""
    with connect(module.params, module.no_log_values) as server:
        collection = Collection(server, module.params, module.check_mode)
        if module.params["state"] == "present":
            outcome = collection.ensure_present()
        else:
            outcome = collection.ensure_absent()
        for warning in outcome.warnings:
            module.warn(warning)
        facts = {"server_version": server.version, "capabilities": server.capabilities}
        return {**result_of(outcome), **facts}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        supports_check_mode=True,
        mutually_exclusive=[("uri", "kubernetes")],
        required_one_of=[("uri", "kubernetes")],
        required_if=[("state", "present", ("fields",))],
    )
    try:
        result = run(module)
    except MilvusError as error:
        module.fail_json(msg=str(error), **error.facts)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
