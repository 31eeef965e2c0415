# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""Bring one collection to its state; check mode skips only the writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .api import MilvusError, Server, poll
from .plan import Comparison, describe, step, unsupported, validate
from .transform import VECTORS, Dict, probe_vector, wanted_collection


@dataclass
class Outcome:
    """What a run found and did; `before` and `after` make the diff."""

    before: Dict | None = None
    after: Dict | None = None
    collection: Dict | None = None
    plan: list[Dict] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    alias_target: str | None = None
    rows: int | None = None
    search_seconds: float | None = None

    @property
    def changed(self) -> bool:
        """Whether anything was, or in check mode would be, written."""
        return any(entry["action"] not in ("none", "refuse") for entry in self.plan)


class Collection:
    """One collection of a server and what a module's parameters ask of it.

    Args:
        server: the connected server.
        params: the module's parameters.
        check_mode: whether to skip the writes.
    """

    def __init__(self, server: Server, params: Mapping[str, Any], check_mode: bool) -> None:
        self.server = server
        self.params = params
        self.check_mode = check_mode
        self.wanted = wanted_collection(params)
        self.name: str = params["name"]
        self.alias: str | None = params["alias"]
        self.out = Outcome()
        self.existing = server.collections()
        self.target = server.alias_target(self.alias) if self.alias else None
        self.out.alias_target = self.target
        if self.name in self.existing:
            self.out.before = server.collection(self.name)

    # --- present -----------------------------------------------------------------------------

    def ensure_present(self) -> Outcome:
        """Create or complete the collection.

        Raises:
            MilvusError: bad or unsupported input, a refused change, or a failed call or wait.
        """
        self._refuse_bad_input()
        if self.out.before is None:
            self._plan_creation()
        else:
            self._plan_changes(self.out.before)
        self._plan_alias()
        self.out.after = self.out.collection = self._predicted()
        if not self.check_mode:
            self._apply()
        return self.out

    def _refuse_bad_input(self) -> None:
        problems = validate(self.wanted) + unsupported(self.wanted, self.server.capabilities)
        if self.alias and self.alias in self.existing:
            problems.append(f"alias {self.alias} is the name of a collection")
        if self.name not in self.existing and self.server.database in self.server.databases:
            holder = self.server.alias_target(self.name)
            if holder:
                problems.append(f"name {self.name} is an alias of collection {holder}")
        if self.server.database not in self.server.databases and not self.params["create_database"]:
            problems.append(
                f"database {self.server.database} does not exist. Existing databases:"
                f" {', '.join(self.server.databases)}. Set create_database to create it"
            )
        if problems:
            raise MilvusError(f"collection {self.name}, nothing changed: {'; '.join(problems)}")

    def _plan_creation(self) -> None:
        if self.server.database not in self.server.databases:
            self._step("database", None, self.server.database, "create", "it doesn't exist")
        self._step("collection", None, self.name, "create", "it doesn't exist")

    def _plan_changes(self, before: Dict) -> None:
        compared = Comparison(self.wanted, before, self.server.capabilities)
        self.out.plan, self.out.unknown = compared.plan, compared.unknown
        self.out.warnings = [
            f"{entry['path']} {entry['reason']}"
            for entry in compared.plan
            if entry["action"] == "none"
        ]
        rebuilds = compared.rebuilds()
        if rebuilds:
            self._consent(rebuilds, before)

    def _consent(self, rebuilds: list[Dict], before: Dict) -> None:
        rows = self.server.rows(self.name) if before["load_state"] == "loaded" else None
        loss = "its rows (not counted: not loaded)" if rows is None else f"its {rows} rows"
        if self.params["on_schema_change"] != "recreate" or not self.params["force_data_loss"]:
            for entry in rebuilds:
                entry["action"] = "refuse"
            raise MilvusError(
                f"collection {self.name} in database {self.server.database} differs in ways that"
                f" cannot be changed in place, nothing changed: {describe(rebuilds)}. Correct the"
                " options, or create a collection with another name and move the alias. Or set"
                f" on_schema_change: recreate and force_data_loss: true to lose {loss}",
                plan=self.out.plan,
            )
        self._refuse_foreign_aliases(before, "recreated")

    def _refuse_foreign_aliases(self, before: Dict, done: str) -> None:
        foreign = [alias for alias in before["aliases"] if alias != self.alias]
        if foreign:
            raise MilvusError(
                f"collection {self.name} is not {done}, because alias {', '.join(foreign)} points"
                " at it and its readers would fail. Move or drop that alias first",
                plan=self.out.plan,
            )

    def _plan_alias(self) -> None:
        if self.alias and self.target != self.name:
            action = "in_place" if self.target else "create"
            self._step(f"aliases.{self.alias}", self.target, self.name, action, "point it here")

    def _step(
        self, path: str, old: Any, new: Any, action: str, why: str, loss: bool = False
    ) -> None:
        self.out.plan.append(step(path, old, new, action, why, loss))

    def _rebuilding(self) -> bool:
        return any(entry["action"] == "rebuild" for entry in self.out.plan)

    def _predicted(self) -> Dict:
        """Return the state after the run as far as it is known before the writes."""
        before, wanted = self.out.before, self.wanted
        if before is None or self._rebuilding():
            kept = dict(wanted)
            kept["description"] = wanted["description"] or ""
            return kept
        if not self.out.changed:
            return before
        indexed = {index["field"] for index in before["indexes"]}
        fresh = [index for index in wanted["indexes"] if index["field"] not in indexed]
        return {
            **before,
            "indexes": [*before["indexes"], *fresh],
            "aliases": sorted({*before["aliases"], *wanted["aliases"]}),
            "load_state": wanted["load_state"],
        }

    def _apply(self) -> None:
        if self.server.database not in self.server.databases:
            self.server.create_database()
        if self._rebuilding():
            self._drop()
        if self.out.before is None or self._rebuilding():
            texts = {f["name"]: f.get("description") or "" for f in self.params["fields"]}
            self.server.create_collection(self.wanted, texts)
        if self.out.changed:
            self._complete()
        if self.params["wait"] and self.wanted["load_state"] == "loaded":
            self._await_search(self.alias or self.name)
        if self.wanted["load_state"] == "loaded":
            self.out.rows = self.server.rows(self.name)

    def _complete(self) -> None:
        """Create missing indexes, load or release, move the alias, and read back."""
        found = self.server.collection(self.name)
        indexed = {index["field"] for index in found["indexes"]}
        for index in self.wanted["indexes"]:
            if index["field"] not in indexed:
                self.server.create_index(self.name, index)
        if self.wanted["load_state"] == "loaded":
            self.server.load(self.name)
            if self.params["wait"]:
                self._await_search(self.name)
        elif found["load_state"] != "not loaded":
            self.server.release(self.name)
        # Only a collection that answers may get the alias: its readers follow at once.
        if self.alias and self.target != self.name:
            self.server.point_alias(self.alias, self.name, exists=bool(self.target))
        self.out.alias_target = self.name if self.alias else None
        self._verify()

    def _verify(self) -> None:
        found = self.server.collection(self.name)
        compared = Comparison(self.wanted, found, self.server.capabilities)
        left = [entry for entry in compared.plan if entry["action"] != "none"]
        if not self.params["wait"]:
            left = [entry for entry in left if entry["path"] != "load_state"]
        if left:
            raise MilvusError(
                f"collection {self.name}: the server accepted the change, but still reports"
                f" {describe(left)}",
                plan=self.out.plan,
            )
        self.out.unknown, self.out.collection = compared.unknown, found

    def _await_search(self, name: str) -> None:
        vectors = [item for item in self.wanted["fields"] if item["type"] in VECTORS]
        vector = probe_vector(vectors[0])
        call_limit = self.params["timeout"]

        def problem(left: float) -> str:
            state = self.server.load_state(self.name)
            if state != "loaded":
                return f"the collection is {state}"
            limit = min(left, call_limit, 5)
            return self.server.search_problem(name, vectors[0]["name"], vector, limit)

        waited_for = f"an answer of a search in {name} of database {self.server.database}"
        self.out.search_seconds = poll(problem, self.params["wait_timeout"], waited_for)

    # --- absent ------------------------------------------------------------------------------

    def ensure_absent(self) -> Outcome:
        """Drop the collection, and the alias if it points at it.

        Raises:
            MilvusError: another alias points at the collection, or a call failed.
        """
        before = self.out.before
        if before is None:
            return self.out
        self._refuse_foreign_aliases(before, "dropped")
        if self.target == self.name:
            self._step(
                f"aliases.{self.alias}", self.name, None, "drop", "it points at the collection"
            )
        self._step("collection", self.name, None, "drop", "state is absent", loss=True)
        if before["load_state"] == "loaded":
            self.out.rows = self.server.rows(self.name)
        if not self.check_mode:
            self._drop()
        if self.target == self.name:
            self.out.alias_target = None
        return self.out

    def _drop(self) -> None:
        """Drop the alias first: dropped after its collection it would keep its name for ever."""
        if self.alias and self.target == self.name:
            self.server.drop_alias(self.alias)
            self.target = None
        self.server.drop_collection(self.name)
