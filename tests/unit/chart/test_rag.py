"""The chart of the application: what it renders, and what it refuses."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import yaml
from support.charts import Chart, Render, refuses_restricted

PARTS = [("rag-backend", 8000), ("rag-frontend", 3000)]
NAMES = [name for name, _ in PARTS]
WORKER = "rag-worker"
WORKLOADS = [*NAMES, WORKER]
ACCOUNTS = {WORKER: "rag-backend"}
"""The service account of a workload that has none of its own name: its program's."""
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
DIGEST = "sha256:" + "3" * 64


def test_lint_finds_nothing(chart: Chart) -> None:
    outcome = chart.lint("--values", str(chart.values))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_lint_without_values_names_all_that_is_missing(chart: Chart) -> None:
    outcome = chart.lint()
    assert outcome.returncode != 0
    text = outcome.stdout + outcome.stderr
    for path in ("/existingSecret", "/auth/mode", "/s3/bucket", "/milvus/uri", "/aws/region",
                 "/backend/image/digest", "/frontend/image/repository"):  # fmt: skip
        assert path in text


@pytest.mark.parametrize("mode", ["keys", "none"])
def test_the_backend_knows_whom_to_ask_for_keys(render: Render, mode: str) -> None:
    assert render({"auth": {"mode": mode}}).get("ConfigMap", "rag-backend")["data"]["AUTH"] == mode


def test_the_frontend_has_the_api_key_and_no_other_secret(render: Render) -> None:
    pod = render({"auth": {"mode": "keys"}}).pod("rag-frontend")["spec"]
    [keys] = [one["secret"] for one in pod["volumes"] if "secret" in one]
    assert keys["secretName"] == "rag"
    assert [one["key"] for one in keys["items"]] == ["API_KEY", "API_KEY_PREVIOUS"]
    without = render({"auth": {"mode": "none"}}).pod("rag-frontend")["spec"]
    assert [one for one in without["volumes"] if "secret" in one] == []
    assert "SECRETS_DIR" not in [one["name"] for one in without["containers"][0]["env"]]


OIDC: dict[str, Any] = {
    "mode": "oidc",
    "oidc": {
        "issuer": "https://id.example.com/realms/a",
        "clientId": "rag",
        "pagesUrl": "https://rag.example.com",
        "roles": {"rag-admins": "admin"},
    },
}


def test_people_sign_in_at_an_issuer(render: Render) -> None:
    objects = render({"auth": OIDC})
    told = objects.get("ConfigMap", "rag-backend")["data"]
    assert told["FRONTEND_URL"] == "https://rag.example.com"
    assert told["OIDC_ISSUER"] == "https://id.example.com/realms/a"
    assert told["OIDC_ROLES"] == '{"rag-admins":"admin"}'
    assert told["SESSION_SECONDS"] == "43200"
    assert "OIDC_TENANT_CLAIM" not in told
    pod = objects.pod("rag-frontend")["spec"]
    assert {"name": "AUTH", "value": "oidc"} in pod["containers"][0]["env"]
    # Whoever takes the frontend over has nobody's rights.
    assert [one for one in pod["volumes"] if "secret" in one] == []


def test_an_issuer_inside_is_let_through_for_the_backend_alone(render: Render) -> None:
    policy = {"networkPolicy": {"issuer": {"cidrs": ["10.8.0.0/24"], "port": 8443}}}
    objects = render({"auth": OIDC, **policy})
    flow = {
        "to": [{"ipBlock": {"cidr": "10.8.0.0/24"}}],
        "ports": [{"protocol": "TCP", "port": 8443}],
    }
    assert flow in objects.get("NetworkPolicy", "rag-backend")["spec"]["egress"]
    assert flow not in objects.get("NetworkPolicy", WORKER)["spec"]["egress"]
    closed = render({"auth": {"mode": "keys"}, **policy})
    assert flow not in closed.get("NetworkPolicy", "rag-backend")["spec"]["egress"]


@pytest.mark.parametrize("missing", ["issuer", "clientId", "pagesUrl", "roles"])
def test_a_sign_in_that_nobody_could_use_is_refused(render: Render, missing: str) -> None:
    oidc = {key: value for key, value in OIDC["oidc"].items() if key != missing}
    outcome = render.attempt({"auth": {"mode": "oidc", "oidc": oidc}})
    assert outcome.returncode != 0
    assert "oidc" in outcome.stderr


def test_the_default_is_what_the_readme_lists(render: Render) -> None:
    objects = render()
    for kind in ("Service", "ServiceAccount"):
        for name in NAMES:
            objects.get(kind, name)
    for kind in ("Deployment", "PodDisruptionBudget", "HorizontalPodAutoscaler"):
        for name in WORKLOADS:
            objects.get(kind, name)
    policies = {one["metadata"]["name"] for one in objects if one["kind"] == "NetworkPolicy"}
    assert policies == {*WORKLOADS, "rag-default-deny", "rag-dns", "rag-test"}
    assert [one["metadata"]["name"] for one in objects if one["kind"] == "Pod"] == ["rag-test"]
    assert len(objects) == 21
    assert {one["metadata"]["namespace"] for one in objects} == {"rag"}


@pytest.mark.parametrize("name", WORKLOADS)
def test_pods_are_restricted(render: Render, name: str) -> None:
    everything = {"caBundle": {"pem": PEM}, "backend": {"writableDirs": ["/tmp", "/cache"]}}  # noqa: S108
    pod = render(everything).pod(name)["spec"]
    assert refuses_restricted(pod) == []
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["serviceAccountName"] == ACCOUNTS.get(name, name)
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["runAsUser"] == 10001
        assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]]  # noqa: S108
        assert set(container["resources"]) == {"requests", "limits"}


@pytest.mark.parametrize("name", NAMES)
def test_images_are_named_by_digest(render: Render, chart: Chart, name: str) -> None:
    image = yaml.safe_load(chart.values.read_text())[name.removeprefix("rag-")]["image"]
    pod = render({name.removeprefix("rag-"): {"image": {"tag": "src-1"}}}).pod(name)["spec"]
    for container in [*pod.get("initContainers", []), *pod["containers"]]:
        assert container["image"] == f"{image['repository']}@{image['digest']}"


@pytest.mark.parametrize(
    ("name", "live", "ready"),
    [
        ("rag-backend", "/livez", "/readyz"),
        (WORKER, "/livez", "/readyz"),
        ("rag-frontend", "/api/livez", "/api/readyz"),
    ],
)
def test_probes(render: Render, name: str, live: str, ready: str) -> None:
    container = render().container(name)
    paths = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness")}
    assert {probe["path"] for probe in paths.values()} == {live}
    assert container["readinessProbe"]["httpGet"] == {"path": ready, "port": "http"}
    startup = container["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 60
    # A pod that has too much to do is long out of the way before it is killed for that.
    away, killed = (
        container[f"{kind}Probe"]["periodSeconds"] * container[f"{kind}Probe"]["failureThreshold"]
        for kind in ("readiness", "liveness")
    )
    assert killed >= 4 * away
    assert (
        container["livenessProbe"]["timeoutSeconds"] > container["readinessProbe"]["timeoutSeconds"]
    )


@pytest.mark.parametrize(("name", "port"), PARTS)
def test_a_service_reaches_its_own_pods_only(render: Render, name: str, port: int) -> None:
    objects = render()
    service = objects.get("Service", name)["spec"]
    assert service["ports"] == [{"name": "http", "port": port, "targetPort": "http"}]
    assert service["type"] == "ClusterIP"
    for other in WORKLOADS:
        labels = objects.pod(other)["metadata"]["labels"]
        assert (service["selector"].items() <= labels.items()) == (other == name)
    ports = objects.container(name)["ports"]
    assert ports == [{"name": "http", "containerPort": port}]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ingress", [False, True])
def test_a_stopping_pod_has_time_for_all_that_it_does(
    render: Render, name: str, ingress: bool
) -> None:
    balancer = {"networkPolicy": {"loadBalancer": {"cidrs": ["10.20.192.0/24"]}}}
    objects = render({"ingress": {"enabled": ingress, "host": "rag.example.com"}, **balancer})
    part = yaml.safe_load((render.chart.path / "values.yaml").read_text())[name[4:]]
    sleep = objects.container(name)["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert sleep == (15 if ingress else 5)
    grace = objects.pod(name)["spec"]["terminationGracePeriodSeconds"]
    assert grace == sleep + part["drainSeconds"] + part["requestSeconds"] + 5
    rolling = objects.get("Deployment", name)["spec"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxUnavailable": 0, "maxSurge": 1}
    assert objects.get("PodDisruptionBudget", name)["spec"]["maxUnavailable"] == 1


def test_other_paths_of_the_ingress_make_no_new_pods(render: Render) -> None:
    """They would wait for a target group that goes at the same time."""
    balancer = {"networkPolicy": {"loadBalancer": {"cidrs": ["10.20.192.0/24"]}}}
    few, more = (
        render({"ingress": {"enabled": True, "host": "a.example", "apiPaths": paths}, **balancer})
        for paths in ([], ["/v1"])
    )
    for name in NAMES:
        assert few.pod(name) == more.pod(name)


def test_the_application_is_told_how_to_stop(render: Render) -> None:
    objects = render({"backend": {"drainSeconds": 3, "requestSeconds": 77}})
    data = objects.get("ConfigMap", "rag-backend")["data"]
    assert (data["DRAIN_SECONDS"], data["SHUTDOWN_SECONDS"]) == ("3", "77")
    # Seconds there, milliseconds here; the load balancer gives up after 130 s.
    assert data["KEEP_ALIVE_SECONDS"] == "140"
    environment = {one["name"]: one["value"] for one in objects.container("rag-frontend")["env"]}
    assert environment["KEEP_ALIVE_TIMEOUT"] == "140000"


@pytest.mark.parametrize("name", WORKLOADS)
def test_pods_spread_over_zones(render: Render, name: str) -> None:
    objects = render()
    spread = objects.pod(name)["spec"]["topologySpreadConstraints"]
    assert [one["topologyKey"] for one in spread] == [
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    ]
    labels = objects.pod(name)["metadata"]["labels"]
    assert all(one["labelSelector"]["matchLabels"].items() <= labels.items() for one in spread)
    off = render({name.removeprefix("rag-"): {"topologySpread": {"enabled": False}}})
    assert "topologySpreadConstraints" not in off.pod(name)["spec"]


@pytest.mark.parametrize("name", NAMES)
def test_autoscaling_owns_the_number_of_pods(render: Render, name: str) -> None:
    objects = render()
    assert "replicas" not in objects.get("Deployment", name)["spec"]
    spec = objects.get("HorizontalPodAutoscaler", name)["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 10)
    targets = {
        metric["resource"]["name"]: metric["resource"]["target"]["averageUtilization"]
        for metric in spec["metrics"]
    }
    assert targets == {"cpu": 70, "memory": 70}
    assert spec["behavior"]["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert spec["behavior"]["scaleDown"]["stabilizationWindowSeconds"] >= 300


@pytest.mark.parametrize("name", WORKLOADS)
def test_without_autoscaling_the_values_say_how_many(render: Render, name: str) -> None:
    part = name.removeprefix("rag-")
    objects = render({part: {"replicas": 3, "autoscaling": {"enabled": False}}})
    assert objects.get("Deployment", name)["spec"]["replicas"] == 3
    scaled = [one["metadata"]["name"] for one in objects if one["kind"].endswith("Autoscaler")]
    assert sorted(scaled) == sorted(other for other in WORKLOADS if other != name)


def test_the_backend_is_configured_by_environment(render: Render) -> None:
    objects = render(
        {
            "backend": {
                "image": {"tag": "src-0f3a"},
                "extraEnv": [{"name": "LOG_LEVEL", "value": "debug"}],
                "extraEnvFrom": [{"secretRef": {"name": "more"}}],
            }
        }
    )
    pod = objects.pod("rag-backend")["spec"]
    for container in (pod["initContainers"][0], pod["containers"][0]):
        mounts = {one["name"]: one for one in container["volumeMounts"]}
        assert mounts["secrets"]["readOnly"] is True
        assert {"name": "SECRETS_DIR", "value": mounts["secrets"]["mountPath"]} in container["env"]
        assert not [one for one in container["env"] if "valueFrom" in one]
        assert {"name": "LOG_LEVEL", "value": "debug"} in container["env"]
        assert {"secretRef": {"name": "more"}} in container["envFrom"]
        assert {"configMapRef": {"name": "rag-backend"}} in container["envFrom"]
    assert objects.get("ConfigMap", "rag-backend")["data"] == {
        "APP_VERSION": "src-0f3a",
        "AUTH": "keys",
        "AWS_REGION": "us-east-1",
        "S3_BUCKET": "ragops-dev-documents-123456789012",
        "MILVUS_URI": "http://milvus.milvus.svc.cluster.local:19530",
        "MILVUS_COLLECTION": "documents",
        "WORKER": "separate",
        "WORKER_PROBE_PORT": "8001",
        "WORKER_STOP_SECONDS": "60",
        "DRAIN_SECONDS": "5",
        "SHUTDOWN_SECONDS": "120",
        "KEEP_ALIVE_SECONDS": "140",
        "SENTRY_ENVIRONMENT": "production",
    }
    volumes = {one["name"]: one for one in pod["volumes"]}
    assert volumes["secrets"]["secret"] == {"secretName": "rag", "defaultMode": 0o440}
    assert pod["initContainers"][0]["command"] == ["python", "-m", "rag.migrate"]


def test_migration_can_be_left_out(render: Render) -> None:
    pod = render({"backend": {"migrate": {"enabled": False}}}).pod("rag-backend")["spec"]
    assert "initContainers" not in pod


def test_the_frontend_knows_the_backend_and_listens_everywhere(render: Render) -> None:
    environment = {one["name"]: one["value"] for one in render().container("rag-frontend")["env"]}
    assert environment["BACKEND_URL"] == "http://rag-backend:8000"
    assert environment["PORT"] == "3000"
    assert environment["HOSTNAME"] == "0.0.0.0"  # noqa: S104


@pytest.mark.parametrize(
    ("bundle", "config_map"),
    [({"pem": PEM}, "rag-ca-bundle"), ({"existingConfigMap": "corporate-ca"}, "corporate-ca")],
)
def test_the_backend_trusts_a_given_bundle(
    render: Render, bundle: dict[str, str], config_map: str
) -> None:
    objects = render({"caBundle": bundle})
    pod = objects.pod("rag-backend")["spec"]
    volume = next(one for one in pod["volumes"] if one["name"] == "ca-bundle")
    assert volume["configMap"]["name"] == config_map
    for container in (pod["initContainers"][0], pod["containers"][0]):
        mount = next(one for one in container["volumeMounts"] if one["name"] == "ca-bundle")
        file = {one["name"]: one.get("value") for one in container["env"]}["SSL_CERT_FILE"]
        assert file == f"{mount['mountPath']}/{volume['configMap']['items'][0]['path']}"
    made = [one for one in objects if one["metadata"]["name"] == "rag-ca-bundle"]
    assert len(made) == ("pem" in bundle)
    if made:
        assert made[0]["data"]["ca.crt"] == PEM
    assert "ca-bundle" not in str(objects.pod("rag-frontend"))


@pytest.mark.parametrize(
    ("values", "restarts"),
    [
        ({"existingSecretRevision": "42"}, True),
        ({"s3": {"bucket": "another-bucket"}}, True),
        ({"caBundle": {"pem": PEM}}, True),
        ({"chartChecksum": "abc"}, False),
    ],
)
def test_what_restarts_the_backend(render: Render, values: dict[str, Any], restarts: bool) -> None:
    before, after = render(), render(values)
    for name in ("rag-backend", WORKER):
        assert (before.pod(name) != after.pod(name)) is restarts
    assert before.pod("rag-frontend") == after.pod("rag-frontend")
    if not restarts:
        old, new = (one.get("Deployment", "rag-backend")["metadata"] for one in (before, after))
        assert old != new, "nor is it recorded"


def test_service_accounts_take_a_role_and_mount_no_token(render: Render) -> None:
    role = {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/ragops-dev-backend"}
    objects = render({"backend": {"serviceAccount": {"annotations": role}}})
    assert objects.get("ServiceAccount", "rag-backend")["metadata"]["annotations"] == role
    assert "annotations" not in objects.get("ServiceAccount", "rag-frontend")["metadata"]
    for name in NAMES:
        assert objects.get("ServiceAccount", name)["automountServiceAccountToken"] is False


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("preferred", "preferredDuringSchedulingIgnoredDuringExecution"),
        ("required", "requiredDuringSchedulingIgnoredDuringExecution"),
        ("any", None),
    ],
)
def test_pods_choose_nodes_by_their_capacity_type(
    render: Render, mode: str, kind: str | None
) -> None:
    away = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": []}}
    objects = render({"backend": {"capacity": {"mode": mode}, "affinity": away}})
    affinity = objects.pod("rag-backend")["spec"]["affinity"]
    assert affinity["podAntiAffinity"] == away["podAntiAffinity"]
    assert list(affinity.get("nodeAffinity", {})) == ([kind] if kind else [])
    if kind:
        said = affinity["nodeAffinity"][kind]
        terms = (
            [each["preference"] for each in said]
            if mode == "preferred"
            else said["nodeSelectorTerms"]
        )
        # One of them is enough: a managed node group's node, or Karpenter's.
        assert [each["matchExpressions"] for each in terms] == [
            [{"key": "eks.amazonaws.com/capacityType", "operator": "In", "values": ["ON_DEMAND"]}],
            [{"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]}],
        ]


def test_tolerations_let_pods_onto_spot_nodes(render: Render) -> None:
    spot = [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}]
    objects = render({"frontend": {"tolerations": spot}})
    assert objects.pod("rag-frontend")["spec"]["tolerations"] == spot
    assert "tolerations" not in objects.pod("rag-backend")["spec"]


@pytest.mark.parametrize(
    ("values", "name"), [({"name": "critical"}, "critical"), ({"create": True}, "rag-rag")]
)
def test_a_priority_class_is_used_or_made(
    render: Render, values: dict[str, Any], name: str
) -> None:
    objects = render({"priorityClass": values})
    assert {objects.pod(one)["spec"]["priorityClassName"] for one in WORKLOADS} == {name}
    made = [one["metadata"]["name"] for one in objects if one["kind"] == "PriorityClass"]
    assert made == ([name] if "create" in values else [])
    assert "priorityClassName" not in render().pod("rag-backend")["spec"]


def test_prometheus_finds_the_metrics(render: Render) -> None:
    objects = render(
        {"monitoring": {"enabled": True, "serviceMonitor": {"labels": {"release": "prometheus"}}}}
    )
    monitor = objects.get("ServiceMonitor", "rag-backend")
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    labels = objects.get("Service", "rag-backend")["metadata"]["labels"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
    [endpoint] = monitor["spec"]["endpoints"]
    ports = objects.get("Service", "rag-backend")["spec"]["ports"]
    assert (endpoint["port"], endpoint["path"]) == (ports[0]["name"], "/metrics")
    # The worker has no Service.
    of_pods = objects.get("PodMonitor", WORKER)
    assert of_pods["metadata"]["labels"]["release"] == "prometheus"
    labels = objects.pod(WORKER)["metadata"]["labels"]
    assert of_pods["spec"]["selector"]["matchLabels"].items() <= labels.items()
    [endpoint] = of_pods["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] == objects.container(WORKER)["ports"][0]["name"]
    without = render({"monitoring": {"enabled": True, "serviceMonitor": {"enabled": False}}})
    assert not {"ServiceMonitor", "PodMonitor"} & set(without.kinds())


def test_helm_test_asks_both_parts(render: Render) -> None:
    pod = render().get("Pod", "rag-test")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert refuses_restricted(pod["spec"]) == []
    assert pod["spec"]["automountServiceAccountToken"] is False
    command = pod["spec"]["containers"][0]["command"]
    assert command[-2:] == ["http://rag-backend:8000/readyz", "http://rag-frontend:3000/api/readyz"]
    assert "rag-test" not in str(render({"tests": {"enabled": False}}))


PASS, WARN, FAIL = (200, "pass"), (200, "warn"), (503, "fail")


@pytest.mark.parametrize(
    ("answers", "code"),
    [((PASS, PASS), 0), ((PASS, WARN), 1), ((PASS, FAIL), 1), ((FAIL, PASS), 1)],
)
def test_helm_test_fails_when_one_is_not_ready(
    render: Render, answers: tuple[tuple[int, str], ...], code: int
) -> None:
    command = render().get("Pod", "rag-test")["spec"]["containers"][0]["command"][:-2]
    with contextlib.ExitStack() as stack:
        urls = [stack.enter_context(answering(*answer)) for answer in answers]
        done = subprocess.run([*command, *urls], capture_output=True, text=True, timeout=20)
    assert done.returncode == code
    assert all(url in done.stdout for url in urls)


@contextlib.contextmanager
def answering(status: int, word: str) -> Iterator[str]:
    """The URL of a server that answers every request with a status and health's word for it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps({"status": word}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_an_owners_secret_is_the_migrations_alone(render: Render) -> None:
    pod = render({"existingOwnerSecret": "rag-owner"}).pod("rag-backend")["spec"]
    names = {one["name"]: one["secret"]["secretName"] for one in pod["volumes"] if "secret" in one}
    assert names == {"secrets": "rag", "owner": "rag-owner"}
    mounts = {
        one["name"]: {each["name"] for each in one["volumeMounts"]} & set(names)
        for one in (*pod["initContainers"], *pod["containers"])
    }
    assert mounts == {"migrate": {"owner"}, "backend": {"secrets"}}


def test_the_database_is_believed_by_its_own_authorities(render: Render) -> None:
    pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    objects = render({"postgres": {"ca": pem}})
    assert objects.get("ConfigMap", "rag-backend")["data"]["DATABASE_CA"] == pem
    pod = objects.pod("rag-backend")["spec"]
    for one in (*pod["initContainers"], *pod["containers"]):
        assert {"configMapRef": {"name": "rag-backend"}} in one["envFrom"]
