"""k8s_rollout_status in a real cluster: every failure is told with its cause, and how soon.

All rows fail side by side, each in a namespace of its own.
"""

from __future__ import annotations

import dataclasses
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.ragops.platform.plugins.module_utils._rollout.read import Reader
from ansible_collections.ragops.platform.plugins.module_utils._rollout.watch import (
    Limits,
    Outcome,
    Watch,
    report,
)
from ansible_collections.ragops.platform.plugins.module_utils.kube import Kube
from conftest import kubectl
from failures import BINDINGS, FAILURES, IDLE, PASSWORD, Dict, Failure, python, workload

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
SLOWEST = 75
"""Seconds after which a cause must have been told, on a machine that has other work."""


@dataclass
class Told:
    """What was told of a row, and seconds since its objects were made."""

    outcome: Outcome
    seconds: float
    text: str


def namespace_of(row: Failure) -> str:
    return "fail-" + re.sub(r"[^a-z]+", "-", row.name.lower())


def make(namespace: str, level: str, objects: list[Dict]) -> None:
    """Make a namespace with objects in it."""
    labels = {"pod-security.kubernetes.io/enforce": level, "purpose": "rollout-test"}
    space = {"apiVersion": "v1", "kind": "Namespace"}
    kubectl("apply", "-f", "-", given={**space, "metadata": {"name": namespace, "labels": labels}})
    account = ["get", "serviceaccount", "default", "--namespace", namespace]
    for _ in range(60):
        if "default" in kubectl(*account, "--ignore-not-found", "--output=name"):
            break
        time.sleep(0.5)
    for item in objects:
        kubectl("apply", "--namespace", namespace, "-f", "-", given=item)


def wait(namespace: str, **options: int) -> tuple[Outcome, str]:
    """Wait as the module does, and return the outcome with its text."""
    limits = Limits(120, grace=8, capacity=8, scale_up=8, stable=3, crashes=3, log_lines=5)
    renamed = {"capacity_grace": "capacity"}
    changed = {renamed.get(key, key): value for key, value in options.items()}
    watch = Watch(Reader(Kube(), namespace, "", {}), dataclasses.replace(limits, **changed))
    outcome = watch.run()
    return outcome, report(f"Namespace {namespace}", outcome)


def fail(row: Failure) -> Told:
    """Make a row's objects and wait for them."""
    namespace = namespace_of(row)
    make(namespace, row.level, row.objects)
    for command in row.then:
        kubectl(*command, "--namespace", namespace)
    started = time.monotonic()
    outcome, text = wait(namespace, **row.options)
    return Told(outcome, time.monotonic() - started, text)


def record(folder: Path, row: Failure) -> None:
    """Keep the objects of a row as they are, without what no function reads."""
    reader = Reader(Kube(), namespace_of(row), "", {})
    seen = dataclasses.asdict(reader.snapshot(reader.workloads()))
    if row.kind != "node_lost":
        seen["nodes"] = []
    for item in [item for items in seen.values() for item in items or []]:
        item["metadata"].pop("managedFields", None)
        (item["metadata"].get("annotations") or {}).pop(LAST_APPLIED, None)
        for unread in ("images", "volumesAttached", "nodeInfo"):
            item.get("status", {}).pop(unread, None)
    text = json.dumps({"kind": row.kind, "says": row.says, **seen}, separators=(",", ":"))
    (folder / f"{namespace_of(row).removeprefix('fail-')}.json").write_text(text + "\n")


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest) -> Iterator[dict[str, Told]]:
    """All rows, failing side by side."""
    try:
        with ThreadPoolExecutor(8) as pool:
            outcomes = pool.map(fail, FAILURES)
            results = dict(zip((row.name for row in FAILURES), outcomes, strict=True))
        if folder := request.config.getoption("record"):
            for row in FAILURES:
                record(Path(folder), row)
        print()
        for row in FAILURES:
            found = results[row.name]
            findings = found.outcome.findings
            first = next((item for item in findings if item.cause.kind == row.kind), None)
            kind = first.cause.kind if first else "?"
            print(f"{row.name:34} {kind:15} {found.seconds:5.1f} s  {found.outcome.early!s:5}")
        yield results
    finally:
        # A pod that is held, or on no node, would hold its namespace.
        held = ["--namespace", "fail-pod-that-won-t-go", "pod/broken-0", "--type=merge"]
        kubectl("patch", *held, "--patch", '{"metadata":{"finalizers":null}}')
        kubectl("delete", "node", "ghost", "--ignore-not-found")
        kubectl("delete", "crd", BINDINGS["metadata"]["name"], "--ignore-not-found")
        lost = ["pods", "--all", "--namespace", "fail-node-is-lost"]
        kubectl("delete", *lost, "--force", "--grace-period=0", "--wait=false")
        kubectl("delete", "namespace", "--selector=purpose=rollout-test", "--wait=false")


@pytest.mark.parametrize("row", FAILURES, ids=lambda row: row.name)
def test_the_cause_is_told(row: Failure, told: dict[str, Told]) -> None:
    found = told[row.name]
    print(found.text)
    assert not found.outcome.ready
    causes = {finding.cause.kind: finding for finding in found.outcome.findings}
    assert row.kind in causes, found.text
    cause = causes[row.kind].cause
    assert re.search(row.says, f"{cause.about}: {cause.message}"), found.text
    assert found.outcome.early == row.early
    assert found.seconds < SLOWEST


def test_no_secret_is_in_what_a_container_said(told: dict[str, Told]) -> None:
    """The last words of a container are shown, with the password that it printed hidden."""
    text = told["container crashes"].text
    assert "| connecting to (hidden)" in text
    assert "| relation documents does not exist" in text
    assert PASSWORD not in json.dumps([item.text for item in told.values()])


def test_what_comes_up_is_up() -> None:
    """Twice: a wait for what runs already takes no time."""
    ready = python(
        "import time; time.sleep(2); open('/dev/shm/ok', 'w'); time.sleep(3600)",
        readinessProbe={"exec": {"command": ["cat", "/dev/shm/ok"]}, "periodSeconds": 1},
    )
    make("fail-not", "privileged", [workload(ready), {**workload(IDLE, kind="StatefulSet")}])
    outcome, text = wait("fail-not")
    assert outcome.ready, text
    assert {item["name"] for item in outcome.workloads} == {
        "Deployment broken",
        "StatefulSet broken",
    }
    again, text = wait("fail-not", stable=0)
    assert again.ready, text
    assert again.seconds < 3


def test_what_the_autoscaler_says_ends_the_wait() -> None:
    """A pod without a node is given minutes for a new one, unless none would help."""
    release = ["get", "deployment", "cluster-autoscaler", "--namespace=kube-system"]
    there = kubectl(*release, "--ignore-not-found", "--output=name")
    assert there, "no autoscaler is at work here: run the playbook site.yml first"
    make("fail-hopeless", "privileged", [workload(IDLE, nodeSelector={"disk": "tape"})])
    outcome, text = wait("fail-hopeless", capacity_grace=600)
    assert outcome.early, text
    assert outcome.seconds < SLOWEST
    said = "(autoscaler: pod didn't trigger scale-up: 1 node(s) didn't match Pod's node affinity"
    assert said in text


def test_nothing_to_wait_for_is_an_error() -> None:
    make("fail-empty", "privileged", [])
    outcome, text = wait("fail-empty", grace=2)
    assert not outcome.ready
    assert "has no Deployment, StatefulSet or DaemonSet" in text
