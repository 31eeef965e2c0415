"""The life of one AWS resource under its module: made, kept, repaired, removed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.emulator import Aws
from support.module_process import run_module

TAGS = {"Project": "ragops", "Environment": "test"}
Drift = Callable[[Aws], object]


def differing(before: Any, after: Any, path: str = "") -> list[str]:
    """The fields, dotted, in which two states of a resource differ; "whole" if it has but one."""
    if before == after:
        return []
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return [path or "whole"]
    return sorted(
        found
        for key in {**before, **after}
        for found in differing(before.get(key), after.get(key), f"{path}.{key}".lstrip("."))
    )


def planned(result: dict[str, Any]) -> dict[str, list[str]]:
    """What a module's diff names: fields by resource."""
    before, after = result["diff"]["before"] or {}, result["diff"]["after"] or {}
    return {name: differing(before.get(name), after.get(name)) for name in {**before, **after}}


@dataclass
class World:
    """An emulated AWS with a log. printed: every answer of a module so far, as text."""

    aws: Aws
    log: Path
    printed: list[str] = field(default_factory=list)

    def run(self, module: str, options: dict[str, Any], **how: Any) -> dict[str, Any]:
        """Run a module in this process; how: as run_module of module_process takes it."""
        result = run_module(module, options, env=self.aws.environment, **how)
        self.printed.append(json.dumps(result))
        return result

    def mutations(self) -> list[str]:
        """The mutating calls that AWS has taken so far, as service:action."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [f"{line['service']}:{line['action']}" for line in lines if line["mutating"]]


@dataclass
class Life:
    """Runs one module. options: those which make the resource; present ones, without `state`."""

    world: World
    module: str
    options: dict[str, Any]

    def settles(self, state: str = "present", **more: Any) -> dict[str, Any]:
        """Check mode foresees a change and sends nothing, the run changes, the next one nothing.

        Returns the first real run's answer. What check mode says of the change (its diff)
        is what then happens, but for ids that only AWS gives.
        """
        options = {**self.options, "state": state, **more}
        quiet = self.world.mutations()
        foreseen = self.world.run(self.module, options, check=True)
        assert foreseen["changed"] is True
        assert self.world.mutations() == quiet, "check mode sent mutating calls"
        done = self.world.run(self.module, options)
        assert done["changed"] is True
        assert self.world.mutations() != quiet
        assert set(foreseen["diff"]["after"] or ()) == set(done["diff"]["after"] or ())
        assert done["diff"]["before"] != done["diff"]["after"]
        self.rests(state, **more)
        return done

    def rests(self, state: str = "present", **more: Any) -> dict[str, Any]:
        """A run that changes nothing and sends nothing."""
        quiet = self.world.mutations()
        again = self.world.run(self.module, {**self.options, "state": state, **more})
        assert again["changed"] is False, again["diff"]
        assert self.world.mutations() == quiet, "an unchanged resource got mutating calls"
        return again

    def whole(self, drifts: Sequence[Drift], absent: dict[str, Any] | None = None) -> None:
        """From nothing to nothing, with each drift repaired on the way."""
        self.settles()
        for drift in drifts:
            drift(self.world.aws)
            self.settles()
        self.settles("absent", **(absent or {}))
