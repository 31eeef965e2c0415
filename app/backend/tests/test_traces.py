"""Traces, as a collector gets them from processes that run."""

import json
import os
import signal
import subprocess
import sys
import time

import model_server
import otlp
import pytest
import servers
from conftest import SOURCE, running, working

TEXT = "The zanzibarium of Port Ellery is open from nine to five on working days."
QUESTION = "When is the zanzibarium of Port Ellery open?"
UNTOLD = ("zanzibarium", "Ellery", "quokka", "p@ss/word", "p%40ss", "sk-secret-key")
"""Marked texts of a document, its name, a question and an answer; and secrets."""


def traceparent(sampled=True):
    """A header of a client that traces, with its ids of the trace and of the span."""
    trace, span = os.urandom(16).hex(), os.urandom(8).hex()
    return {"traceparent": f"00-{trace}-{span}-0{int(sampled)}"}, trace, span


def lines(client):
    """The log of a process."""
    return [json.loads(line) for line in client.log.read_text().splitlines() if line[:1] == "{"]


@pytest.fixture(scope="module")
def collector():
    with otlp.receiving() as server:
        yield server


@pytest.fixture(scope="module")
def model():
    with model_server.running() as server:
        server.text = "The zanzibarium opens at nine. [1]"
        yield server


@pytest.fixture(scope="module")
def traced(world, collector, model):
    """A server and a separate worker that send their spans."""
    queue = {"WORKER": "separate", "WORKER_QUEUE": "traced"}
    told = collector.variables(OTEL_EXPORTER_OTLP_HEADERS="x-key=top%20s3cret")
    # The cache is asked, and forgets at once what it was given.
    given = model.variables(ANSWER_CACHE_SECONDS="1")
    with (
        working(world, **queue, **told) as worker,
        running(world, **queue, **told, **given) as client,
    ):
        client.worker = worker
        yield client


@pytest.fixture(scope="module")
def uploaded(traced):
    """A document that was read, and the trace of its upload."""
    headers, trace, span = traceparent()
    files = {"file": ("quokka.txt", TEXT.encode())}
    response = traced.post("/v1/documents", files=files, headers=headers)
    assert response.status_code == 202, response.text
    job = response.json()["job"]["id"]
    url = f"/v1/jobs/{job}"
    servers.wait("the document", lambda: traced.get(url).json()["state"] == "succeeded")
    return trace, span


@pytest.mark.usefixtures("uploaded")
def test_a_question_is_one_trace_down_to_the_stores_and_the_model(traced, collector):
    headers, trace, span = traceparent()
    answer = traced.post("/v1/ask", json={"question": QUESTION}, headers=headers)
    assert answer.json()["refused"] is False, answer.text
    servers.wait("the span", lambda: any(s.kind == 2 for s in collector.trace(trace)))
    found = collector.trace(trace)
    assert otlp.connected(found, span), found
    names = {item.name for item in found}
    assert {
        *("POST /v1/ask", "ask cache", "ask embed", "ask search", "ask generate"),
        *("retrieve dense", "retrieve lexical"),
        *("redis GET", "redis SET", "milvus search", "openai chat", "postgres SELECT chunks"),
    } <= names, names
    [server] = [item for item in found if item.kind == 2]
    assert server.service == "rag-backend"
    assert server.attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/ask",
        "http.response.status_code": 200,
    }
    [chat] = [item for item in found if item.name == "openai chat"]
    assert chat.attributes["gen_ai.usage.input_tokens"] == 120
    assert chat.attributes["gen_ai.usage.output_tokens"] == 30


def test_an_upload_is_one_trace_through_the_worker_down_to_the_stores(uploaded, collector):
    trace, span = uploaded
    servers.wait("the job", lambda: any(s.kind == 5 for s in collector.trace(trace)))
    found = collector.trace(trace)
    assert otlp.connected(found, span), found
    assert {item.service for item in found} == {"rag-backend", "rag-worker"}
    done = {item.name for item in found if item.service == "rag-worker"}
    assert {
        *("job ingest", "ingest fetch", "ingest parse", "ingest embed"),
        *("ingest milvus", "ingest postgres"),
        *("s3 GetObject", "milvus write", "postgres INSERT chunks", "postgres UPDATE jobs"),
    } <= done, done
    taken = {item.name for item in found if item.service == "rag-backend"}
    assert {"POST /v1/documents", "s3 PutObject", "postgres INSERT jobs"} <= taken, taken
    [attempt] = [item for item in found if item.kind == 5]
    assert attempt.attributes["rag.job.outcome"] == "succeeded"
    assert attempt.attributes["rag.job.attempt"] == 1


def test_the_template_of_a_route_stands_for_its_path(traced, collector):
    headers, trace, _span = traceparent()
    identifier = "ab" * 16
    assert traced.get(f"/v1/documents/{identifier}", headers=headers).status_code == 404
    servers.wait("the span", lambda: any(s.kind == 2 for s in collector.trace(trace)))
    [server] = [item for item in collector.trace(trace) if item.kind == 2]
    assert server.name == "GET /v1/documents/{document_id}"
    assert identifier not in str(collector.trace(trace))
    assert not server.failed


def test_asking_for_the_key_and_its_limit_is_a_part_of_the_trace(start, collector):
    key = "k" * 40
    told = collector.variables(AUTH="keys", API_KEY=key, LIMIT_READ="2")
    client = start(**told, WORKER="separate", WORKER_QUEUE="limited")
    own = {"authorization": f"Bearer {key}"}
    made = client.post("/v1/keys", json={"name": "traced", "role": "reader"}, headers=own)
    assert made.status_code == 201, made.text
    theirs = {"authorization": f"Bearer {made.json()['key']}"}
    assert client.get("/v1/jobs", headers=theirs).status_code == 200
    assert client.get("/v1/jobs", headers=theirs).status_code == 200
    headers, trace, span = traceparent()
    assert client.get("/v1/jobs", headers=theirs | headers).status_code == 429
    servers.wait("the span", lambda: any(s.kind == 2 for s in collector.trace(trace)))
    found = collector.trace(trace)
    assert otlp.connected(found, span), found
    assert {"GET /v1/jobs", "redis EVALSHA"} <= {item.name for item in found}
    sent = b"".join(collector.bodies)
    assert key.encode() not in sent
    assert made.json()["key"].encode() not in sent


def test_the_log_names_the_trace_and_the_span(traced, uploaded, collector):
    headers, trace, _span = traceparent()
    headers["x-request-id"] = "mine-1"
    answer = traced.post("/v1/search", json={"query": QUESTION}, headers=headers)
    assert answer.headers["x-request-id"] == "mine-1"
    servers.wait("the span", lambda: any(s.kind == 2 for s in collector.trace(trace)))
    [server] = [item for item in collector.trace(trace) if item.kind == 2]
    told = [line for line in lines(traced) if line.get("trace_id") == trace]
    assert {line["event"] for line in told} == {"search", "request"}
    assert {line["request_id"] for line in told} == {"mine-1"}
    assert server.id in {line["span_id"] for line in told}
    done = [line for line in lines(traced.worker) if line.get("trace_id") == uploaded[0]]
    assert {"document.ready", "job.attempt"} <= {line["event"] for line in done}


@pytest.mark.usefixtures("uploaded")
def test_neither_texts_nor_secrets_are_sent_or_logged(traced, collector):
    for body, status in ((QUESTION, 200), (f"{QUESTION}\0", 422), ("quokka " * 900, 422)):
        assert traced.post("/v1/ask", json={"question": body}).status_code == status
    asked = {"name": "quokka", "metadata": "zanzibarium:quokka"}
    assert traced.get("/v1/documents", params=asked).status_code == 200
    assert traced.upload("quokka.pdf", b"%PDF-1.4 zanzibarium").status_code == 422
    with traced.stream("POST", "/v1/ask", json={"question": QUESTION, "stream": True}) as told:
        assert "zanzibarium" in told.read().decode()
    chat = {"model": "rag", "messages": [{"role": "user", "content": QUESTION}]}
    assert traced.post("/v1/chat/completions", json=chat).status_code == 200
    turns = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "At nine."}]
    followed = {"question": "And the quokka?", "messages": turns}
    assert traced.post("/v1/ask", json=followed).status_code == 200
    [document] = traced.get("/v1/documents", params={"name": "quokka.txt"}).json()["items"]
    url = f"/v1/documents/{document['id']}"
    assert "zanzibarium" in traced.get(f"{url}/chunks").text
    changed = traced.patch(url, json={"metadata": {"zanzibarium": "quokka"}})
    assert changed.status_code == 200, changed.text
    assert traced.post(f"{url}/reindex").status_code == 202
    time.sleep(1)
    sent = b"".join(collector.bodies)
    assert b"/v1/documents" in sent
    logs = traced.log.read_text() + traced.worker.log.read_text()
    assert "document.failed" in logs
    for text in (*UNTOLD, "top s3cret"):
        assert text.encode() not in sent, text
        assert text not in logs, text
    # The collector's key goes to the collector.
    assert collector.headers[-1]["x-key"] == "top s3cret"


def test_looking_for_work_and_for_health_makes_no_traces(traced, collector):
    assert traced.get("/readyz").status_code == 200
    time.sleep(
        2.5
    )  # The worker has looked for jobs twice, and the server was asked for its health.
    spans = collector.spans()
    ids = {span.id for span in spans}
    begun = [span for span in spans if span.parent not in ids]
    assert begun, "nothing was traced at all"
    assert {span.kind for span in begun} <= {2, 5}, begun
    assert not [span for span in spans if "readyz" in span.name or "livez" in span.name]


def test_without_a_collector_the_log_has_traces_all_the_same(backend):
    headers, trace, _span = traceparent(sampled=False)
    backend.post("/v1/search", json={"query": "what?"}, headers=headers)
    told = [line for line in lines(backend) if line.get("trace_id") == trace]
    assert {line["event"] for line in told} == {"search", "request"}
    mine = {"x-request-id": "without-a-trace"}
    backend.get("/version", headers=mine | {"traceparent": "00-zzz"})
    [line] = [line for line in lines(backend) if line.get("request_id") == "without-a-trace"]
    assert int(line["trace_id"], 16)
    assert int(line["span_id"], 16)


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "é", "-\t-"])
def test_a_request_id_that_is_none_is_replaced(backend, given):
    answer = backend.get("/version", headers={"x-request-id": given.encode()})
    assert answer.headers["x-request-id"].isalnum()
    assert len(answer.headers["x-request-id"]) == 32


@pytest.mark.parametrize("state", ["silent", "down"])
def test_a_collector_that_is_away_delays_neither_requests_nor_the_end(start, state):
    with otlp.receiving() as receiver:
        receiver.silent.set()
        variables = receiver.variables(
            OTEL_BSP_MAX_QUEUE_SIZE="64", OTEL_BSP_MAX_EXPORT_BATCH_SIZE="32"
        )
        if state == "down":
            variables["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{servers.free_port()}"
        client = start(**variables, DRAIN_SECONDS="0")
        assert client.post("/v1/search", json={"query": "what?"}).status_code == 200
        slowest = 0.0
        for _ in range(150):
            begun = time.perf_counter()
            assert client.get("/version").status_code == 200
            slowest = max(slowest, time.perf_counter() - begun)
        assert slowest < 5, "the exporter holds up requests"
        begun = time.perf_counter()
        client.child.terminate()
        assert client.child.wait(60) == -signal.SIGTERM
        assert time.perf_counter() - begun < 15
        told = [line for line in lines(client) if "opentelemetry" in str(line.get("logger"))]
        assert len(told) <= 4, told


@pytest.mark.parametrize("kind", ["server", "worker"])
def test_what_is_not_sent_yet_is_sent_at_the_end(start, start_worker, kind):
    with otlp.receiving() as receiver:
        later = receiver.variables(OTEL_BSP_SCHEDULE_DELAY="600000")
        headers, trace, _span = traceparent()
        queue = f"last-{kind}"
        if kind == "server":
            client = process = start(**later, WORKER="separate", WORKER_QUEUE=queue)
        else:
            client = start(WORKER="separate", WORKER_QUEUE=queue)
            process = start_worker(**later, WORKER_QUEUE=queue)
        files = {"file": (f"{kind}.txt", f"The {kind} ends.".encode())}
        answer = client.post("/v1/documents", files=files, headers=headers)
        if kind == "worker":
            url = f"/v1/jobs/{answer.json()['job']['id']}"
            servers.wait("the job", lambda: client.get(url).json()["state"] == "succeeded")
        assert receiver.spans() == []
        process.child.terminate()
        process.child.wait(30)
        assert {span.service for span in receiver.trace(trace)} == {
            "rag-backend" if kind == "server" else "rag-worker"
        }


def test_the_sampler_of_the_standard_variable_counts(start):
    with otlp.receiving() as receiver:
        client = start(**receiver.variables(OTEL_TRACES_SAMPLER="always_off"))
        client.post("/v1/search", json={"query": "what?"})
        time.sleep(1)
        assert receiver.spans() == []
        sampled = start(
            **receiver.variables(
                OTEL_TRACES_SAMPLER="parentbased_traceidratio",
                OTEL_TRACES_SAMPLER_ARG="0",
                OTEL_SERVICE_NAME="another-name",
            )
        )
        sampled.get("/version")
        headers, trace, _span = traceparent()
        sampled.get("/version", headers=headers)
        servers.wait("the span", lambda: receiver.trace(trace))
        assert {span.trace for span in receiver.spans()} == {trace}
        assert {span.service for span in receiver.spans()} == {"another-name"}


def test_without_a_collector_its_libraries_are_not_loaded(world):
    program = (
        "import sys; from rag import telemetry; from rag.main import create_app\n"
        "from rag.settings import Settings, load\n"
        "settings = load(Settings); telemetry.install(settings, 'x')(); create_app(settings)\n"
        "sys.exit('opentelemetry.sdk.trace' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], env=world.env(), cwd=SOURCE)
    assert done.returncode == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"},
        {"OTEL_BSP_MAX_QUEUE_SIZE": "64"},  # Less than a batch.
    ],
)
def test_a_wrong_variable_is_told(world, wrong):
    env = world.env(**{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"} | wrong)
    done = subprocess.run(
        [sys.executable, "-m", "rag"], env=env, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 78
    assert done.stderr.startswith("configuration error: OTEL_")
    assert done.stderr.count("\n") == 1
