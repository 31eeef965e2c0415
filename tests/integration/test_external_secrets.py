"""The platform's life with the External Secrets Operator, in order: `make external-secrets`.

Each test goes on where the one before it stopped: run with -x.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from conftest import REHEARSAL, ROOT, Outcome, inside, playbook, run

PLATFORM = "ragops-rehearsal"
DOCUMENT = "docs/architecture.md"
QUESTION = "Which tags does every resource carry?"
DEFINITIONS = 23
REFRESH_LIMIT = 90.0
"""Seconds: the chart's refreshInterval is a minute."""

pytestmark = pytest.mark.usefixtures("world")


def kubectl(*arguments: str) -> Any:
    """What kubectl gives as JSON."""
    outcome = inside("kubectl", *arguments, "-o", "json")
    assert outcome.returncode == 0
    return json.loads(outcome.output)


def quietly(*argv: str) -> str:
    """What a command inside prints, without showing it; its command line neither."""
    command = [REHEARSAL, "exec", "--", *argv]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout


def secret_value(name: str) -> str:
    """A current value in Secrets Manager; by its ARN or name."""
    script = (
        "import boto3, sys; sys.stdout.write(boto3.client('secretsmanager')"
        ".get_secret_value(SecretId=sys.argv[1])['SecretString'])"
    )
    return quietly(".venv/bin/python", "-c", script, name)


def secret() -> dict[str, Any]:
    """The Secret that the backend reads."""
    found: dict[str, Any] = json.loads(
        quietly("kubectl", "get", "secret", "rag-backend", "-n", "rag", "-o", "json")
    )
    return found


def made() -> dict[str, str]:
    """Its keys and values."""
    return {key: base64.b64decode(value).decode() for key, value in secret()["data"].items()}


def external() -> dict[str, Any]:
    found: dict[str, Any] = kubectl("get", "externalsecret", "rag-secrets", "-n", "rag")
    return found


def condition(found: dict[str, Any]) -> dict[str, Any]:
    """Its condition Ready; without one, an empty one."""
    every = found.get("status", {}).get("conditions", [])
    return next((each for each in every if each["type"] == "Ready"), {})


def assert_made_of_secrets_manager() -> None:
    values = made()
    assert values["REDIS_URL"] == secret_value(f"{PLATFORM}/redis-url")
    login = json.loads(secret_value(f"{PLATFORM}/database-app-login"))
    assert login["username"] == "ragops_app"
    assert f"{login['username']}:{quote(login['password'], safe='')}@" in values["DATABASE_URL"]


def seconds_of_phase(outcome: Outcome, name: str) -> float:
    """How long a phase of site.yml took, as it says itself."""
    found = re.search(rf"- {name}\s+([0-9.]+) s", outcome.output)
    assert found, f"site.yml does not say how long {name} took"
    return float(found[1])


def rows(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text())
    return found


def test_a_plan_of_an_empty_world_names_each_definition(reports: Path) -> None:
    outcome = playbook("playbooks/plan.yml", "-e", f"plan_file={reports}/plan.json")
    assert outcome.returncode == 0
    found = rows(reports / "plan.json")
    assert {row["action"] for row in found} == {"create"}
    named = {row["resource"] for row in found}
    assert len([name for name in named if "definition" in name]) == DEFINITIONS
    assert "customresourcedefinition externalsecrets.external-secrets.io" in named
    assert "helm release external-secrets/external-secrets" in named
    assert "secret rag/rag" not in named, "the operator makes another one"


def test_the_operator_makes_the_backends_secret(reports: Path) -> None:
    outcome = playbook("site.yml", "-e", f"changes_file={reports}/changes.json")
    assert outcome.returncode == 0
    print(f"= phase addons: {seconds_of_phase(outcome, 'addons'):.1f} s")
    named = {row["resource"] for row in rows(reports / "changes.json")}
    assert len({name for name in named if "definition" in name}) == DEFINITIONS
    found = external()
    assert condition(found)["status"] == "True", condition(found)
    owners = secret()["metadata"]["ownerReferences"]
    assert [(owner["kind"], owner["name"]) for owner in owners] == [
        ("ExternalSecret", "rag-secrets")
    ]
    assert_made_of_secrets_manager()


def test_the_application_answers() -> None:
    outcome = run(REHEARSAL, "ask", "--document", DOCUMENT, QUESTION)
    assert outcome.returncode == 0
    assert "[1] document" in outcome.output


def test_it_reads_as_a_role_that_may_read_nothing_else() -> None:
    script = (
        "import boto3; boto3.client('secretsmanager')"
        ".create_secret(Name='another/secret', SecretString='another')"
    )
    assert inside(".venv/bin/python", "-c", script).returncode == 0
    asked = {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": "another", "namespace": "rag"},
        "spec": {
            "secretStoreRef": {"kind": "SecretStore", "name": "rag-secrets"},
            "data": [{"secretKey": "it", "remoteRef": {"key": "another/secret"}}],
        },
    }
    file = ROOT / ".rehearsal/tmp/another.json"
    file.write_text(json.dumps(asked))
    try:
        assert inside("kubectl", "apply", "-f", str(file)).returncode == 0
        deadline = time.monotonic() + 60
        while not condition(found := kubectl("get", "externalsecret", "another", "-n", "rag")):
            assert time.monotonic() < deadline, found
            time.sleep(1)
        assert condition(found)["status"] == "False"
        events = inside("kubectl", "get", "events", "-n", "rag", "--field-selector",
                        "involvedObject.name=another")  # fmt: skip
        assert "AccessDenied" in events.output
        assert "workload-secrets" in events.output
    finally:
        inside("kubectl", "delete", "-f", str(file))


def test_the_second_run_changes_nothing() -> None:
    outcome = playbook("site.yml")
    assert outcome.returncode == 0
    assert outcome.recap
    assert outcome.changed == {}
    print(f"= phase addons: {seconds_of_phase(outcome, 'addons'):.1f} s")


def test_the_plan_of_a_platform_that_runs_is_empty(reports: Path) -> None:
    outcome = playbook("playbooks/plan.yml", "-e", f"plan_file={reports}/plan.json")
    assert outcome.returncode == 0
    assert rows(reports / "plan.json") == []


def test_a_plan_of_a_newer_chart_names_the_definition_that_differs(tmp_path: Path) -> None:
    chart = tmp_path / "chart"
    shutil.copytree(quietly("printenv", "REHEARSAL_EXTERNAL_SECRETS").strip(), chart)
    for name, old, new in (
        ("Chart.yaml", "version: 0.20.4", "version: 0.20.5"),
        ("crds/bundle.yaml", "description: ClusterExternalSecret is", "description: It is"),
    ):
        text = (chart / name).read_text()
        assert old in text
        (chart / name).write_text(text.replace(old, new, 1))
    inputs = {
        "plan_file": f"{tmp_path}/plan.json",
        "cluster_addons_external_secrets_chart": str(chart),
    }
    outcome = playbook("playbooks/plan.yml", "-e", json.dumps(inputs))
    assert outcome.returncode == 0
    assert {(row["resource"], row["action"]) for row in rows(tmp_path / "plan.json")} == {
        ("customresourcedefinition clusterexternalsecrets.external-secrets.io", "change"),
        ("helm release external-secrets/external-secrets", "change"),
    }


def test_a_value_that_was_changed_by_hand_arrives_within_a_refresh() -> None:
    name, script = f"{PLATFORM}/redis-url", "import boto3, sys; boto3.client('secretsmanager')"
    script += ".put_secret_value(SecretId=sys.argv[1], SecretString=sys.argv[2])"
    before = secret_value(name)
    for value in (f"{before}?health_check_interval=30", before):
        quietly(".venv/bin/python", "-c", script, name, value)
        began = time.monotonic()
        while made()["REDIS_URL"] != value:
            assert time.monotonic() - began < REFRESH_LIMIT
            time.sleep(2)
        print(f"= the value arrived after {time.monotonic() - began:.0f} s")


def test_what_is_rotated_arrives_in_the_secret() -> None:
    before = made()
    outcome = playbook("playbooks/rotate_secrets.yml")
    assert outcome.returncode == 0
    after = made()
    assert after["REDIS_URL"] != before["REDIS_URL"]
    assert_made_of_secrets_manager()
    answered = run(REHEARSAL, "ask", "--document", DOCUMENT, QUESTION)
    assert answered.returncode == 0


def test_destroy_leaves_nothing() -> None:
    outcome = playbook("destroy.yml", "-e", "confirm=rehearsal")
    assert outcome.returncode == 0
    left = {item["metadata"]["name"] for item in kubectl("get", "namespaces")["items"]}
    assert not left & {"rag", "external-secrets"}
    assert kubectl("get", "externalsecrets,secretstores", "-A")["items"] == []
    again = playbook("destroy.yml", "-e", "confirm=rehearsal")
    assert again.returncode == 0
    assert again.changed == {}
