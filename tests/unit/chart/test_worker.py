"""The worker of the application's chart: what it has of the backend, and what it lacks."""

from __future__ import annotations

from typing import Any

import pytest
from support.charts import Render

OWNER = {"existingOwnerSecret": "rag-owner"}
METRIC = {"metric": "rag_queue_oldest_age_seconds", "labels": {"namespace": "rag"}, "seconds": 90}


def settings(container: dict[str, Any]) -> dict[str, Any]:
    return {key: container[key] for key in ("image", "env", "envFrom")}


def test_it_runs_the_backends_image_with_its_environment_and_secrets(render: Render) -> None:
    more = {"extraEnv": [{"name": "LOG_LEVEL", "value": "debug"}]}
    objects = render({"backend": more, "caBundle": {"existingConfigMap": "corporate-ca"}})
    backend, worker = objects.container("rag-backend"), objects.container("rag-worker")
    assert settings(worker) == settings(backend)
    assert worker["volumeMounts"] == backend["volumeMounts"]
    assert (
        objects.pod("rag-worker")["spec"]["volumes"]
        == objects.pod("rag-backend")["spec"]["volumes"]
    )
    assert worker["command"] == ["python", "-m", "rag.worker"]


def test_the_owners_secret_is_not_the_workers(render: Render) -> None:
    objects = render(OWNER)
    assert "owner" in [one["name"] for one in objects.pod("rag-backend")["spec"]["volumes"]]
    assert "owner" not in [one["name"] for one in objects.pod("rag-worker")["spec"]["volumes"]]
    assert "initContainers" not in objects.pod("rag-worker")["spec"]


def test_a_stopping_worker_has_time_to_give_its_documents_back(render: Render) -> None:
    objects = render({"worker": {"stopSeconds": 40}})
    assert objects.pod("rag-worker")["spec"]["terminationGracePeriodSeconds"] == 45
    assert "lifecycle" not in objects.container("rag-worker")
    assert objects.get("ConfigMap", "rag-backend")["data"]["WORKER_STOP_SECONDS"] == "40"


def test_it_is_asked_where_it_answers(render: Render) -> None:
    objects = render()
    [port] = objects.container("rag-worker")["ports"]
    said = objects.get("ConfigMap", "rag-backend")["data"]["WORKER_PROBE_PORT"]
    assert str(port["containerPort"]) == said


@pytest.mark.parametrize("enabled", [True, False])
def test_either_the_worker_or_the_backend_reads_documents(render: Render, enabled: bool) -> None:
    objects = render({"worker": {"enabled": enabled}, "monitoring": {"enabled": True}})
    said = objects.get("ConfigMap", "rag-backend")["data"]["WORKER"]
    assert said == ("separate" if enabled else "embedded")
    of_worker = [one["kind"] for one in objects if one["metadata"]["name"] == "rag-worker"]
    assert bool(of_worker) is enabled


def test_more_workers_come_when_documents_wait(render: Render) -> None:
    plain = render().get("HorizontalPodAutoscaler", "rag-worker")["spec"]
    assert [each["type"] for each in plain["metrics"]] == ["Resource"]
    scaled = render({"worker": {"autoscaling": {"queueAge": METRIC}}})
    metrics = scaled.get("HorizontalPodAutoscaler", "rag-worker")["spec"]["metrics"]
    assert metrics[1] == {
        "type": "External",
        "external": {
            "metric": {
                "name": "rag_queue_oldest_age_seconds",
                "selector": {"matchLabels": {"namespace": "rag"}},
            },
            "target": {"type": "Value", "value": "90"},
        },
    }


def test_what_only_serves_people_is_refused(render: Render) -> None:
    outcome = render.attempt({"worker": {"drainSeconds": 5}})
    assert outcome.returncode != 0
    assert "drainSeconds" in outcome.stderr
