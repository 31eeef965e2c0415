"""The rehearsal's chart of Milvus."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.charts import Chart, Render, refuses_restricted
from support.checkout import ROOT

DIGEST = "sha256:" + "4" * 64


@pytest.fixture
def milvus(helm: str, tmp_path: Path) -> Render:
    least = tmp_path / "least.yaml"
    least.write_text('{"image": {"repository": "registry.example.com/milvus", "tag": "2.3.5"}}')
    return Render(Chart(helm, ROOT / "rehearsal/charts/milvus", least), tmp_path)


def test_lint_finds_nothing(milvus: Render) -> None:
    outcome = milvus.chart.lint("--values", str(milvus.chart.values))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_the_pod_is_restricted_and_keeps_its_data(milvus: Render) -> None:
    objects = milvus()
    pod = objects.pod("rag", "StatefulSet")["spec"]
    assert refuses_restricted(pod) == []
    assert pod["automountServiceAccountToken"] is False
    container = pod["containers"][0]
    assert container["image"] == "registry.example.com/milvus:2.3.5"
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    claim = objects.get("StatefulSet", "rag")["spec"]["volumeClaimTemplates"][0]
    assert mounts[claim["metadata"]["name"]] == "/var/lib/milvus"
    assert claim["spec"]["storageClassName"] == "gp3"
    assert container["readinessProbe"]["httpGet"] == {"path": "/healthz", "port": "metrics"}


def test_the_password_comes_from_the_secret_and_authorization_is_on(milvus: Render) -> None:
    container = milvus().pod("rag", "StatefulSet")["spec"]["containers"][0]
    environment = {one["name"]: one for one in container["env"]}
    assert environment["MILVUS_AUTHORIZATION_ENABLED"]["value"] == "true"
    assert environment["MILVUS_ROOT_PASSWORD"]["valueFrom"]["secretKeyRef"] == {
        "name": "milvus-root",
        "key": "MILVUS_ROOT_PASSWORD",
    }


def test_a_digest_takes_the_place_of_the_tag(milvus: Render) -> None:
    pod = milvus({"image": {"digest": DIGEST}}).pod("rag", "StatefulSet")["spec"]
    assert pod["containers"][0]["image"] == f"registry.example.com/milvus@{DIGEST}"


@pytest.mark.parametrize(
    "image", [{"tag": ""}, {"repository": ""}, {"digest": "4444"}, {"name": "milvus"}]
)
def test_an_image_that_cannot_be_pulled_is_refused(milvus: Render, image: dict[str, str]) -> None:
    outcome = milvus.attempt({"image": image})
    assert outcome.returncode != 0
    assert "/image" in outcome.stderr
