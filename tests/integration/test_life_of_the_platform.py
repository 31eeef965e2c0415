"""The platform's whole life in the rehearsal, in order: rolled out, used, destroyed.

Each test goes on where the one before it stopped, as a user would: run with -x.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import REHEARSAL, ROOT, Before, inside, listening_ports, playbook, processes, run

DOCUMENT = ROOT / "docs/architecture.md"
QUESTION = "Which tags does every resource carry?"


pytestmark = pytest.mark.usefixtures("world")


def open_service(name: str, port: int) -> subprocess.Popen[bytes]:
    """Relay a service of the cluster to a loopback port, and wait until it answers."""
    relay = subprocess.Popen([REHEARSAL, "open", name, "--port", str(port)], cwd=ROOT)
    for _ in range(150):
        try:
            httpx.get(f"http://127.0.0.1:{port}/", timeout=2)
            return relay
        except httpx.TransportError:
            assert relay.poll() is None, f"rehearsal open {name} ended by itself"
            time.sleep(0.2)
    relay.terminate()
    raise AssertionError(f"rehearsal open {name}: no answer on port {port}")


def platform_key() -> str:
    """The platform's own API key, as an operator reads it."""
    script = (
        "import boto3; print(boto3.client('secretsmanager')"
        ".get_secret_value(SecretId='ragops-rehearsal/api-key')['SecretString'])"
    )
    return inside(".venv/bin/python", "-c", script).output.splitlines()[-1]


def ask(client: httpx.Client, question: str) -> dict[str, Any]:
    response = client.post("/v1/ask", json={"question": question})
    response.raise_for_status()
    answer: dict[str, Any] = response.json()
    print(json.dumps(answer, indent=2))
    return answer


Rows = dict[tuple[str, str], tuple[str, list[str]]]


def rows(file: Path) -> Rows:
    """Action and fields by component and resource. Ids are known only after creation."""
    return {
        (row["component"], row["resource"]): (row["action"], row["fields"])
        for row in json.loads(file.read_text())
    }


def test_an_empty_world_has_a_plan(reports: Path) -> None:
    outcome = playbook("playbooks/plan.yml", "-e", f"plan_file={reports}/plan.json")
    assert outcome.returncode == 0
    assert {action for action, _ in rows(reports / "plan.json").values()} == {"create"}


def test_the_first_run_rolls_out_what_was_planned(reports: Path) -> None:
    # A run hides these tasks' results, and here they are compared with the plan.
    hidden = ("secrets", "rds", "elasticache", "milvus", "app_rollout")
    shown = {f"{role}_no_log": False for role in hidden}
    outcome = playbook(
        "site.yml", "-e", json.dumps({**shown, "changes_file": f"{reports}/changes.json"})
    )
    assert outcome.returncode == 0
    assert outcome.recap
    planned, done = rows(reports / "plan.json"), rows(reports / "changes.json")
    # What an empty account has not, and an empty world has: see docs/rehearsal.md.
    there = {
        ("cluster_addons", "storageclass gp3"),
        ("images", "image backend"),
        ("images", "image frontend"),
    }
    assert {key: row for key, row in planned.items() if key in done or key not in there} == {
        key: row for key, row in done.items() if key not in of_releases(planned, done)
    }


def of_releases(planned: Rows, done: Rows) -> set[tuple[str, str]]:
    """The objects of Helm releases: without a cluster a plan has their release only."""
    releases = {component for component, name in planned if name.startswith("helm release ")}
    own = ("namespace ", "secret ", "helm release ")
    return {
        (component, name)
        for component, name in done.keys() - planned.keys()
        if component in releases and not name.startswith(own)
    }


def test_the_second_run_changes_nothing() -> None:
    outcome = playbook("site.yml")
    assert outcome.returncode == 0
    assert outcome.recap
    assert outcome.changed == {}


def test_the_plan_of_a_platform_that_runs_is_empty(reports: Path) -> None:
    outcome = playbook("playbooks/plan.yml", "-e", f"plan_file={reports}/plan.json")
    assert outcome.returncode == 0
    assert rows(reports / "plan.json") == {}


def test_the_cluster_runs_what_was_built() -> None:
    outcome = inside("kubectl", "get", "nodes,pods,deploy,hpa", "-A", "-o", "wide")
    assert outcome.returncode == 0
    nodes = json.loads(inside("kubectl", "get", "nodes", "-o", "json").output)["items"]
    zones = {node["metadata"]["labels"]["topology.kubernetes.io/zone"] for node in nodes}
    assert len(nodes) == len(zones) == 3
    pods = json.loads(inside("kubectl", "get", "pods", "-n", "rag", "-o", "json").output)["items"]
    images = {
        container["image"].split("/", 1)[1].split("@")[0]: container["image"].split("@")[1]
        for pod in pods
        for container in pod["spec"]["containers"]
    }
    print("images:", images)
    assert set(images) == {"ragops-rehearsal/backend", "ragops-rehearsal/frontend"}
    assert all(digest.startswith("sha256:") for digest in images.values())


@pytest.mark.parametrize("name", ["backend", "frontend"])
def test_an_image_says_what_it_is_and_holds_no_compiler(name: str) -> None:
    pod = ("--namespace", "rag", f"deployment/rag-{name}")
    field = "{.spec.template.spec.containers[0].image}"
    image = inside("kubectl", "get", *pod, "-o", f"jsonpath={field}").output.strip()
    layers = json.loads(inside("crane", "manifest", image).output)["layers"]
    print(f"{name}: {sum(layer['size'] for layer in layers) / 2**20:.0f} MiB compressed")
    config = json.loads(inside("crane", "config", image).output)["config"]
    assert config["User"] == "10001:10001"
    labels = config["Labels"]
    assert labels["org.opencontainers.image.version"] == source_version(name)
    assert labels["org.opencontainers.image.licenses"] == "MIT"
    tools = inside("kubectl", "exec", *pod, "--", "sh", "-c", "command -v cc gcc c++ make git go")
    assert "/" not in tools.output.replace("deployment/", "")


def source_version(name: str) -> str:
    """The version that an image's source gives itself."""
    if name == "backend":
        project = tomllib.loads((ROOT / "app/backend/pyproject.toml").read_text())["project"]
        return str(project["version"])
    return str(json.loads((ROOT / "app/frontend/package.json").read_text())["version"])


def test_a_question_is_answered_from_the_document_or_refused() -> None:
    key = {"Authorization": f"Bearer {platform_key()}"}
    relay = open_service("backend", 28501)
    try:
        with httpx.Client(base_url="http://127.0.0.1:28501", timeout=60) as client:
            assert client.post("/v1/ask", json={"question": QUESTION}).status_code == 401
            client.headers.update(key)
            upload = client.post(
                "/v1/documents",
                files={"file": (DOCUMENT.name, DOCUMENT.read_bytes(), "text/markdown")},
                headers={"Prefer": "wait=50"},
            )
            assert upload.status_code == 201, upload.text
            document = upload.json()["id"]
            answer = ask(client, QUESTION)
            assert answer["refused"] is False
            assert answer["citations"][0]["document_id"] == document
            assert "ManagedBy" in answer["answer"] + answer["citations"][0]["excerpt"]
            refusal = ask(client, "How long should a soft-boiled egg cook at high altitude?")
            assert refusal["refused"] is True
            assert refusal["citations"] == []
    finally:
        relay.terminate()
        relay.wait(timeout=10)


def test_the_page_shows_the_answer_with_its_sources(tmp_path: Path) -> None:
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is needed for this test: apt-get install chromium"
    relay = open_service("frontend", 28502)
    screenshot = tmp_path / "answer.png"
    try:
        outcome = run(
            "node",
            str(ROOT / "app/frontend/scripts/e2e.mjs"),
            "http://127.0.0.1:28502",
            "--document",
            str(DOCUMENT),
            "--question",
            QUESTION,
            "--screenshot",
            str(screenshot),
            timeout=120,
        )
    finally:
        relay.terminate()
        relay.wait(timeout=10)
    assert outcome.returncode == 0
    assert screenshot.read_bytes().startswith(b"\x89PNG")
    print(f"screenshot: {screenshot}")


def test_destroy_wants_the_environment_by_name() -> None:
    for arguments in ((), ("-e", "confirm=prod")):
        outcome = playbook("destroy.yml", *arguments)
        assert outcome.returncode != 0
        assert "confirm=rehearsal" in outcome.output
        assert outcome.changed == {}


def test_destroy_removes_everything() -> None:
    outcome = playbook("destroy.yml", "-e", "confirm=rehearsal")
    assert outcome.returncode == 0
    assert outcome.changed
    info = inside(
        ".venv/bin/ansible",
        "localhost",
        "-m",
        "ragops.platform.platform_info",
        "-a",
        "project=ragops environment=rehearsal region=us-east-1",
        env={
            "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        },
    )
    assert info.returncode == 0
    found = json.loads(info.output.split("=>", 1)[1])
    assert found["exists"] is False


def test_a_second_destroy_changes_nothing() -> None:
    outcome = playbook("destroy.yml", "-e", "confirm=rehearsal")
    assert outcome.returncode == 0
    assert outcome.changed == {}


def test_down_leaves_nothing_behind(world: Before) -> None:
    while_up = processes(world.namespace)
    assert len(while_up) > 20, "the count of the world's processes is wrong"
    assert listening_ports(while_up) == set(), "the world listens outside of its namespace"
    assert run(REHEARSAL, "down").returncode == 0
    left = {
        pid: command
        for pid, command in processes(world.namespace).items()
        if pid not in world.processes
    }
    print(f"The world's processes: {len(while_up)} while up, {len(left)} after down")
    assert left == {}
    assert not (ROOT / ".rehearsal").exists() or not list((ROOT / ".rehearsal").iterdir())
