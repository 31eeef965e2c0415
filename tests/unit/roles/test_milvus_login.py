"""What role milvus gives its modules, on a real Milvus: the alias moves, the login is rotated."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from pymilvus import MilvusClient
from support.ansible_runs import run_playbook
from support.checkout import ROOT
from support.milvus_servers import milvus_server
from support.module_process import run_module

ROLE = ROOT / "roles/milvus"
BEFORE = {"username": "ragops_app_1", "password": "b" * 40}
AFTER = {"username": "ragops_app_2", "password": "c" * 40}
HAD: dict[str, Any] = {
    "__milvus_token": "root:Milvus",
    "__milvus_platform": {"resources": {"secrets": {"milvus_app_login": "arn:login"}}},
}
MOVED = {"milvus_collection": "documents_v2", "__milvus_application_login": AFTER}
RUNS: dict[str, dict[str, Any]] = {
    "first": {"__milvus_application_login": BEFORE},
    "moved and rotated": MOVED,
    "forgotten": {**MOVED, "milvus_forget_logins": True},
    "another model": {
        **MOVED,
        "milvus_forget_logins": True,
        "milvus_next_collection": "documents_v3",
        "milvus_next_collection_dimension": 768,
    },
}
TASKS = [
    (module.removeprefix("ragops.platform."), task[module], task.get("when", "true"))
    for task in yaml.safe_load((ROLE / "tasks/collection.yml").read_text())
    for module in task
    if module.startswith("ragops.platform.milvus_")
]


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The options of the role's own tasks, in their order, of each run; none of a skipped one."""
    folder = tmp_path_factory.mktemp("options")
    files = [ROLE / "defaults/main.yml", *sorted((ROLE / "vars/main").iterdir())]
    reached = ("kubernetes", "ca")  # the server here is one of this machine, and plain
    texts = [
        {
            "wanted": f"{{{{ {when} }}}}",
            "options": {key: text for key, text in own.items() if key not in reached},
        }
        for _, own, when in TASKS
    ]
    play = [
        {
            "hosts": "localhost",
            "connection": "local",
            "gather_facts": False,
            "vars_files": [str(file) for file in files],
            "tasks": [
                {
                    # Above the defaults, which are vars_files here.
                    "vars": {**HAD, **inputs, "__options": texts},
                    "ansible.builtin.copy": {
                        "content": "{{ __options | to_json }}",
                        "dest": str(folder / name),
                    },
                }
                for name, inputs in RUNS.items()
            ],
        }
    ]
    (folder / "play.yml").write_text(yaml.safe_dump(play))
    ran = run_playbook(ROOT, str(folder / "play.yml"), environment={})
    assert ran.returncode == 0, ran.output
    return {
        name: [
            task["options"] if task["wanted"] else {}
            for task in json.loads((folder / name).read_text())
        ]
        for name in RUNS
    }


def test_a_login_lasts_until_it_is_forgotten(options: dict[str, list[dict[str, Any]]]) -> None:
    found: dict[str, list[dict[str, Any]]] = {}
    with milvus_server("milvus", authorization=True) as uri:
        for name in RUNS:
            found[name] = [
                run_module(module, {**own, "uri": uri})
                for (module, _, _), own in zip(TASKS, options[name], strict=True)
                if own
            ]
            user = RUNS[name]["__milvus_application_login"]
            token = f"{user['username']}:{user['password']}"
            client = MilvusClient(uri=uri, token=token, timeout=10)
            assert client.search("documents", data=[[0.1] * 384], limit=1) == [[]]
            client.close()
        root = MilvusClient(uri=uri, token=HAD["__milvus_token"], timeout=10)
        made = root.describe_collection("documents_v3")
        assert 768 in [each["params"].get("dim") for each in made["fields"]]
        assert root.describe_alias("documents")["collection_name"] == "documents_v2"
        root.close()
    changed = {name: [bool(one["changed"]) for one in each] for name, each in found.items()}
    assert changed == {
        "first": [True, True, False],
        "moved and rotated": [True, True, True],
        "forgotten": [False, False, True],
        # The application may work with the new collection, which is made; the alias stays.
        "another model": [True, True, False, False],
    }
    # While the alias moved both collections were reached.
    login, _, narrowed = found["moved and rotated"]
    reached = "\n".join(login["role"]["privileges"])
    assert "default.documents_v1" in reached
    assert "default.documents_v2" in reached
    assert "documents_v1" not in str(narrowed["role"]["privileges"])
    assert narrowed["other_users"] == [BEFORE["username"]]
    assert found["forgotten"][2]["role"]["user"]["name"] == AFTER["username"]
    assert found["forgotten"][2]["other_users"] == []
