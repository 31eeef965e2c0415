# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""One shape for collections, asked for or found: pure functions, no call to a server.

A property that a server doesn't report is None here, which means unknown, not absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Dict = dict[str, Any]

DENSE_VECTORS = ("BINARY_VECTOR", "FLOAT_VECTOR", "FLOAT16_VECTOR", "BFLOAT16_VECTOR")
VECTORS = (*DENSE_VECTORS, "SPARSE_FLOAT_VECTOR")
FLAGS = ("primary_key", "auto_id", "partition_key", "nullable")
SIZES = ("max_length", "dim", "element_type", "max_capacity")
INDEX_REPORT = frozenset(
    {
        "field_name",
        "index_name",
        "index_type",
        "metric_type",
        "total_rows",
        "indexed_rows",
        "pending_index_rows",
        "state",
        "index_param",
    }
)


@dataclass(frozen=True, order=True)
class Grant:
    """One privilege of a role. object_name: a collection's or an alias's, or `*`."""

    database: str
    object_type: str
    object_name: str
    privilege: str

    @property
    def arguments(self) -> tuple[str, str, str, str]:
        """What the client library takes after the role, in its order."""
        return self.object_type, self.privilege, self.object_name, self.database

    def __str__(self) -> str:
        """How plans and errors name it."""
        return f"{self.privilege} on {self.object_type} {self.database}.{self.object_name}"


def wanted_collection(params: Mapping[str, Any]) -> Dict:
    """Return what a module's parameters ask for, normalised."""
    return {
        "name": params["name"],
        "database": params["database"],
        "description": params["description"],
        "enable_dynamic_field": bool(params["enable_dynamic_field"]),
        "consistency_level": params["consistency_level"],
        "fields": [_wanted_field(field) for field in params["fields"] or []],
        "indexes": [_wanted_index(index) for index in params["indexes"] or []],
        "aliases": [params["alias"]] if params["alias"] else [],
        "load_state": "loaded" if params["load"] else "not loaded",
    }


def _wanted_field(field: Mapping[str, Any]) -> Dict:
    kept: Dict = {"name": field["name"], "type": field["type"]}
    kept |= {flag: bool(field.get(flag)) for flag in FLAGS}
    kept |= {size: field[size] for size in SIZES if field.get(size) is not None}
    return kept


def _wanted_index(index: Mapping[str, Any]) -> Dict:
    return {
        "field": index["field"],
        "index_type": index["index_type"],
        "metric_type": index.get("metric_type"),
        "params": string_values(index.get("params") or {}),
    }


def found_collection(
    described: Mapping[str, Any],
    indexes: Sequence[Mapping[str, Any]],
    aliases: Sequence[str],
    load_state: str,
    database: str,
) -> Dict:
    """Return what a server reported, normalised.

    Args:
        described: answer of describe_collection.
        indexes: answers of describe_index.
        aliases: names of all aliases of the collection.
        load_state: `loaded`, `loading` or `not loaded`.
        database: database of the collection.
    """
    return {
        "name": described["collection_name"],
        "database": database,
        "description": described.get("description") or "",
        "enable_dynamic_field": bool(described.get("enable_dynamic_field")),
        "consistency_level": described.get("consistency_level_name"),
        "fields": [_found_field(field) for field in described["fields"]],
        "indexes": [_found_index(index) for index in indexes],
        "aliases": sorted(aliases),
        "load_state": load_state,
    }


def _found_field(field: Mapping[str, Any]) -> Dict:
    params = field.get("params") or {}
    kept: Dict = {
        "name": field["name"],
        "type": type_name(field["type"]),
        "primary_key": bool(field.get("is_primary")),
        "auto_id": bool(field.get("auto_id")),
        "partition_key": bool(field.get("is_partition_key")),
        "nullable": bool(field.get("nullable")),
    }
    for size in ("max_length", "dim", "max_capacity"):
        if params.get(size) is not None:
            kept[size] = int(params[size])
    if kept["type"] == "ARRAY" and field.get("element_type") is not None:
        kept["element_type"] = type_name(field["element_type"])
    return kept


def _found_index(index: Mapping[str, Any]) -> Dict:
    params = {key: value for key, value in index.items() if key not in INDEX_REPORT}
    return {
        "field": index["field_name"],
        "index_type": index.get("index_type"),
        "metric_type": index.get("metric_type"),
        "params": string_values(params),
    }


def type_name(value: Any) -> str:
    """Return the name of a data type that may be an enumeration or already a name."""
    return str(getattr(value, "name", value))


def string_values(params: Mapping[str, Any]) -> dict[str, str]:
    """Return parameters as strings, since servers report 16 as "16" and true as "true"."""
    return {
        key: str(value).lower() if isinstance(value, bool) else str(value)
        for key, value in sorted(params.items())
    }


def probe_vector(field: Mapping[str, Any]) -> Any:
    """Return a vector that a search on this vector field accepts."""
    dimension = int(field.get("dim") or 0)
    samples: Dict = {
        "FLOAT_VECTOR": [0.1] * dimension,
        "BINARY_VECTOR": bytes([0x55]) * (dimension // 8),
        "FLOAT16_VECTOR": b"\x00\x3c" * dimension,
        "BFLOAT16_VECTOR": b"\x80\x3f" * dimension,
        "SPARSE_FLOAT_VECTOR": {0: 1.0},
    }
    return samples[field["type"]]
