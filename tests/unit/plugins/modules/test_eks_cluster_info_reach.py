"""The way to an API server: where it ends is named, and no wait outlives its token."""

from __future__ import annotations

import base64
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from ansible_collections.ragops.platform.plugins.module_utils._eks import credential, reach, token
from ansible_collections.ragops.platform.plugins.module_utils.kube import Kube, KubeError
from support.emulator import CREDENTIALS
from support.module_process import play
from support.ports import free_port

from rehearsal import pki

NAME = "api.eks.example"
LIFE = 6
"""Seconds that the server takes a token; EKS takes it for 900."""

WAIT = 16
POD = "/api/v1/namespaces/rag/pods/one"
PRIVATE = {"endpointPublicAccess": False, "publicAccessCidrs": []}


@dataclass
class Server:
    """An API server that takes a token for LIFE seconds after it was signed."""

    port: int
    authority: str
    refused: list[float] = field(default_factory=list)

    def door(self, **other: Any) -> reach.Door:
        given = {
            "endpoint": f"https://{NAME}",
            "address": ("127.0.0.1", self.port),
            "authority": self.authority,
            "settings": PRIVATE,
        }
        return reach.Door(**{**given, **other})


def age(bearer: str) -> float:
    """Seconds since a token was signed."""
    encoded = bearer.removeprefix("Bearer ").removeprefix(credential.PREFIX)
    url = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    signed = datetime.strptime(parse_qs(urlsplit(url).query)["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ")
    return (datetime.now(UTC) - signed.replace(tzinfo=UTC)).total_seconds()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    pair = pki.Authority(tmp_path / "ca.crt").issue(tmp_path / "server", [NAME])
    told = Server(0, base64.b64encode((tmp_path / "ca.crt").read_bytes()).decode())
    asked: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            bearer = self.headers.get("Authorization", "")
            if "." not in bearer or age(bearer) > LIFE:
                told.refused.append(time.monotonic())
                self._say(401, {"kind": "Status", "apiVersion": "v1", "message": "Unauthorized"})
                return
            path = self.path.partition("?")[0]
            # Counted from the first look at the pod: starting Ansible takes its time, too.
            if path == POD:
                asked.append(time.monotonic())
            self._say(200, content(path, asked[-1] - asked[0] if asked else 0.0))

        def _say(self, status: int, body: dict[str, Any]) -> None:
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        http.socket = context.wrap_socket(http.socket, server_side=True)
        told.port = http.server_address[1]
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield told
        http.shutdown()


def content(path: str, seconds: float) -> dict[str, Any]:
    """What the server has: one pod, which becomes ready late."""
    pods = {"name": "pods", "singularName": "pod", "kind": "Pod", "namespaced": True}
    ready = "True" if seconds > WAIT else "False"
    answers: dict[str, dict[str, Any]] = {
        "/version": {"major": "1", "minor": "35", "gitVersion": "v1.35.0"},
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
        "/api/v1": {
            "kind": "APIResourceList",
            "groupVersion": "v1",
            "resources": [{**pods, "verbs": ["get", "list"]}],
        },
        POD: {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {"name": "one", "namespace": "rag"},
            "status": {"conditions": [{"type": "Ready", "status": ready}], "containerStatuses": []},
        },
    }
    return answers[path]


def ask(server: Server, bearer: str = "", **other: Any) -> reach.ReachError:
    with pytest.raises(reach.ReachError) as caught:
        reach.ask(server.door(**other), bearer or token.token(sts(), "ragops-dev"))
    return caught.value


def sts() -> Any:
    return boto3.client(
        "sts",
        region_name="us-east-1",
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


def test_a_server_that_lets_the_caller_in_is_reached(server: Server) -> None:
    reach.await_reachable(server.door(), lambda: token.token(sts(), "ragops-dev"), 0)


def test_a_name_that_is_unknown(server: Server) -> None:
    error = ask(server, address=("nowhere.invalid", 443))
    assert error.cause == "dns"
    assert "nowhere.invalid" in str(error)


def test_private_addresses_without_a_way(server: Server) -> None:
    error = ask(server, endpoint="https://127.0.0.1", address=("127.0.0.1", free_port()))
    assert error.cause == "route"
    assert "resolves to the private addresses 127.0.0.1" in str(error)
    assert "Set platform_access to tunnel" in str(error)


def test_public_addresses_that_admit_others(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No public address can be had here that surely never answers.
    monkeypatch.setattr(reach, "_resolve", lambda _: ["8.8.8.8"])
    closed = {"endpoint": "https://127.0.0.1", "address": ("127.0.0.1", free_port())}
    error = ask(server, settings={"publicAccessCidrs": ["198.51.100.0/24"]}, **closed)
    assert error.cause == "route"
    assert "Its public endpoint admits 198.51.100.0/24" in str(error)
    assert "platform_access_cidr_blocks" in str(error)


def test_a_tunnel_that_is_gone_and_one_that_leads_nowhere(server: Server) -> None:
    gone = ask(server, address=("127.0.0.1", free_port()))
    assert (gone.cause, "tunnel" in str(gone)) == ("route", True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=lambda: listener.accept()[0].close(), daemon=True).start()
        nowhere = ask(server, address=listener.getsockname())
    assert nowhere.cause == "tls"
    assert "The bastion cannot reach the API server" in str(nowhere)


def test_a_certificate_of_somebody_else(server: Server, tmp_path: Path) -> None:
    pki.Authority(tmp_path / "other.crt")
    other = base64.b64encode((tmp_path / "other.crt").read_bytes()).decode()
    error = ask(server, authority=other)
    assert error.cause == "tls"
    assert "A proxy that intercepts TLS" in str(error)
    named = ask(server, endpoint="https://another.example")
    assert (named.cause, "has no certificate from the CA" in str(named)) == ("tls", True)


def test_a_caller_without_an_access_entry(server: Server) -> None:
    error = ask(server, bearer="nobody")
    assert error.cause == "credentials"
    assert "answers 401: Unauthorized" in str(error)
    assert "eks_access_entries" in str(error)


def kubeconfig(server: Server, folder: Path, user: dict[str, Any] | None = None) -> Path:
    """A kubeconfig as the roles have it, with tokens that end before the server's."""
    path = folder / "kubeconfig"
    cluster = {
        "name": "ragops-dev",
        "endpoint": f"https://{NAME}",
        "certificateAuthority": {"data": server.authority},
    }
    keys = {name: value for name, value in CREDENTIALS.items() if "KEY" in name}
    user = user or token.renewing(path, "ragops-dev", "us-east-1", LIFE - 2, keys)
    config = token.kubeconfig(cluster, user, f"https://127.0.0.1:{server.port}")
    path.write_text(json.dumps(config))
    return path


def static(server: Server, folder: Path) -> Path:
    return kubeconfig(server, folder, {"token": token.token(sts(), "ragops-dev")})


def test_requests_go_on_when_the_first_token_has_ended(server: Server, tmp_path: Path) -> None:
    kube = Kube(str(kubeconfig(server, tmp_path)))
    end = time.monotonic() + 2 * LIFE
    while time.monotonic() < end:
        kube.get("/version")
        time.sleep(0.5)
    assert server.refused == []


def test_a_token_that_stays_the_same_ends(server: Server, tmp_path: Path) -> None:
    kube = Kube(str(static(server, tmp_path)))
    kube.get("/version")
    time.sleep(LIFE + 1)
    with pytest.raises(KubeError, match="credentials were rejected"):
        kube.get("/version")


def test_kubectl_gets_in_with_the_same_file(server: Server, tmp_path: Path) -> None:
    path = kubeconfig(server, tmp_path)
    argv = ["kubectl", f"--kubeconfig={path}", "get", "--raw", "/version"]
    for _ in range(2):
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        time.sleep(LIFE)


@pytest.mark.parametrize("renewed", [True, False])
def test_a_long_wait_outlives_a_token_only_if_it_is_renewed(
    server: Server, tmp_path: Path, renewed: bool
) -> None:
    path = kubeconfig(server, tmp_path) if renewed else static(server, tmp_path)
    wait = {
        "kubernetes.core.k8s_info": {
            "kubeconfig": str(path),
            "kind": "Pod",
            "name": "one",
            "namespace": "rag",
            "wait": True,
            "wait_sleep": 1,
            "wait_timeout": 4 * WAIT,
            "wait_condition": {"type": "Ready", "status": "True"},
        },
    }
    task = {"name": "Wait", **wait, "ignore_errors": True}
    (result,) = play([task], tmp_path, {})
    assert result.get("failed", False) is not renewed, result
    assert bool(server.refused) is not renewed
    if renewed:
        assert result["resources"][0]["status"]["conditions"][0]["status"] == "True"
