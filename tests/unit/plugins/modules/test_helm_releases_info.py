"""What there is of Helm's releases, and whose they are: read from the Secrets that Helm keeps."""

from __future__ import annotations

from typing import Any

from support.helm_secrets import secret
from support.kube_server import Api, serving
from support.module_process import run_module

OWNER = "ragops.platform/platform"


def look(*secrets: dict[str, Any]) -> dict[str, Any]:
    """What the module tells of release `rag` in namespace `rag`."""
    api = Api(lists={"secrets": list(secrets)}, answers={"/api/v1/namespaces/rag": {}})
    with serving(api) as kubeconfig:
        options = {"kubeconfig": kubeconfig, "owner": "rag-dev", "releases": ["rag/rag"]}
        return run_module("helm_releases_info", options)


def test_a_release_that_is_not_there_is_left_out() -> None:
    assert look()["releases"] == {}


def test_the_newest_revision_is_told_with_the_last_whole_one() -> None:
    ours = {OWNER: "rag-dev"}
    told = look(
        secret("rag", "deployed", number=1, labels=ours),
        secret("rag", "failed", number=2, labels=ours),
    )
    assert told["foreign"] == {}
    known = {key: told["releases"]["rag/rag"][key] for key in ("revision", "deployed", "status")}
    assert known == {"revision": 2, "deployed": 1, "status": "failed"}


def test_somebody_elses_is_told_with_what_to_do() -> None:
    told = look(secret("rag", "deployed", number=1, labels={OWNER: "rag-prod"}))
    assert told["releases"]["rag/rag"]["status"] == "deployed"
    assert f"{OWNER}=rag-prod" in told["foreign"]["rag/rag"]
