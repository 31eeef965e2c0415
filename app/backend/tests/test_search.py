"""POST /v1/search: hits that are slices of documents, and filters inside of both searches."""

import json

import psycopg
import pytest
import servers
from pdf import pdf

LINES = [
    f"Locomotive {n} of the Brannock railway was built in {1900 + n} and pulls coal wagons."
    for n in range(40)
]
RAILWAY = "# Rolling stock\n\n" + "\n".join(LINES) + "\n"
CANAL = (
    "The Brannock canal has twelve locks.\n"
    "Its barges carry coal to the railway.\n"
    "The lock keeper of the ninth lock is Otto Brandt.\n"
)


@pytest.fixture(scope="module")
def yard(backend):
    """Three documents about one place; name -> id."""
    made = {
        "railway": backend.upload("railway.md", RAILWAY),
        "canal": backend.upload("canal.txt", CANAL),
        "tower": backend.upload(
            "tower.pdf",
            pdf(
                [["The Brannock tower was finished in 1911."], ["Coal is stored below the tower."]]
            ),
        ),
    }
    return {name: response.json()["id"] for name, response in made.items()}


def search(backend, query, **more):
    response = backend.post("/v1/search", json={"query": query, **more})
    assert response.status_code == 200, response.text
    return response.json()


def test_hits_are_slices_with_their_place(backend, yard):
    found = search(backend, "Who keeps the ninth lock of the Brannock canal?")
    best = found["hits"][0]
    assert best["document_id"] == yard["canal"]
    assert (best["filename"], best["page"]) == ("canal.txt", 1)
    assert best["content_type"].startswith("text/plain")
    assert best["text"] == CANAL[best["start"] : best["end"]]
    assert best["chunk_id"].startswith(yard["canal"])
    assert best["ranks"] == {"dense": 1, "lexical": 1}
    assert best["score"] == pytest.approx(2)
    assert best["scores"] is None
    assert found["debug"] is None
    scores = [hit["score"] for hit in found["hits"]]
    assert scores == sorted(scores, reverse=True)


def test_headings_pages_and_offsets_are_those_of_the_chunk(backend, yard):
    hits = search(backend, "Brannock locomotive coal", document_ids=[yard["railway"]])["hits"]
    assert {hit["heading"] for hit in hits} == {"Rolling stock"}
    assert all(hit["text"] == RAILWAY[hit["start"] : hit["end"]] for hit in hits)
    [below] = search(backend, "coal below the tower", document_ids=[yard["tower"]], limit=1)["hits"]
    assert below["page"] == 2


def test_limit_is_how_many(backend, yard):
    assert len(search(backend, "Brannock coal", limit=1)["hits"]) == 1
    ids = [hit["chunk_id"] for hit in search(backend, "Brannock coal", limit=50)["hits"]]
    assert len(ids) == len(set(ids)) >= 4
    assert yard["canal"] in {item[:32] for item in ids}


@pytest.mark.parametrize("limit", [0, 51, "many"])
def test_a_limit_beyond_is_refused(backend, limit):
    response = backend.post("/v1/search", json={"query": "coal", "limit": limit})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


def test_a_filter_by_document_reaches_what_would_come_last(backend, yard):
    """All about the railway fits better: found only if the searches themselves are limited."""
    question = "Which locomotive of the Brannock railway pulls coal wagons?"
    start = [hit["document_id"] for hit in search(backend, question, limit=3)["hits"]]
    assert set(start) == {yard["railway"]}
    hits = search(backend, question, limit=3, document_ids=[yard["canal"], yard["tower"]])["hits"]
    assert {hit["document_id"] for hit in hits} == {yard["canal"], yard["tower"]}
    assert [hit["ranks"]["dense"] for hit in hits if hit["ranks"]["dense"] == 1] == [1]
    assert [hit["ranks"]["lexical"] for hit in hits if hit["ranks"]["lexical"] == 1] == [1]


def test_a_filter_by_type_is_that_of_the_documents(backend, yard):
    for given in ("application/pdf", "Application/PDF; version=1"):
        hits = search(backend, "Brannock coal", content_types=[given], limit=50)["hits"]
        assert hits
        assert {hit["content_type"] for hit in hits} == {"application/pdf"}
    both = search(
        backend, "coal", content_types=["application/pdf"], document_ids=[yard["canal"]], debug=True
    )
    assert both["hits"] == []
    assert both["debug"]["found"] == {"dense": 0, "lexical": 0, "fused": 0}


def test_unknown_documents_are_not_found(backend, yard):
    assert search(backend, "coal", document_ids=["0" * 32])["hits"] == []
    assert yard["canal"] in {
        hit["document_id"] for hit in search(backend, "canal locks", limit=50)["hits"]
    }


@pytest.mark.parametrize(
    "body",
    [
        {"document_ids": ['x" or page > 0 or document_id == "']},
        {"document_ids": ["0" * 65]},
        {"document_ids": []},
        {"document_ids": ["0" * 32] * 101},
        {"document_ids": "0" * 32},
        {"content_types": ["application/zip"]},
        {"content_types": ["text/plain' OR true"]},
        {"limit": 10**30},
        {"query": "a\0b"},
        {"query": " "},
        {"query": "x" * 2001},
        {"fields": ["text"]},
    ],
)
def test_what_is_no_filter_is_refused(backend, body):
    response = backend.post("/v1/search", json={"query": "coal", **body})
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert "coal" not in response.text


def test_half_a_character_is_refused(backend):
    kind = {"content-type": "application/json"}
    response = backend.post("/v1/search", content=rb'{"query": "\ud800 coal"}', headers=kind)
    assert response.status_code == 422


@pytest.mark.usefixtures("yard")
def test_debug_shows_scores_and_stages(backend):
    found = search(backend, "the Brannock tower", debug=True)
    stages = {"filter", "embed", "stems", "dense", "lexical", "searches", "texts"}
    assert set(found["debug"]["timings"]) == stages
    assert all(value >= 0 for value in found["debug"]["timings"].values())
    assert found["debug"]["found"]["fused"] >= len(found["hits"])
    for hit in found["hits"]:
        for leg in ("dense", "lexical"):
            assert (hit["scores"][leg] is None) == (hit["ranks"][leg] is None)
    assert any(hit["scores"]["dense"] and hit["scores"]["lexical"] for hit in found["hits"])


@pytest.fixture
def crowd(world):
    """More ready documents than a filter may name, without chunks; they go afterwards."""
    with psycopg.connect(
        servers.postgres_url(world.ports["postgres"]), autocommit=True
    ) as connection:
        connection.execute(
            "INSERT INTO documents (id, sha256, filename, content_type, bytes, pages, chunks,"
            " status, embedding_model) SELECT 'e' || n, 'e' || n, 'x', 'message/rfc822', 1, 1, 1,"
            " 'ready', 'm' FROM generate_series(1, 10001) AS n"
        )
        yield connection
        connection.execute("DELETE FROM documents WHERE id LIKE 'e%' AND content_type LIKE 'mess%'")


def test_a_filter_that_most_pass_names_the_others(backend, yard, crowd):
    # 10,001 mails and the PDF: what does not pass is named to the searches.
    types = ["message/rfc822", "application/pdf"]
    hits = search(backend, "Brannock coal", content_types=types, limit=50)["hits"]
    assert {hit["content_type"] for hit in hits} == {"application/pdf"}
    assert yard["tower"] in {hit["document_id"] for hit in hits}
    assert any(hit["ranks"]["lexical"] == 1 for hit in hits)
    # As many of another type: neither can be named.
    crowd.execute(
        "INSERT INTO documents (id, sha256, filename, content_type, bytes, pages, chunks,"
        " status, embedding_model) SELECT 'ec' || n, 'ec' || n, 'x', 'text/html; charset=utf-8',"
        " 1, 1, 1, 'ready', 'm' FROM generate_series(1, 10001) AS n"
    )
    try:
        response = backend.post(
            "/v1/search", json={"query": "coal", "content_types": ["message/rfc822"]}
        )
    finally:
        crowd.execute("DELETE FROM documents WHERE id LIKE 'ec%'")
    assert response.status_code == 422
    assert response.json()["type"] == "urn:rag:problem:filter-too-broad"


def test_many_documents_are_one_filter(backend, yard, crowd):
    """As many documents as a filter may name, and with more chunks than are scored one by one."""
    crowd.execute("DELETE FROM documents WHERE id = 'e1'")
    # 10,000 mails; the three others and what other tests uploaded do not pass.
    found = search(backend, "Brannock coal", content_types=["message/rfc822"], debug=True)
    assert found["hits"] == []
    crowd.execute("UPDATE documents SET content_type = 'application/pdf' WHERE id LIKE 'e%'")
    crowd.execute("DELETE FROM documents WHERE id LIKE 'e1%'")
    try:
        hits = search(backend, "Brannock coal", content_types=["application/pdf"])["hits"]
    finally:
        crowd.execute("UPDATE documents SET content_type = 'message/rfc822' WHERE id LIKE 'e%'")
    assert yard["tower"] in {hit["document_id"] for hit in hits}
    assert any(hit["ranks"]["lexical"] == 1 for hit in hits)


def test_no_query_reaches_the_log(backend, yard):
    secret = "quillfeather"
    assert search(backend, f"the {secret} of Brannock", document_ids=[yard["canal"]])["hits"]
    output = backend.log.read_text()
    assert secret not in output
    assert any(json.loads(line)["event"] == "search" for line in output.splitlines())


@pytest.mark.parametrize("victim", ["postgres", "milvus"])
def test_search_names_what_is_down(backend, world, victim):
    world.relays[victim].cut()
    try:
        response = backend.post("/v1/search", json={"query": f"canal without {victim}"})
    finally:
        world.relays[victim].restore()
    assert response.status_code == 503, response.text
    assert response.json()["dependency"] == victim
    servers.wait("recovery", lambda: backend.get("/readyz").status_code == 200)
