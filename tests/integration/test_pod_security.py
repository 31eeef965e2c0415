"""Pod Security in the application's namespace: what is not restricted is refused by name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import inside

pytestmark = pytest.mark.usefixtures("platform")

Dict = dict[str, Any]
GOOD: Dict = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "runAsUser": 10001,
    "seccompProfile": {"type": "RuntimeDefault"},
}
HOST = {"name": "host", "hostPath": {"path": "/"}}


def pod(container: Dict, **spec: Any) -> Dict:
    """A pod of one container with this security context."""
    image = "registry.rehearsal.internal/base/python:3.11-bookworm"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "intruder", "namespace": "rag"},
        "spec": {
            "containers": [{"name": "x", "image": image, "securityContext": container}],
            **spec,
        },
    }


def create(made: Dict) -> tuple[int, str]:
    """Ask for a pod without making it; (exit code, what was said)."""
    outcome = inside(
        *("sh", "-c", 'printf %s "$0" | kubectl create --dry-run=server -f -', json.dumps(made))
    )
    return outcome.returncode, outcome.output


def test_a_pod_that_keeps_to_the_rules_is_taken() -> None:
    code, said = create(pod(GOOD))
    assert code == 0, said


@pytest.mark.parametrize(
    ("container", "spec", "reason"),
    [
        ({**GOOD, "privileged": True, "allowPrivilegeEscalation": True}, {}, "privileged"),
        ({**GOOD, "allowPrivilegeEscalation": True}, {}, "allowPrivilegeEscalation != false"),
        ({**GOOD, "capabilities": {"drop": ["NET_RAW"]}}, {}, "unrestricted capabilities"),
        ({**GOOD, "runAsNonRoot": False}, {}, "runAsNonRoot != true"),
        ({**GOOD, "runAsUser": 0}, {}, "runAsUser=0"),
        ({**GOOD, "seccompProfile": {"type": "Unconfined"}}, {}, "seccompProfile"),
        (GOOD, {"hostNetwork": True}, "host namespaces"),
        (GOOD, {"hostPID": True}, "host namespaces"),
        (GOOD, {"volumes": [HOST]}, "restricted volume types"),
    ],
)
def test_what_reaches_out_of_its_pod_is_refused(container: Dict, spec: Dict, reason: str) -> None:
    code, said = create(pod(container, **spec))
    assert code != 0
    assert 'violates PodSecurity "restricted' in said
    assert reason in said
