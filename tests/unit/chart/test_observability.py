"""Traces and reports of errors: which parts send them, and which way is open."""

from __future__ import annotations

from typing import Any

from chart.test_network import BACKEND, FRONTEND, TEST, WORKER, allows, pod
from support.charts import Render

ENDPOINT = "http://otel-collector.observability:4318"
TRACED: dict[str, Any] = {"observability": {"otlpEndpoint": ENDPOINT, "samplerArg": "0.1"}}
COLLECTOR = pod("observability", app="collector")
"""Where the values have it by default."""


def test_without_a_collector_nothing_speaks_of_one(render: Render) -> None:
    objects = render()
    assert not [name for name in objects.get("ConfigMap", "rag-backend")["data"] if "OTEL" in name]
    for part in (BACKEND, FRONTEND, WORKER):
        assert not allows(objects, part, COLLECTOR, 4318)


def test_all_parts_send_their_traces_and_no_other_pod_may(render: Render) -> None:
    objects = render(TRACED)
    wanted = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": ENDPOINT,
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": "0.1",
    }
    # Backend and worker have one ConfigMap, so that each keeps the name of its own service.
    data = objects.get("ConfigMap", "rag-backend")["data"]
    assert {name: data[name] for name in data if name.startswith("OTEL")} == wanted
    variables = objects.container("rag-frontend")["env"]
    told = {one["name"]: one.get("value") for one in variables}
    assert {name: told[name] for name in told if name.startswith("OTEL")} == wanted
    for part in (BACKEND, FRONTEND, WORKER):
        assert allows(objects, part, COLLECTOR, 4318)
        assert not allows(objects, part, COLLECTOR, 4317)
        assert not allows(objects, part, pod("default", app="collector"), 4318)
    assert not allows(objects, TEST, COLLECTOR, 4318)


def test_a_collector_elsewhere_is_reached_by_its_range(render: Render) -> None:
    place = {"namespace": "", "cidrs": ["10.9.0.0/24"], "port": 14318}
    objects = render(TRACED | {"networkPolicy": {"collector": place}})
    [rule] = [
        rule
        for rule in objects.get("NetworkPolicy", "rag-frontend")["spec"]["egress"]
        if {"protocol": "TCP", "port": 14318} in rule["ports"]
    ]
    assert rule["to"] == [{"ipBlock": {"cidr": "10.9.0.0/24"}}]


def test_reports_tell_of_which_environment_they_are(render: Render) -> None:
    objects = render(TRACED)
    assert objects.get("ConfigMap", "rag-backend")["data"]["SENTRY_ENVIRONMENT"] == "production"


def test_a_collector_nowhere_is_refused(render: Render) -> None:
    place = {"namespace": "", "cidrs": [], "port": 4318}
    wrong = TRACED | {"networkPolicy": {"collector": place}}
    outcome = render.attempt(wrong)
    assert outcome.returncode != 0
    assert "where is the collector" in outcome.stderr
