"""helm_release in a real cluster: what it plans is what it does, and what drifts is seen."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import kubectl
from support.checkout import ROOT
from support.module_process import examples, play, run_module

Dict = dict[str, Any]
CHART = ROOT / "tests/rollout/web"
SPACE = "helm-release"
HERE = ("--namespace", SPACE)
WEB = "deployment helm-release/web"
IMAGE = "spec.template.spec.containers[web].image"


def release(check: bool = False, fails: bool = False, **options: Any) -> Dict:
    given: Dict = {"name": "web", "namespace": SPACE}
    if "revision" not in options:
        given |= {"chart": str(CHART)}
    return run_module("helm_release", {**given, **options}, check=check, fails=fails)


def changes(result: Dict) -> dict[str, set[str]]:
    """The resources that change, with the fields that differ; empty for one that comes or goes."""
    before, after = result["diff"]["before"], result["diff"]["after"]
    both = set(before) & set(after)
    return {
        name: set(after[name]) | set(before[name]) if name in both else set()
        for name in {**before, **after}
    }


@pytest.fixture(autouse=True)
def namespace() -> Iterator[None]:
    kubectl("create", "namespace", SPACE)
    yield
    kubectl("delete", "namespace", SPACE)


def test_a_release_from_nothing_to_rolled_back() -> None:
    planned = release(check=True)
    assert planned["changed"]
    assert planned["revision"] == 0
    assert "secret" in str(planned["objects"])
    assert (
        kubectl("get", "all,configmap", *HERE, "--selector=app.kubernetes.io/managed-by=Helm") == ""
    )
    done = release()
    assert done["diff"] == planned["diff"]
    assert (done["revision"], done["status"]) == (1, "deployed")
    assert done["release"]["app_version"] == "1.2.3"
    assert "first-password" not in json.dumps(done["diff"])

    again = release()
    assert not again["changed"]
    assert again["revision"] == 1
    assert again["release"]["checksum"] == done["release"]["checksum"]

    values = {"greeting": "good day", "password": "second-password", "extra": True}
    planned = release(check=True, values=values)
    assert changes(planned) == {
        WEB: {"spec.template.spec.containers[web].env[GREETING].value"},
        "configmap helm-release/web": {"data.greeting"},
        "configmap helm-release/web-extra": set(),
        "secret helm-release/web-credentials": {"data.password"},
        "helm release helm-release/web": {
            *("revision", "status", "values.greeting", "values.password", "values.extra")
        },
    }
    assert "second-password" not in json.dumps(
        planned["diff"]["after"]["secret helm-release/web-credentials"]
    )
    assert release(values=values)["diff"] == planned["diff"]
    assert not release(values=values)["changed"]

    planned = release(check=True, revision=1)
    back = release(revision=1)
    assert back["diff"] == planned["diff"]
    assert changes(back)["configmap helm-release/web-extra"] == set()
    assert back["revision"] == 3
    assert not release(revision=1)["changed"]
    assert not release()["changed"]


PORT = '[{"op": "replace", "path": "/spec/ports/0/port", "value": 9000}]'
DRIFTS = {
    "image": (["set", "image", "deployment/web", "web=other.invalid/x:1"], WEB, {IMAGE}),
    "variable": (
        ["set", "env", "deployment/web", "DEBUG=1"],
        WEB,
        {
            "spec.template.spec.containers[web].env[DEBUG].name",
            "spec.template.spec.containers[web].env[DEBUG].value",
        },
    ),
    "replicas": (["scale", "deployment/web", "--replicas=2"], WEB, {"spec.replicas"}),
    "port of the Service": (
        ["patch", "service/web", "--type=json", f"--patch={PORT}"],
        "service helm-release/web",
        {"spec.ports[http].port"},
    ),
    "selector of the Service": (
        ["set", "selector", "service/web", "app=other"],
        "service helm-release/web",
        {"spec.selector.app"},
    ),
    "key of the ConfigMap": (
        ["patch", "configmap/web", '--patch={"data": {"added": "x"}}'],
        "configmap helm-release/web",
        {"data.added"},
    ),
    "Service that is gone": (["delete", "service/web"], "service helm-release/web", set()),
}


def test_what_was_changed_by_hand_is_seen_and_put_right() -> None:
    release()
    for name, (command, resource, names) in DRIFTS.items():
        kubectl(*command, *HERE)
        planned = release(check=True)
        found = changes(planned)
        assert set(found) == {resource, "helm release helm-release/web"}, name
        assert found[resource] == names or "gone" in name, name
        done = release()
        assert done["diff"]["before"].get(resource) == planned["diff"]["before"].get(resource), name
        left = release(check=True)
        assert not left["changed"], (name, left["diff"])
    kubectl("rollout", "restart", "deployment/web", *HERE)
    kubectl("label", "deployment/web", "team=blue", *HERE)
    assert not release(check=True)["changed"], "neither is drift"


def test_what_the_api_refuses_is_said_before_anything_changes() -> None:
    release()
    refused = release(values={"greeting": "bye", "port": 70000}, fails=True)
    assert "service helm-release/web would be refused, nothing was changed" in refused["msg"]
    assert "70000" in refused["msg"]
    assert "hello" in kubectl("get", "configmap/web", *HERE, "--output=jsonpath={.data}")
    assert "has no revision 9; there are: 1" in release(revision=9, fails=True)["msg"]
    wrong = release(chart="/no/such/chart", fails=True)
    assert "helm upgrade web in helm-release" in wrong["msg"]


def test_a_plan_needs_no_namespace() -> None:
    planned = release(check=True, namespace="not-there")
    assert planned["changed"]
    assert "deployment not-there/web" in planned["objects"]


def test_a_release_that_another_run_holds_is_named_with_the_remedy() -> None:
    release()
    held = json.loads(kubectl("get", "secret/sh.helm.release.v1.web.v1", *HERE, "--output=json"))
    packed = base64.b64decode(base64.b64decode(held["data"]["release"]))
    content = json.loads(gzip.decompress(packed))
    content["info"]["status"] = "pending-upgrade"
    again = gzip.compress(json.dumps(content).encode())
    held["data"]["release"] = base64.b64encode(base64.b64encode(again)).decode()
    held["metadata"]["labels"]["status"] = "pending-upgrade"
    kubectl("replace", "-f", "-", given=held)
    message = release(check=True, fails=True)["msg"]
    assert "is pending-upgrade since" in message
    assert "helm -n helm-release uninstall web" in message


def test_examples_run(tmp_path: Path) -> None:
    kubectl("create", "namespace", "shop")
    try:
        (tmp_path / "charts").mkdir()
        (tmp_path / "charts/web").symlink_to(CHART)
        results = play(examples("helm_release"), tmp_path)
        # The second one goes back to what runs already, the third one takes it away.
        assert [(result["revision"], result["changed"]) for result in results] == [
            (1, True),
            (1, False),
            (0, True),
        ]
    finally:
        kubectl("delete", "namespace", "shop", "--wait=false")
