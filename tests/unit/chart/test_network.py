"""Flows of the application: what the NetworkPolicies let pass, and the load balancer's side."""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass
from typing import Any

import pytest
from support.charts import Objects, Render

BALANCER = "10.20.192.0/24"
OPEN = {
    "ingress": {"enabled": True, "host": "rag.example.com"},
    "networkPolicy": {"loadBalancer": {"cidrs": [BALANCER]}},
}


@dataclass(frozen=True)
class Peer:
    """An end of a flow: a pod (namespace and labels) or an address."""

    namespace: str = ""
    labels: tuple[tuple[str, str], ...] = ()
    address: str = ""


def pod(namespace: str, **labels: str) -> Peer:
    return Peer(namespace, tuple(labels.items()))


def part(name: str, release: str = "rag") -> Peer:
    prefix = "app.kubernetes.io/"
    return pod("rag", **{f"{prefix}name": "rag", f"{prefix}instance": release,
                         f"{prefix}component": name})  # fmt: skip


BACKEND, FRONTEND, TEST = part("backend"), part("frontend"), part("test")
WORKER = part("worker")
DNS = pod("kube-system", **{"k8s-app": "kube-dns"})
MILVUS = pod("milvus", app="milvus")
PROMETHEUS = pod("monitoring", **{"app.kubernetes.io/name": "prometheus"})
STRANGER = pod("default", app="stranger")


def at(address: str) -> Peer:
    return Peer(address=address)


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    assert set(selector) <= {"matchLabels"}
    return bool(selector.get("matchLabels", {}).items() <= labels.items())


def matches(rule: dict[str, Any], peer: Peer) -> bool:
    """Whether a peer of a rule is this one."""
    if block := rule.get("ipBlock"):
        if not peer.address:
            return False
        address = ipaddress.ip_address(peer.address)
        inside = address in ipaddress.ip_network(block["cidr"])
        return inside and all(
            address not in ipaddress.ip_network(one) for one in block.get("except", [])
        )
    if not peer.namespace:
        return False
    if "namespaceSelector" in rule:
        name = {"kubernetes.io/metadata.name": peer.namespace}
        same = selects(rule["namespaceSelector"], name)
    else:
        same = peer.namespace == "rag"
    return same and selects(rule.get("podSelector", {}), dict(peer.labels))


def allows(objects: Objects, source: Peer, target: Peer, port: int, protocol: str = "TCP") -> bool:
    """Whether a flow passes, as Kubernetes defines it: both ends that are selected must agree."""

    def agrees(direction: str, key: str, own: Peer, other: Peer) -> bool:
        specs = [
            one["spec"]
            for one in objects
            if one["kind"] == "NetworkPolicy"
            and own.namespace == "rag"
            and selects(one["spec"]["podSelector"], dict(own.labels))
            and direction in one["spec"]["policyTypes"]
        ]
        if not specs:
            return True
        rules = [rule for spec in specs for rule in spec.get(direction.lower(), [])]
        return any(
            any(matches(peer, other) for peer in rule[key])
            and {"port": port, "protocol": protocol} in rule["ports"]
            for rule in rules
        )

    return agrees("Egress", "to", source, target) and agrees("Ingress", "from", target, source)


@pytest.mark.parametrize(
    ("source", "target", "port", "protocol"),
    [
        (BACKEND, DNS, 53, "UDP"),
        (FRONTEND, DNS, 53, "TCP"),
        (TEST, DNS, 53, "UDP"),
        (at("10.20.192.9"), FRONTEND, 3000, "TCP"),
        (FRONTEND, BACKEND, 8000, "TCP"),
        (BACKEND, at("10.20.0.7"), 5432, "TCP"),
        (BACKEND, at("10.20.16.7"), 6379, "TCP"),
        (BACKEND, MILVUS, 19530, "TCP"),
        (BACKEND, at("52.216.0.1"), 443, "TCP"),
        (WORKER, DNS, 53, "UDP"),
        (WORKER, at("10.20.0.7"), 5432, "TCP"),
        (WORKER, at("10.20.16.7"), 6379, "TCP"),
        (WORKER, MILVUS, 19530, "TCP"),
        (WORKER, at("52.216.0.1"), 443, "TCP"),
        (TEST, BACKEND, 8000, "TCP"),
        (TEST, FRONTEND, 3000, "TCP"),
    ],
)
def test_named_flows_pass(
    render: Render, source: Peer, target: Peer, port: int, protocol: str
) -> None:
    assert allows(render(OPEN), source, target, port, protocol)


@pytest.mark.parametrize(
    ("source", "target", "port"),
    [
        (STRANGER, BACKEND, 8000),
        (STRANGER, FRONTEND, 3000),
        (part("frontend", "other"), BACKEND, 8000),
        (at("10.20.192.9"), BACKEND, 8000),
        (at("203.0.113.9"), FRONTEND, 3000),
        (at("10.20.192.9"), FRONTEND, 8000),
        (PROMETHEUS, BACKEND, 8000),
        (PROMETHEUS, WORKER, 8001),
        (BACKEND, WORKER, 8001),
        (WORKER, BACKEND, 8000),
        (WORKER, at("169.254.169.254"), 80),
        (WORKER, at("172.20.0.1"), 443),
        (BACKEND, FRONTEND, 3000),
        (BACKEND, at("169.254.169.254"), 80),
        (BACKEND, at("169.254.169.254"), 443),
        (BACKEND, at("169.254.170.23"), 80),
        (BACKEND, at("52.216.0.1"), 80),
        # The API server, another pod, a Service, the neighbour's network.
        (BACKEND, at("10.20.0.9"), 443),
        (BACKEND, at("172.20.0.1"), 443),
        (BACKEND, at("100.64.3.4"), 443),
        (BACKEND, at("192.168.7.7"), 443),
        (pod("rag"), at("52.216.0.1"), 443),
        (pod("rag", app="by-hand"), BACKEND, 8000),
        (BACKEND, pod("rag", app="by-hand"), 443),
        (STRANGER, pod("rag", app="by-hand"), 80),
        (BACKEND, at("10.20.192.9"), 5432),
        (BACKEND, at("10.20.0.7"), 22),
        (BACKEND, MILVUS, 9091),
        (BACKEND, STRANGER, 443),
        (FRONTEND, at("52.216.0.1"), 443),
        (FRONTEND, at("10.20.0.7"), 5432),
        (FRONTEND, MILVUS, 19530),
        (FRONTEND, DNS, 9153),
        (TEST, at("52.216.0.1"), 443),
        (TEST, at("10.20.0.7"), 5432),
        (part("batch"), at("52.216.0.1"), 443),
    ],
)
def test_all_others_are_closed(render: Render, source: Peer, target: Peer, port: int) -> None:
    assert not allows(render(OPEN), source, target, port)


IMPORTS = {"urls": {"enabled": True, "http": True, "allowedHosts": ["wiki.lan", "10.9.0.0/16"]}}


def test_imports_open_what_they_fetch_from_to_who_fetches(render: Render) -> None:
    by_worker = render({"imports": IMPORTS})
    by_backend = render({"imports": IMPORTS, "worker": {"enabled": False}})
    for objects, opened, closed in ((by_worker, WORKER, BACKEND), (by_backend, BACKEND, WORKER)):
        for address, port in (("52.216.0.1", 80), ("10.9.1.1", 443), ("10.9.1.1", 80)):
            assert allows(objects, opened, at(address), port)
        for address, port in (("169.254.169.254", 80), ("10.8.1.1", 443), ("172.20.0.1", 80)):
            assert not allows(objects, opened, at(address), port)
        if objects is by_worker:
            assert not allows(objects, closed, at("52.216.0.1"), 80)
    settings = by_worker.get("ConfigMap", "rag-backend")["data"]
    assert settings["IMPORT_ALLOWED_HOSTS"] == "wiki.lan,10.9.0.0/16"
    assert settings["IMPORT_PORTS"] == "80,443"
    usual = render().get("ConfigMap", "rag-backend")["data"]
    assert not any(name.startswith("IMPORT") for name in usual)


@pytest.mark.parametrize(
    ("values", "source", "target", "port"),
    [
        ({"monitoring": {"enabled": True}}, PROMETHEUS, BACKEND, 8000),
        ({"monitoring": {"enabled": True}}, PROMETHEUS, WORKER, 8001),
        ({"ingress": {"apiPaths": ["/v1"]}}, at("10.20.192.9"), BACKEND, 8000),
        ({"networkPolicy": {"podIdentityAgent": True}}, BACKEND, at("169.254.170.23"), 80),
        ({"networkPolicy": {"aws": {"cidrs": ["10.20.0.0/20"]}}}, BACKEND, at("10.20.0.9"), 443),
        ({"networkPolicy": {"milvus": {"cidrs": ["10.9.0.0/16"]}}}, BACKEND, at("10.9.1.1"), 19530),
        (
            {"networkPolicy": {"milvus": {"namespace": "", "cidrs": ["10.9.0.0/16"]}}},
            BACKEND, at("10.9.1.1"), 19530,
        ),
        (
            {"backend": {"extraEgress": [{"to": [{"ipBlock": {"cidr": "10.255.0.1/32"}}],
                                          "ports": [{"protocol": "TCP", "port": 4566}]}]}},
            BACKEND, at("10.255.0.1"), 4566,
        ),
        (
            {"frontend": {"extraIngress": [{"from": [{"namespaceSelector": {}}],
                                            "ports": [{"protocol": "TCP", "port": 3000}]}]}},
            STRANGER, FRONTEND, 3000,
        ),
    ],
)  # fmt: skip
def test_more_flows_by_value(
    render: Render, values: dict[str, Any], source: Peer, target: Peer, port: int
) -> None:
    merged = {key: {**OPEN.get(key, {}), **values.get(key, {})} for key in {*OPEN, *values}}
    assert not allows(render(OPEN), source, target, port)
    assert allows(render(merged), source, target, port)


def test_milvus_is_found_by_labels_and_https_can_be_closed(render: Render) -> None:
    where = {"milvus": {"podLabels": {"app": "milvus"}}, "https": {"cidrs": []}}
    objects = render({"networkPolicy": where})
    assert allows(objects, BACKEND, MILVUS, 19530)
    assert not allows(objects, BACKEND, pod("milvus", app="etcd"), 19530)
    assert not allows(objects, BACKEND, at("52.216.0.1"), 443)


def test_every_pod_of_the_namespace_is_closed_by_default(render: Render) -> None:
    deny = render().policy("rag-default-deny")
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    assert set(deny) == {"podSelector", "policyTypes"}
    for one in (BACKEND, FRONTEND, TEST, part("anything"), pod("rag"), pod("rag", app="x")):
        assert selects(deny["podSelector"], dict(one.labels))


def test_policies_can_be_left_out(render: Render) -> None:
    assert "NetworkPolicy" not in render({"networkPolicy": {"enabled": False}}).kinds()


def annotations(objects: Objects, kind: str, name: str) -> dict[str, str]:
    found = objects.get(kind, name)["metadata"].get("annotations", {})
    prefix = "alb.ingress.kubernetes.io/"
    return {key.removeprefix(prefix): value for key, value in found.items()}


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0b7c"
HOST = {"enabled": True, "host": "rag.example.com"}
OIDC = {
    "issuer": "https://id.example.com",
    "authorizationEndpoint": "https://id.example.com/authorize",
    "tokenEndpoint": "https://id.example.com/token",
    "userInfoEndpoint": "https://id.example.com/userinfo",
    "secretName": "rag-sign-in",
}


def test_ingress_serves_the_frontend_inside_only(render: Render) -> None:
    objects = render(OPEN)
    ingress = objects.get("Ingress", "rag")
    assert ingress["spec"]["ingressClassName"] == "alb"
    [rule] = ingress["spec"]["rules"]
    assert rule["host"] == "rag.example.com"
    [path] = rule["http"]["paths"]
    assert path["backend"]["service"]["name"] == "rag-frontend"
    assert annotations(objects, "Ingress", "rag") == {
        "scheme": "internal",
        "target-type": "ip",
        "listen-ports": '[{"HTTP": 80}]',
        "load-balancer-attributes": "deletion_protection.enabled=false,"
        "idle_timeout.timeout_seconds=130,routing.http.drop_invalid_header_fields.enabled=true",
    }
    assert annotations(objects, "Service", "rag-backend") == {}
    names = {one["name"]: one.get("value") for one in objects.container("rag-frontend")["env"]}
    assert names["ALLOWED_HOSTS"] == "rag.example.com"


def test_ingress_with_all_that_is_optional(render: Render) -> None:
    acl = "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/rag/0c1d"
    ingress = {
        **HOST,
        "scheme": "internet-facing",
        "certificateArn": CERTIFICATE,
        "wafAclArn": acl,
        "groupName": "shared",
        "subnets": ["subnet-1", "subnet-2"],
        "inboundCidrs": ["203.0.113.0/24", "198.51.100.0/24"],
        "apiPaths": ["/v1"],
        "accessLogs": {"bucket": "ragops-dev-access-logs-123456789012"},
        "deletionProtection": True,
        "loadBalancerAttributes": {"connection_logs.s3.enabled": "false"},
        "annotations": {"alb.ingress.kubernetes.io/tags": "Team=rag"},
    }
    objects = render({**OPEN, "ingress": ingress})
    found = annotations(objects, "Ingress", "rag")
    assert found["certificate-arn"] == CERTIFICATE
    assert found["wafv2-acl-arn"] == acl
    assert found["listen-ports"] == '[{"HTTP": 80}, {"HTTPS": 443}]'
    assert (found["ssl-redirect"], found["ssl-policy"]) == (
        "443",
        "ELBSecurityPolicy-TLS13-1-2-2021-06",
    )
    assert (found["group.name"], found["subnets"]) == ("shared", "subnet-1,subnet-2")
    assert found["inbound-cidrs"] == "203.0.113.0/24,198.51.100.0/24"
    attributes = dict(one.split("=") for one in found["load-balancer-attributes"].split(","))
    assert attributes == {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": "ragops-dev-access-logs-123456789012",
        "access_logs.s3.prefix": "alb",
        "connection_logs.s3.enabled": "false",
        "deletion_protection.enabled": "true",
        "idle_timeout.timeout_seconds": "130",
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }
    assert (found["scheme"], found["tags"]) == ("internet-facing", "Team=rag")
    assert not {key for key in found if key.startswith("auth-")}
    paths = objects.get("Ingress", "rag")["spec"]["rules"][0]["http"]["paths"]
    assert [(one["path"], one["backend"]["service"]["name"]) for one in paths] == [
        ("/v1", "rag-backend"),
        ("/", "rag-frontend"),
    ]


def test_sign_in_by_openid_connect_lets_the_controller_read_one_secret(render: Render) -> None:
    sign_in = {"provider": "oidc", "oidc": OIDC}
    ingress = {**HOST, "scheme": "internet-facing", "certificateArn": CERTIFICATE,
               "signIn": sign_in}  # fmt: skip
    objects = render({**OPEN, "ingress": ingress})
    found = annotations(objects, "Ingress", "rag")
    assert (found["auth-type"], found["auth-scope"]) == ("oidc", "openid")
    assert found["auth-on-unauthenticated-request"] == "authenticate"
    assert json.loads(found["auth-idp-oidc"]) == OIDC
    [rule] = objects.get("Role", "rag-sign-in")["rules"]
    assert (rule["resourceNames"], rule["resources"]) == (["rag-sign-in"], ["secrets"])
    [subject] = objects.get("RoleBinding", "rag-sign-in")["subjects"]
    assert subject["name"] == "aws-load-balancer-controller"


def test_sign_in_by_cognito_needs_no_secret(render: Render) -> None:
    pool = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_a"
    cognito = {"userPoolArn": pool, "userPoolClientId": "1a", "userPoolDomain": "rag"}
    ingress = {**HOST, "certificateArn": CERTIFICATE,
               "signIn": {"provider": "cognito", "cognito": cognito}}  # fmt: skip
    objects = render({**OPEN, "ingress": ingress})
    found = annotations(objects, "Ingress", "rag")
    assert json.loads(found["auth-idp-cognito"]) == {
        "userPoolARN": pool,
        "userPoolClientID": "1a",
        "userPoolDomain": "rag",
    }
    assert not {"Role", "Secret"} & objects.kinds()


@pytest.mark.parametrize(
    ("name", "path"), [("rag-backend", "/readyz"), ("rag-frontend", "/api/readyz")]
)
def test_the_load_balancer_sees_what_the_cluster_sees(render: Render, name: str, path: str) -> None:
    objects = render({**OPEN, "ingress": {**HOST, "apiPaths": ["/v1"]}})
    found = annotations(objects, "Service", name)
    assert found["healthcheck-path"] == path
    assert int(found["healthcheck-timeout-seconds"]) < int(found["healthcheck-interval-seconds"])
    grace = objects.pod(name)["spec"]["terminationGracePeriodSeconds"]
    assert found["target-group-attributes"] == f"deregistration_delay.timeout_seconds={grace}"
    assert objects.container(name)["lifecycle"]["preStop"]["sleep"]["seconds"] == 15
