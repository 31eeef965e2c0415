"""The webhook that gives pods behind an Ingress their readiness gate, as the controller's does."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rehearsal.cluster.api import Api, ApiError

Dict = dict[str, Any]

PORT = 9444
LABEL = "elbv2.k8s.aws/pod-readiness-gate-inject"
NAME = "aws-load-balancer-webhook"
PATH = f"/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/{NAME}"


def serve(certificate: Path, key: Path, conditions: Callable[[str, Dict], list[str]]) -> None:
    """Answer on the loopback device. conditions: (namespace, labels) -> types of the gates."""

    class Handler(BaseHTTPRequestHandler):
        """Answers AdmissionReviews of pods."""

        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """One review."""
            length = int(self.headers.get("Content-Length", 0))
            body = json.dumps(review(json.loads(self.rfile.read(length)), conditions)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Each pod is no news."""

    server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def review(asked: Dict, conditions: Callable[[str, Dict], list[str]]) -> Dict:
    """Answer an AdmissionReview of a pod."""
    request = asked["request"]
    pod = request["object"]
    labels = pod["metadata"].get("labels") or {}
    gates = pod["spec"].get("readinessGates") or []
    known = {each["conditionType"] for each in gates}
    added = [each for each in conditions(request["namespace"], labels) if each not in known]
    response: Dict = {"uid": request["uid"], "allowed": True}
    if added:
        value = [*gates, *({"conditionType": each} for each in added)]
        change = [{"op": "add", "path": "/spec/readinessGates", "value": value}]
        response["patchType"] = "JSONPatch"
        response["patch"] = base64.b64encode(json.dumps(change).encode()).decode()
    return {"apiVersion": asked["apiVersion"], "kind": asked["kind"], "response": response}


def selects(service: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a Service's selector takes a pod with these labels."""
    selector = service["spec"].get("selector") or {}
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def register(api: Api, authority: bytes) -> None:
    """Let the API server ask the webhook; pods are made without it when it does not answer."""
    api.apply(
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": NAME},
            "webhooks": [
                {
                    "name": "mpod.elbv2.k8s.aws",
                    "admissionReviewVersions": ["v1"],
                    "sideEffects": "None",
                    "failurePolicy": "Ignore",
                    "timeoutSeconds": 3,
                    "namespaceSelector": {
                        "matchExpressions": [
                            {"key": LABEL, "operator": "In", "values": ["enabled"]}
                        ]
                    },
                    "rules": [
                        {
                            "apiGroups": [""],
                            "apiVersions": ["v1"],
                            "operations": ["CREATE"],
                            "resources": ["pods"],
                        }
                    ],
                    "clientConfig": {
                        "url": f"https://localhost:{PORT}/mutate-v1-pod",
                        "caBundle": base64.b64encode(authority).decode(),
                    },
                }
            ],
        }
    )


def unregister(api: Api) -> None:
    """The API server asks nobody any more."""
    try:
        api.delete(PATH)
    except ApiError as error:
        if error.status != 404:
            raise
