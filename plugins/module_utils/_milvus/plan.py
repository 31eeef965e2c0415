# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What must change to get from the collection found to the one asked for: pure functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .transform import DENSE_VECTORS, FLAGS, SIZES, VECTORS, Dict

FIXED = "Milvus cannot change this for an existing collection"


def capabilities_of(version: str) -> Dict:
    """Return what a server of this version can do, as far as the module uses it.

    Args:
        version: as the server says it, such as `v2.3.5-lite`, `v2.6.1` or `milvus_lite-3.2.2`.
    """
    numbers = re.search(r"(\d+)\.(\d+)", version)
    release = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
    lite = version.startswith("milvus_lite")
    return {
        "flavour": "lite" if lite else "milvus",
        "nullable": lite or release >= (2, 5),
        "sparse_vector": lite or release >= (2, 4),
        "half_precision_vector": lite or release >= (2, 4),
        "index_params_reported": not lite,
        "description_reported": not lite,
        "authorization": not lite,
        "privilege_groups": not lite and release >= (2, 5),
    }


def validate(wanted: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a schema in itself, one sentence each."""
    fields = {field["name"]: field for field in wanted["fields"]}
    problems = []
    if len(fields) != len(wanted["fields"]):
        problems.append("a field name occurs twice in fields")
    keys = [name for name, field in fields.items() if field["primary_key"]]
    if len(keys) != 1:
        problems.append(f"exactly one field must be primary_key, not {len(keys)}")
    if not any(field["type"] in VECTORS for field in fields.values()):
        problems.append("at least one field must be a vector")
    for field in fields.values():
        problems += _field_problems(field)
    return problems + _index_problems(wanted, fields)


def _field_problems(field: Mapping[str, Any]) -> list[str]:
    needed = {
        "VARCHAR": ("max_length",),
        "ARRAY": ("element_type", "max_capacity"),
        **dict.fromkeys(DENSE_VECTORS, ("dim",)),
    }
    name, kind = field["name"], field["type"]
    problems = [
        f"field {name} ({kind}) needs {size}"
        for size in needed.get(kind, ())
        if not field.get(size)
    ]
    if field["primary_key"] and kind not in ("INT64", "VARCHAR"):
        problems.append(f"primary key {name} must be INT64 or VARCHAR, not {kind}")
    if field["auto_id"] and not field["primary_key"]:
        problems.append(f"field {name} has auto_id but isn't the primary key")
    return problems


def _index_problems(wanted: Mapping[str, Any], fields: Mapping[str, Any]) -> list[str]:
    indexed = [index["field"] for index in wanted["indexes"]]
    problems = [f"index on {name}: no such field" for name in indexed if name not in fields]
    if len(set(indexed)) != len(indexed):
        problems.append("a field occurs twice in indexes")
    for index in wanted["indexes"]:
        kind = fields.get(index["field"], {}).get("type")
        if kind in VECTORS and not index["metric_type"]:
            problems.append(f"index on {index['field']} needs metric_type")
    if wanted["load_state"] == "loaded":
        for name, field in fields.items():
            if field["type"] in VECTORS and name not in indexed:
                problems.append(f"vector field {name} needs an index, or load must be false")
    return problems


def unsupported(wanted: Mapping[str, Any], capabilities: Mapping[str, Any]) -> list[str]:
    """Return what is asked for that this server can't do, one sentence each."""
    problems = []
    for field in wanted["fields"]:
        if field["nullable"] and not capabilities["nullable"]:
            problems.append(f"field {field['name']}: nullable needs Milvus 2.5")
        if field["type"] == "SPARSE_FLOAT_VECTOR" and not capabilities["sparse_vector"]:
            problems.append(f"field {field['name']}: {field['type']} needs Milvus 2.4")
        if "FLOAT16" in field["type"] and not capabilities["half_precision_vector"]:
            problems.append(f"field {field['name']}: {field['type']} needs Milvus 2.4")
    return problems


class Comparison:
    """The differences between a collection found and the one asked for.

    Attributes:
        plan: one entry per difference, see the module's RETURN.
        unknown: paths that were asked for and that the server doesn't report.
    """

    def __init__(
        self, wanted: Mapping[str, Any], found: Mapping[str, Any], capabilities: Mapping[str, Any]
    ) -> None:
        self.plan: list[Dict] = []
        self.unknown: list[str] = []
        self.capabilities = capabilities
        self._top_level(wanted, found)
        self._fields(wanted["fields"], found["fields"])
        self._indexes(wanted["indexes"], found["indexes"])

    def rebuilds(self) -> list[Dict]:
        """Return the differences that only a new collection resolves."""
        return [entry for entry in self.plan if entry["action"] == "rebuild"]

    def _differ(
        self, path: str, old: Any, new: Any, action: str = "rebuild", why: str = FIXED
    ) -> None:
        loses = action == "rebuild"
        self.plan.append(step(path, old, new, action, why, data_loss=loses))

    def _top_level(self, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> None:
        self._description(wanted["description"], found["description"])
        for key in ("consistency_level", "enable_dynamic_field"):
            if wanted[key] is not None and wanted[key] != found[key]:
                self._differ(key, found[key], wanted[key])
        if wanted["load_state"] == "not loaded" and found["load_state"] != "not loaded":
            if self.capabilities["flavour"] == "lite" and not found["indexes"]:
                self.unknown.append("load_state")  # lite calls it loaded whatever one does
            else:
                self._differ("load_state", found["load_state"], "not loaded", "in_place", "release")
        if wanted["load_state"] == "loaded" and found["load_state"] == "not loaded":
            self._differ("load_state", found["load_state"], "loaded", "in_place", "load")

    def _description(self, wanted: str | None, found: str) -> None:
        if wanted is None or wanted == found:
            return
        if not self.capabilities["description_reported"]:
            self.unknown.append("description")
        else:
            self._differ(
                "description",
                found,
                wanted,
                "none",
                ("is kept, because it can be set at creation only"),
            )

    def _fields(self, wanted: list[Dict], found: list[Dict]) -> None:
        old = {field["name"]: field for field in found}
        new = {field["name"]: field for field in wanted}
        for name in sorted(old.keys() - new.keys()):
            self._differ(f"fields.{name}", old[name]["type"], None)
        for name, field in new.items():
            if name in old:
                self._field(field, old[name])
            else:
                self._differ(f"fields.{name}", None, field["type"])

    def _field(self, wanted: Dict, found: Dict) -> None:
        for key in ("type", *FLAGS, *SIZES):
            path = f"fields.{wanted['name']}.{key}"
            if key not in wanted:
                continue
            if key not in found and wanted["type"] == found["type"]:
                self.unknown.append(path)
            elif wanted[key] != found.get(key):
                self._differ(path, found.get(key), wanted[key])

    def _indexes(self, wanted: list[Dict], found: list[Dict]) -> None:
        old = {index["field"]: index for index in found}
        for index in wanted:
            path = f"indexes.{index['field']}"
            if index["field"] not in old:
                self._differ(
                    path, None, index["index_type"], "in_place", "create the missing index"
                )
            else:
                self._index(path, index, old[index["field"]])

    def _index(self, path: str, wanted: Dict, found: Dict) -> None:
        why = "another index takes the collection offline while it is built"
        for key in ("index_type", "metric_type"):
            if wanted[key] and found[key] is None:
                self.unknown.append(f"{path}.{key}")
            elif wanted[key] and wanted[key].upper() != found[key].upper():
                self._differ(f"{path}.{key}", found[key], wanted[key], why=why)
        for key, value in wanted["params"].items():
            if key in found["params"] and found["params"][key] != value:
                self._differ(f"{path}.params.{key}", found["params"][key], value, why=why)
            elif key not in found["params"]:
                self._unreported_parameter(f"{path}.params.{key}", value, why)

    def _unreported_parameter(self, path: str, value: str, why: str) -> None:
        if self.capabilities["index_params_reported"]:
            self._differ(path, None, value, why=why)
        else:
            self.unknown.append(path)


def step(path: str, old: Any, new: Any, action: str, why: str, data_loss: bool = False) -> Dict:
    """Return one entry of the plan."""
    entry: Dict = {"path": path, "from": old, "to": new, "action": action, "reason": why}
    return {**entry, "data_loss": data_loss}


def describe(entries: list[Dict]) -> str:
    """Say differences in one line each, for an error message."""
    return "; ".join(f"{e['path']}: found {e['from']}, wanted {e['to']}" for e in entries)
