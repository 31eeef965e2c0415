"""The description of the API: complete, and what the service really does."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FRONTEND = Path(__file__).parents[2] / "frontend/openapi.json"
CONFIG = Path(__file__).with_name("schemathesis.toml")
BODIES = {
    "NUL": {"q": "a\0b is it?"},
    "a long number": {"q": 10**400},
    "a float beyond all": {"q": 1e308},
    "lists": {"q": [[[["x"]]]]},
    "an object": {"q": {"a": {"b": {}}}},
    "a truth": {"q": True},
    "null": {"q": None},
}


def test_every_operation_is_described(backend):
    described = backend.get("/openapi.json").json()
    assert described["servers"]
    tags = {tag["name"] for tag in described["tags"] if tag["description"]}
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            name = f"{method} {path}"
            assert set(operation["tags"]) <= tags, name
            assert operation["description"] or operation["summary"], name
            assert "X-Request-ID" in [item["name"] for item in operation["parameters"]], name
            for status, response in operation["responses"].items():
                assert "x-request-id" in response["headers"], name
                if status in ("400", "404", "413", "415", "422"):
                    kind = "problem+json" if "openai" not in operation["tags"] else "json"
                    assert list(response["content"]) == [f"application/{kind}"], name
    assert "HTTPValidationError" not in json.dumps(described)
    for name in ("SearchRequest", "SearchResult", "Question", "Answer", "ChatRequest"):
        assert described["components"]["schemas"][name]["examples"], name
    events = described["paths"]["/v1/jobs/{job_id}/events"]["get"]["responses"]["200"]
    assert events["content"]["text/event-stream"]["example"].startswith("event: job\n")
    for name in ("Document", "Upload", "Change", "Ids", "Reindexing", "Job"):
        assert described["components"]["schemas"][name]["examples"], name


def test_the_frontends_description_is_this_one(start):
    """`make api-types` writes it anew, and with it the frontend's types."""
    described = start(AUTH="keys", API_KEY="a" * 40).get("/openapi.json").json()
    described["info"]["version"] = "0.0.0"
    assert json.loads(FRONTEND.read_text()) == described


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("path", "field"), [("/v1/search", "query"), ("/v1/ask", "question")])
def test_strange_values_are_the_clients_fault(backend, path, field, body):
    text = json.dumps(BODIES[body]["q"])
    for data in (f'{{"{field}": {text}}}', text):
        kind = {"content-type": "application/json"}
        response = backend.post(path, content=data.encode(), headers=kind)
        assert response.status_code == 422, response.text
        assert response.headers["content-type"] == "application/problem+json"


def test_all_methods_of_a_path_are_told(backend):
    response = backend.put("/v1/documents/0123456789abcdef")
    assert response.status_code == 405
    assert response.headers["allow"] == "DELETE, GET, PATCH"


@pytest.mark.parametrize("method", ["PUT", "PATCH", "GET", "DELETE"])
@pytest.mark.parametrize("path", ["/v1/documents/delete", "/v1/documents/reindex"])
def test_the_path_of_many_is_not_the_id_of_one(backend, path, method):
    response = backend.request(method, path)
    assert response.status_code == 405, response.text
    assert response.headers["allow"] == "POST"
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.slow
def test_nothing_that_fits_the_description_breaks_the_service(backend, tmp_path):
    """Many requests to each operation, valid and not, with every check there is."""
    url = str(backend.base_url).rstrip("/")
    command = [str(Path(sys.executable).with_name("schemathesis"))]
    command += ["--config-file", str(CONFIG), "run", f"{url}/openapi.json"]
    command += ["--url", url, "--checks", "all", "--seed", "42", "--continue-on-failure"]
    command += ["--max-examples", os.environ.get("RAG_TEST_EXAMPLES", "25")]
    command += ["--phases", "examples,coverage,fuzzing", "--no-color"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=900)
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2000:]
    # It is what was tested, and nothing broke unseen.
    assert int(re.search(r"(\d+) generated", done.stdout)[1]) > 300, done.stdout[-3000:]
    assert "request.crashed" not in backend.log.read_text()
