"""The chart of the application: what it renders, and what it refuses."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from charts import Chart, Render, refuses_restricted

PARTS = [("rag-backend", 8000), ("rag-frontend", 3000)]
NAMES = [name for name, _ in PARTS]
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
DIGEST = "sha256:" + "3" * 64


def test_lint_finds_nothing(chart: Chart) -> None:
    outcome = chart.lint("--values", str(chart.values))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_lint_without_values_names_all_that_is_missing(chart: Chart) -> None:
    outcome = chart.lint()
    assert outcome.returncode != 0
    text = outcome.stdout + outcome.stderr
    for path in ("/existingSecret", "/s3/bucket", "/milvus/uri", "/aws/region",
                 "/backend/image/digest", "/frontend/image/repository"):  # fmt: skip
        assert path in text


def test_the_default_is_what_the_readme_lists(render: Render) -> None:
    objects = render()
    for kind in ("Deployment", "Service", "ServiceAccount", "PodDisruptionBudget",
                 "HorizontalPodAutoscaler"):  # fmt: skip
        for name in NAMES:
            objects.get(kind, name)
    assert "Secret" not in objects.kinds()
    assert "Ingress" not in objects.kinds()
    assert len(objects) == 11
    assert all("namespace" not in one["metadata"] for one in objects)


@pytest.mark.parametrize("name", NAMES)
def test_pods_are_restricted(render: Render, name: str) -> None:
    everything = {"caBundle": {"pem": PEM}, "backend": {"writableDirs": ["/tmp", "/cache"]}}  # noqa: S108
    pod = render(everything).pod(name)["spec"]
    assert refuses_restricted(pod) == []
    assert pod["automountServiceAccountToken"] is False
    assert pod["enableServiceLinks"] is False
    assert pod["serviceAccountName"] == name
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
    [("rag-backend", "/livez", "/readyz"), ("rag-frontend", "/api/livez", "/api/readyz")],
)
def test_probes(render: Render, name: str, live: str, ready: str) -> None:
    container = render().container(name)
    paths = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness")}
    assert {probe["path"] for probe in paths.values()} == {live}
    assert container["readinessProbe"]["httpGet"] == {"path": ready, "port": "http"}
    startup = container["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 60


@pytest.mark.parametrize(("name", "port"), PARTS)
def test_a_service_reaches_its_own_pods_only(render: Render, name: str, port: int) -> None:
    objects = render()
    service = objects.get("Service", name)["spec"]
    assert service["ports"] == [{"name": "http", "port": port, "targetPort": "http"}]
    assert service["type"] == "ClusterIP"
    for other in NAMES:
        labels = objects.pod(other)["metadata"]["labels"]
        assert (service["selector"].items() <= labels.items()) == (other == name)
    ports = objects.container(name)["ports"]
    assert ports == [{"name": "http", "containerPort": port}]


@pytest.mark.parametrize("name", NAMES)
def test_a_stopping_pod_drains_before_it_is_killed(render: Render, name: str) -> None:
    objects = render()
    sleep = objects.container(name)["lifecycle"]["preStop"]["sleep"]["seconds"]
    grace = objects.pod(name)["spec"]["terminationGracePeriodSeconds"]
    assert 0 < sleep < grace
    rolling = objects.get("Deployment", name)["spec"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxUnavailable": 0, "maxSurge": 1}
    assert objects.get("PodDisruptionBudget", name)["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize("name", NAMES)
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


@pytest.mark.parametrize("name", NAMES)
def test_without_autoscaling_the_values_say_how_many(render: Render, name: str) -> None:
    part = name.removeprefix("rag-")
    objects = render({part: {"replicas": 3, "autoscaling": {"enabled": False}}})
    assert objects.get("Deployment", name)["spec"]["replicas"] == 3
    scaled = [one["metadata"]["name"] for one in objects if one["kind"].endswith("Autoscaler")]
    assert scaled == [other for other in NAMES if other != name]


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
        secret = {
            variable["name"]: variable["valueFrom"]["secretKeyRef"]
            for variable in container["env"]
            if "valueFrom" in variable
        }
        assert {key: one["optional"] for key, one in secret.items()} == {
            "DATABASE_URL": False,
            "REDIS_URL": False,
            "MILVUS_TOKEN": True,
            "OPENAI_API_KEY": True,
        }
        assert {one["name"] for one in secret.values()} == {"rag"}
        assert {"name": "LOG_LEVEL", "value": "debug"} in container["env"]
        assert {"secretRef": {"name": "more"}} in container["envFrom"]
        assert {"configMapRef": {"name": "rag-backend"}} in container["envFrom"]
    assert objects.get("ConfigMap", "rag-backend")["data"] == {
        "APP_VERSION": "src-0f3a",
        "AWS_REGION": "us-east-1",
        "S3_BUCKET": "ragops-dev-documents-123456789012",
        "MILVUS_URI": "http://milvus.milvus.svc.cluster.local:19530",
        "MILVUS_COLLECTION": "documents",
    }
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
        ({"retryOfRevision": 3}, False),
    ],
)
def test_what_restarts_the_backend(render: Render, values: dict[str, Any], restarts: bool) -> None:
    before, after = render(), render(values)
    assert (before.pod("rag-backend") != after.pod("rag-backend")) is restarts
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


def test_ingress_serves_the_frontend(render: Render) -> None:
    ingress = render({"ingress": {"enabled": True, "host": "rag.example.com"}}).get(
        "Ingress", "rag"
    )
    assert ingress["spec"]["ingressClassName"] == "alb"
    rule = ingress["spec"]["rules"][0]
    assert rule["host"] == "rag.example.com"
    assert rule["http"]["paths"][0]["backend"]["service"]["name"] == "rag-frontend"
    annotations = ingress["metadata"]["annotations"]
    assert annotations["alb.ingress.kubernetes.io/target-type"] == "ip"
    assert "alb.ingress.kubernetes.io/ssl-redirect" not in annotations


def test_ingress_redirects_to_https_with_a_certificate(render: Render) -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/0b7c"
    values = {"ingress": {"enabled": True, "certificateArn": arn}}
    annotations = render(values).get("Ingress", "rag")["metadata"]["annotations"]
    assert annotations["alb.ingress.kubernetes.io/certificate-arn"] == arn
    assert annotations["alb.ingress.kubernetes.io/ssl-redirect"] == "443"
    assert '"HTTPS": 443' in annotations["alb.ingress.kubernetes.io/listen-ports"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("surprise", 1),
        ("backend.surprise", 1),
        ("backend.image.surprise", 1),
        ("frontend.migrate", {"enabled": True, "command": ["true"]}),
        ("existingSecret", "Not A Name"),
        ("imagePullPolicy", "Sometimes"),
        ("aws.region", "mars"),
        ("s3.bucket", "Upper_Case"),
        ("milvus.uri", "milvus:19530"),
        ("milvus.collection", "no spaces"),
        ("caBundle.pem", "not a certificate"),
        ("backend.image.digest", "latest"),
        ("backend.image.digest", "sha256:abc"),
        ("backend.image.repository", "registry.example.com/rag:1.0"),
        ("backend.replicas", "two"),
        ("backend.replicas", -1),
        ("backend.autoscaling.cpuPercent", 0),
        ("backend.autoscaling.minReplicas", 0),
        ("backend.autoscaling.minReplicas", 11),
        ("backend.resources.limits.memory", "much"),
        ("backend.resources.requests.gpu", "1"),
        ("backend.migrate.command", []),
        ("backend.extraEnv", [{"value": "nameless"}]),
        ("backend.extraEnv", {"LOG_LEVEL": "debug"}),
        ("backend.writableDirs", ["relative"]),
        ("backend.probes.liveness.periodSeconds", 0),
        ("backend.disruptionBudget.maxUnavailable", 0),
        ("frontend.topologySpread.whenUnsatisfiable", "Never"),
        ("frontend.terminationGracePeriodSeconds", 0),
        ("ingress.scheme", "public"),
        ("ingress.certificateArn", "my-certificate"),
        ("retryOfRevision", "three"),
    ],
)
def test_wrong_values_are_refused_by_their_path(render: Render, path: str, value: Any) -> None:
    values: dict[str, Any] = {}
    *parents, last = path.split(".")
    place = values
    for key in parents:
        place = place.setdefault(key, {})
    place[last] = value
    outcome = render.attempt(copy.deepcopy(values))
    assert outcome.returncode != 0
    assert last in outcome.stderr or f"/{path.replace('.', '/')}" in outcome.stderr
