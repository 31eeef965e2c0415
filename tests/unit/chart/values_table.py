"""The table of values in the chart's README, made of values.yaml and its comments.

python tests/unit/chart/values_table.py   writes it; a test refuses a README that differs.
"""

from __future__ import annotations

import re
from pathlib import Path

CHART = Path(__file__).resolve().parents[3] / "app/chart"
BEGIN, END = "<!-- values -->", "<!-- end of values -->"


def rows(text: str) -> list[tuple[str, str, str]]:
    """(path, default, meaning) of each value, in the file's order.

    A mapping over several lines has a row only if a comment explains it. What the frontend has
    as the backend has it is left out.
    """
    found: list[tuple[str, str, str]] = []
    parents: list[tuple[int, str]] = []
    comment: list[str] = []
    for line in text.splitlines():
        words = line.strip()
        if words.startswith("#"):
            if not words.startswith("# ---"):
                comment.append(words.removeprefix("#").strip())
            continue
        if entry := re.match(r"^( *)([A-Za-z0-9]+):(?: (.*))?$", line):
            indent, key, default = len(entry[1]), entry[2], entry[3] or ""
            while parents and parents[-1][0] >= indent:
                parents.pop()
            path = ".".join([name for _, name in parents] + [key])
            meaning = " ".join(comment)
            if default or meaning:
                found.append((path, default, meaning))
            if not default:
                parents.append((indent, key))
        comment = []
    return found


def table(text: str) -> str:
    """The table as Markdown."""
    lines = ["| Value | Default | Meaning |", "| --- | --- | --- |"]
    every = rows(text)
    defaults = {path: default for path, default, _ in every}
    for path, default, meaning in every:
        same = defaults.get(path.replace("frontend.", "backend.")) == default
        if path.startswith("frontend.") and same and (not meaning or not default):
            continue
        shown = f"`{default}`" if default else ""
        lines.append(f"| `{path}` | {shown} | {meaning.replace('|', chr(92) + '|')} |")
    return "\n".join(lines)


def readme_with(text: str, values: str) -> str:
    """The README's text with the table that belongs to `values`."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{table(values)}\n{END}{after}"


if __name__ == "__main__":
    readme = CHART / "README.md"
    readme.write_text(readme_with(readme.read_text(), (CHART / "values.yaml").read_text()))
