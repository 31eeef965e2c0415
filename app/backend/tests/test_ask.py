"""Questions: hybrid retrieval, grounding, refusals, the cache, and the language model."""

import model_server
import pytest
import servers

from rag.ask import grounding
from rag.ask.repository import Passage

POLICY = """Returns and refunds of the Northwind shop.
Customers may return any item within 30 days of delivery.
Refunds are paid to the original payment method within five business days.
Shipping costs are not refunded unless the item was damaged.
Damaged items must be reported to support@northwind.example within 48 hours.
Gift cards cannot be exchanged for cash.
"""
OBSERVATORY = """The Kessler observatory stands at 2,400 metres above the sea.
Its main telescope has a mirror of 3.6 metres, cast in Jena in 1974.
Visitors are welcome on the first Saturday of each month between April and October.
The error code XR-4471 means that the dome's shutter is blocked by ice.
The night assistant closes the dome when the wind exceeds 18 metres per second.
"""


@pytest.fixture(scope="module")
def library(backend):
    """Two documents on different subjects; name -> id."""
    made = {"policy": backend.upload("policy.txt", POLICY)}
    made["observatory"] = backend.upload("observatory.txt", OBSERVATORY)
    return {name: response.json()["id"] for name, response in made.items()}


@pytest.mark.parametrize(
    ("question", "source", "words"),
    [
        ("Within how many days may customers return an item?", "policy", "30 days"),
        ("How are refunds paid?", "policy", "original payment method"),
        ("When do I get my refund?", "policy", "five business days"),
        ("Are shipping costs refunded?", "policy", "unless the item was damaged"),
        ("Can I exchange gift cards for cash?", "policy", "cannot be exchanged"),
        ("How large is the mirror of the telescope?", "observatory", "3.6 metres"),
        ("When are visitors welcome at the observatory?", "observatory", "first Saturday"),
        ("What does error code XR-4471 mean?", "observatory", "blocked by ice"),
        ("At which wind does the assistant close the dome?", "observatory", "18 metres"),
    ],
)
def test_answers_cite_their_source(backend, library, question, source, words):
    answer = backend.ask(question)
    assert answer["refused"] is False
    assert words in answer["answer"]
    assert answer["citations"][0]["document_id"] == library[source]
    texts = {library["policy"]: POLICY, library["observatory"]: OBSERVATORY}
    for citation in answer["citations"]:
        assert citation["excerpt"] in texts.get(citation["document_id"], citation["excerpt"])


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    "question",
    [
        "Who won the football world cup in 1998?",
        "What is the boiling point of ethanol?",
        "How do I bake sourdough bread?",
        # The same subjects, but the documents leave these open.
        "What is the phone number of the Northwind shop?",
        "Who designed the dome of the Kessler observatory?",
        "What does error code XR-9999 mean?",
        "How much does a ticket to the observatory cost?",
        "Which discount do students get on gift cards?",
        "What is the salary of the night assistant?",
    ],
)
def test_what_the_documents_do_not_carry_is_refused(backend, question):
    answer = backend.ask(question)
    assert answer["refused"] is True, answer
    assert answer["citations"] == []
    assert "do not answer" in answer["answer"]


def test_hybrid_finds_codes_and_meanings(backend, library):
    # A bare code says nothing to the embedding; a paraphrase shares no word.
    assert "ice" in backend.ask("XR-4471?")["answer"]
    paraphrase = backend.ask("How soon is my money paid back after I send a purchase back?")
    assert paraphrase["citations"][0]["document_id"] == library["policy"]


def test_sentences_are_chosen_by_what_they_cover():
    """The 12th passage's sentence on the subject, and the first passage whatever is in it."""
    texts = ["Nothing of it. " * 3] * 11 + ["An otter swims. Nothing of it."]
    passages = [Passage(f"d{n}-0", f"d{n}", 1, "", text, False) for n, text in enumerate(texts)]
    found = grounding.sentences(passages)
    stems = [frozenset({"otter", "swim"} if "otter" in each.text else ()) for each in found]
    covered = grounding.cover(found, stems, {"otter": 2.0, "swim": 1.0, "river": 1.0})
    chosen = grounding.promising(covered, 2)
    assert [item.sentence.passage.chunk_id for item in chosen] == ["d0-0", "d11-0"]
    assert chosen[1].coverage == 0.75
    [best, _other] = grounding.score(chosen, [0.1, 0.3])
    assert (best.sentence.text, best.words) == ("An otter swims.", {"otter", "swim"})


@pytest.mark.usefixtures("library")
def test_answers_are_cached_until_the_corpus_changes(start):
    backend = start()

    def hits():
        text = backend.get("/metrics").text
        line = next(
            x for x in text.splitlines() if x.startswith('rag_answer_cache_total{result="h')
        )
        return float(line.split()[-1])

    question = "On which Saturday may visitors come to the observatory?"
    first = backend.ask(question)
    backend.ask(question)
    before = hits()
    assert backend.ask(question) == first
    assert hits() == before + 1
    backend.upload("more.txt", "A document more makes every cached answer outdated.")
    again = backend.ask(question)
    # The confidence is measured against the other passages that were found.
    assert again.pop("confidence") == pytest.approx(first.pop("confidence"), abs=0.1)
    assert again == first
    assert hits() == before + 1


@pytest.mark.usefixtures("library")
def test_asking_works_without_redis(backend, world):
    world.relays["redis"].cut()
    try:
        assert "30 days" in backend.ask("Within which time may an item be returned?")["answer"]
    finally:
        world.relays["redis"].restore()


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("victim", ["postgres", "milvus"])
def test_asking_names_what_is_down(backend, world, victim):
    # Not asked before: an answer from the cache needs no Milvus.
    question = {"postgres": "How is a refund paid?", "milvus": "How do you pay refunds?"}[victim]
    world.relays[victim].cut()
    try:
        response = backend.post("/v1/ask", json={"question": question})
    finally:
        world.relays[victim].restore()
    assert response.status_code == 503, response.text
    assert response.json()["dependency"] == victim
    servers.wait("recovery", lambda: backend.get("/readyz").status_code == 200)
    assert backend.ask(question)["refused"] is False


@pytest.mark.parametrize("body", [{}, {"question": ""}, {"question": "x" * 2001}, {"q": "why?"}])
def test_bad_questions_are_problems(backend, body):
    response = backend.post("/v1/ask", json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("question", ["'; DROP TABLE documents; --", "a & | ! : * <-> (", "\\'''"])
def test_strange_questions_are_just_questions(backend, question):
    assert isinstance(backend.ask(question)["refused"], bool)


@pytest.fixture
def model():
    """An API that speaks like OpenAI's."""
    with model_server.running() as server:
        yield server


def test_a_model_answers_from_the_same_passages(start, library, model):
    client = start(**model.variables())
    assert client.get("/version").json()["answers_by"] == "gpt-4.1-mini"
    model.text = "Thirty days [1, 99]."
    answer = client.ask("Within how many days may customers return an item?")
    assert answer["answer"] == "Thirty days."
    assert answer["confidence"] is None
    [citation] = answer["citations"]
    assert citation["document_id"] == library["policy"]
    assert citation["excerpt"] in POLICY
    authorization, request = model.seen[-1]
    assert authorization == "Bearer sk-secret-key"
    assert "within 30 days of delivery" in request["messages"][1]["content"]
    assert request["max_completion_tokens"] == 1000
    # Its refusals count, and so do answers without a source.
    for text in ("NO ANSWER", "No answer [1].", "Forty days.", "Forty days [99].", "a " * 1500):
        model.text = text
        refused = client.ask("Within how many days may customers return an item?")
        assert (refused["refused"], refused["citations"]) == (True, []), text
    # It is told to answer in the question's language, in which its refusals are, too.
    assert "in the language of the question" in request["messages"][0]["content"]
    model.text = "NO ANSWER"
    foreign = client.ask("Innerhalb welcher Frist können Kunden die Ware zurückgeben?")
    assert foreign["answer"] == "Die Dokumente beantworten diese Frage nicht."
    assert foreign["language"] == "de"
    # When it fails, or does not stop, the sentences of the documents answer.
    model.text = "Forty days [1]. " + "x" * 4001
    assert "within 30 days of delivery" in ask_of(client)
    model.text = "Forty days [1]."
    for name, fault in (("status", 400), ("cut_after", 1), ("finish", "length")):
        before = getattr(model, name)
        setattr(model, name, fault)
        assert "within 30 days of delivery" in ask_of(client), name
        setattr(model, name, before)
    # It is asked once more when it is busy.
    model.failures = [429, 500]
    assert ask_of(client) == "Forty days."
    metrics = client.get("/metrics").text
    assert 'rag_model_tokens_total{kind="prompt"}' in metrics
    assert "sk-secret-key" not in client.log.read_text()


def ask_of(client):
    return client.ask("Within how many days may customers return an item?")["answer"]
