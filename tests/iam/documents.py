"""The policies as they stand in docs/iam: with places for account, region and name."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from accounts import ACCOUNT, NAME, PLAYBOOKS, REGION
from conditions import OWN
from policies import types_of
from support.checkout import ROOT

FOLDER = ROOT / "docs/iam"
PAGE = FOLDER.with_suffix(".md")
TITLES = {name: f"`{argv[0]}`" for name, argv in PLAYBOOKS.items()} | {
    "cluster": "`site.yml`, in addition: images and the phases of the cluster",
    "verify": "`playbooks/verify.yml`",
}
"""What the policies are for."""
PLACES = {ACCOUNT: "<account>", REGION: "<region>", NAME: "<name>"}


TAGS = {"Project": "<project>", "Environment": "<environment>"}


def place(text: str) -> str:
    """The text with places instead of the emulated account's own values."""
    for key, name in TAGS.items():
        text = re.sub(rf'(Tag/{key}": )"{OWN[key]}"', rf'\1"{name}"', text)
    for value, name in PLACES.items():
        text = text.replace(value, name)
    return text


def fill(text: str) -> str:
    """The text with the emulated account's values instead of places."""
    for key, name in TAGS.items():
        text = text.replace(name, OWN[key])
    for value, name in PLACES.items():
        text = text.replace(name, value)
    return text


def path(playbook: str) -> Path:
    """Where a playbook's policy stands."""
    return FOLDER / f"{playbook}.json"


def read(playbook: str) -> list[dict[str, Any]]:
    """The statements of a playbook's policy, for the emulated account; none without a policy."""
    if not path(playbook).exists():
        return []
    statements: list[dict[str, Any]] = json.loads(fill(path(playbook).read_text()))["Statement"]
    return statements


def write(playbook: str, wanted: list[dict[str, Any]]) -> None:
    """Write a playbook's policy; AWS takes none without statements, so there is none then."""
    FOLDER.mkdir(exist_ok=True)
    if not wanted:
        path(playbook).unlink(missing_ok=True)
        return
    document = {"Version": "2012-10-17", "Statement": wanted}
    path(playbook).write_text(place(json.dumps(document, indent=2)) + "\n")


def actions(wanted: list[dict[str, Any]]) -> list[str]:
    """The actions of statements, sorted."""
    return sorted({action for statement in wanted for action in statement["Action"]})


def limitless(wanted: list[dict[str, Any]]) -> list[str]:
    """The actions allowed on all resources though AWS could limit them: there must be none."""
    return [
        action
        for statement in wanted
        if "*" in statement["Resource"]
        for action in statement["Action"]
        if types_of(action)
    ]


def table() -> str:
    """Playbooks with the number of actions that each needs."""
    lines = ["| Playbook | Actions | Policy |", "| --- | --- | --- |"]
    for name, title in TITLES.items():
        link = f"[iam/{name}.json](iam/{name}.json)" if path(name).exists() else "none of its own"
        lines.append(f"| {title} | {len(actions(read(name)))} | {link} |")
    return "\n".join(lines)


def write_table() -> None:
    """Put the table of today's policies into the page, in the place of the one that is there."""
    lines = PAGE.read_text().splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("| Playbook |"))
    end = lines.index("", first)
    PAGE.write_text("\n".join([*lines[:first], table(), *lines[end:]]) + "\n")
