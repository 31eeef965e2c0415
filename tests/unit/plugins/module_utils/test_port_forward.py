"""How a Service's pod is found and how a failure is explained, against an HTTP API with answers.

The relay itself needs a real API server: the rehearsal's integration test uses it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils.kubeconfig import secrets_of
from ansible_collections.ragops.platform.plugins.module_utils.port_forward import (
    PortForwardError,
    api_client,
    port_forward,
    resolve,
)

SERVICE = "/api/v1/namespaces/rag/services/backend"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/rag/endpointslices"
PODS = "/api/v1/namespaces/rag/pods"


def kubeconfig(server: str) -> dict[str, Any]:
    """Return a kubeconfig for a server."""
    context = {"cluster": "c", "user": "u"}
    return {
        "current-context": "x",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "a-very-long-secret-token"}}],
        "contexts": [{"name": "x", "context": context}],
    }


def service() -> dict[str, Any]:
    """Return a Service with a named target port."""
    port = {"name": "http", "port": 80, "targetPort": "web"}
    return {"metadata": {"name": "backend"}, "spec": {"selector": {"app": "b"}, "ports": [port]}}


def slices(*ready: bool) -> dict[str, Any]:
    """Return endpoint slices with one pod per flag."""
    endpoints = [
        {
            "addresses": ["10.0.0.1"],
            "conditions": {"ready": flag},
            "targetRef": {"kind": "Pod", "name": f"pod-{number}"},
        }
        for number, flag in enumerate(ready)
    ]
    ports = [{"name": "metrics", "port": 9000}, {"name": "http", "port": 8000}]
    return {"items": [{"addressType": "IPv4", "endpoints": endpoints, "ports": ports}]}


def waiting_pod() -> dict[str, Any]:
    """Return a pod that crashes again and again."""
    status = {
        "name": "main",
        "ready": False,
        "restartCount": 4,
        "image": "i",
        "imageID": "i",
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}},
    }
    pod_status = {"phase": "Running", "containerStatuses": [status]}
    return {"items": [{"metadata": {"name": "pod-0"}, "status": pod_status}]}


@pytest.fixture
def cluster() -> Iterator[tuple[str, dict[str, Any]]]:
    """An API that answers what its dictionary says, else 404; integers are error codes."""
    answers: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(self.path.split("?")[0], 404)
            code = answer if isinstance(answer, int) else 200
            content = json.dumps({"message": "said no"} if code != 200 else answer).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", answers
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("port", ["http", "80", 80])
def test_ready_pod_and_its_own_port_number(
    cluster: tuple[str, dict[str, Any]], port: str | int
) -> None:
    """A port by name or number leads to the pod's number; pods that aren't ready don't count."""
    url, answers = cluster
    answers |= {SERVICE: service(), SLICES: slices(False, True)}
    target = resolve(api_client(kubeconfig(url)), "rag", "backend", port)
    assert (target.pod, target.port) == ("pod-1", 8000)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({}, "service rag/backend does not exist"),
        ({SERVICE: 403}, "create pods/portforward in namespace rag: said no"),
        ({SERVICE: 401}, "rejected the credentials (401)"),
        ({SERVICE: 500}, "answered 500 for service rag/backend: said no"),
        ({SERVICE: service(), SLICES: 403}, "forbidden while looking for service rag/backend"),
        (
            {SERVICE: service(), SLICES: slices(False), PODS: waiting_pod()},
            "pod pod-0 is Running: container main waits: CrashLoopBackOff back-off 40s (4 res",
        ),
        (
            {SERVICE: service(), SLICES: slices(), PODS: {"items": []}},
            "no pod carries its labels app=b",
        ),
    ],
)
def test_failures_name_their_cause(
    cluster: tuple[str, dict[str, Any]], answers: dict[str, Any], said: str
) -> None:
    """Nothing listens when no pod can be reached, and the error says why."""
    url, table = cluster
    table |= answers
    options = {
        "kubeconfig": kubeconfig(url),
        "namespace": "rag",
        "service": "backend",
        "port": "80",
    }
    with pytest.raises(PortForwardError) as caught, port_forward(options):
        pass
    assert said in str(caught.value)


def test_unknown_port_lists_what_there_is(cluster: tuple[str, dict[str, Any]]) -> None:
    """The ports offered are named."""
    url, answers = cluster
    answers[SERVICE] = service()
    with pytest.raises(PortForwardError, match=r"no port 81. Its ports: 80 \(http\)"):
        resolve(api_client(kubeconfig(url)), "rag", "backend", "81")


def test_missing_kubeconfig_and_server() -> None:
    """A wrong path and a dead API server are told apart."""
    with pytest.raises(PortForwardError, match="kubeconfig /not/there cannot be used"):
        api_client("/not/there")
    with pytest.raises(PortForwardError, match="did not answer"):
        resolve(api_client(kubeconfig("http://127.0.0.1:1")), "rag", "backend", "80")


def test_secrets_of_a_kubeconfig() -> None:
    """Tokens are found wherever they stand; paths are no secrets."""
    assert secrets_of(kubeconfig("http://x")) == {"a-very-long-secret-token"}
    assert secrets_of("/home/me/.kube/config") == set()


def test_a_pod_that_is_not_ready_will_do_if_asked_for(
    cluster: tuple[str, dict[str, Any]],
) -> None:
    """It can say why it isn't ready; a ready one goes first, one that ends is of no use."""
    url, answers = cluster
    api = api_client(kubeconfig(url))
    answers |= {SERVICE: service(), SLICES: slices(False, True)}
    assert resolve(api, "rag", "backend", "http", unready=True).pod == "pod-1"
    answers[SLICES] = slices(False, False)
    answers[SLICES]["items"][0]["endpoints"][0]["conditions"]["terminating"] = True
    found = resolve(api, "rag", "backend", "http", unready=True)
    assert (found.pod, found.port, found.ready) == ("pod-1", 8000, False)


def test_an_open_relay_tells_when_the_service_is_ready(
    cluster: tuple[str, dict[str, Any]],
) -> None:
    """As long as no endpoint is ready it names the pods and their state."""
    url, answers = cluster
    answers |= {SERVICE: service(), SLICES: slices(False), PODS: waiting_pod()}
    where = {"namespace": "rag", "service": "backend", "port": "80"}
    with port_forward({"kubeconfig": kubeconfig(url), **where}, unready=True) as forward:
        assert "no ready endpoint: pod pod-0 is Running: container main" in forward.unready()
        answers[SLICES] = slices(True)
        assert forward.unready() == ""
