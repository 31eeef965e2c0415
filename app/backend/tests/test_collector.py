"""Traces by way of OpenTelemetry's own collector (tests/collector): it takes what is sent."""

import contextlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import httpx
import otlp
import pytest
import servers
from conftest import running, working

SOURCE = Path(__file__).parent / "collector"
FRONTEND = Path(__file__).parents[2] / "frontend/.next/standalone/server.js"


@pytest.fixture(scope="module")
def collector(tmp_path_factory):
    """The collector, which sends what it takes on to a receiver that shows it."""
    if shutil.which("go") is None:
        pytest.skip("Go compiles the collector, and is not on PATH")
    folder = tmp_path_factory.mktemp("collector")
    program = folder / "collector"
    subprocess.run(["go", "build", "-o", program, "."], cwd=SOURCE, check=True, timeout=1800)
    with otlp.receiving() as receiver:
        port = servers.free_port()
        config = {
            "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{port}"}}}},
            "exporters": {"otlp_http": {"endpoint": receiver.url, "compression": "none"}},
            "service": {
                "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["otlp_http"]}},
                "telemetry": {"metrics": {"level": "none"}},
            },
        }
        command = [str(program), f"--config=yaml:{json.dumps(config)}"]
        log = folder / "log"
        with servers.process(command, log) as child:
            servers.wait("the collector", lambda: servers.accepts(port) and child.poll() is None)
            variables = receiver.variables(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{port}")
            yield receiver, variables


@contextlib.contextmanager
def page(folder, **variables):
    """The built frontend, by its address."""
    if not FRONTEND.exists() or shutil.which("node") is None:
        pytest.skip("the frontend is not built (npm run build), or node is not on PATH")
    port = servers.free_port()
    env = {"PATH": os.environ["PATH"], "PORT": str(port), "HOSTNAME": "127.0.0.1", **variables}
    with servers.process(["node", str(FRONTEND)], folder / "frontend.log", env=env):
        servers.wait("the frontend", lambda: servers.accepts(port))
        yield f"http://127.0.0.1:{port}"


@pytest.mark.slow
def test_from_the_page_to_the_stores_is_one_trace(world, collector, tmp_path):
    receiver, variables = collector
    shared = {"WORKER": "separate", "WORKER_QUEUE": "from-page", **variables}
    with (
        working(world, **shared),
        running(world, **shared) as client,
        page(tmp_path, BACKEND_URL=str(client.base_url), **variables) as url,
    ):
        uploaded, asked = "4" * 32, "5" * 32
        answer = httpx.post(
            f"{url}/api/v1/documents",
            files={"file": ("harbour.txt", b"The harbour of Sundholm opens at seven.")},
            headers={"traceparent": f"00-{uploaded}-{'6' * 16}-01", "prefer": "wait=60"},
            timeout=90,
        )
        assert answer.status_code in (201, 202), answer.text
        answer = httpx.post(
            f"{url}/api/v1/ask",
            json={"question": "When does the harbour of Sundholm open?"},
            headers={"traceparent": f"00-{asked}-{'6' * 16}-01"},
            timeout=90,
        )
        assert answer.status_code == 200, answer.text
        wanted = {"rag-frontend", "rag-backend"}
        for trace, services in ((uploaded, wanted | {"rag-worker"}), (asked, wanted)):
            servers.wait(
                "one trace",
                lambda trace=trace, services=services: (
                    otlp.connected(found := receiver.trace(trace), "6" * 16)
                    and {span.service for span in found} == services
                ),
            )
        names = {span.name for span in receiver.trace(uploaded)}
        assert {"s3 PutObject", "job ingest", "milvus write", "postgres INSERT chunks"} <= names
        names = {span.name for span in receiver.trace(asked)}
        assert {"POST /v1/ask", "milvus search", "postgres SELECT chunks"} <= names


@pytest.mark.slow
def test_a_real_collector_passes_an_upload_and_a_question_on_as_one_trace_each(world, collector):
    receiver, variables = collector
    shared = {"WORKER": "separate", "WORKER_QUEUE": "collected", **variables}
    with working(world, **shared), running(world, **shared) as client:
        uploaded, asked = "1" * 32, "2" * 32
        text = b"The gate of Sundholm is closed at night."
        answer = client.post(
            "/v1/documents",
            files={"file": ("gate.txt", text)},
            headers={"traceparent": f"00-{uploaded}-{'3' * 16}-01", "prefer": "wait=60"},
        )
        assert answer.status_code == 201, answer.text
        answer = client.post(
            "/v1/ask",
            json={"question": "When is the gate of Sundholm closed?"},
            headers={"traceparent": f"00-{asked}-{'3' * 16}-01"},
        )
        assert answer.status_code == 200, answer.text
        servers.wait("the spans", lambda: {5, 2} <= {s.kind for s in receiver.trace(uploaded)})
        servers.wait("the spans", lambda: 2 in {s.kind for s in receiver.trace(asked)})
    for trace in (uploaded, asked):
        assert otlp.connected(receiver.trace(trace), "3" * 16), receiver.trace(trace)
    services = {span.service for span in receiver.trace(uploaded)}
    assert services == {"rag-backend", "rag-worker"}
