"""A reranker's order, in both dialects; the searches' own where it fails."""

import json
import re
import time

import embedding_server
import pytest

QUERY = "What do the ferries of Marholm carry?"
TEXT = "\n\n".join(
    f"# Ferry {number}\n\nFerry {number} of Marholm carries {cargo} to the island."
    for number, cargo in enumerate(["timber", "salt", "horses", "mail", "coal", "glass"])
)


@pytest.fixture(scope="module")
def server():
    with embedding_server.running() as running:
        running.wanted = "glass"
        yield running


@pytest.fixture(scope="module", params=["cohere", "tei"])
def dialect(request):
    return request.param


@pytest.fixture(scope="module")
def reranked(world, server, dialect):
    """A backend with a reranker, and what it asked."""
    from conftest import running

    given = {"RERANK_URL": server.rerank_url, "RERANK_API": dialect, "RERANK_TIMEOUT_SECONDS": "1"}
    more = {"RERANK_API_KEY": "sk-rerank-key", "RERANK_MODEL": "m", "ANSWER_CACHE_SECONDS": "0"}
    with running(world, **given | more) as client:
        assert client.upload("ferries.md", TEXT).status_code in (200, 201)
        server.seen.clear()
        yield client


def search(client):
    body = {"query": QUERY, "debug": True, "limit": 3}
    response = client.post("/v1/search", json=body)
    assert response.status_code == 200, response.text
    return response.json()


def texts(found):
    return [hit["text"] for hit in found["hits"]]


def counted(client, outcome):
    found = re.search(
        rf'rag_reranks_total{{outcome="{outcome}"}} ([\d.]+)', client.get("/metrics").text
    )
    return float(found[1]) if found else 0.0


def test_passages_come_in_the_rerankers_order(reranked, server, dialect, backend):
    plain = search(backend)
    assert "rerank" not in plain["debug"]["timings"]
    assert "reranked" not in plain["debug"]["found"]
    found = search(reranked)
    assert "glass" in found["hits"][0]["text"]
    # Of the others, which it finds equally bad, that which the searches put first.
    rest = [hit["text"] for hit in plain["hits"] if "glass" not in hit["text"]]
    assert found["hits"][1]["text"] == rest[0]
    assert found["debug"]["found"]["reranked"] >= 6
    assert found["debug"]["timings"]["rerank"] > 0
    key, asked = server.seen[-1]
    assert key == "Bearer sk-rerank-key"
    assert asked["query"] == QUERY
    given = asked["texts" if dialect == "tei" else "documents"]
    assert len(given) == found["debug"]["found"]["reranked"] <= 50
    if dialect == "cohere":
        assert (asked["model"], asked["top_n"]) == ("m", len(given))
    assert "sk-rerank-key" not in reranked.log.read_text()


def test_an_answer_is_made_of_what_the_reranker_puts_first(reranked, server):
    server.seen.clear()
    assert reranked.post("/v1/ask", json={"question": QUERY}).status_code == 200
    assert [asked["query"] for _key, asked in server.seen] == [QUERY]


@pytest.mark.parametrize("fault", ["hang", "500", "fewer"])
def test_a_reranker_that_fails_leaves_the_searches_order(reranked, backend, server, fault):
    failed = counted(reranked, "failed")
    if fault == "hang":
        server.hang = 3
    elif fault == "500":
        server.status = 500
    else:
        server.fault = "fewer"
    try:
        begin = time.monotonic()
        found = search(reranked)
        took = time.monotonic() - begin
    finally:
        server.hang, server.status, server.fault = 0, 200, ""
    assert [hit["text"] for hit in found["hits"]] == [
        hit["text"] for hit in search(backend)["hits"]
    ]
    assert found["debug"]["found"]["reranked"] == 0
    assert took < 3
    assert counted(reranked, "failed") == failed + 1
    lines = [json.loads(line) for line in reranked.log.read_text().splitlines() if "{" in line]
    reasons = [line["reason"] for line in lines if line["event"] == "rerank.failed"]
    said = {"hang": "no answer in time", "500": "status 500", "fewer": "scores for"}[fault]
    assert said in reasons[-1]
