"""Secrets of the application's chart: out of Secrets Manager, by the External Secrets Operator."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from support.charts import Render

ROLE = "arn:aws:iam::123456789012:role/ragops-dev-workload-secrets"
MASTER = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-0a1b-AbCdEf"
SOURCES: dict[str, Any] = {
    "enabled": True,
    "roleArn": ROLE,
    "database": {
        "credentials": "ragops-dev/database-app-login",
        "ownerCredentials": MASTER,
        "host": "db.example.com",
        "name": "rag",
    },
    "redisUrl": "ragops-dev/redis-url",
    "milvusLogin": "ragops-dev/milvus-app-login",
    "openaiApiKey": "ragops-dev/openai-api-key",
    "apiKey": "ragops-dev/api-key",
}


def filled(render: Render, folder: Path, template: str, values: dict[str, str]) -> str:
    """What the operator makes of a template: Helm has the same engine and functions."""
    chart = folder / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("{apiVersion: v2, name: filled, version: 0.0.1}")
    body = "{{ with .Values }}" + template + "{{ end }}"
    (chart / "templates/one.yaml").write_text("text: |-\n  " + body)
    (chart / "values.yaml").write_text(yaml.safe_dump(values))
    done = subprocess.run(
        [render.chart.helm, "template", "one", str(chart)],
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    return str(yaml.safe_load(done.stdout)["text"])


def test_the_operator_reads_in_the_name_of_an_own_service_account(render: Render) -> None:
    objects = render({"externalSecrets": SOURCES})
    account = objects.get("ServiceAccount", "rag-secrets")
    assert account["metadata"]["annotations"] == {"eks.amazonaws.com/role-arn": ROLE}
    assert account["automountServiceAccountToken"] is False
    store = objects.get("SecretStore", "rag-secrets")
    assert store["apiVersion"] == "external-secrets.io/v1"
    assert store["spec"]["provider"]["aws"] == {
        "service": "SecretsManager",
        "region": "us-east-1",
        "auth": {"jwt": {"serviceAccountRef": {"name": "rag-secrets"}}},
    }
    accounts = [objects.pod(one)["spec"]["serviceAccountName"]
                for one in ("rag-backend", "rag-frontend")]  # fmt: skip
    assert "rag-secrets" not in accounts


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("45s", "45s"),
        ("08m30s", "8m30s"),
        ("90s", "1m30s"),
        ("1m0s", "1m0s"),
        ("90m", "1h30m0s"),
        ("0s", "0s"),
    ],
)
def test_the_interval_is_as_the_operator_writes_it_back(
    render: Render, asked: str, written: str
) -> None:
    objects = render({"externalSecrets": {**SOURCES, "refreshInterval": asked}})
    assert objects.get("ExternalSecret", "rag-secrets")["spec"]["refreshInterval"] == written


def test_the_backend_mounts_what_the_operator_makes(render: Render) -> None:
    objects = render({"externalSecrets": SOURCES})
    external = objects.get("ExternalSecret", "rag-secrets")
    spec = external["spec"]
    assert external["apiVersion"] == "external-secrets.io/v1"
    assert spec["refreshInterval"] == "1m0s"
    assert spec["secretStoreRef"] == {"kind": "SecretStore", "name": "rag-secrets"}
    volumes = {one["name"]: one for one in objects.pod("rag-backend")["spec"]["volumes"]}
    assert volumes["secrets"]["secret"]["secretName"] == spec["target"]["name"]
    read = {one["secretKey"]: one["remoteRef"] for one in spec["data"]}
    assert read == {
        "username": {"key": "ragops-dev/database-app-login", "property": "username"},
        "password": {"key": "ragops-dev/database-app-login", "property": "password"},
        "redis": {"key": "ragops-dev/redis-url"},
        "milvus_username": {"key": "ragops-dev/milvus-app-login", "property": "username"},
        "milvus_password": {"key": "ragops-dev/milvus-app-login", "property": "password"},
        "openai_api_key": {"key": "ragops-dev/openai-api-key"},
        "api_key": {"key": "ragops-dev/api-key"},
    }
    assert set(spec["target"]["template"]["data"]) == {
        "DATABASE_URL", "REDIS_URL", "MILVUS_TOKEN", "OPENAI_API_KEY", "API_KEY",
    }  # fmt: skip
    assert "Secret" not in objects.kinds()


def test_both_api_keys_come_during_a_rotation(render: Render) -> None:
    sources = {**SOURCES, "apiKeyPrevious": "ragops-dev/api-key-previous"}
    spec = render({"externalSecrets": sources}).get("ExternalSecret", "rag-secrets")["spec"]
    made = spec["target"]["template"]["data"]
    assert (made["API_KEY"], made["API_KEY_PREVIOUS"]) == (
        "{{ .api_key }}", "{{ .api_key_previous }}",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "variable"),
    [
        ("embeddingApiKey", "EMBEDDING_API_KEY"),
        ("rerankApiKey", "RERANK_API_KEY"),
        ("oidcClientSecret", "OIDC_CLIENT_SECRET"),
        ("sentryDsn", "SENTRY_DSN"),
        ("otlpHeaders", "OTEL_EXPORTER_OTLP_HEADERS"),
    ],
)
def test_what_is_not_needed_comes_where_it_is_named(
    render: Render, value: str, variable: str
) -> None:
    sources = {**SOURCES, value: "ragops-dev/one"}
    spec = render({"externalSecrets": sources}).get("ExternalSecret", "rag-secrets")["spec"]
    assert spec["target"]["template"]["data"][variable] == f"{{{{ .{variable.lower()} }}}}"
    assert {"secretKey": variable.lower(), "remoteRef": {"key": "ragops-dev/one"}} in spec["data"]
    without = render({"externalSecrets": SOURCES}).get("ExternalSecret", "rag-secrets")["spec"]
    assert variable not in without["target"]["template"]["data"]


def test_a_release_that_asks_for_keys_has_one(render: Render) -> None:
    without = {**SOURCES, "apiKey": ""}
    with pytest.raises(AssertionError, match=r"externalSecrets\.apiKey"):
        render({"externalSecrets": without})
    open_to_all = render({"externalSecrets": without, "auth": {"mode": "none"}})
    spec = open_to_all.get("ExternalSecret", "rag-secrets")["spec"]
    assert "API_KEY" not in spec["target"]["template"]["data"]


def test_the_migration_alone_has_the_owners_login(render: Render, tmp_path: Path) -> None:
    objects = render({"externalSecrets": SOURCES})
    spec = objects.get("ExternalSecret", "rag-owner")["spec"]
    assert spec["target"]["name"] == "rag-owner"
    read = {one["secretKey"]: one["remoteRef"]["key"] for one in spec["data"]}
    app = "ragops-dev/database-app-login"
    assert read == {
        "username": app, "password": app, "owner_username": MASTER, "owner_password": MASTER,
    }  # fmt: skip
    values = {"username": "app", "password": "a/b", "owner_username": "own", "owner_password": "c@"}
    templates = spec["target"]["template"]["data"]
    made = {key: filled(render, tmp_path / key, text, values) for key, text in templates.items()}
    assert made["DATABASE_URL"].startswith("postgresql://own:c%40@db.example.com:5432/rag?")
    assert made["APPLICATION_DATABASE_URL"].startswith("postgresql://app:a%2Fb@db.example.com")
    pod = objects.pod("rag-backend")["spec"]
    [migration], [backend] = pod["initContainers"], pod["containers"]
    assert "owner" in {one["name"] for one in migration["volumeMounts"]}
    assert "secrets" not in {one["name"] for one in migration["volumeMounts"]}
    assert "owner" not in {one["name"] for one in backend["volumeMounts"]}
    [volume] = [one for one in pod["volumes"] if one["name"] == "owner"]
    assert volume["secret"]["secretName"] == "rag-owner"


@pytest.mark.parametrize("password", ["plain", "a b+c%d/e@f:g?h#i&j=k", "pässwörd~'\\$"])
def test_the_url_survives_every_password(render: Render, tmp_path: Path, password: str) -> None:
    spec = render({"externalSecrets": SOURCES}).get("ExternalSecret", "rag-secrets")["spec"]
    template = spec["target"]["template"]["data"]["DATABASE_URL"]
    url = filled(render, tmp_path, template, {"username": "rag ops", "password": password})
    parts = urlsplit(url)
    assert (unquote(parts.username or ""), unquote(parts.password or "")) == ("rag ops", password)
    assert url.endswith("@db.example.com:5432/rag?sslmode=require")


@pytest.mark.parametrize(("token", "result"), [("only", "root:only"), ("me:mine", "me:mine")])
def test_a_token_without_a_name_is_roots(
    render: Render, tmp_path: Path, token: str, result: str
) -> None:
    sources = {**SOURCES, "milvusLogin": "", "milvusToken": "ragops-dev/milvus-token"}
    spec = render({"externalSecrets": sources}).get("ExternalSecret", "rag-secrets")["spec"]
    template = spec["target"]["template"]["data"]["MILVUS_TOKEN"]
    assert filled(render, tmp_path, template, {"milvus": token}) == result


def test_with_a_login_the_backend_gets_no_token_of_root(render: Render, tmp_path: Path) -> None:
    sources = {**SOURCES, "milvusToken": "ragops-dev/milvus-token"}
    spec = render({"externalSecrets": sources}).get("ExternalSecret", "rag-secrets")["spec"]
    assert "ragops-dev/milvus-token" not in str(spec)
    template = spec["target"]["template"]["data"]["MILVUS_TOKEN"]
    login = {"milvus_username": "app", "milvus_password": "secret"}
    assert filled(render, tmp_path, template, login) == "app:secret"


def test_the_url_may_be_one_secret_and_the_rest_is_optional(render: Render) -> None:
    values = {"enabled": True, "redisUrl": "r", "database": {"url": "ragops-dev/database-url"}}
    objects = render({"externalSecrets": values, "auth": {"mode": "none"}})
    spec = objects.get("ExternalSecret", "rag-secrets")["spec"]
    assert {one["secretKey"]: one["remoteRef"] for one in spec["data"]} == {
        "database": {"key": "ragops-dev/database-url"},
        "redis": {"key": "r"},
    }
    assert spec["target"]["template"]["data"] == {
        "DATABASE_URL": "{{ .database }}",
        "REDIS_URL": "{{ .redis }}",
    }
    # Without a role it is the operator's own identity that reads.
    provider = objects.get("SecretStore", "rag-secrets")["spec"]["provider"]["aws"]
    assert "auth" not in provider
    assert "annotations" not in objects.get("ServiceAccount", "rag-secrets")["metadata"]


def test_a_new_revision_is_read_at_once_and_restarts_the_backend(render: Render) -> None:
    before = render({"externalSecrets": SOURCES})
    after = render({"externalSecrets": {**SOURCES, "revision": "2026-11-23"}})
    metadata = after.get("ExternalSecret", "rag-secrets")["metadata"]
    assert metadata["annotations"] == {"ragops.platform/revision": "2026-11-23"}
    assert before.pod("rag-backend") != after.pod("rag-backend")
    assert before.pod("rag-frontend") == after.pod("rag-frontend")


def test_a_store_that_is_there_is_used(render: Render) -> None:
    store = {"kind": "ClusterSecretStore", "name": "company"}
    objects = render({"externalSecrets": {**SOURCES, "store": store}})
    assert objects.get("ExternalSecret", "rag-secrets")["spec"]["secretStoreRef"] == store
    assert "SecretStore" not in objects.kinds()
    names = [one["metadata"]["name"] for one in objects if one["kind"] == "ServiceAccount"]
    assert names == ["rag-backend", "rag-frontend"]
