# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""What the components will make under names that somebody else may have already.

Each is asked for before the first of them is made. The roles say these names, too, where only a
run can read them: a test holds the two against each other.
"""

from __future__ import annotations

from .rules import Run, every


def wanted(run: Run) -> list[dict[str, str]]:
    """Return component, kind, name and region (empty: the platform's) of each."""
    return [
        {"component": name, "kind": kind, "name": run.name + rest, "region": "".join(region)}
        for name, rules in every().items()
        if name in run.inputs and run.of(name).get(f"{name}_state", "present") != "absent"
        for kind, rest, *region in rules.owned(run.of(name), run)
    ]
