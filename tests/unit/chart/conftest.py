"""Helm and the charts of this checkout, as fixtures."""

from __future__ import annotations

import pytest
from support.charts import Chart, Render, helm_program
from support.checkout import ROOT


@pytest.fixture(scope="session")
def helm() -> str:
    return helm_program()


@pytest.fixture(scope="session")
def chart(helm: str) -> Chart:
    path = ROOT / "app/chart"
    return Chart(helm, path, path / "ci/values.yaml")


@pytest.fixture(scope="session")
def render(chart: Chart, tmp_path_factory: pytest.TempPathFactory) -> Render:
    return Render(chart, tmp_path_factory.mktemp("values"))
