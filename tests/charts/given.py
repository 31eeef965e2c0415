"""What the roles would give to Helm for each official chart, by their own variables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.checkout import ROOT
from support.cluster_addons import play, releases
from support.emulator import Aws

MILVUS = ROOT / "roles/milvus"


@dataclass(frozen=True)
class Given:
    """An installation of a chart."""

    release: str
    namespace: str
    values: dict[str, Any]


def installations(aws: Aws, folder: Path) -> dict[str, list[Given]]:
    """Installations by chart."""
    found: dict[str, list[Given]] = {}
    for autoscaler in ("cluster_autoscaler", "karpenter"):
        place = folder / autoscaler
        place.mkdir()
        for name, each in releases(aws, place, cluster_addons_autoscaler=autoscaler).items():
            given = Given(each["release"], each["namespace"], each["values"])
            found.setdefault(name, [given])
    nodes = {"min": 2, "max": 4, "cpu": "1", "cpu_limit": "2", "memory": "4Gi"}
    nodes |= {"cpu_percent": 70, "memory_percent": 80}
    milvus: dict[str, dict[str, Any]] = {
        "standalone": {},
        "cluster": {
            "milvus_image_mirror": "mirror.example",
            "milvus_query_nodes": nodes,
            "milvus_node_selector": {"ragops.platform/workload": "milvus"},
            "milvus_tolerations": [{"key": "ragops.platform/workload", "operator": "Exists"}],
        },
    }
    found["milvus"] = [
        Given("milvus", "milvus", milvus_values(aws, folder, mode, **inputs))
        for mode, inputs in milvus.items()
    ]
    return found


def milvus_values(aws: Aws, folder: Path, mode: str, **inputs: Any) -> dict[str, Any]:
    """The values of role milvus in a mode."""
    files = [ROOT / "group_vars/all.yml", MILVUS / "defaults/main.yml"]
    files += sorted((MILVUS / "vars/main").iterdir())
    expression = (
        "{{ __milvus_common | combine(__milvus_modes[milvus_mode], recursive=true) | to_json }}"
    )
    tasks = {
        "vars_files": [str(file) for file in files],
        "tasks": [
            {
                "name": "Write the values",
                "ansible.builtin.copy": {"content": expression, "dest": f"{folder}/milvus.json"},
            }
        ],
    }
    roles = {"workload_milvus": "arn:aws:iam::000000000000:role/ragops-dev-workload-milvus"}
    known = {
        "__milvus_platform": {"resources": {"iam": {"roles": roles}}},
        "__milvus_bucket": "ragops-dev-embeddings-000000000000",
        "milvus_mode": mode,
    }
    ran = play(aws, folder, tasks, **known, **inputs)
    assert ran.returncode == 0, ran.output
    found: dict[str, Any] = json.loads((folder / "milvus.json").read_text())
    return found
