"""The chart of the External Secrets Operator, as it is made of its Go module."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from rehearsal.cluster import external_secrets as operator


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """A module's folder as Go keeps it: nobody may write there."""
    folder = tmp_path / "upstream"
    chart = folder / "deploy/charts/external-secrets"
    described = {
        "name": "external-secrets",
        "version": "0.20.3",
        "appVersion": "v0.20.3",
        "dependencies": [{"name": "bitwarden-sdk-server", "repository": "oci://charts.example"}],
    }
    files = {
        chart / "Chart.yaml": yaml.safe_dump(described),
        chart / ".helmignore": "ci/\n",
        chart / "values.yaml": "installCRDs: true\n",
        chart / "values.schema.json": "{}",
        chart / "templates/deployment.yaml": "# deployment",
        chart / "files/monitoring/dashboard.json": "{}",
        chart / "tests/deployment_test.yaml": "# test",
        folder / "deploy/crds/bundle.yaml": "kind: CustomResourceDefinition\n",
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path in folder.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


def test_the_chart_is_complete_and_can_be_removed(upstream: Path, tmp_path: Path) -> None:
    target = tmp_path / "chart"
    operator.write_chart(upstream, target)
    assert {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()} == {
        ".helmignore",
        "Chart.yaml",
        "crds/bundle.yaml",
        "files/monitoring/dashboard.json",
        "templates/deployment.yaml",
        "values.schema.json",
        "values.yaml",
    }
    described = yaml.safe_load((target / "Chart.yaml").read_text())
    assert "dependencies" not in described
    assert f"v{described['version']}" == described["appVersion"] == operator.VERSION
    assert all(path.stat().st_mode & 0o200 for path in target.rglob("*"))
