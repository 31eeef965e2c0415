"""Role milvus on a real Milvus: the application's login, when the alias moves and in a rotation."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml
from running import ROOT, Aws, run_playbook

sys.path.append(str(ROOT / "tests/unit/plugins/modules"))
from milvus_servers import milvus_server
from pymilvus import MilvusClient

ROLE = ROOT / "roles/milvus"
FILES = [ROLE / "defaults/main.yml", *sorted((ROLE / "vars/main").iterdir())]
V2 = {"milvus_collection": "documents_v2"}
RUNS: dict[str, dict[str, Any]] = {
    "first": {},
    "moved and rotated": V2,
    "forgotten": {**V2, "milvus_forget_logins": True},
}
GIVEN: dict[str, Any] = {
    "platform_name": "ragops-dev",
    "platform_region": "us-east-1",
    "platform_namespace": "rag",
    "milvus_tls": False,
    "__kube_access_kubeconfig": "",
    "__milvus_platform": {"resources": {"secrets": {"milvus_app_login": "arn:login"}}},
}


def plays(uri: str, folder: Path) -> list[dict[str, Any]]:
    """The role's own tasks, on a server that is reached by its address; a result per run."""
    tasks = yaml.safe_load((ROLE / "tasks/collection.yml").read_text())
    for task in tasks:
        for name in ("milvus_role", "milvus_collection"):
            if module := task.get(f"ragops.platform.{name}"):
                del module["kubernetes"]
                module["uri"] = uri
    results = ["__milvus_login", "__milvus_made", "__milvus_narrowed"]
    kept = {
        "ansible.builtin.copy": {
            "content": "{{ [" + ", ".join(results) + "] | to_json }}",
            "dest": "{{ __dest }}",
        },
        "check_mode": False,
    }
    rotate = {
        "ragops.platform.secretsmanager_secrets": {
            "region": "us-east-1",
            "prefix": "ragops-dev/",
            "secrets": "{{ __login }}",
            "rotate": ["milvus-app-login"],
            "tags": {"Project": "ragops", "Environment": "dev"},
        }
    }
    return [
        {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "check_mode": name == "planned",
            "vars_files": [str(file) for file in FILES],
            "tasks": [
                {
                    # Above the defaults, which are vars_files here.
                    "vars": {
                        **GIVEN,
                        **inputs,
                        "__dest": str(folder / name),
                        "__login": secrets()[1:],
                    },
                    "block": [*([rotate] if name == "moved and rotated" else []), *tasks, kept],
                }
            ],
        }
        for name, inputs in RUNS.items()
    ]


def secrets() -> list[dict[str, Any]]:
    """What role secrets makes for Milvus."""
    made = yaml.safe_load((ROOT / "roles/secrets/vars/main.yml").read_text())
    return [one for one in made["__secrets_generated"] if one["name"].startswith("milvus-")]


def test_a_login_lasts_until_it_is_forgotten(aws: Aws, tmp_path: Path) -> None:
    manager = aws.client("secretsmanager")
    before = {"username": "ragops_app_before", "password": "b" * 40}
    tags = [{"Key": "Project", "Value": "ragops"}, {"Key": "Environment", "Value": "dev"},
            {"Key": "ManagedBy", "Value": "ragops.platform"}]  # fmt: skip
    for name, text in (("milvus-token", "Milvus"), ("milvus-app-login", json.dumps(before))):
        manager.create_secret(Name=f"ragops-dev/{name}", SecretString=text, Tags=tags)
    with milvus_server("milvus", authorization=True) as uri:
        (tmp_path / "play.yml").write_text(yaml.safe_dump(plays(uri, tmp_path)))
        ran = run_playbook(ROOT, str(tmp_path / "play.yml"), "--diff", environment=aws.environment)
        assert ran.returncode == 0, ran.output
        after = json.loads(
            manager.get_secret_value(SecretId="ragops-dev/milvus-app-login")["SecretString"]
        )
        client = MilvusClient(uri=uri, token=f"{after['username']}:{after['password']}", timeout=10)
        assert client.search("documents", data=[[0.1] * 384], limit=1) == [[]]
        client.close()
    found = {name: json.loads((tmp_path / name).read_text()) for name in RUNS}
    changed = {name: [bool(one["changed"]) for one in three] for name, three in found.items()}
    assert changed == {
        "first": [True, True, False],
        "moved and rotated": [True, True, True],
        "forgotten": [False, False, True],
    }
    # While the alias moved both collections were reached.
    login, _, narrowed = found["moved and rotated"]
    reached = "\n".join(login["role"]["privileges"])
    assert "default.documents_v1" in reached
    assert "default.documents_v2" in reached
    assert "documents_v1" not in str(narrowed["role"]["privileges"])
    assert narrowed["other_users"] == ["ragops_app_before"]
    assert found["forgotten"][2]["role"]["user"]["name"] == after["username"]
    assert found["forgotten"][2]["other_users"] == []
    assert not [text for text in (before["password"], after["password"]) if text in ran.output]
