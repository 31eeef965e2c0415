"""Whose a release is: one of our name whose chart is another is not taken up."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._helm.command import Chart, HelmError
from ansible_collections.ragops.platform.plugins.module_utils._helm.owner import foreign
from ansible_collections.ragops.platform.plugins.module_utils._helm.release import Release
from ansible_collections.ragops.platform.plugins.module_utils.kube import Kube
from support.helm_secrets import secret
from support.kube_server import Api, serving


class Renders:
    """Helm as far as a plan needs it: what a chart renders to."""

    namespace, name = "rag", "rag"

    def render(self, chart: Chart) -> dict[str, Any]:
        return {"chart": {"metadata": {"name": chart.reference}}, "manifest": ""}


@pytest.mark.parametrize("status", ["deployed", "failed"])
def test_a_release_of_another_chart_is_somebody_elses(status: str) -> None:
    api = Api(lists={"secrets": [secret("wordpress", status)]})
    with serving(api) as kubeconfig:
        release = Release(Kube(kubeconfig, None), Renders(), 5)
        with pytest.raises(HelmError, match=r"has the chart wordpress, not rag\. Nothing"):
            release.plan(Chart("rag", "", "", {}), 0)
        assert release.plan(Chart("wordpress", "", "", {}), 0).last is not None


SPACE = "/api/v1/namespaces/kube-system"
MARKED = {"ragops.platform/platform": "rag-dev"}


@pytest.mark.parametrize(
    ("labels", "namespace", "why"),
    [
        ([{}], {}, "somebody else: it lacks the label ragops.platform/platform=rag-dev. If"),
        ([{"ragops.platform/platform": "rag-prod"}], {}, "it has the label .*=rag-prod"),
        ([{}, MARKED], {}, ""),
        ([{}], {"app.kubernetes.io/managed-by": "ragops.platform"}, ""),
        ([{}], {"app.kubernetes.io/managed-by": "argocd"}, "somebody else"),
        ([], {}, ""),
    ],
)
def test_a_release_is_ours_by_its_label_or_by_its_namespace(
    labels: list[dict[str, str]], namespace: dict[str, str], why: str
) -> None:
    records = [{"metadata": {"name": str(n), "labels": each}} for n, each in enumerate(labels)]
    answers = {SPACE: {"metadata": {"name": "kube-system", "labels": namespace}}}
    with serving(Api(lists={"secrets": records}, answers=answers)) as kubeconfig:
        said = foreign(Kube(kubeconfig, None), "kube-system", "metrics-server", "rag-dev")
    assert re.search(why, said) if why else said == ""
