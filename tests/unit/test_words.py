"""Documentation is written in sentences that a reader of ordinary English takes in at once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.checkout import ROOT

KINDS = ("modules", "filter", "lookup", "callback", "action")
PLUGINS = sorted(path for kind in KINDS for path in (ROOT / "plugins" / kind).glob("*.py"))
FRAGMENTS = sorted((ROOT / "plugins/doc_fragments").glob("*.py"))
BLOCKS = ("DOCUMENTATION", "RETURN")
LONGEST = 25
"""Words of a sentence."""
CODE = re.compile(r"\b[A-Z]{1,2}\((?:[^()\\]|\\.|\([^()]*\))*\)")
"""Code, an option, a value or a module, as Ansible's documentation marks them: one word."""


def long_sentences(text: str) -> list[str]:
    sentences = re.split(r"(?<=[.!?])\s+", CODE.sub(lambda code: code[0].replace(" ", "_"), text))
    return [each for each in sentences if len(each.split()) > LONGEST]


def descriptions(documentation: Any) -> Iterator[str]:
    """Yield each text that a block of documentation has for its readers."""
    if isinstance(documentation, list):
        for each in documentation:
            yield from descriptions(each)
    elif isinstance(documentation, dict):
        for key, value in documentation.items():
            if key in {"description", "short_description"} and not isinstance(value, dict):
                yield from map(str, value if isinstance(value, list) else [value])
            else:
                yield from descriptions(value)


def blocks(path: Path) -> Iterator[Any]:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in BLOCKS:
            yield yaml.safe_load(ast.literal_eval(node.value))


def fragments(path: Path) -> Iterator[Any]:
    module = import_module(f"ansible_collections.ragops.platform.plugins.doc_fragments.{path.stem}")
    yield yaml.safe_load(module.ModuleDocFragment.DOCUMENTATION)


@pytest.mark.parametrize(
    "path", [*PLUGINS, *FRAGMENTS], ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_sentences_of_documentation_are_short(path: Path) -> None:
    found = fragments(path) if path in FRAGMENTS else blocks(path)
    too_long = [
        each for block in found for text in descriptions(block) for each in long_sentences(text)
    ]
    assert not too_long, "\n".join(
        [f"{path.relative_to(ROOT)} has sentences of more than {LONGEST} words:", *too_long]
    )


def test_a_long_sentence_is_found() -> None:
    words = " ".join(["word"] * LONGEST)
    assert long_sentences(f"Short. {words}. Short.") == []
    assert long_sentences(f"Short. One {words}. Short.") == [f"One {words}."]
    assert long_sentences(f"{words[5:]} C(a b c).") == []
