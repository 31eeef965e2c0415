"""The chart of the External Secrets Operator, as it is made of its Go module."""

from __future__ import annotations

from pathlib import Path

import yaml
from go_modules import names_below, unpacked

from rehearsal.cluster import external_secrets as operator

CHART = "deploy/charts/external-secrets"


def test_the_chart_is_complete_and_can_be_removed(tmp_path: Path) -> None:
    upstream = unpacked(
        tmp_path / "upstream",
        {
            f"{CHART}/Chart.yaml": {
                "name": "external-secrets",
                "version": "0.20.3",
                "appVersion": "v0.20.3",
                "dependencies": [{"name": "bitwarden-sdk-server", "repository": "oci://x.example"}],
            },
            f"{CHART}/.helmignore": "ci/\n",
            f"{CHART}/values.yaml": "installCRDs: true\n",
            f"{CHART}/values.schema.json": "{}",
            f"{CHART}/templates/deployment.yaml": "# deployment",
            f"{CHART}/files/monitoring/dashboard.json": "{}",
            f"{CHART}/tests/deployment_test.yaml": "# test",
            "deploy/crds/bundle.yaml": "kind: CustomResourceDefinition\n",
        },
    )
    target = tmp_path / "chart"
    operator.write_chart(upstream, target)
    assert names_below(target) == {
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
