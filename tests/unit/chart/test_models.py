"""Models in the application's chart: their variables, their volume, their servers, and the Job."""

from __future__ import annotations

from typing import Any

import pytest
from support.charts import Render

E5 = {
    "provider": "openai",
    "model": "intfloat/multilingual-e5-small",
    "dimension": 384,
    "baseUrl": "http://embeddings.models.svc:8080/v1",
    "questionPrefix": "query: ",
    "passagePrefix": "passage: ",
}
MOUNTED = {
    "provider": "onnx",
    "volume": {"persistentVolumeClaim": {"claimName": "models"}},
    "folder": "e5-small",
}
SERVERS = {"namespace": "models", "podLabels": {"app": "embeddings"}, "port": 8080}


def variables(container: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one.get("value", "") for one in container["env"]}


def job(objects: Any) -> dict[str, Any]:
    [found] = [one for one in objects if one["kind"] == "Job"]
    return dict(found)


def test_the_images_own_model_needs_nothing(render: Render) -> None:
    objects = render()
    data = objects.get("ConfigMap", "rag-backend")["data"]
    assert not [name for name in data if name.startswith(("EMBEDDING", "RERANK"))]
    assert not [one for one in objects if one["kind"] == "Job"]


def test_a_servers_model_is_the_backends_and_the_workers(render: Render) -> None:
    more = {"embeddings": E5, "rerank": {"url": "http://rerank.models.svc:8080/rerank"}}
    objects = render(more)
    data = objects.get("ConfigMap", "rag-backend")["data"]
    assert data["EMBEDDING_MODEL"] == E5["model"]
    assert data["EMBEDDING_DIMENSION"] == "384"
    assert data["EMBEDDING_QUESTION_PREFIX"] == "query: "
    assert (data["RERANK_URL"], data["RERANK_API"]) == (more["rerank"]["url"], "cohere")


def test_a_mounted_model_is_read_only(render: Render) -> None:
    objects = render({"embeddings": MOUNTED})
    data = objects.get("ConfigMap", "rag-backend")["data"]
    assert data["EMBEDDING_FOLDER"] == "/etc/rag/models/e5-small"
    for name in ("rag-backend", "rag-worker"):
        [mount] = [
            one for one in objects.container(name)["volumeMounts"] if one["name"] == "models"
        ]
        assert mount == {"name": "models", "mountPath": "/etc/rag/models", "readOnly": True}
        volumes = objects.pod(name)["spec"]["volumes"]
        assert {"name": "models", **MOUNTED["volume"]} in volumes


def test_pods_reach_the_servers_of_models_that_are_named(render: Render) -> None:
    def ports(objects: Any, name: str) -> list[int]:
        egress = objects.get("NetworkPolicy", name)["spec"]["egress"]
        return [
            port["port"]
            for flow in egress
            for port in flow["ports"]
            if "models" in str(flow["to"]) or "10.9." in str(flow["to"])
        ]

    assert ports(render(), "rag-backend") == []
    objects = render({"networkPolicy": {"models": SERVERS}})
    assert ports(objects, "rag-backend") == ports(objects, "rag-worker") == [8080]
    ranges = {"models": {"cidrs": ["10.9.0.0/24"], "port": 9000}}
    assert ports(render({"networkPolicy": ranges}), "rag-backend") == [9000]


def test_the_job_has_the_model_that_comes_and_the_pods_have_theirs(render: Render) -> None:
    coming = {"collection": "documents_v2", "embeddings": MOUNTED}
    objects = render({"reembed": coming, "networkPolicy": {"models": SERVERS}})
    found = job(objects)
    spec = found["spec"]["template"]["spec"]
    [container] = spec["containers"]
    given = variables(container)
    assert given["REEMBED_COLLECTION"] == "documents_v2"
    assert given["EMBEDDINGS"] == "onnx"
    assert given["EMBEDDING_FOLDER"] == "/etc/rag/models/e5-small"
    assert container["image"] == objects.container("rag-backend")["image"]
    assert container["envFrom"] == objects.container("rag-backend")["envFrom"]
    assert "models" in [one["name"] for one in spec["volumes"]]
    assert "owner" not in [one["name"] for one in spec["volumes"]]
    assert "models" not in [one["name"] for one in objects.pod("rag-worker")["spec"]["volumes"]]
    assert "EMBEDDINGS" not in objects.get("ConfigMap", "rag-backend")["data"]
    # Its flows are the backend's, and no budget or autoscaler counts its pod.
    policy = objects.get("NetworkPolicy", "rag-reembed")["spec"]
    labels = found["spec"]["template"]["metadata"]["labels"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    assert policy["egress"] == objects.get("NetworkPolicy", "rag-backend")["spec"]["egress"]
    worker = objects.get("PodDisruptionBudget", "rag-worker")["spec"]["selector"]["matchLabels"]
    assert not worker.items() <= labels.items()


def test_the_job_of_the_images_model_has_nothing_of_the_pods(render: Render) -> None:
    coming = {"collection": "documents_v1", "embeddings": {"provider": "local"}}
    objects = render({"embeddings": E5, "reembed": coming})
    [container] = job(objects)["spec"]["template"]["spec"]["containers"]
    given = variables(container)
    pods = objects.get("ConfigMap", "rag-backend")["data"]
    assert given["EMBEDDINGS"] == "local"
    assert all(given[name] == "" for name in pods if name.startswith("EMBEDDING_"))


def test_another_model_is_another_job(render: Render) -> None:
    names = {
        job(render({"reembed": {"collection": "documents_v2", "embeddings": each}}))["metadata"][
            "name"
        ]
        for each in (E5, MOUNTED)
    }
    assert len(names) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"provider": "cohere"},
        {"provider": "openai", "model": "m"},
        {"provider": "openai", "dimension": 384},
        {"provider": "onnx", "folder": "e5"},
        {"provider": "local", "languages": "English"},
    ],
)
def test_a_model_that_lacks_something_is_refused(render: Render, wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="embeddings"):
        render({"embeddings": wrong})
