"""The tables of docs/milvus.md follow from its own formula, and from what the role asks for."""

from __future__ import annotations

import re

import pytest
from support.checkout import ROOT

TEXT = (ROOT / "docs/milvus.md").read_text()
ROWS = re.findall(r"^\| (\d+) million \| (.+) \|$", TEXT, re.M)
M = 16


def gib(millions: float, bytes_per_vector: int) -> float:
    """Memory of all query nodes."""
    return millions * 1e6 * bytes_per_vector * 1.35 / 0.7 / 2**30


def test_there_is_a_table() -> None:
    assert len(ROWS) == 3


@pytest.mark.parametrize("row", ROWS)
def test_the_table_is_what_the_formula_says(row: tuple[str, str]) -> None:
    millions = int(row[0])
    sizes = [4 * dimension + 8 * M for dimension in (384, 768, 1536)] + [768]
    expected = [gib(millions, size) for size in sizes]
    assert [float(cell) for cell in row[1].split(" | ")] == pytest.approx(expected, abs=0.05)


def test_the_formula_meets_its_source() -> None:
    loaded = gib(8, 4 * 768 + 8 * 4) * 0.7
    assert loaded == pytest.approx(31.2, abs=0.05)


def test_what_the_default_is_good_for() -> None:
    said = re.search(r"about ([\d.]+) million vectors of 384", TEXT)
    assert said
    assert float(said[1]) == pytest.approx(2 * 4 / gib(1, 4 * 384 + 8 * M), abs=0.1)
    assert gib(5, 4 * 768 + 8 * M) <= 4 * 8
