"""What the application's chart refuses, each by its path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from support.charts import Chart, Render


class Schema:
    """The chart's schema, asked in this process: Helm takes a third of a second."""

    def __init__(self, chart: Chart) -> None:
        schema = json.loads((chart.path / "values.schema.json").read_text())
        self._validator = jsonschema.Draft7Validator(schema)
        self._files = [chart.path / "values.yaml", chart.values]

    def refusals(self, values: dict[str, Any]) -> list[str]:
        """Path and message of all that is wrong with values over the least ones."""
        merged: dict[str, Any] = {}
        for layer in (*map(read, self._files), values):
            merged = over(merged, layer)
        return [
            f"/{'/'.join(map(str, error.absolute_path))}: {error.message}"
            for top in self._validator.iter_errors(merged)
            for error in (top, *(top.context or []))
        ]


def read(file: Path) -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load(file.read_text())
    return values


def over(below: Any, above: Any) -> Any:
    """Values over others, as Helm merges them."""
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{key: over(below.get(key), value) for key, value in above.items()}}


def nested(path: str, value: Any) -> dict[str, Any]:
    """{"a": {"b": value}} of "a.b"."""
    for key in reversed(path.split(".")):
        value = {key: value}
    found: dict[str, Any] = value
    return found


@pytest.fixture(scope="session")
def schema(chart: Chart) -> Schema:
    return Schema(chart)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("surprise", 1),
        ("backend.surprise", 1),
        ("backend.image.surprise", 1),
        ("frontend.migrate", {"enabled": True, "command": ["true"]}),
        ("existingSecret", "Not A Name"),
        ("existingSecret", ""),
        ("externalSecrets.surprise", 1),
        ("externalSecrets.refreshInterval", "often"),
        ("externalSecrets.roleArn", "my-role"),
        ("externalSecrets.store.kind", "Vault"),
        ("externalSecrets.database.port", 0),
        ("externalSecrets.database.sslmode", "on"),
        ("externalSecrets.redisUrl", "redis url"),
        ("imagePullPolicy", "Sometimes"),
        ("aws.region", "mars"),
        ("s3.bucket", "Upper_Case"),
        ("milvus.uri", "milvus:19530"),
        ("milvus.collection", "no spaces"),
        ("caBundle.pem", "not a certificate"),
        ("backend.image.digest", "latest"),
        ("backend.image.digest", "sha256:abc"),
        ("backend.image.repository", "registry.example.com/rag:1.0"),
        ("backend.replicas", "two"),
        ("backend.replicas", -1),
        ("backend.autoscaling.cpuPercent", 0),
        ("backend.autoscaling.minReplicas", 0),
        ("backend.resources.limits.memory", "much"),
        ("backend.resources.requests.gpu", "1"),
        ("backend.migrate.command", []),
        ("backend.extraEnv", [{"value": "nameless"}]),
        ("backend.extraEnv", {"LOG_LEVEL": "debug"}),
        ("backend.writableDirs", ["relative"]),
        ("backend.probes.liveness.periodSeconds", 0),
        ("backend.disruptionBudget.maxUnavailable", 0),
        ("frontend.topologySpread.whenUnsatisfiable", "Never"),
        ("frontend.terminationGracePeriodSeconds", 60),
        ("frontend.requestSeconds", 0),
        ("backend.requestSeconds", 301),
        ("backend.drainSeconds", -1),
        ("backend.autoscaling.behavior.surprise", {}),
        ("backend.autoscaling.behavior.scaleDown.selectPolicy", "None"),
        ("backend.autoscaling.behavior.scaleUp.policies", [{"type": "Pods", "value": 1}]),
        ("backend.capacity.mode", "maybe"),
        ("backend.capacity.type", ""),
        ("backend.extraEgress", [{"ports": [{"port": 443}]}]),
        ("backend.extraEgress", [{"to": [], "ports": [{"port": 443}]}]),
        ("frontend.extraIngress", [{"to": [{}], "ports": [{"port": 1}]}]),
        ("networkPolicy.surprise", True),
        ("networkPolicy.postgres.cidrs", ["10.20.0.0"]),
        ("networkPolicy.postgres.cidrs", ["10.20.0.256/24"]),
        ("networkPolicy.postgres.cidrs", ["database.example.com"]),
        ("networkPolicy.redis.cidrs", ["10.20.0.0/33"]),
        ("networkPolicy.redis.port", "6379"),
        ("networkPolicy.https.except", ["metadata"]),
        ("networkPolicy.dns.podLabels", ["kube-dns"]),
        ("monitoring.serviceMonitor.interval", "soon"),
        ("networkPolicy.collector.port", 0),
        ("observability.otlpEndpoint", "collector:4318"),
        ("observability.otlpEndpoint", "grpc://collector:4317"),
        ("observability.sampler", "sometimes"),
        ("observability.samplerArg", "2"),
        ("observability.environment", "two words"),
        ("observability.surprise", ""),
        ("priorityClass.value", 2000000000),
        ("tests.enabled", "no"),
        ("ingress.scheme", "public"),
        ("ingress.sslPolicy", "TLS1.0"),
        ("ingress.inboundCidrs", ["everybody"]),
        ("ingress.wafAclArn", "my-acl"),
        ("ingress.apiPaths", ["v1"]),
        ("ingress.idleTimeoutSeconds", 5000),
        ("ingress.healthCheck.intervalSeconds", 1),
        ("ingress.loadBalancerAttributes", {"idle_timeout.timeout_seconds": 5}),
        ("ingress.host", "rag"),
        ("ingress.host", "*.example.com"),
        ("ingress.signIn.provider", "saml"),
        ("ingress.signIn.scope", "email"),
        ("ingress.accessLogs.bucket", "No_Bucket"),
        ("ingress.certificateArn", "my-certificate"),
    ],
)
def test_wrong_values_are_refused_by_their_path(schema: Schema, path: str, value: Any) -> None:
    refusals = schema.refusals(nested(path, value))
    *parents, last = path.split(".")
    named = f"/{'/'.join([*parents, last])}", f"'{last}'"
    assert any(one.startswith(f"/{'/'.join(parents)}") for one in refusals)
    assert any(words in one for one in refusals for words in named), refusals


def test_the_least_values_are_taken(schema: Schema) -> None:
    assert schema.refusals({}) == []


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        # Helm reads the schema as the tests above do.
        ("backend.surprise", 1, "/backend"),
        ("networkPolicy.postgres.cidrs", ["10.20.0.0/33"], "/networkPolicy/postgres/cidrs/0"),
        ("existingSecret", "", "/existingSecret"),
        # What a schema can't say.
        ("backend.autoscaling.minReplicas", 11, "minReplicas 11 is more than maxReplicas 10"),
        ("networkPolicy.postgres.cidrs", [], "networkPolicy.postgres.cidrs: where is PostgreSQL"),
        ("networkPolicy.redis.cidrs", [], "networkPolicy.redis.cidrs: where is Redis"),
        ("networkPolicy.milvus.namespace", "", "networkPolicy.milvus: where is Milvus"),
        (
            "ingress",
            {"enabled": True, "host": "a.example"},
            "networkPolicy.loadBalancer.cidrs: where",
        ),
        ("ingress.enabled", True, "/ingress/host"),
    ],
)
def test_helm_refuses(render: Render, path: str, value: Any, words: str) -> None:
    outcome = render.attempt(nested(path, value))
    assert outcome.returncode != 0
    assert words in outcome.stderr


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"redisUrl": ""}, "/externalSecrets/redisUrl"),
        ({"database": {"credentials": "rds!db-1", "host": ""}}, "/externalSecrets/database/host"),
        ({"database": {"credentials": "rds!db-1", "name": ""}}, "/externalSecrets/database/name"),
        ({"database": {"credentials": "", "url": ""}}, "/externalSecrets/database/credentials"),
    ],
)
def test_external_secrets_need_their_sources(
    schema: Schema, change: dict[str, Any], path: str
) -> None:
    place = {"credentials": "rds!db-1", "host": "db.example.com", "name": "rag"}
    values = {"enabled": True, "redisUrl": "ragops/redis-url", "database": place}
    assert schema.refusals({"externalSecrets": values}) == []
    values |= change | ({"database": place | change["database"]} if "database" in change else {})
    assert any(path in one for one in schema.refusals({"externalSecrets": values}))


CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0b7c"
PROVIDER = {
    "provider": "oidc",
    "oidc": {
        "issuer": "https://id.example.com",
        "authorizationEndpoint": "https://id.example.com/a",
        "tokenEndpoint": "https://id.example.com/t",
        "userInfoEndpoint": "https://id.example.com/u",
        "secretName": "client",
    },
}
PUBLIC = {"enabled": True, "host": "rag.example.com", "scheme": "internet-facing"}
ALB = "alb.ingress.kubernetes.io/"


@pytest.mark.parametrize(
    "ingress",
    [
        {"enabled": True, "host": "rag.example.com"},
        {**PUBLIC, "certificateArn": CERTIFICATE, "inboundCidrs": ["203.0.113.0/24"]},
        {**PUBLIC, "certificateArn": CERTIFICATE, "signIn": PROVIDER},
        {"enabled": True, "host": "a.example", "certificateArn": CERTIFICATE, "signIn": PROVIDER},
    ],
)
def test_who_may_come_is_said_in_one_of_three_ways(schema: Schema, ingress: dict[str, Any]) -> None:
    assert schema.refusals({"ingress": ingress}) == []


@pytest.mark.parametrize(
    "ingress",
    [
        {"enabled": True},
        PUBLIC,
        {**PUBLIC, "certificateArn": CERTIFICATE},
        {**PUBLIC, "inboundCidrs": ["203.0.113.0/24"]},
        {**PUBLIC, "certificateArn": CERTIFICATE, "inboundCidrs": ["0.0.0.0/0"]},
        {**PUBLIC, "certificateArn": CERTIFICATE, "inboundCidrs": ["0.0.0.0/1", "128.0.0.0/1"]},
        {**PUBLIC, "certificateArn": CERTIFICATE, "inboundCidrs": ["203.0.113.0/24", "::/0"]},
        {**PUBLIC, "certificateArn": CERTIFICATE, "signIn": {**PROVIDER, "oidc": {}}},
        {**PUBLIC, "certificateArn": CERTIFICATE, "signIn": {"provider": "cognito"}},
        {"enabled": True, "host": "rag.example.com", "signIn": PROVIDER},
        *(
            {"enabled": True, "host": "rag.example.com", "annotations": {ALB + key: "x"}}
            for key in (
                "scheme", "inbound-cidrs", "security-groups", "listen-ports", "auth-type",
                "load-balancer-attributes", "ssl-policy", "certificate-arn",
            )
        ),
        {
            "enabled": True, "host": "rag.example.com",
            "loadBalancerAttributes": {"routing.http.drop_invalid_header_fields.enabled": "false"},
        },
    ],
)  # fmt: skip
def test_nothing_else_gets_to_the_internet(schema: Schema, ingress: dict[str, Any]) -> None:
    assert any(one.startswith("/ingress") for one in schema.refusals({"ingress": ingress}))


def test_helm_reads_these_rules_too(render: Render) -> None:
    outcome = render.attempt({"ingress": {**PUBLIC, "certificateArn": CERTIFICATE}})
    assert outcome.returncode != 0
    assert "/ingress" in outcome.stderr
