"""The chart of Karpenter, as it is made of its Go module."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from rehearsal.cluster import karpenter

ROOT = Path(__file__).parents[4]


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """A module's folder as Go keeps it: nobody may write there, and no link is in it."""
    folder = tmp_path / "upstream"
    chart = folder / "charts/karpenter"
    described = {"name": "karpenter", "version": "1.13.0", "appVersion": "1.13.0"}
    files = {
        chart / "Chart.yaml": yaml.safe_dump(described),
        chart / "Chart.lock": "dependencies: []\n",
        chart / ".helmignore": "*.gotmpl\n",
        chart / "values.yaml": "replicas: 2\n",
        chart / "README.md": "# Karpenter",
        chart / "templates/deployment.yaml": "# deployment",
        folder / "charts/karpenter-0.16.3.tgz": "an old one",
        folder / "pkg/apis/crds/karpenter.sh_nodepools.yaml": "kind: CustomResourceDefinition\n",
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for path in folder.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


def test_the_chart_is_that_which_is_packaged(upstream: Path, tmp_path: Path) -> None:
    target = tmp_path / "chart"
    karpenter.write_chart(upstream, target)
    assert {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()} == {
        ".helmignore",
        "Chart.yaml",
        "crds/karpenter.sh_nodepools.yaml",
        "templates/deployment.yaml",
        "values.yaml",
    }
    described = yaml.safe_load((target / "Chart.yaml").read_text())
    assert described["version"] == described["appVersion"] == karpenter.NUMBER
    assert all(path.stat().st_mode & 0o200 for path in target.rglob("*"))


def test_it_is_the_version_that_production_installs() -> None:
    defaults = yaml.safe_load((ROOT / "roles/cluster_addons/defaults/main.yml").read_text())
    assert defaults["cluster_addons_karpenter_chart_version"] == karpenter.NUMBER
    assert defaults["cluster_addons_karpenter_image_tag"] == karpenter.CONTROLLER.tag
