# Copyright (c) 2026 The ragops.platform authors
# MIT License (see LICENSE)
"""All that is wrong with a run's inputs, of all components at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from . import access, account, forms, names, platform, roles
from .rules import Rules, Run, every


def judge(
    variables: Mapping[str, Mapping[str, Any]],
    components: Collection[str],
    folder: Path,
    today: str,
) -> dict[str, Any]:
    """Return errors and warnings, one text each: component, input, its value, the remedy.

    Beside them `account`: what the account is to be asked (module platform_account_info).

    Args:
        variables: variables by component host.
        components: the components of the run.
        folder: where the roles are.
        today: the day for which versions are judged (YYYY-MM-DD).
    """
    shared = variables[next(iter(components))]
    found = list(platform.problems(shared))
    typed: dict[str, roles.Inputs] = {}
    run = Run(
        str(shared["platform_name"]),
        str(shared["platform_region"]),
        str(shared["platform_environment"]),
        today,
        folder,
        shared,
        typed,
    )
    rules = every()
    for component in components:
        inputs, errors = roles.read(folder, component, variables[component])
        # A value of the wrong type can't be judged further.
        if errors:
            found += errors
            continue
        typed[component] = inputs
        own = rules.get(component, Rules())
        found += forms.problems(component, inputs, run.region, own.forms, own.at_least, own.at_most)
    judged = [(own, run.of(name)) for name, own in rules.items() if name in typed]
    found += [text for own, inputs in judged for text in own.problems(inputs, run)]
    bounded = [each for own, inputs in judged for each in own.bounded(inputs, run)]
    found += names.problems(run.name, bounded)
    found += access.problems(shared, list(variables), run.of("eks"), run.of("network"))
    given = {name for own in variables.values() for name in own}
    return {
        "errors": found,
        "warnings": [
            *roles.strangers(folder, components, given),
            *(text for own, inputs in judged for text in own.warnings(inputs, run)),
        ],
        "account": account.questions(run, components),
    }
