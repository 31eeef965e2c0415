"""Releases in a cluster, ours and others', by a real API server without nodes and real helm."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.basic import AnsibleModule
from support import kube_api
from support.ansible_runs import Ran, local_play, run_playbook
from support.charts import helm_program
from support.checkout import ROOT
from support.emulator import Aws
from support.kube_api import Kube
from support.module_process import run_module

pytestmark = pytest.mark.slow

MERGE = {"Content-Type": "application/merge-patch+json"}
OPENING = {"metadata": {"name": "hours"}, "apiVersion": "v1", "kind": "ConfigMap"}
HOURS = "/api/v1/namespaces/shop/configmaps/hours"


@pytest.fixture(scope="module")
def kube(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kube]:
    """The API of a cluster in which volumes can be made."""
    with kube_api.serving(tmp_path_factory.mktemp("kubernetes")) as served:
        kube_api.add_volume_driver(served)
        yield served


def write_chart(folder: Path) -> Path:
    """A chart of one ConfigMap."""
    chart = folder / "shop"
    (chart / "templates").mkdir(parents=True)
    described = {"apiVersion": "v2", "name": "shop", "version": "1.0.0"}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(described))
    text = yaml.safe_dump({**OPENING, "data": {"open": "WHEN"}})
    (chart / "templates/hours.yaml").write_text(text.replace("WHEN", "{{ .Values.open }}"))
    return chart


def run(
    aws: Aws, kube: Kube, folder: Path, *flags: str, refused: bool = False, **inputs: Any
) -> Ran:
    book = local_play(
        folder,
        vars_files=[str(ROOT / "group_vars/all.yml")],
        roles=["ragops.platform.cluster_addons"],
    )
    given = {
        "platform_environment": "dev",
        "platform_kubeconfig": str(kube.kubeconfig),
        "cluster_addons_metrics_required": False,
        "cluster_addons_namespaces": [{"name": "shop"}],
        **inputs,
    }
    path = f"{Path(helm_program()).parent}:{os.environ['PATH']}"
    ran = run_playbook(
        ROOT,
        *(book, "-e", json.dumps(given), "--diff", *flags),
        environment={**aws.environment, "PATH": path},
    )
    assert (ran.returncode != 0) == refused, ran.output
    return ran


def helm(kube: Kube, *arguments: str) -> str:
    """Run helm as somebody else does."""
    argv = [helm_program(), *arguments, f"--kubeconfig={kube.kubeconfig}"]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout


def test_a_release_is_installed_changed_and_put_right(aws: Aws, kube: Kube, tmp_path: Path) -> None:
    release = {"name": "hours", "namespace": "shop", "chart": str(write_chart(tmp_path))}

    def changed(*flags: str, when: str) -> int:
        releases = [{**release, "values": {"open": when}}]
        ran = run(aws, kube, tmp_path, *flags, cluster_addons_releases=releases)
        return ran.recap["localhost"]["changed"]

    assert changed(when="at nine") > 0
    assert kube.get(HOURS)["data"] == {"open": "at nine"}
    assert changed(when="at nine") == 0
    by_hand = {"data": {"open": "never"}}
    kube.client.patch(HOURS, json=by_hand, headers=MERGE).raise_for_status()
    assert changed("--check", when="at nine") == 1
    assert kube.get(HOURS)["data"] == by_hand["data"]
    assert changed(when="at ten") == 1
    assert kube.get(HOURS)["data"] == {"open": "at ten"}


SYSTEM = "/api/v1/namespaces/kube-system"
OWNER = "ragops.platform/platform"


def test_somebody_elses_release_is_neither_changed_nor_removed(
    aws: Aws, kube: Kube, tmp_path: Path
) -> None:
    """It is of the same chart, in the namespace where each cluster has such: kube-system."""
    chart = str(write_chart(tmp_path))
    place = ("--namespace", "kube-system")
    helm(kube, "install", "metrics-server", chart, *place, "--set", "open=theirs")
    inputs = {
        "cluster_addons_metrics_server": True,
        "cluster_addons_metrics_server_chart": chart,
        # Nobody empties a namespace here when it is deleted.
        "cluster_addons_namespaces": [],
    }
    refused = " ".join(run(aws, kube, tmp_path, refused=True, **inputs).output.split())
    assert (
        f"metrics-server in kube-system belongs to somebody else: it lacks the label {OWNER}="
        in refused
    )
    removed = {"cluster_addons_remove": ["metrics_server"]}
    run(aws, kube, tmp_path, refused=True, **inputs, **removed)
    gone = run(aws, kube, tmp_path, **inputs, cluster_addons_state="absent")
    assert "metrics-server" not in gone.output.partition("PLAY RECAP")[0]
    assert kube.get(f"{SYSTEM}/configmaps/hours")["data"] == {"open": "theirs"}

    # As the message says: from then on it is the platform's.
    (label,) = [word for word in refused.split() if word.startswith(f"{OWNER}=")][-1:]
    path = f"{SYSTEM}/secrets/sh.helm.release.v1.metrics-server.v1"
    mine = {"metadata": {"labels": {OWNER: label.partition("=")[2]}}}
    kube.client.patch(path, json=mine, headers=MERGE).raise_for_status()
    run(aws, kube, tmp_path, **inputs, cluster_addons_state="absent")
    assert "metrics-server" not in helm(kube, "list", *place)


def test_a_release_from_nothing_back_and_away(
    kube: Kube, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Ansible shows a warning instead of returning it where it takes the process for its controller.
    warned: list[str] = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda _, text, **__: warned.append(text))
    chart = str(write_chart(tmp_path))
    place = {"kubeconfig": str(kube.kubeconfig), "name": "life", "namespace": "default"}
    path = {"PATH": f"{Path(helm_program()).parent}:{os.environ['PATH']}"}
    hours = "/api/v1/namespaces/default/configmaps/hours"

    def release(check: bool = False, fails: bool = False, **options: Any) -> dict[str, Any]:
        options = {**place, "owner": "rag-dev", **options}
        return run_module("helm_release", options, check=check, fails=fails, env=path)

    def state() -> tuple[int, str]:
        given = {"kubeconfig": place["kubeconfig"], "owner": "rag-dev"}
        found = run_module("helm_releases_info", {**given, "releases": ["default/life"]})
        assert found["foreign"] == {}
        there = found["releases"].get("default/life", {"revision": 0, "status": ""})
        return there["revision"], there["status"]

    assert release(check=True, chart=chart, values={"open": "at nine"})["changed"]
    for number, when in enumerate(("at nine", "at ten"), start=1):
        planned = release(check=True, chart=chart, values={"open": when})
        done = release(chart=chart, values={"open": when})
        assert done["diff"] == planned["diff"]
        assert done["revision"] == number
        assert not release(chart=chart, values={"open": when})["changed"]
    # What a server-side apply would stop at: another manager's field.
    by_hand = {"data": {"open": "never", "closed": "always"}}
    kube.client.patch(
        hours, json=by_hand, headers=MERGE, params={"fieldManager": "kubectl-edit"}
    ).raise_for_status()
    assert release(chart=chart, values={"open": "at ten"})["changed"]
    assert kube.get(hours)["data"] == {"open": "at ten"}
    # Helm 4 would apply by the server, where an upgrade by Helm 3 leaves two owners of a field.
    managed = kube.get(hours)["metadata"]["managedFields"]
    assert {entry["operation"] for entry in managed} == {"Update"}
    back = release(revision=1)
    assert (back["changed"], back["revision"]) == (True, 4)
    assert kube.get(hours)["data"] == {"open": "at nine"}
    assert state() == (4, "deployed")
    stays = release(owner="rag-prod", state="absent")
    assert not stays["changed"]
    assert f"has the label {OWNER}=rag-dev" in str(warned)
    assert (
        f"has the label {OWNER}=rag-dev"
        in release(owner="rag-prod", chart=chart, fails=True)["msg"]
    )
    assert release(check=True, state="absent")["changed"]
    assert state() == (4, "deployed")
    assert release(state="absent")["diff"]["before"] == {
        "helm release default/life": {"revision": 4, "status": "deployed"}
    }
    assert kube.client.get(hours).status_code == 404
    assert state() == (0, "")
    assert not release(state="absent")["changed"]
