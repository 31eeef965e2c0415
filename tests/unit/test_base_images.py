"""What the application's images are made from by default is pinned by digest."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.checkout import ROOT

CONTAINERFILES = sorted((ROOT / "app").glob("*/Containerfile"))
PINNED = re.compile(r"[a-z0-9.-]+(?::\d+)?/[a-z0-9./_-]+:[A-Za-z0-9._-]+@sha256:[0-9a-f]{64}")
"""Registry, repository, tag and digest: the tag tells a reader what the digest is."""


def bases(text: str) -> list[str]:
    """What the stages are made from, when no build argument is given."""
    lines = text.replace("\\\n", " ").splitlines()
    defaults: dict[str, str] = {}
    stages: set[str] = set()
    found = []
    for line in lines:
        if match := re.match(r"ARG\s+(\w+)=(\S+)", line):
            defaults.setdefault(match[1], match[2])
        elif match := re.match(r"FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?", line, re.I):
            base = match[1]
            while variable := re.search(r"\$\{?(\w+)\}?", base):
                base = base.replace(variable[0], defaults.get(variable[1], ""))
            if base not in stages:
                found.append(base)
            stages.add(match[2] or "")
    return found


def not_pinned(text: str) -> list[str]:
    """The bases that may be another image tomorrow."""
    return [base for base in bases(text) if base != "scratch" and not PINNED.fullmatch(base)]


@pytest.mark.parametrize("path", CONTAINERFILES, ids=lambda path: path.parent.name)
def test_a_base_image_is_pinned_by_digest(path: Path) -> None:
    text = path.read_text()
    assert bases(text)
    assert not_pinned(text) == []


def test_both_images_are_looked_at() -> None:
    assert [path.parent.name for path in CONTAINERFILES] == ["backend", "frontend"]


PIN = f"docker.io/library/x:1@sha256:{'a' * 64}"
TAG = "docker.io/library/x:1"
DIGEST = f"docker.io/library/x@sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f"FROM {TAG}", [TAG]),
        (f"FROM --platform=linux/amd64 {TAG} AS one", [TAG]),
        (f"ARG B={TAG}\nFROM ${{B}} AS b", [TAG]),
        (f"FROM {DIGEST}", [DIGEST]),
        ("ARG B\nFROM $B", [""]),
        (f"ARG A={PIN}\nARG B=${{A}}\nFROM $A AS one\nFROM $B\nFROM one", []),
        ("FROM scratch", []),
    ],
)
def test_a_base_that_is_not_pinned_is_found(text: str, named: list[str]) -> None:
    assert not_pinned(text) == named
