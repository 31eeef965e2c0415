"""Helm and the charts of this checkout, as fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest
from charts import ROOT, Chart, Render, helm_program


@pytest.fixture(scope="session")
def helm() -> str:
    return helm_program()


@pytest.fixture(scope="session")
def chart(helm: str) -> Chart:
    path = ROOT / "app/chart"
    return Chart(helm, path, path / "ci/values.yaml")


@pytest.fixture
def render(chart: Chart, tmp_path: Path) -> Render:
    return Render(chart, tmp_path)
