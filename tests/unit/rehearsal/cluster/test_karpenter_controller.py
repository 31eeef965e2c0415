"""The chart of Karpenter, as it is made of its Go module."""

from __future__ import annotations

from pathlib import Path

import yaml
from go_modules import names_below, unpacked
from support.checkout import ROOT

from rehearsal.cluster import karpenter

CHART = "charts/karpenter"


def test_the_chart_is_that_which_is_packaged(tmp_path: Path) -> None:
    upstream = unpacked(
        tmp_path / "upstream",
        {
            f"{CHART}/Chart.yaml": {"name": "karpenter", "version": "1.13.0"},
            f"{CHART}/Chart.lock": "dependencies: []\n",
            f"{CHART}/.helmignore": "*.gotmpl\n",
            f"{CHART}/values.yaml": "replicas: 2\n",
            f"{CHART}/README.md": "# Karpenter",
            f"{CHART}/templates/deployment.yaml": "# deployment",
            "charts/karpenter-0.16.3.tgz": "an old one",
            "pkg/apis/crds/karpenter.sh_nodepools.yaml": "kind: CustomResourceDefinition\n",
        },
    )
    target = tmp_path / "chart"
    karpenter.write_chart(upstream, target)
    assert names_below(target) == {
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
