"""Role app_rollout says why it takes nothing back and promotes nothing; and records what runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._release.chart import checksum
from support import kube_api
from support.ansible_runs import local_play, run_playbook
from support.checkout import ROOT
from support.emulator import Aws
from support.kube_api import Kube

NAMESPACE = "/api/v1/namespaces/default"
IMAGE = {"repository": "here", "digest": "sha256:1", "tag": "1a"}
RECORD = {"revision": 1, "checksum": "a", "images": {}, "verified_at": "then", "verified_by": "me"}
VERIFIED = {
    **{**RECORD, "images": {"backend": IMAGE, "frontend": IMAGE}},
    "chart_checksum": checksum(str(ROOT / "app/chart")),
}
AFTER = {
    **{"revision": 2, "changed": True},
    "release": {
        **{"chart": "rag-0.1.0", "chart_version": "0.1.0", "app_version": "1", "checksum": "b"},
        "values": {"backend": {"image": IMAGE}},
    },
}
FACTS: dict[str, Any] = {
    **{"platform_project": "ragops", "platform_environment": "prod"},
    **{"platform_name": "ragops-prod", "platform_namespace": "default"},
    "platform_region": "us-east-1",
    "__app_rollout_failure": "It is not up.",
    "__app_rollout_after": AFTER,
    "__app_rollout_kept_by_helm": {"resources": []},
    "__app_rollout_recorded": {"resources": []},
}
THERE = {"environment": "staging", "kubeconfig": "{{ platform_kubeconfig }}"}
# By name: a file of the role's tasks, and its inputs. A rollback reads what there is: it is last.
TRIED: dict[str, tuple[str, dict[str, Any]]] = {
    "nothing to go back to": ("goback", {}),
    "not asked for": ("goback", {"app_rollout_rollback": "false"}),
    "from elsewhere": (
        "promote",
        {"app_rollout_source": {"environment": "dev"}, "app_rollout_sources": ["staging"]},
    ),
    "never verified there": ("promote", {"app_rollout_source": THERE}),
    "no repositories": (
        "promote",
        {"app_rollout_source": THERE, "app_rollout_release": "verified"},
    ),
    "no release": ("rollback", {"app_rollout_release": "another"}),
    "no such revision": ("rollback", {"app_rollout_revision": 9}),
    "never verified": ("rollback", {"app_rollout_revision": 2}),
}


@pytest.fixture(scope="module")
def kube(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kube]:
    """Two releases: the second revision of one was not verified, the only one of the other was."""
    with kube_api.serving(tmp_path_factory.mktemp("kubernetes")) as served:
        for release, revision in (("rag", "1"), ("rag", "2"), ("verified", "1")):
            labels = {"owner": "helm", "name": release, "version": revision, "status": "deployed"}
            meta = {"name": f"sh.helm.release.v1.{release}.v{revision}", "labels": labels}
            served.make(f"{NAMESPACE}/secrets", {"metadata": meta})
        for release, record in (("rag", RECORD), ("verified", VERIFIED)):
            kept = {"metadata": {"name": f"{release}-releases"}, "data": {"1": json.dumps(record)}}
            served.make(f"{NAMESPACE}/configmaps", kept)
        yield served


@pytest.fixture(scope="module")
def said(kube: Kube, emulator: Aws, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each refusal says, and what is recorded; in one run of Ansible."""
    folder = tmp_path_factory.mktemp("said")
    tasks = [
        {
            "block": [include(file) | {"vars": given}],
            "rescue": [keep("{{ ansible_failed_result['msg'] | to_json }}", folder / name)],
        }
        for name, (file, given) in TRIED.items()
    ]
    recorded = [include("records"), keep("{{ __texts | to_json }}", folder / "recorded")]
    role = ROOT / "roles/app_rollout"
    book = local_play(
        folder,
        vars={
            **FACTS,
            "platform_kubeconfig": str(kube.kubeconfig),
            "__kube_access_kubeconfig": str(kube.kubeconfig),
            "__texts": "{{ __app_rollout_records"
            " | ragops.platform.record_texts(__app_rollout_running) }}",
        },
        vars_files=[str(role / "defaults/main.yml"), str(role / "vars/main.yml")],
        tasks=[*tasks, *recorded],
    )
    ran = run_playbook(ROOT, book, environment=emulator.environment)
    assert ran.returncode == 0, ran.output
    names = [*TRIED, "recorded"]
    return {name: json.loads((folder / name).read_text()) for name in names}


def include(file: str) -> dict[str, Any]:
    return {
        "ansible.builtin.include_role": {"name": "ragops.platform.app_rollout", "tasks_from": file}
    }


def keep(content: str, file: Path) -> dict[str, Any]:
    return {"ansible.builtin.copy": {"content": content, "dest": str(file)}}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "no release",
            "Release another in default does not exist, so there is nothing to roll back."
            " Nothing was changed.",
        ),
        (
            "no such revision",
            "Release rag in default has no revision 9; there are: 1, 2, verified are: 1."
            " Nothing was changed.",
        ),
        (
            "never verified",
            "Release rag in default: revision 2 was never verified; verified are: 1."
            " To roll back to it anyway: -e app_rollout_unverified=true. Nothing was changed.",
        ),
        (
            "nothing to go back to",
            "It is not up.\nNo revision of rag in default was ever verified, so there is none to"
            " roll back to. Remove the cause and run this again.",
        ),
        (
            "not asked for",
            "It is not up.\nThe release was not rolled back (app_rollout_rollback is false), so"
            " the failed revision is still deployed. Remove the cause and run this again.",
        ),
        (
            "from elsewhere",
            "prod may be promoted from staging (app_rollout_sources), not from dev."
            " Nothing was changed.",
        ),
        (
            "never verified there",
            "Revision 2 of rag of environment staging, which is running, was never verified. Run"
            " site.yml there. Nothing was changed.",
        ),
        (
            "no repositories",
            "ECR has no repository of ragops-prod for backend, frontend: run the playbook with"
            " --limit ecr first. Nothing was changed.",
        ),
    ],
)
def test_a_refusal_says_why_and_that_nothing_was_changed(
    said: dict[str, Any], name: str, text: str
) -> None:
    assert said[name] == text


def test_what_runs_is_recorded_beside_what_was_verified(said: dict[str, Any]) -> None:
    kept = {number: json.loads(text) for number, text in said["recorded"].items()}
    assert kept["1"] == RECORD
    assert kept["2"] == {
        **{"release": "rag", "namespace": "default", "environment": "prod", "revision": 2},
        **{"chart": "rag-0.1.0", "chart_version": "0.1.0", "chart_checksum": ""},
        **{"app_version": "1", "checksum": "b", "version": "1a"},
        **{"images": {"backend": {**IMAGE, "version": ""}}, "verified_at": "", "verified_by": ""},
    }
