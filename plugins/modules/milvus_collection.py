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
  - Creates a collection with its fields and indexes, loads it, points an alias at it and waits
    until a search through it answers.
  - Compares an existing collection with what is asked for and lists every difference in RV(plan).
  - A difference that can't be changed in place is an error unless O(on_schema_change=recreate)
    and O(force_data_loss=true).
  - A collection is never dropped while an alias that isn't O(alias) points at it.
  - Properties that a server doesn't report are listed in RV(unknown) and aren't taken for
    differences.
attributes:
  check_mode:
    description: Reads only; RV(changed), RV(plan) and the diff are those of the real run.
    support: full
  diff_mode:
    description: Returns the normalised state before and after.
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
    description: Whether the collection shall exist.
    type: str
    choices: [present, absent]
    default: present
  name:
    description: Name of the collection itself, not of an alias.
    type: str
    required: true
  alias:
    description:
      - Alias that shall point at the collection.
      - With O(state=present) it is created, or moved here from another collection.
      - With O(state=absent) it is dropped with the collection if it points at it.
    type: str
  description:
    description:
      - Description of the collection.
      - Set at creation; a later difference is a warning, since not every server can change it.
    type: str
  fields:
    description:
      - Fields of the schema; required with O(state=present).
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
        description: Description of the field; set at creation and not compared.
        type: str
      primary_key:
        description: Whether this is the primary key (INT64 or VARCHAR).
        type: bool
        default: false
      auto_id:
        description: Whether the server makes the primary key.
        type: bool
        default: false
      partition_key:
        description: Whether rows are spread over partitions by this field.
        type: bool
        default: false
      nullable:
        description: Whether the field may be null; needs Milvus 2.5.
        type: bool
        default: false
      max_length:
        description: Most bytes of a VARCHAR, or of the elements of an ARRAY of VARCHAR.
        type: int
      dim:
        description: Dimension of a dense vector.
        type: int
      element_type:
        description: Type of the elements of an ARRAY.
        type: str
        choices: [BOOL, INT8, INT16, INT32, INT64, FLOAT, DOUBLE, VARCHAR]
      max_capacity:
        description: Most elements of an ARRAY.
        type: int
  enable_dynamic_field:
    description: Whether rows may carry fields that the schema doesn't name.
    type: bool
    default: false
  indexes:
    description: Indexes, at most one per field; every vector field needs one to be loaded.
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
    description: Whether the collection shall be loaded (searchable) or released.
    type: bool
    default: true
  consistency_level:
    description: Default consistency of reads, given at creation; not compared when unset.
    type: str
    choices: [Strong, Session, Bounded, Eventually]
  on_schema_change:
    description:
      - What to do if the collection exists with another schema or other indexes.
      - V(fail) changes nothing and names every difference.
      - V(recreate) drops the collection with its rows and creates it anew; needs
        O(force_data_loss=true).
    type: str
    choices: [fail, recreate]
    default: fail
  force_data_loss:
    description: Consent to lose the rows of the collection with O(on_schema_change=recreate).
    type: bool
    default: false
  wait:
    description:
      - Whether to wait until a real search on the collection (through O(alias) if given) answers.
      - After a restart Milvus reports itself healthy and the collection loaded before it can
        search.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait for the server to accept a connection, and again for the load and
      the first answered search.
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
  description: The collection after the run, normalised; V(null) when absent.
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
  description: Collection that O(alias) points at after the run; V(null) when it doesn't exist or
    no alias was given.
  returned: success
  type: str
  sample: documents_v1
rows:
  description: Rows as the server counts them, V(null) when the collection isn't loaded or not
    there.
  returned: success
  type: int
  sample: 0
plan:
  description: Every difference found and what it means.
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
      description: Value asked for.
      type: raw
    action:
      description: One of C(create), C(drop), C(in_place), C(rebuild), C(none), C(refuse).
      type: str
    reason:
      description: Why it takes that action.
      type: str
    data_loss:
      description: Whether rows are lost by it.
      type: bool
unknown:
  description: Properties asked for that this server doesn't report.
  returned: success
  type: list
  elements: str
  sample: [indexes.embedding.params.M]
server_version:
  description: Version as the server reports it.
  returned: success
  type: str
  sample: v2.3.5-lite
capabilities:
  description: What the module knows this server to be able to do.
  returned: success
  type: dict
  sample: {flavour: milvus, nullable: false, sparse_vector: false, index_params_reported: true}
search_seconds:
  description: Seconds until the first search answered; V(null) when not waited for.
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
