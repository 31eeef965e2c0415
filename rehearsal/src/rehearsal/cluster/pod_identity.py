"""The webhook that gives a pod its IAM role, by what EKS's own one does.

A service account that is annotated with `eks.amazonaws.com/role-arn` makes its pods carry a
projected token for STS and the variables by which AWS's SDKs find it. Run as
`python -m rehearsal.cluster.pod_identity FOLDER`, with the cluster's folder of certificates.
"""

from __future__ import annotations

import base64
import json
import ssl
import sys
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rehearsal.cluster.api import Api, ApiError
from rehearsal.cluster.pki import Pair
from rehearsal.names import KUBERNETES_PORT, REGION
from rehearsal.world import ADDRESS

Dict = dict[str, Any]
Read = Callable[[str, str], Dict | None]

PORT = 9443
PREFIX = "eks.amazonaws.com"
AUDIENCE = "sts.amazonaws.com"
VOLUME = "aws-iam-token"
FOLDER = "/var/run/secrets/eks.amazonaws.com/serviceaccount"
EXPIRATION = 86400
MINIMUM = 600
"""Seconds: the API server makes no token for less."""


def main(folder: Path) -> None:
    """Serve until the end. Certificates: pod-identity(-client).crt and .key, ca.crt."""
    client = Pair(folder / "pod-identity-client.crt", folder / "pod-identity-client.key")
    api = Api(ADDRESS, KUBERNETES_PORT, folder / "ca.crt", client)

    def read(namespace: str, name: str) -> Dict | None:
        try:
            found: Dict = api.get(f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}")
        except ApiError as error:
            if error.status == 404:
                return None
            raise
        return found

    class Handler(BaseHTTPRequestHandler):
        """Answers AdmissionReviews at /mutate, and health checks."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Healthy as long as it answers."""
            self.answer({"healthy": True})

        def do_POST(self) -> None:
            """One review."""
            length = int(self.headers.get("Content-Length", 0))
            self.answer(review(json.loads(self.rfile.read(length)), read))

        def answer(self, content: Dict) -> None:
            """Send JSON."""
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(folder / "pod-identity.crt", folder / "pod-identity.key")
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


def review(asked: Dict, read: Read) -> Dict:
    """Answer an AdmissionReview of a pod. read: (namespace, name) -> its service account."""
    request = asked["request"]
    pod = request["object"]
    name = pod["spec"].get("serviceAccountName") or "default"
    account = read(request["namespace"], name) or {}
    annotations = account.get("metadata", {}).get("annotations") or {}
    response: Dict = {"uid": request["uid"], "allowed": True}
    changes = patch(pod, annotations)
    if changes:
        response["patchType"] = "JSONPatch"
        response["patch"] = base64.b64encode(json.dumps(changes).encode()).decode()
    return {"apiVersion": asked["apiVersion"], "kind": asked["kind"], "response": response}


def patch(pod: Dict, account: Mapping[str, str]) -> list[Dict]:
    """The JSON patch for a pod whose service account has these annotations."""
    role = account.get(f"{PREFIX}/role-arn")
    spec = pod["spec"]
    if not role or any(volume["name"] == VOLUME for volume in spec.get("volumes", [])):
        return []
    own = pod.get("metadata", {}).get("annotations") or {}
    skipped = {name.strip() for name in own.get(f"{PREFIX}/skip-containers", "").split(",")}
    changes = [replaced("volumes", spec, [*spec.get("volumes", []), volume(own, account)])]
    for kind in ("initContainers", "containers"):
        if kind in spec:
            containers = [
                each if each["name"] in skipped else with_role(each, role, account)
                for each in spec[kind]
            ]
            changes.append(replaced(kind, spec, containers))
    return changes


def replaced(name: str, spec: Dict, value: list[Dict]) -> Dict:
    """One operation of a JSON patch, on a list of the pod's spec."""
    return {"op": "replace" if name in spec else "add", "path": f"/spec/{name}", "value": value}


def volume(pod: Mapping[str, str], account: Mapping[str, str]) -> Dict:
    """The projected token. The pod's annotation for its life wins over the account's."""
    key = f"{PREFIX}/token-expiration"
    asked = pod.get(key) or account.get(key) or ""
    seconds = max(int(asked), MINIMUM) if asked.isdecimal() else EXPIRATION
    token = {
        "audience": account.get(f"{PREFIX}/audience", AUDIENCE),
        "expirationSeconds": seconds,
        "path": "token",
    }
    return {"name": VOLUME, "projected": {"sources": [{"serviceAccountToken": token}]}}


def with_role(container: Dict, role: str, account: Mapping[str, str]) -> Dict:
    """A container with the token and the variables; those that it sets itself stay its own."""
    variables = {
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ROLE_ARN": role,
        "AWS_WEB_IDENTITY_TOKEN_FILE": f"{FOLDER}/token",
    }
    if account.get(f"{PREFIX}/sts-regional-endpoints", "true") == "true":
        variables["AWS_STS_REGIONAL_ENDPOINTS"] = "regional"
    present = container.get("env", [])
    known = {each["name"] for each in present}
    added = [{"name": k, "value": v} for k, v in variables.items() if k not in known]
    mount = {"name": VOLUME, "mountPath": FOLDER, "readOnly": True}
    mounts = [*container.get("volumeMounts", []), mount]
    return {**container, "env": [*present, *added], "volumeMounts": mounts}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
