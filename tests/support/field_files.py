"""What follows from a table of fields in the files of a role: the part between two marks."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.ragops.platform.plugins.module_utils import fields
from ansible_collections.ragops.platform.plugins.module_utils._elasticache.fields import (
    FIELDS as ELASTICACHE,
)
from ansible_collections.ragops.platform.plugins.module_utils._rds.fields import FIELDS as RDS

from support.checkout import ROOT

TABLES = {"elasticache": ELASTICACHE, "rds": RDS}
"""The tables, by role."""
BEGIN, END = (
    "Fields of plugins/module_utils/_{role}/fields.py, by `make fields`",
    "End of these fields",
)


def written(value: Any) -> str:
    """A value as YAML has it on one line; a text that YAML would take for something else quoted."""
    plain = isinstance(value, str) and "{" not in value and yaml.safe_load(value) == value
    return value if plain else json.dumps(value)


def argument_spec(role: str) -> str:
    lines = []
    for name, option in fields.inputs(TABLES[role], role).items():
        text = option["description"]
        said = f"description: {json.dumps(text) if ': ' in text else text}"
        lines += [
            f"{name}:",
            textwrap.fill(said, 104, initial_indent="  ", subsequent_indent="    "),
        ]
        lines.append(f"  type: {option['type']}")
        if "choices" in option:
            lines.append(f"  choices: [{', '.join(map(written, option['choices']))}]")
        lines.append(f"  default: {written(option['default'])}")
    return "\n".join(lines)


def defaults(role: str) -> str:
    return "\n\n".join(
        textwrap.fill(option["description"], 98, initial_indent="# ", subsequent_indent="# ")
        + f"\n{name}: {written(option['default'])}"
        for name, option in fields.inputs(TABLES[role], role).items()
    )


def arguments(role: str) -> str:
    """Of the module; what has no default there is left out where the input is empty."""
    return "\n".join(
        f'{each.name}: "{{{{ {role}_{each.name}{" or omit" if each.default is None else ""} }}}}"'
        for each in TABLES[role].all
        if each.role
    )


def table(role: str) -> str:
    rows = [
        f"| `{name}` | `{written(option['default'])}` | {option['description']} |"
        for name, option in fields.inputs(TABLES[role], role).items()
    ]
    return "\n".join(["| Input | Default | Meaning |", "| --- | --- | --- |", *rows])


PARTS: dict[str, Callable[[str], str]] = {
    "meta/argument_specs.yml": argument_spec,
    "defaults/main.yml": defaults,
    "tasks/present.yml": arguments,
    "README.md": table,
}
"""What stands between the two marks, by file of the role."""
APART = ("README.md", "defaults/main.yml")
"""Files in which a blank line stands beside a mark."""


def with_fields(role: str, file: str, text: str) -> str:
    """A file's text with what the table says between its marks."""
    begin = re.escape(BEGIN.format(role=role))
    marks = re.compile(rf"^( *)((?:#|<!--) {begin}.*\n)(?:.*\n)*?( *(?:#|<!--) {END}.*\n)", re.M)
    found = marks.findall(text)
    assert len(found) == 1, f"roles/{role}/{file} has {len(found)} times: {BEGIN.format(role=role)}"
    indent, first, last = found[0]
    blank = "\n" if file in APART else ""
    part = textwrap.indent(PARTS[file](role), indent)
    return marks.sub(lambda _: f"{indent}{first}{blank}{part}\n{blank}{last}", text)


def path_of(role: str, file: str) -> Path:
    return ROOT / "roles" / role / file
