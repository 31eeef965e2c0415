"""The hash of a chart: it changes with each file, and is the same on every machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._release.chart import checksum


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    (tmp_path / "templates/tests").mkdir(parents=True)
    for name in ("Chart.yaml", "values.yaml", "templates/a.yaml", "templates/_b.tpl"):
        (tmp_path / name).write_text(f"of {name}\n")
    return tmp_path


def test_it_is_what_was_recorded_before(chart: Path) -> None:
    """Another algorithm would make each release that was verified one that can't be promoted."""
    assert checksum(str(chart)) == "baa66d4a1d336c59"


@pytest.mark.parametrize("name", ["values.yaml", "templates/a.yaml", "templates/new.yaml", "new"])
def test_it_changes_with_each_file(chart: Path, name: str) -> None:
    before = checksum(str(chart))
    (chart / name).write_text("changed")
    assert checksum(str(chart)) != before


@pytest.mark.parametrize("name", [".helmignore", "templates/tests/one.yaml", "ci/values.yaml"])
def test_what_is_no_part_of_a_release_does_not_count(chart: Path, name: str) -> None:
    before = checksum(str(chart))
    (chart / name).parent.mkdir(exist_ok=True)
    (chart / name).write_text("changed")
    assert checksum(str(chart)) == before


@pytest.mark.parametrize("name", ["rag-0.1.0.tgz", "oci://registry.example.com/rag"])
def test_a_chart_that_is_no_folder_has_none(name: str) -> None:
    assert checksum(name) == ""
