"""A Terraform plan, as checkov reads one, of resources that exist in an account."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore import xform_name

Values = dict[str, Any]


@dataclass(frozen=True)
class Ref:
    """The resource that AWS knows by this id, name or ARN; its text where it isn't in the plan."""

    to: str | None


def blocks(shape: Any, **names: str) -> Any:
    """An AWS shape in Terraform's words: attributes in snake case, structures as lists of blocks.

    names: what Terraform calls differently, by the name that AWS's would get.
    """
    if isinstance(shape, list):
        return [blocks(item, **names) for item in shape]
    if not isinstance(shape, dict):
        return shape
    made = {}
    for key, value in shape.items():
        name = xform_name(key)
        value = blocks(value, **names)
        made[names.get(name, name)] = [value] if isinstance(value, dict) else value
    return made


@dataclass
class Plan:
    """Resources by address, with the ids that others refer to them by."""

    resources: dict[str, tuple[str, str, Values]] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, name: str, /, *ids: str, **values: Any) -> None:
        """Add a resource of Terraform's type `kind`.

        ids: what other resources' Refs may say. Values may hold Refs anywhere.
        """
        name = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")
        address = f"{kind}.{name}"
        assert address not in self.resources, f"two {address}"
        self.resources[address] = (kind, name, values)
        self.addresses |= dict.fromkeys(ids, address)

    def write(self, path: Path) -> None:
        """Write the plan as `terraform show -json` does, as far as checkov reads it."""
        planned, configured, changes = [], [], []
        for address, (kind, name, values) in self.resources.items():
            plain, expressions = self._split(values)
            about = {"address": address, "mode": "managed", "type": kind, "name": name}
            planned.append({**about, "values": plain})
            configured.append({**about, "expressions": expressions})
            change = {"actions": ["create"], "before": None, "after": plain, "after_unknown": {}}
            changes.append({**about, "change": change})
        document = {
            "format_version": "1.2",
            "terraform_version": "1.9.0",
            "planned_values": {"root_module": {"resources": planned}},
            "resource_changes": changes,
            "configuration": {"root_module": {"resources": configured}},
        }
        path.write_text(json.dumps(document, indent=1, default=str))

    def _split(self, value: Any) -> tuple[Any, Any]:
        """(the value with null where it refers to another resource, these references)."""
        if isinstance(value, Ref):
            address = self.addresses.get(value.to or "")
            return (None, self._references([address])) if address else (value.to, {})
        if isinstance(value, dict):
            parts = {key: self._split(item) for key, item in value.items()}
            expressions = {key: part[1] for key, part in parts.items() if part[1]}
            return {key: part[0] for key, part in parts.items()}, expressions
        if isinstance(value, list):
            plain = [self._split(item)[0] for item in value]
            if any(isinstance(item, dict) for item in value):
                return plain, [self._split(item)[1] for item in value]
            found = [self.addresses.get(item.to or "") for item in value if isinstance(item, Ref)]
            return plain, self._references([address for address in found if address])
        return value, {}

    @staticmethod
    def _references(addresses: list[str]) -> Values:
        both = [text for address in addresses for text in (f"{address}.id", address)]
        return {"references": both} if both else {}
