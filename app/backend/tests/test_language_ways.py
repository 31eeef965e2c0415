"""In languages other than English: search and its filters, events, conversations, other APIs."""

import asyncio

import conftest
import model_server
import openai
import pytest
from language_texts import CASES
from mcp import Client
from test_streaming import check, stream

GERMAN = "Die Dokumente beantworten diese Frage nicht."
GERMAN_OPEN = CASES["de"].open
ARABIC_OPEN = CASES["ar"].open


@pytest.fixture(scope="module")
def texts(backend):
    """The same facts in three languages, as long as these tests run; language -> document."""
    made = {
        code: backend.upload(f"{code}.txt", CASES[code].text).json()["id"]
        for code in ("ar", "de", "en")
    }
    yield made
    # Other tests take the same texts for new ones.
    for document in made.values():
        assert backend.delete(f"/v1/documents/{document}").status_code == 204


@pytest.fixture
def model():
    """An API that speaks like OpenAI's."""
    with model_server.running() as server:
        yield server


def search(backend, query, **more):
    response = backend.post("/v1/search", json={"query": query, "debug": True, **more})
    assert response.status_code == 200, response.text
    return response.json()["hits"]


def completion(backend, question, **more):
    url = str(backend.base_url).rstrip("/") + "/v1"
    client = openai.OpenAI(base_url=url, api_key="unused", max_retries=0, timeout=30)
    messages = [{"role": "user", "content": question}]
    return client.chat.completions.create(model="rag", messages=messages, **more)


@pytest.mark.parametrize(
    ("query", "language"),
    [
        ("Wie viel zahlt ein Erwachsener für Eintrittskarten?", "de"),
        ("Welche WAERTERIN zuendet die Lampe?", "de"),
        (CASES["ar"].inflected[0], "ar"),
        ("Which keeper lights the lamps?", "en"),
    ],
)
def test_a_query_is_stemmed_in_its_language(backend, texts, query, language):
    # Other tests' documents may be about lamps, too.
    best = search(backend, query, document_ids=list(texts.values()))[0]
    assert best["document_id"] == texts[language]
    assert best["ranks"]["lexical"] == 1


@pytest.mark.parametrize("language", ["ar", "de", "en"])
def test_a_filter_changes_no_score(backend, texts, language):
    query = CASES[language].inflected[0]
    every = {hit["chunk_id"]: hit for hit in search(backend, query, limit=50)}
    wanted = [texts[language]]
    found = search(backend, query, limit=50, document_ids=wanted, content_types=["text/plain"])
    assert found
    assert {hit["document_id"] for hit in found} == set(wanted)
    for hit in found:
        assert hit["scores"]["lexical"] == pytest.approx(
            every[hit["chunk_id"]]["scores"]["lexical"]
        )


def test_events_end_with_the_language(backend, texts):
    question, fact = CASES["ar"].exact
    answer = check(stream(backend, question))
    assert (answer["refused"], answer["language"]) == (False, "ar")
    assert answer["citations"][0]["document_id"] == texts["ar"]
    assert fact in answer["answer"]


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize(("code", "question"), [("de", GERMAN_OPEN), ("ar", ARABIC_OPEN)])
def test_a_refusal_streams_in_the_language_of_the_question(backend, code, question):
    answer = check(stream(backend, question))
    assert (answer["refused"], answer["language"]) == (True, code)
    assert CASES[code].refusal in answer["answer"]
    # From the cache it is the same, and without events.
    assert check(stream(backend, question)) == answer == backend.ask(question)


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize("pieces", [["NO ", "ANSWER"], ["Das steht ", "nirgends."]])
def test_a_models_refusal_is_in_the_language_of_the_question(start, model, pieces):
    client = start(**model.variables())
    model.pieces = pieces
    answer = check(stream(client, GERMAN_OPEN))
    assert answer == {
        "answer": GERMAN,
        "citations": [],
        "refused": True,
        "language": "de",
        "confidence": None,
    }
    message = completion(client, GERMAN_OPEN).choices[0].message
    assert (message.content, message.language) == (GERMAN, "de")
    model.pieces = ["Grün ", "[1]", "."]
    answer = check(stream(client, GERMAN_OPEN))
    assert (answer["answer"], answer["language"]) == ("Grün.", "de")
    instructions = model.seen[-1][1]["messages"][0]["content"]
    assert "in the language of the question" in instructions
    assert "[2, 3]" in instructions


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize(
    ("question", "language"),
    [(GERMAN_OPEN, "de"), (CASES["de"].exact[0], "de"), (CASES["en"].exact[0], "en")],
)
def test_completions_tell_the_language(backend, question, language):
    message = completion(backend, question).choices[0].message
    assert message.language == language
    assert message.refused is (question == GERMAN_OPEN)
    assert message.content.startswith(GERMAN) is message.refused
    chunks = list(completion(backend, question, stream=True))
    assert chunks[-1].choices[0].delta.language == language


@pytest.mark.usefixtures("texts")
def test_tools_tell_the_language(world):
    async def run(client):
        async with Client(str(client.base_url).rstrip("/") + "/mcp") as session:
            asked = await session.call_tool("ask", {"question": GERMAN_OPEN})
            found = await session.call_tool("search", {"query": CASES["de"].inflected[0]})
            return asked.structured_content, found.structured_content["hits"]

    with conftest.running(world, MCP="true") as client:
        answer, hits = asyncio.run(run(client))
    assert (answer["answer"], answer["language"]) == (GERMAN, "de")
    assert hits[0]["filename"] == "de.txt"


TURNS = [
    {"role": "user", "content": "Wie heißt die Wärterin des Leuchtturms von Warnholm?"},
    {"role": "assistant", "content": "Sie heißt Odile."},
]


@pytest.mark.parametrize(
    ("question", "english"),
    [
        # `her` and `was` point, or are empty, in English only.
        ("Wo kommt die Wärterin eigentlich her?", False),
        ("Wann wurde er gebaut?", False),
        ("And when does she light it?", True),
    ],
)
@pytest.mark.usefixtures("texts")
def test_the_rule_for_follow_ups_is_for_english(start, model, question, english):
    client = start(**model.variables())
    model.failures, model.text = [400], "Odile [1]."
    asked = {"question": question, "messages": TURNS}
    answer = client.post("/v1/ask", json=asked).json()
    assert answer["language"] == ("en" if english else "de")
    written = model.seen[-1][1]["messages"][1]["content"]
    assert written.endswith(f"Question: {question}") is not english
    assert ("(" in written.rpartition("Question: ")[2]) is english


@pytest.mark.usefixtures("texts")
def test_follow_ups_in_other_languages_are_answered(backend):
    question, fact = CASES["de"].exact
    asked = {"question": question, "messages": TURNS}
    answer = backend.post("/v1/ask", json=asked).json()
    assert fact in answer["answer"]
    assert answer["language"] == "de"
    asked["question"] = GERMAN_OPEN
    assert backend.post("/v1/ask", json=asked).json()["answer"] == GERMAN


@pytest.mark.usefixtures("texts")
def test_capitals_tell_answers_apart_in_the_cache(start):
    client = start()
    name = "Who is Odile?"
    first = [client.ask(question) for question in (name, name.lower())]
    cached = [client.ask(question) for question in (name, name.lower())]
    assert cached == first
    hits = 'rag_answer_cache_total{result="hit"} 2.0'
    assert hits in client.get("/metrics").text
