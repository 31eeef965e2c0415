"""Traces by way of OpenTelemetry's own collector (tests/collector): it takes what is sent."""

import json
import shutil
import subprocess
from pathlib import Path

import otlp
import pytest
import servers
from conftest import running, working

SOURCE = Path(__file__).parent / "collector"


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
