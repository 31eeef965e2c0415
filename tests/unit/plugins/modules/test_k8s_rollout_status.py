"""k8s_rollout_status against objects of real failures, recorded by `make rollout`."""

from __future__ import annotations

import base64
import copy
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from support.checkout import ROOT
from support.kube_server import Api, serving
from support.module_process import examples, play, run_module

Dict = dict[str, Any]
RECORDS = sorted((ROOT / "tests/unit/plugins/module_utils/rollouts").glob("*.json"))
LISTS = {
    "replica_sets": "replicasets",
    "claims": "persistentvolumeclaims",
    "bindings": "targetgroupbindings",
}


def recorded(path: Path) -> tuple[Dict, Api]:
    """A record, and a server of its objects."""
    record = json.loads(path.read_text())
    lists = {LISTS.get(key, key): value for key, value in record.items() if type(value) is list}
    for item in lists.pop("workloads"):
        lists.setdefault(f"{item['kind'].lower()}s", []).append(item)
    return record, Api(lists)


def named(name: str) -> tuple[Dict, Api]:
    return recorded(next(path for path in RECORDS if path.stem == name))


def status(api: Api, fails: bool = True, **options: Any) -> Dict:
    """Run the module with no patience."""
    quick = {"timeout": 0, "grace": 0, "capacity_grace": 0, "stable_for": 0}
    with serving(api) as kubeconfig:
        given = {"namespace": "n", "kubeconfig": kubeconfig, **quick, **options}
        return run_module("k8s_rollout_status", given, fails=fails)


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_the_cause_of_a_real_failure_is_told(path: Path) -> None:
    record, api = recorded(path)
    found = status(api)
    causes = {cause["kind"]: cause for cause in found["causes"]}
    assert record["kind"] in causes, found["msg"]
    cause = causes[record["kind"]]
    # What a container answers itself is not among its objects.
    says = record["says"].split(".*postgres")[0]
    assert re.search(says, f"{cause['object']}: {cause['message']}")
    assert f"  {cause['kind']}: {cause['object']}: {cause['message']}" in found["msg"]
    assert not found["ready"]


def test_there_are_records() -> None:
    assert len(RECORDS) >= 12


def test_a_closed_gate_says_what_its_controller_says() -> None:
    """Whose target group is there may open; where none can be read, only silence is told."""
    _, api = named("target-group-is-gone")
    pod = api.lists["pods"][0]
    gate = pod["spec"]["readinessGates"][0]["conditionType"]
    api.lists["targetgroupbindings"] = [{"metadata": {"name": gate.split("/")[1]}}]
    told = status(api, timeout=1, capacity_grace=60)
    assert "no reason is reported" in told["causes"][0]["message"]
    assert not told["early"]
    api.answers["/apis/elbv2.k8s.aws/v1beta1/namespaces/n/targetgroupbindings"] = 404
    assert "no reason is reported" in status(api)["causes"][0]["message"]
    said = {"type": gate, "status": "False", "reason": "Target.FailedHealthChecks"}
    pod["status"]["conditions"].append(said)
    told = status(api, timeout=1)
    assert told["causes"][0]["message"] == "closed: Target.FailedHealthChecks"
    assert not told["early"]
    said["status"] = "True"
    assert status(api)["causes"] == []


@pytest.mark.parametrize(("begun", "told"), [("12:59", True), ("13:00", False), ("13:01", False)])
def test_a_mount_that_failed_is_over_when_an_image_is_pulled(begun: str, told: bool) -> None:
    """What was missing was made meanwhile; the event that it is missing stays."""
    _, api = named("configmap-of-a-volume-is-missing")
    (failed,) = (event for event in api.lists["events"] if event["reason"] == "FailedMount")
    failed["lastTimestamp"] = "2026-11-23T02:13:00Z"
    pulling = {"reason": "Pulling", "message": "", "lastTimestamp": f"2026-11-23T02:{begun}Z"}
    api.lists["events"].append({**failed, **pulling})
    kinds = {cause["kind"] for cause in status(api)["causes"]}
    assert ("config_missing" in kinds) is told


def test_the_end_of_a_long_refusal_is_read_and_told() -> None:
    """A registry says last what it lacks, behind the image's name: of ECR's 150 characters."""
    _, api = named("image-not-in-the-registry")
    pod = next(pod for pod in api.lists["pods"] if "waiting" in str(pod["status"]))
    container = pod["status"]["containerStatuses"][0]
    image = f"000000000000.dkr.ecr.us-east-1.amazonaws.com/ragops-prod/backend@sha256:{'0' * 64}"
    message = f'Back-off pulling image "{image}": failed to pull "{image}": {image}: {image}: '
    container["state"] = {
        "waiting": {"reason": "ImagePullBackOff", "message": f"{message}{image}: not found"}
    }
    api.lists["events"] = []
    found = status(api)
    assert found["early"]
    assert re.fullmatch(
        r"Back-off pulling image .* \.\.\. .*: not found", found["causes"][0]["message"]
    )


def crashed() -> tuple[Api, str, str]:
    """A container that crashed, its log, and the path of the Secret that it uses."""
    _, api = named("container-crashes")
    pod = api.lists["pods"][0]["metadata"]["name"]
    log = f"/api/v1/namespaces/n/pods/{pod}/log"
    return api, log, "/api/v1/namespaces/n/secrets/credentials"


def secret(**values: str) -> Dict:
    return {"data": {k: base64.b64encode(v.encode()).decode() for k, v in values.items()}}


def test_values_of_secrets_are_hidden_in_log_lines() -> None:
    """The whole value, its password alone, also quoted, and the leaves of JSON."""
    api, log, path = crashed()
    api.answers[path] = secret(
        URL="postgresql://rag:pa%2Fss-word@db:5432/rag", JSON='{"key": ["leaf-value"]}', N="1"
    )
    api.answers[log] = (
        "using postgresql://rag:pa%2Fss-word@db:5432/rag\n"
        "password pa/ss-word, pa%2Fss-word\n"
        "leaf-value after 1 try\n"
    )
    cause = status(api)["causes"][0]
    assert cause["log"] == [
        "using (hidden)",
        "password (hidden), (hidden)",
        "(hidden) after 1 try",
    ]


def test_no_log_is_shown_where_secrets_may_not_be_read() -> None:
    api, log, path = crashed()
    api.answers[path] = 403
    api.answers[log] = "password=hunter22"
    found = status(api)
    assert "hunter22" not in json.dumps(found)
    assert "may not read the Secrets" in found["causes"][0]["log"][0]


def test_a_log_that_is_gone_is_said_to_be() -> None:
    api, log, path = crashed()
    api.answers[path] = 404
    api.answers[log] = 400
    assert status(api)["causes"][0]["log"] == ["(the log does not exist any more)"]


def test_log_lines_are_left_out_on_request() -> None:
    api, _, path = crashed()
    api.answers[path] = 404
    assert status(api, log_lines=0)["causes"][0]["log"] == []


def test_the_answer_of_a_readiness_probe_is_asked_for() -> None:
    _, api = named("readiness-probe-fails")
    pod = api.lists["pods"][0]["metadata"]["name"]
    path = f"/api/v1/namespaces/n/pods/{pod}%3A8000/proxy/"
    api.answers[path] = (503, "redis: connection refused")
    message = status(api)["causes"][0]["message"]
    assert "statuscode: 503" in message
    assert message.endswith("it answers: redis: connection refused")
    api.answers[path] = 403  # nobody need be allowed to ask
    assert status(api)["causes"][0]["message"].endswith("statuscode: 503")


def test_what_may_heal_is_waited_for_until_it_does() -> None:
    """The pod of a probe that failed becomes ready at the third look."""
    _, api = named("readiness-probe-fails")
    looks = []

    def heal() -> None:
        looks.append(1)
        if len(looks) > 12:
            deployment = api.lists["deployments"][0]
            wanted = deployment["spec"]["replicas"]
            counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), wanted)
            deployment["status"].update(counts)

    api.look = heal
    found = status(api, fails=False, timeout=20)
    assert found["ready"]
    assert found["msg"] == "Namespace n is ready: Deployment broken"
    assert found["causes"] == []


def test_what_cannot_heal_is_given_up_after_the_grace() -> None:
    _, api = named("secret-is-missing")
    found = status(api, timeout=60, grace=2)
    assert found["early"]
    assert 2 <= found["seconds"] < 10
    assert found["causes"][0]["final"]
    assert "and cannot become ready" in found["msg"]


def test_room_is_waited_for_unless_the_autoscaler_has_none() -> None:
    _, api = named("no-node-has-room")
    pod = api.lists["pods"][0]
    found = status(api, timeout=2, grace=0, capacity_grace=60)
    assert not found["early"]
    event = {
        "involvedObject": {"kind": "Pod", "uid": pod["metadata"]["uid"]},
        "metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"},
        "reason": "NotTriggerScaleUp",
        "message": "pod didn't trigger scale-up: 2 max node group size reached",
    }
    api.lists["events"].append(event)
    found = status(api, timeout=2, grace=0, capacity_grace=60)
    assert found["early"]
    assert "(autoscaler: pod didn't trigger scale-up" in found["causes"][0]["message"]
    leaves(api, pod)
    found = status(api, timeout=2, grace=0, capacity_grace=60)
    assert not found["early"], "the place of a pod that ends may be enough"


@pytest.mark.parametrize("reason", ["TriggeredScaleUp", "Nominated"])
def test_a_node_that_was_asked_for_is_waited_for_longer(reason: str) -> None:
    """A machine that boots for minutes is no lack of room, until its own time is over."""
    _, api = named("no-node-has-room")
    uid = api.lists["pods"][0]["metadata"]["uid"]

    def says(reason: str, when: str, message: str) -> None:
        event = {"reason": reason, "lastTimestamp": when, "message": message}
        about = {"involvedObject": {"kind": "Pod", "uid": uid}, "metadata": {}}
        api.lists["events"].append(event | about)

    says("NotTriggerScaleUp", "2026-01-01T00:00:00Z", "1 node group in backoff")
    says(reason, "2026-01-01T00:01:00Z", "general 2->3 (max 6)")
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    conditions = api.lists["deployments"][0]["status"].setdefault("conditions", [])
    conditions[:] = [each for each in conditions if each["type"] != "Progressing"] + [late]
    found = status(api, timeout=2, scale_up_grace=60)
    assert not found["early"]
    said = "a node was requested and has not started: general 2->3 (max 6)"
    assert said in found["causes"][0]["message"]
    assert said in found["msg"]
    assert status(api, timeout=30, scale_up_grace=1)["early"]
    says("NotTriggerScaleUp", "2026-01-01T00:04:00Z", "2 node groups in backoff")
    assert status(api, timeout=30, scale_up_grace=600)["early"], "the last word counts"


def leaves(api: Api, like: Dict) -> None:
    """Add a pod that is about to end."""
    old = copy.deepcopy(like)
    old["metadata"] |= {"name": "old", "uid": "old", "deletionTimestamp": "2100-01-01T00:00:00Z"}
    old["metadata"].pop("ownerReferences")
    api.lists["pods"].append(old)


def test_a_quota_is_waited_for_while_a_pod_gives_back_its_part() -> None:
    _, api = named("quota-exceeded")
    _, other = named("no-node-has-room")
    assert status(api, timeout=2, grace=0, capacity_grace=60)["early"]
    leaves(api, other.lists["pods"][0])
    assert not status(api, timeout=2, grace=0, capacity_grace=60)["early"]
    assert status(api, timeout=2, grace=0, capacity_grace=0)["early"]


def test_the_grace_counts_from_the_end_of_the_last_pod_that_left() -> None:
    _, api = named("quota-exceeded")
    _, other = named("no-node-has-room")
    leaves(api, other.lists["pods"][0])
    began = time.monotonic()

    def gone_after_3_s() -> None:
        if time.monotonic() - began > 3:
            api.lists["pods"][:] = [p for p in api.lists["pods"] if p["metadata"]["uid"] != "old"]

    api.look = gone_after_3_s
    found = status(api, timeout=30, grace=2, capacity_grace=60)
    assert found["early"]
    assert found["seconds"] >= 5


def test_only_the_release_is_looked_at() -> None:
    _, api = named("rollout-is-paused")
    other = copy.deepcopy(api.lists["deployments"][0])
    mine = api.lists["deployments"][0]
    mine["metadata"]["annotations"] = {"meta.helm.sh/release-name": "rag"}
    other["metadata"] |= {"name": "other", "labels": {"app.kubernetes.io/instance": "web"}}
    api.lists["deployments"].append(other)
    assert [w["name"] for w in status(api, release="rag")["workloads"]] == ["Deployment broken"]
    assert [w["name"] for w in status(api, release="web")["workloads"]] == ["Deployment other"]
    labels = {"app.kubernetes.io/instance": "web"}
    assert len(status(api, labels=labels)["workloads"]) == 1


def test_no_workload_is_an_error() -> None:
    found = status(Api(), release="rag", timeout=5, grace=1)
    assert found["msg"] == "Release rag in n has no Deployment, StatefulSet or DaemonSet"
    assert found["early"]


def test_a_pod_is_not_up_before_it_stays_up() -> None:
    """Ready without a probe, and gone a moment later: the first look is not believed."""
    _, api = named("ends-at-once-without-a-probe")
    before = copy.deepcopy(api.lists["deployments"][0]["status"])
    counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), 1)
    looks = []

    def end() -> None:
        looks.append(1)
        deployment = api.lists["deployments"][0]
        deployment["status"] = {**before, **counts} if len(looks) < 4 else before

    pod = api.lists["pods"][0]
    ready = {"type": "Ready", "status": "False", "lastTransitionTime": "2199-01-01T00:00:00Z"}
    pod["status"]["conditions"] = [ready]
    api.look = end
    found = status(api, stable_for=3, timeout=5)
    assert found["causes"][0]["kind"] == "crash_loop"


@pytest.mark.parametrize(
    ("probe", "at_once"), [({"readinessProbe": {}}, True), ({"livenessProbe": {}}, False)]
)
def test_a_pod_that_answered_is_up_at_once(probe: Dict, at_once: bool) -> None:
    _, api = named("ends-at-once-without-a-probe")
    counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), 1)
    api.lists["deployments"][0]["status"] |= counts
    pod = api.lists["pods"][0]
    pod["spec"]["containers"][0] |= probe
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2199-01-01T00:00:00Z"}
    pod["status"]["conditions"] = [ready]
    found = status(api, fails=False, stable_for=2, timeout=5)
    assert (found["seconds"] < 2) == at_once


def test_an_api_that_does_not_answer_for_long_ends_the_wait() -> None:
    api = Api(answers={"/apis/apps/v1/namespaces/n/deployments": 503})
    found = status(api, timeout=30, grace=2)
    assert "HTTP 503" in found["msg"]
    api.answers["/apis/apps/v1/namespaces/n/deployments"] = 403
    found = status(api, timeout=30, grace=30)
    assert "HTTP 403" in found["msg"]
    assert "Release" not in found["msg"]


def test_wrong_options_are_refused() -> None:
    assert "timeout" in status(Api(), timeout=-1)["msg"]
    assert "crashes" in status(Api(), crashes=0)["msg"]
    found = run_module("k8s_rollout_status", {"namespace": "n", "kubeconfig": "/no"}, fails=True)
    assert "kubeconfig /no cannot be used" in found["msg"]


def test_no_credential_is_in_the_result() -> None:
    found = status(Api(), timeout=0, grace=0)
    assert "recorded-token-0123456789" not in json.dumps(found["msg"])


def test_examples_run(tmp_path: Path) -> None:
    """As tasks of a playbook, against a release that is up."""
    _, api = named("rollout-is-paused")
    deployment = api.lists["deployments"][0]
    deployment["spec"]["paused"] = False
    generation = deployment["metadata"]["generation"]
    counts = dict.fromkeys(("replicas", "updatedReplicas", "availableReplicas"), 1)
    deployment["status"] = {"observedGeneration": generation, **counts}
    labels = {"app.kubernetes.io/instance": "rag", "app.kubernetes.io/component": "backend"}
    deployment["metadata"]["labels"] = labels
    with serving(api) as kubeconfig:
        file = tmp_path / "kubeconfig"
        file.write_text(json.dumps(kubeconfig))
        results = play(examples("k8s_rollout_status"), tmp_path, {"KUBECONFIG": str(file)})
    assert [result["ready"] for result in results] == [True, True]
