"""Releases of `cluster_addons_releases`, by a real API server without nodes and real helm."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kube_api
import pytest
import yaml
from kube_api import Kube
from running import ROOT, Aws, Ran, local_play, run_playbook
from test_cluster_addons import helm_program

pytestmark = pytest.mark.slow

MERGE = {"Content-Type": "application/merge-patch+json"}
OPENING = {"metadata": {"name": "hours"}, "apiVersion": "v1", "kind": "ConfigMap"}
HOURS = "/api/v1/namespaces/shop/configmaps/hours"


@pytest.fixture(scope="module")
def kube(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kube]:
    """The API of a cluster in which volumes can be made."""
    with kube_api.serving(tmp_path_factory.mktemp("kubernetes")) as served:
        kube_api.add_volume_driver(served)
        yield served


def write_chart(folder: Path) -> Path:
    """A chart of one ConfigMap."""
    chart = folder / "shop"
    (chart / "templates").mkdir(parents=True)
    described = {"apiVersion": "v2", "name": "shop", "version": "1.0.0"}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(described))
    text = yaml.safe_dump({**OPENING, "data": {"open": "WHEN"}})
    (chart / "templates/hours.yaml").write_text(text.replace("WHEN", "{{ .Values.open }}"))
    return chart


def run(aws: Aws, kube: Kube, folder: Path, *flags: str, **inputs: Any) -> Ran:
    book = local_play(
        folder,
        vars_files=[str(ROOT / "group_vars/all.yml")],
        roles=["ragops.platform.cluster_addons"],
    )
    given = {
        "platform_environment": "dev",
        "platform_kubeconfig": str(kube.kubeconfig),
        "cluster_addons_metrics_required": False,
        "cluster_addons_namespaces": [{"name": "shop"}],
        **inputs,
    }
    path = f"{Path(helm_program()).parent}:{os.environ['PATH']}"
    ran = run_playbook(
        ROOT,
        *(book, "-e", json.dumps(given), "--diff", *flags),
        environment={**aws.environment, "PATH": path},
    )
    assert ran.returncode == 0, ran.output
    return ran


def test_a_release_is_installed_changed_and_put_right(aws: Aws, kube: Kube, tmp_path: Path) -> None:
    release = {"name": "hours", "namespace": "shop", "chart": str(write_chart(tmp_path))}

    def changed(*flags: str, when: str) -> int:
        releases = [{**release, "values": {"open": when}}]
        ran = run(aws, kube, tmp_path, *flags, cluster_addons_releases=releases)
        return ran.recap["localhost"]["changed"]

    assert changed(when="at nine") > 0
    assert kube.get(HOURS)["data"] == {"open": "at nine"}
    assert changed(when="at nine") == 0
    by_hand = {"data": {"open": "never"}}
    kube.client.patch(HOURS, json=by_hand, headers=MERGE).raise_for_status()
    assert changed("--check", when="at nine") == 1
    assert kube.get(HOURS)["data"] == by_hand["data"]
    assert changed(when="at ten") == 1
    assert kube.get(HOURS)["data"] == {"open": "at ten"}
