"""The stand-in for the load balancer controller: what Ingresses ask for, checks, the real proxy."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.ingresses import SERVICES, ingress

from rehearsal.balancer import gates, health, wanted
from rehearsal.balancer.proxy import Proxy


def test_longer_paths_come_first_and_the_services_own_checks_count() -> None:
    asked = ingress(
        ("/", "Prefix", "frontend"), ("/api", "Prefix", "backend"), healthcheck_path="/other"
    )
    found = wanted.balancer("rag/rag", [asked], SERVICES)
    assert [(rule.paths, rule.group.service) for rule in found.rules] == [
        (("/api", "/api/*"), "backend"),
        (("/*",), "frontend"),
    ]
    assert [group.path for group in found.groups] == ["/backend", "/frontend"]
    assert [listener.port for listener in found.listeners] == [80]
    assert len(found.name) <= 32


def test_a_certificate_brings_https_and_the_redirect_to_it() -> None:
    asked = ingress(
        ("/", "Prefix", "frontend"),
        listen_ports='[{"HTTP": 80}, {"HTTPS": 443}]',
        certificate_arn="arn:aws:acm:us-east-1:000000000000:certificate/1",
        ssl_redirect="443",
    )
    plain, secure = wanted.balancer("rag/rag", [asked], SERVICES).listeners
    assert (plain.protocol, plain.redirect, plain.certificate) == ("HTTP", 443, "")
    assert (secure.protocol, secure.redirect) == ("HTTPS", 0)
    without = ingress(("/", "Prefix", "frontend"), listen_ports='[{"HTTPS": 443}]')
    with pytest.raises(wanted.Refused, match="HTTPS:443 has no certificate-arn"):
        wanted.balancer("rag/rag", [without], SERVICES)


OIDC = '{"authorizationEndpoint": "https://id.example.com/authorize"}'


def test_who_must_sign_in_is_sent_there_by_https_only() -> None:
    asked = ingress(
        ("/", "Prefix", "frontend"),
        listen_ports='[{"HTTP": 80}, {"HTTPS": 443}]',
        certificate_arn="arn:aws:acm:us-east-1:000000000000:certificate/1",
        auth_type="oidc",
        auth_idp_oidc=OIDC,
        ssl_policy="ELBSecurityPolicy-TLS13-1-2-2021-06",
    )
    plain, secure = wanted.balancer("rag/rag", [asked], SERVICES).listeners
    assert (plain.sign_in, plain.policy) == ("", "")
    assert secure.sign_in == "https://id.example.com/authorize"
    assert secure.policy == "ELBSecurityPolicy-TLS13-1-2-2021-06"


def test_protection_is_the_annotations() -> None:
    attribute = "deletion_protection.enabled="
    on, off = (
        ingress(("/", "Prefix", "frontend"), load_balancer_attributes=attribute + value)
        for value in ("true", "false")
    )
    assert wanted.protected(on)
    assert not wanted.protected(off)
    assert not wanted.protected(ingress(("/", "Prefix", "frontend")))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            ingress(("/", "Prefix", "frontend"), auth_type="oidc"),
            "auth-type is oidc, and auth-idp-oidc does not say of whom",
        ),
        (ingress(("/", "Prefix", "nobody")), 'Service "nobody" not found'),
        (ingress(("/", "Prefix", "frontend"), target_type="instance"), "target-type instance"),
    ],
)
def test_what_can_not_be_is_said(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(wanted.Refused, match=said):
        wanted.balancer("rag/rag", [asked], SERVICES)


@pytest.mark.parametrize(
    ("codes", "status", "fits"),
    [("200", 200, True), ("200", 204, False), ("200-399", 302, True), ("200,302", 302, True)],
)
def test_success_codes(codes: str, status: int, fits: bool) -> None:
    assert health.matches(status, codes) is fits


def group(port: int, **changes: Any) -> wanted.Group:
    asked = ingress(("/", "Prefix", "frontend"))
    (found,) = wanted.balancer("rag/rag", [asked], SERVICES).groups
    return wanted.Group(
        **{**vars(found), "check_port": str(port) if port else "traffic-port", **changes}
    )


def test_a_new_target_needs_one_check_an_old_one_its_thresholds() -> None:
    target = health.Target(group(0, healthy=3, unhealthy=2), ("127.0.0.1", 1))
    assert target.note(None)
    assert target.state == health.HEALTHY
    assert not target.note("Target.Timeout")
    assert target.note("Target.Timeout")
    assert (target.state, target.reason) == (health.UNHEALTHY, "Target.Timeout")
    assert not target.note(None)
    assert not target.note(None)
    assert target.note(None)
    assert target.state == health.HEALTHY


def test_pods_that_a_service_selects_get_its_gate() -> None:
    def conditions(namespace: str, labels: dict[str, str]) -> list[str]:
        assert namespace == "rag"
        return ["gate/a"] if gates.selects(SERVICES["rag/backend"], labels) else []

    def answer(labels: dict[str, str]) -> dict[str, Any]:
        pod = {"metadata": {"labels": labels}, "spec": {"containers": []}}
        request = {"uid": "1", "namespace": "rag", "object": pod}
        asked = {"apiVersion": "v1", "kind": "AdmissionReview", "request": request}
        found: dict[str, Any] = gates.review(asked, conditions)["response"]
        return found

    assert "patch" in answer({"app": "backend", "x": "y"})
    assert "patch" not in answer({"app": "frontend"})


@contextmanager
def pod(name: str, pause: float = 0) -> Iterator[tuple[str, int]]:
    """A server that says its name and what it was asked, as a pod behind the balancer."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            time.sleep(pause)
            body = json.dumps(
                {"pod": name, "headers": {k.lower(): v for k, v in self.headers.items()}}
            ).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield ("127.0.0.1", server.server_address[1])
    finally:
        server.shutdown()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(port: int, path: str = "/") -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, json.loads(body) if answer.status == 200 else {}


def test_the_proxy_serves_healthy_targets_and_lets_the_others_end(tmp_path: Path) -> None:
    assert shutil.which("haproxy"), "Debian's haproxy is one of the rehearsal's packages"
    port = free_port()
    asked = ingress(("/app", "Prefix", "frontend"), listen_ports=json.dumps([{"HTTP": port}]))
    balancer = wanted.balancer("rag/rag", [asked], SERVICES)
    (targets_of,) = balancer.groups
    proxy = Proxy(tmp_path / "run", tmp_path / "none", tmp_path / "log")
    with ExitStack() as stack:
        first, second = (stack.enter_context(pod(name, 0.3)) for name in ("one", "two"))
        one, two = (health.Target(targets_of, address) for address in (first, second))

        def show(*targets: health.Target) -> None:
            proxy.apply({"rag/rag": balancer}, {"rag/rag": "127.0.0.1"}, {targets_of.name: targets})

        stack.callback(proxy.apply, {}, {}, {})
        show(one, two)
        assert ask(port, "/app")[0] == 503, "nothing was checked yet"
        one.note(None)
        show(one, two)
        status, seen = ask(port, "/app/x")
        assert (status, seen["pod"]) == (200, "one")
        assert seen["headers"]["x-forwarded-proto"] == "http"
        assert "127.0.0.1" in seen["headers"]["x-forwarded-for"]
        assert ask(port, "/elsewhere")[0] == 404
        two.note(None)
        show(one, two)
        assert {ask(port, "/app")[1]["pod"] for _ in range(4)} == {"one", "two"}
        # A request on its way is finished, new ones go elsewhere.
        answers: list[tuple[int, dict[str, Any]]] = []
        under_way = [
            threading.Thread(target=lambda: answers.append(ask(port, "/app"))) for _ in range(2)
        ]
        for thread in under_way:
            thread.start()
        time.sleep(0.1)
        one.state = health.DRAINING
        show(one, two)
        assert {ask(port, "/app")[1]["pod"] for _ in range(3)} == {"two"}
        for thread in under_way:
            thread.join()
        assert sorted(seen["pod"] for _, seen in answers) == ["one", "two"]
        # Nobody is well: an ALB asks all rather than nobody.
        for _ in range(2):
            two.note("Target.Timeout")
        show(two)
        assert ask(port, "/app")[1]["pod"] == "two"
