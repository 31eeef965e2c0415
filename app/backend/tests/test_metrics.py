"""The metrics: all told in the README, with labels that nobody outside chooses."""

import re
import time
from pathlib import Path

import model_server
import pytest
from prometheus_client.parser import text_string_to_metric_families

from rag.metrics import Metrics

README = (Path(__file__).parents[1] / "README.md").read_text()


def told():
    """Names of metrics in the README's table, with their labels."""
    section = README.split("\n## Metrics\n")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`rag_[^|]*) \|([^|]*)\|", section, re.MULTILINE)
    return {
        name: set(re.findall(r"`(\w+)`", labels))
        for names, labels in rows
        for name in re.findall(r"`(rag_\w+)`", names)
    }


def test_the_readme_has_every_metric_and_no_other():
    metrics = Metrics()
    metrics.price(1, 1)
    found = {}
    for collector, names in metrics.registry._collector_to_names.items():
        if any(name.startswith("rag_") for name in names):
            [family] = collector.describe()
            name = family.name + ("_total" if family.type == "counter" else "")
            found[name] = set(collector._labelnames)
    assert told() == found


def families(client):
    return {item.name: item for item in text_string_to_metric_families(client.get("/metrics").text)}


def value(client, name, **labels):
    return sum(
        sample.value
        for family in families(client).values()
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


@pytest.fixture(scope="module")
def asked(backend):
    """A server with something to find."""
    assert backend.upload("tariff.txt", "The ferry to Lund costs nine crowns.").status_code == 201
    return backend


def test_refusals_have_reasons(asked, start):
    before = value(asked, "rag_refusals_total", reason="not-grounded")
    assert asked.ask("Which composer wrote the opera about glaciers on Jupiter?")["refused"]
    assert value(asked, "rag_refusals_total", reason="not-grounded") == before + 1
    with model_server.running() as model:
        client = start(**model.variables())
        assert client.ask("What does the ferry to Lund cost?")["refused"]
        assert value(client, "rag_refusals_total", reason="declined") == 1
        model.text = "It costs nine crowns."
        assert client.ask("What does the ferry to Lund cost?")["refused"]
        assert value(client, "rag_refusals_total", reason="uncited") == 1


def test_the_cost_of_a_model_is_told_where_its_price_is(asked, start):
    assert "rag_model_cost_total" not in asked.get("/metrics").text
    with model_server.running() as model:
        model.text = "Nine crowns. [1]"
        prices = {"OPENAI_PROMPT_PRICE": "0.4", "OPENAI_COMPLETION_PRICE": "1.6"}
        client = start(**model.variables(**prices))
        assert client.ask("What does the ferry to Lund cost?")["refused"] is False
        assert value(client, "rag_model_tokens_total", kind="prompt") == 120
        assert value(client, "rag_model_cost_total", kind="prompt") == pytest.approx(48e-6)
        assert value(client, "rag_model_cost_total", kind="completion") == pytest.approx(48e-6)


def test_requests_that_are_turned_away_are_counted(start):
    client = start(QUEUE_BYTES="1024", WORKER="separate")
    assert client.upload("first.txt", "word. " * 400, wait=0).status_code == 202
    time.sleep(1.2)  # What waits is known a second late.
    refused = client.upload("second.txt", "other. " * 400, wait=0)
    assert refused.status_code == 503
    assert refused.headers["retry-after"]
    labels = {"route": "/v1/documents", "reason": "queue-full"}
    assert value(client, "rag_requests_shed_total", **labels) == 1


def test_who_is_refused_before_a_route_is_looked_for_counts_at_it(start):
    key = "k" * 40
    client = start(AUTH="keys", API_KEY=key, LIMIT_READ="2")
    client.headers["authorization"] = ""
    identifier = "ab" * 16
    assert client.get(f"/v1/documents/{identifier}").status_code == 401
    labels = {"route": "/v1/documents/{document_id}", "status": "401"}
    assert value(client, "rag_http_request_duration_seconds_count", **labels) == 1
    own = {"authorization": f"Bearer {key}"}
    made = client.post("/v1/keys", json={"name": "m", "role": "reader"}, headers=own)
    theirs = {"authorization": f"Bearer {made.json()['key']}"}
    told = [client.get("/v1/jobs", headers=theirs).status_code for _ in range(3)]
    assert told == [200, 200, 429]
    labels = {"route": "/v1/jobs", "reason": "rate-limited"}
    assert value(client, "rag_requests_shed_total", **labels) == 1


def test_no_client_makes_series(asked):
    for number in range(20):
        asked.get(f"/v1/documents/{number:032x}")
        asked.get(f"/nowhere/{number}")
        asked.get(f"/v1/jobs/{number}", headers={"x-request-id": f"id-{number}"})
    asked.request("PROPFIND", "/v1/documents")
    served = {*asked.get("/openapi.json").json()["paths"], "/openapi.json", "/mcp", "unmatched"}
    served |= {"/docs", "/redoc", *(f"/v1/auth/{step}" for step in ("login", "callback", "logout"))}
    for family in families(asked).values():
        for sample in family.samples:
            assert sample.labels.get("route", "unmatched") in served, sample
            assert sample.labels.get("method", "_OTHER").isupper(), sample
            assert sample.labels.get("method") != "PROPFIND", sample
    assert sum(len(family.samples) for family in families(asked).values()) < 2000
