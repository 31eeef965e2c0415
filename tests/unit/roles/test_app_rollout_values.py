"""Role app_rollout: what it tells the chart of the platform, and that the chart takes it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from cryptography import x509
from support.ansible_runs import run_playbook
from support.checkout import ROOT
from support.emulator import Aws

CHART = ROOT / "app/chart"
ROLE = ROOT / "roles/app_rollout"
SECRETS_ROLE = "arn:aws:iam::123456789012:role/ragops-dev-workload-secrets"
MASTER = "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-0a1b-AbCdEf"
IMAGE = {"repository": "registry.example.com/a", "digest": "sha256:" + "1" * 64, "tag": "x"}
PLATFORM = {
    "account_id": "123456789012",
    "resources": {
        "network": {
            "public_subnet_cidrs": ["10.20.192.0/24", "10.20.193.0/24"],
            "private_subnet_cidrs": ["10.20.0.0/20", "10.20.16.0/20"],
        },
        "rds": {"master_secret_arn": MASTER, "endpoint": "db.example.com", "port": 5432,
                "db_name": "rag"},
        "secrets": {"milvus_token": "arn:milvus", "openai_api_key": None,
                    "database_url": "arn:url", "database_app_login": "arn:login",
                    "milvus_app_login": "arn:login", "redis_url": None,
                    "api_key": "arn:key", "api_key_previous": "arn:before"},
        "s3": {"documents": "ragops-dev-documents-123456789012"},
        "iam": {"roles": {"workload_secrets": SECRETS_ROLE, "workload_backend": ""}},
    },
}  # fmt: skip
NOTHING = {
    "account_id": "123456789012",
    "resources": {
        "network": {"public_subnet_cidrs": [], "private_subnet_cidrs": []},
        "rds": dict.fromkeys(("master_secret_arn", "endpoint", "port", "db_name")),
        "secrets": dict.fromkeys(
            (
                "milvus_token",
                "milvus_app_login",
                "openai_api_key",
                "database_url",
                "database_app_login",
                "api_key",
                "api_key_previous",
            )
        ),
        "s3": {"documents": None},
        "iam": {"roles": {}},
    },
}
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0b7c"
SIGN_IN = {
    "provider": "oidc",
    "issuer": "https://id.example.com",
    "authorization_endpoint": "https://id.example.com/authorize",
    "token_endpoint": "https://id.example.com/token",
    "user_info_endpoint": "https://id.example.com/userinfo",
    "client_secret": "sign-in",
}
OIDC = {
    "issuer": "https://id.example.com",
    "client_id": "rag",
    "client_secret": "oidc-client",
    "pages_url": "https://rag.example.com",
    "role_claim": "cognito:groups",
    "roles": {"rag-admins": "admin"},
    "session": 3600,
}
GIVEN: dict[str, Any] = {
    "platform_name": "ragops-dev",
    "platform_environment": "dev",
    "platform_region": "us-east-1",
    "platform_namespace": "rag",
    "platform_workload_identity": "irsa",
    "app_rollout_chart": str(CHART),
    "app_rollout_database_ca": str(ROLE / "files/rds-authorities.pem"),
    "__app_rollout_platform": PLATFORM,
    "__app_rollout_images": {"backend": IMAGE, "frontend": IMAGE},
    "__app_rollout_external": {"skipped": True},
    "__app_rollout_secret": {"result": {"metadata": {"resourceVersion": "7"}}, "changed": False},
    "__app_rollout_new_namespace": False,
}
CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "prod": {"platform_environment": "prod", "platform_workload_identity": "pod_identity",
             "network_interface_endpoints": ["sts"]},
    "external": {"app_rollout_external_secrets": True, "app_rollout_secrets_revision": "two",
                 "cluster_addons_load_balancer_controller": True,
                 "app_rollout_host": "rag.example.com", "rds_sslmode": "verify-full"},
    "controller only": {"cluster_addons_load_balancer_controller": True,
                        "network_interface_endpoints": ["sts"]},
    "internet": {"app_rollout_ingress": True, "app_rollout_host": "rag.example.com",
                 "app_rollout_scheme": "internet-facing", "app_rollout_inbound_cidrs": [],
                 "app_rollout_certificate_arn": CERTIFICATE, "app_rollout_sign_in": SIGN_IN,
                 "app_rollout_load_balancer_protection": True},
    "requested": {"app_rollout_ingress": True, "app_rollout_host": "rag.example.com",
                  "app_rollout_scheme": "internet-facing", "app_rollout_sign_in": SIGN_IN,
                  "app_rollout_hosted_zone": "example.com",
                  "__app_rollout_certificate": {"certificate": {"arn": CERTIFICATE}}},
    "to be requested": {"app_rollout_ingress": True, "app_rollout_host": "rag.example.com",
                        "app_rollout_hosted_zone": "example.com",
                        "__app_rollout_certificate": {
                            "certificate": {"arn": "(known after creation)"}}},
    "external again": {
        "app_rollout_external_secrets": True,
        "__app_rollout_external": {
            "resources": [{"metadata": {"annotations": {"ragops.platform/revision": "one"}}}]
        },
    },
    "internal": {"app_rollout_ingress": True, "app_rollout_scheme": "internet-facing",
                 "app_rollout_host": "rag.example.com",
                 "app_rollout_values": {"ingress": {"scheme": "internal"}}},
    "elsewhere": {
        "app_rollout_milvus_uri": "https://milvus.example.com",
        "app_rollout_values": {"networkPolicy": {"milvus": {"cidrs": ["10.9.0.0/16"]},
                                                 "postgres": {"cidrs": ["10.9.0.1/32"]}}},
    },
    "keys": {"app_rollout_external_secrets": True},
    "none": {"app_rollout_auth": "none", "app_rollout_external_secrets": True},
    "oidc": {"app_rollout_auth": "oidc", "app_rollout_external_secrets": True,
             "app_rollout_oidc": OIDC},
    "reports": {"app_rollout_external_secrets": True, "__app_rollout_platform": {
        **PLATFORM, "resources": {**PLATFORM["resources"], "secrets": {
            **PLATFORM["resources"]["secrets"], "sentry_dsn": "arn:dsn",
            "embedding_api_key": "arn:embed", "otlp_headers": "arn:headers"}}}},
    "rehearsal": {"platform_environment": "rehearsal"},
    "empty account": {"__app_rollout_platform": NOTHING, "app_rollout_external_secrets": True},
}  # fmt: skip


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What each case gives, by the task of the role itself, in one run of Ansible."""
    folder = tmp_path_factory.mktemp("values")
    tasks = yaml.safe_load((ROLE / "tasks/rollout.yml").read_text())
    [work] = [one for one in tasks if one["name"] == "rollout | Work out the values"]
    (folder / "templates").symlink_to(ROLE / "templates")
    plays = [
        {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars_files": [str(ROLE / "defaults/main.yml"), str(ROLE / "vars/main.yml")],
            "tasks": [
                {**work, "vars": {**GIVEN, **case}},
                {
                    "ansible.builtin.copy": {
                        "content": "{{ __result | to_json }}",
                        "dest": str(folder / f"{name}.json"),
                    },
                    "vars": {
                        **GIVEN,
                        **case,
                        "__result": {
                            "values": "{{ __app_rollout_values }}",
                            "labels": "{{ __app_rollout_namespace_labels }}",
                        },
                    },
                },
            ],
        }
        for name, case in CASES.items()
    ]
    (folder / "play.yml").write_text(yaml.safe_dump(plays))
    ran = run_playbook(ROOT, str(folder / "play.yml"), environment={})
    assert ran.returncode == 0, ran.output
    return {name: json.loads((folder / f"{name}.json").read_text()) for name in CASES}


def merged(below: Any, above: Any) -> Any:
    if not (isinstance(below, dict) and isinstance(above, dict)):
        return above
    return {**below, **{key: merged(below.get(key), value) for key, value in above.items()}}


@pytest.mark.parametrize("case", CASES)
def test_the_chart_takes_the_values(values: dict[str, dict[str, Any]], case: str) -> None:
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(merged(defaults, values[case]["values"]))


def test_the_policies_know_the_platforms_networks(values: dict[str, dict[str, Any]]) -> None:
    network = PLATFORM["resources"]["network"]
    policy = values["plain"]["values"]["networkPolicy"]
    assert policy["loadBalancer"]["cidrs"] == network["private_subnet_cidrs"]
    public = values["internet"]["values"]["networkPolicy"]["loadBalancer"]["cidrs"]
    assert public == network["public_subnet_cidrs"]
    assert policy["postgres"] == {"cidrs": network["private_subnet_cidrs"], "port": 5432}
    assert policy["redis"]["cidrs"] == network["private_subnet_cidrs"]
    assert policy["milvus"] == {
        "namespace": "milvus",
        "podLabels": {"app.kubernetes.io/instance": "milvus"},
        "port": 19530,
    }
    assert policy["podIdentityAgent"] is False
    assert values["prod"]["values"]["networkPolicy"]["podIdentityAgent"] is True
    # STS's endpoint is asked with IRSA only; else the API server is there, and other pods.
    endpoint = values["controller only"]["values"]["networkPolicy"]["aws"]
    assert endpoint == {"cidrs": network["private_subnet_cidrs"]}
    assert "aws" not in values["prod"]["values"]["networkPolicy"]
    assert "aws" not in policy
    internal = values["internal"]["values"]["networkPolicy"]["loadBalancer"]["cidrs"]
    assert internal == network["private_subnet_cidrs"]


def test_addresses_elsewhere_are_added(values: dict[str, dict[str, Any]]) -> None:
    policy = values["elsewhere"]["values"]["networkPolicy"]
    assert policy["milvus"]["namespace"] == ""
    assert policy["milvus"]["cidrs"] == ["10.9.0.0/16"]
    assert policy["postgres"]["cidrs"] == ["10.20.0.0/20", "10.20.16.0/20", "10.9.0.1/32"]


def test_secrets_come_one_way_or_the_other(values: dict[str, dict[str, Any]]) -> None:
    plain, external = values["plain"]["values"], values["external"]["values"]
    assert (plain["existingSecret"], plain["existingSecretRevision"]) == ("rag-backend", "7")
    assert plain["existingOwnerSecret"] == "rag-owner"
    assert "externalSecrets" not in plain
    assert "existingSecret" not in external
    assert external["externalSecrets"] == {
        "enabled": True,
        "revision": "two",
        "roleArn": SECRETS_ROLE,
        "database": {"credentials": "ragops-dev/database-app-login", "ownerCredentials": MASTER,
                     "host": "db.example.com", "port": 5432, "name": "rag",
                     "sslmode": "verify-full"},
        "redisUrl": "ragops-dev/redis-url",
        "milvusLogin": "ragops-dev/milvus-app-login",
        "apiKey": "ragops-dev/api-key",
        "apiKeyPrevious": "ragops-dev/api-key-previous",
    }  # fmt: skip
    assert values["external again"]["values"]["externalSecrets"]["revision"] == "one"


def test_api_keys_are_asked_for_unless_nobody_shall_be(
    values: dict[str, dict[str, Any]],
) -> None:
    assert values["plain"]["values"]["auth"] == {"mode": "keys"}
    keys, none = values["keys"]["values"], values["none"]["values"]
    assert keys["externalSecrets"]["apiKey"] == "ragops-dev/api-key"
    assert keys["externalSecrets"]["apiKeyPrevious"] == "ragops-dev/api-key-previous"
    assert none["auth"] == {"mode": "none"}
    assert not {"apiKey", "apiKeyPrevious"} & none["externalSecrets"].keys()


def test_people_sign_in_where_an_issuer_is_given(values: dict[str, dict[str, Any]]) -> None:
    oidc = values["oidc"]["values"]
    assert oidc["auth"] == {
        "mode": "oidc",
        "oidc": {
            "issuer": "https://id.example.com",
            "clientId": "rag",
            "pagesUrl": "https://rag.example.com",
            "roleClaim": "cognito:groups",
            "roles": {"rag-admins": "admin"},
            "sessionSeconds": 3600,
        },
    }
    assert oidc["externalSecrets"]["oidcClientSecret"] == "ragops-dev/oidc-client"
    assert oidc["externalSecrets"]["apiKey"] == "ragops-dev/api-key"
    assert "oidcClientSecret" not in values["keys"]["values"]["externalSecrets"]


def test_reports_of_errors_tell_where_they_are_from(values: dict[str, dict[str, Any]]) -> None:
    assert values["plain"]["values"]["observability"] == {"environment": "dev"}
    assert values["prod"]["values"]["observability"] == {"environment": "prod"}
    sources = values["reports"]["values"]["externalSecrets"]
    assert sources["sentryDsn"] == "ragops-dev/sentry-dsn"
    assert sources["embeddingApiKey"] == "ragops-dev/embedding-api-key"
    assert sources["otlpHeaders"] == "ragops-dev/otlp-headers"
    assert (
        not {"sentryDsn", "rerankApiKey"} & values["external"]["values"]["externalSecrets"].keys()
    )


def test_the_backend_is_not_root_of_the_platforms_milvus(aws: Aws, tmp_path: Path) -> None:
    manager = aws.client("secretsmanager")
    login = json.dumps({"username": "ragops_app_1", "password": "of-the-app"})
    for name, text in (("milvus-token", "of-root"), ("milvus-app-login", login),
                       ("database-url", "postgresql://a"), ("api-key", "new"),
                       ("api-key-previous", "old")):  # fmt: skip
        manager.create_secret(Name=f"ragops-dev/{name}", SecretString=text)
    found = PLATFORM["resources"]
    before = {**found, "secrets": {**found["secrets"], "milvus_app_login": None}}
    cases: dict[str, dict[str, Any]] = {
        "own": {},
        "elsewhere": {"milvus_enabled": "false"},
        # A plan of a platform whose backend is root still: the Secret will change.
        "before": {"__app_rollout_platform": {**PLATFORM, "resources": before}},
    }
    files = [str(ROLE / "defaults/main.yml"), str(ROLE / "vars/main.yml")]
    plays = [
        {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars_files": files,
         "vars": {**GIVEN, **inputs},
         "tasks": [{"ansible.builtin.copy": {
             "content": "{{ __app_rollout_backend_data | to_json }}",
             "dest": str(tmp_path / name)}}]}
        for name, inputs in cases.items()
    ]  # fmt: skip
    (tmp_path / "play.yml").write_text(yaml.safe_dump(plays))
    ran = run_playbook(ROOT, str(tmp_path / "play.yml"), environment=aws.environment)
    assert ran.returncode == 0, ran.output
    made = {name: json.loads((tmp_path / name).read_text())["MILVUS_TOKEN"] for name in cases}
    assert {name: base64.b64decode(text).decode() for name, text in made.items()} == {
        "own": "ragops_app_1:of-the-app",
        "elsewhere": "root:of-root",
        "before": "(known after creation)",
    }


def test_the_database_is_known_by_the_authorities_of_its_region(
    values: dict[str, dict[str, Any]],
) -> None:
    pem = values["plain"]["values"]["postgres"]["ca"]
    found = x509.load_pem_x509_certificates(pem.encode())
    names = {one.subject.rfc4514_string().split("CN=")[1].split(",")[0] for one in found}
    assert names == {f"Amazon RDS us-east-1 Root CA {kind} G1"
                     for kind in ("ECC384", "RSA2048", "RSA4096")}  # fmt: skip


def test_the_environments_file_is_below(values: dict[str, dict[str, Any]]) -> None:
    for environment, pods in (("plain", 1), ("prod", 3)):
        assert values[environment]["values"]["backend"]["autoscaling"]["minReplicas"] == pods
    assert "autoscaling" not in values["rehearsal"]["values"]["backend"]
    assert values["prod"]["values"]["backend"]["image"] == IMAGE


def test_the_namespace_asks_for_readiness_gates_with_the_ingress(
    values: dict[str, dict[str, Any]],
) -> None:
    label = "elbv2.k8s.aws/pod-readiness-gate-inject"
    assert values["external"]["labels"][label] == "enabled"
    assert values["external"]["values"]["ingress"]["enabled"] is True
    assert values["plain"]["labels"][label] == "disabled"
    assert values["plain"]["values"]["ingress"]["enabled"] is False


def test_nobody_is_let_in_who_was_not_named(values: dict[str, dict[str, Any]]) -> None:
    assert values["controller only"]["values"]["ingress"]["enabled"] is False
    inside = values["external"]["values"]["ingress"]
    assert (inside["scheme"], inside["host"]) == ("internal", "rag.example.com")
    logs = "ragops-dev-access-logs-123456789012"
    assert inside["accessLogs"] == {"bucket": logs}
    requested = [values[case]["values"]["ingress"] for case in ("requested", "to be requested")]
    assert requested[0]["certificateArn"] == CERTIFICATE
    assert requested[1]["certificateArn"].endswith(":000000000000:certificate/to-be-requested")
    outside = values["internet"]["values"]["ingress"]
    assert (outside["scheme"], outside["certificateArn"]) == ("internet-facing", CERTIFICATE)
    assert outside["signIn"]["oidc"] == {
        "issuer": "https://id.example.com",
        "authorizationEndpoint": "https://id.example.com/authorize",
        "tokenEndpoint": "https://id.example.com/token",
        "userInfoEndpoint": "https://id.example.com/userinfo",
        "secretName": "rag-sign-in",
    }
    assert outside["deletionProtection"] is True
