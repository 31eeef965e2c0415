"""The ways in which a rollout fails, as objects that fail so: a table of rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Dict = dict[str, Any]
PYTHON = "registry.rehearsal.internal/base/python:3.11-bookworm"
REGISTRY = "registry.rehearsal.internal"
PASSWORD = "s3cret-Pa55word/with+signs"
SERVE = (
    "import http.server as h\n"
    "class S(h.BaseHTTPRequestHandler):\n"
    " def do_GET(s):\n"
    "  s.send_response(503); s.end_headers(); s.wfile.write(b'postgres: connection refused')\n"
    "h.HTTPServer(('', 8000), S).serve_forever()\n"
)


def python(text: str, **more: Any) -> Dict:
    """A container that runs Python."""
    return {
        "name": "main",
        "image": PYTHON,
        "command": ["python3", "-u", "-c", text],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
        **more,
    }


IDLE = python("import time; time.sleep(3600)")


def workload(*containers: Dict, kind: str = "Deployment", **pod: Any) -> Dict:
    """A workload `broken` with one pod."""
    labels = {"app": "broken"}
    deployment = {"progressDeadlineSeconds": 600} if kind == "Deployment" else {"serviceName": "x"}
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "broken"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            **deployment,
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "terminationGracePeriodSeconds": 1,
                    "containers": list(containers),
                    **pod,
                },
            },
        },
    }


def with_spec(item: Dict, **spec: Any) -> Dict:
    """A workload with other fields of its spec."""
    return {**item, "spec": {**item["spec"], **spec}}


def image(name: str) -> Dict:
    return workload({**IDLE, "image": name})


SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "credentials"},
    "stringData": {"DATABASE_URL": f"postgresql://rag:{PASSWORD}@db:5432/rag"},
}
ENVIRONMENT = [{"secretRef": {"name": "credentials"}}]
LEAK = (
    "import os, sys\n"
    "print('connecting to', os.environ['DATABASE_URL'])\n"
    "sys.exit('relation documents does not exist')"
)


def probe(port: int, **more: Any) -> Dict:
    return {
        "httpGet": {"path": "/", "port": port},
        "periodSeconds": 1,
        "failureThreshold": 2,
        **more,
    }


@dataclass(frozen=True)
class Failure:
    """A row. kind, says: what must be told (a pattern); early: that waiting on is given up;
    level: Pod Security of the namespace; options: of the module; then: kubectl, after the first.
    """

    name: str
    objects: list[Dict]
    kind: str
    says: str
    early: bool = True
    level: str = "privileged"
    options: Dict = field(default_factory=dict)
    then: list[list[str]] = field(default_factory=list)


GATE = "target-health.elbv2.k8s.aws/k8s-rag-backend-0123456789"
BINDINGS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "targetgroupbindings.elbv2.k8s.aws"},
    "spec": {
        "group": "elbv2.k8s.aws",
        "scope": "Namespaced",
        "names": {"kind": "TargetGroupBinding", "plural": "targetgroupbindings"},
        "versions": [
            {
                "name": "v1beta1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object"}},
            }
        ],
    },
}
"""The kind of the AWS Load Balancer Controller, which the stand-in does without."""

GHOST = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "ghost"}}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "no-such-class",
        "resources": {"requests": {"storage": "1Gi"}},
    },
}
HELD = '{"metadata":{"finalizers":["example.com/held"]}}'
QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "small"},
    "spec": {"hard": {"requests.memory": "8Mi"}},
}


def volume(**source: Any) -> Dict:
    mounts = [{"name": "data", "mountPath": "/data"}]
    return workload({**IDLE, "volumeMounts": mounts}, volumes=[{"name": "data", **source}])


FAILURES = [
    Failure(
        "image not in the registry",
        [image(f"{REGISTRY}/base/python:no-such-tag")],
        "image_pull",
        r"no-such-tag.*not found",
    ),
    Failure(
        "repository not in the registry",
        [image(f"{REGISTRY}/no/such@sha256:{'0' * 64}")],
        "image_pull",
        r"no/such@sha256.*not found",
    ),
    Failure(
        "registry can't be found",
        [image("registry.nowhere.internal/x:1")],
        "image_pull",
        r"registry\.nowhere\.internal.*dial tcp",
        early=False,
        options={"timeout": 12},
    ),
    Failure("image name is wrong", [image("UPPER/case:1")], "image_pull", "lowercase"),
    Failure(
        "container crashes",
        [SECRET, workload(python(LEAK, envFrom=ENVIRONMENT))],
        "crash_loop",
        "exit code 1",
    ),
    Failure(
        "init container crashes",
        [workload(IDLE, initContainers=[{**python("raise SystemExit(7)"), "name": "migrate"}])],
        "crash_loop",
        r"init container migrate: ended \d times with exit code 7",
    ),
    Failure(
        "ends at once, without a probe",
        [workload(python("import time; time.sleep(2)"))],
        "crash_loop",
        "exit code 0",
    ),
    Failure(
        "more memory than its limit",
        [workload(python("x = bytearray(300_000_000)", resources={"limits": {"memory": "32Mi"}}))],
        "out_of_memory",
        "limit of 32Mi",
    ),
    Failure(
        "no such command",
        [workload({**IDLE, "command": ["/no/such/program"]})],
        "start_error",
        "/no/such/program",
    ),
    Failure(
        "no node fits",
        [workload(IDLE, nodeSelector={"disk": "tape"})],
        "unschedulable",
        "node affinity/selector",
        options={"capacity_grace": 8},
    ),
    Failure(
        "no node has room",
        [workload({**IDLE, "resources": {"requests": {"cpu": "900"}}})],
        "unschedulable",
        "Insufficient cpu",
        options={"capacity_grace": 8},
    ),
    Failure(
        "readiness probe fails",
        [workload(python(SERVE, readinessProbe=probe(8000)))],
        "probe",
        "Readiness probe failed.*503.*postgres: connection refused",
        early=False,
        options={"timeout": 15},
    ),
    Failure(
        "startup probe fails",
        [workload(python(SERVE, startupProbe=probe(8000)))],
        "probe",
        "killed by its startup probe.*503",
    ),
    Failure(
        "liveness probe fails",
        [workload(python(SERVE, livenessProbe=probe(8001), readinessProbe=probe(8001)))],
        "probe",
        "killed by its liveness probe.*connection refused",
    ),
    Failure(
        "target group was deleted",
        [BINDINGS, workload(IDLE, readinessGates=[{"conditionType": GATE}])],
        "readiness_gate",
        "no TargetGroupBinding k8s-rag-backend-0123456789.*kubectl delete pod",
    ),
    Failure(
        "nothing opens a readiness gate",
        [workload(IDLE, readinessGates=[{"conditionType": "example.com/open"}])],
        "readiness_gate",
        "gate example.com/open: not true, and no reason is reported",
        options={"capacity_grace": 8},
    ),
    Failure("quota exceeded", [QUOTA, workload(IDLE)], "quota", "exceeded quota: small"),
    Failure(
        "Pod Security refuses",
        [workload(IDLE)],
        "admission",
        "violates PodSecurity.*runAsNonRoot",
        level="restricted",
    ),
    Failure(
        "Secret is missing",
        [workload({**IDLE, "envFrom": ENVIRONMENT})],
        "config_missing",
        'secret "credentials" not found',
    ),
    Failure(
        "key of a Secret is missing",
        [
            SECRET,
            workload(
                {
                    **IDLE,
                    "env": [
                        {
                            "name": "X",
                            "valueFrom": {"secretKeyRef": {"name": "credentials", "key": "X"}},
                        }
                    ],
                }
            ),
        ],
        "config_missing",
        "couldn't find key X in Secret",
    ),
    Failure(
        "ConfigMap of a volume is missing",
        [volume(configMap={"name": "settings"})],
        "config_missing",
        'configmap "settings" not found',
    ),
    Failure(
        "service account is missing",
        [workload(IDLE, serviceAccountName="nobody")],
        "config_missing",
        'serviceaccount "nobody" not found',
    ),
    Failure(
        "volume can't be made",
        [CLAIM, volume(persistentVolumeClaim={"claimName": "data"})],
        "volume",
        'claim data is not bound: storageclass.*"no-such-class" not found',
    ),
    Failure(
        "claim is missing",
        [volume(persistentVolumeClaim={"claimName": "data"})],
        "volume",
        'persistentvolumeclaim "data" not found',
    ),
    Failure(
        "user of the image is root",
        [workload(IDLE, securityContext={"runAsNonRoot": True})],
        "config_missing",
        "image will run as root",
    ),
    Failure(
        "node is lost",
        [GHOST, workload(IDLE, nodeName="ghost")],
        "node_lost",
        "node ghost is lost",
        early=False,
        options={"timeout": 8},
    ),
    Failure(
        "progress deadline",
        [
            with_spec(
                image("registry.nowhere.internal/x:1"), progressDeadlineSeconds=5, minReadySeconds=0
            )
        ],
        "deadline",
        "exceeded its progress|timed out progressing",
    ),
    Failure("rollout is paused", [with_spec(workload(IDLE), paused=True)], "paused", "resume"),
    Failure(
        "pod that won't go",
        [workload(IDLE, kind="StatefulSet")],
        "terminating",
        "its finalizers block it: example.com/held",
        options={"grace": 5},
        then=[
            ["wait", "--for=condition=Ready", "pod/broken-0", "--timeout=60s"],
            ["patch", "pod/broken-0", "--type=merge", f"--patch={HELD}"],
            ["set", "env", "statefulset/broken", "NEW=1"],
        ],
    ),
]
