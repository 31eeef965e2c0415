"""Answers of a language model for questions that ask the same in other words."""

import uuid

import model_server
import pytest

GATE = (
    "The harbour museum opens at nine in the morning. The lighthouse is 41 metres high. "
    "The north gate of the harbour costs 5 euros. Ticket 12 is for adults. "
    "The pump of hall 3 runs at night."
)
HIGH, TALL = "How high is the lighthouse?", "How tall is the lighthouse?"
OTHERS = [
    ("When does the harbour museum open?", "When does the harbour museum close?"),
    ("What does the north gate cost?", "What does the south gate cost?"),
    ("Who is ticket 12 for?", "Who is ticket 13 for?"),
    ("Does the pump of hall 3 run at night?", "Does the pump of hall 3 not run at night?"),
    ("Does the pump run at night?", "Doesn't the pump run at night?"),
    ("Which museum opens at nine?", "Which Museum opens at nine?"),
]


@pytest.fixture(scope="module")
def model():
    """An API that speaks like OpenAI's."""
    with model_server.running() as server:
        yield server


@pytest.fixture
def client(start, model):
    """A backend that shares answers."""
    client = start(**model.variables(ANSWER_CACHE_SECONDS="300", ANSWER_CACHE_SIMILARITY="0.85"))
    change(client, GATE)
    model.text = "It says so [1]."
    model.seen.clear()
    return client


def change(client, text):
    """Upload a text that is new, after which no answer of before counts."""
    assert client.upload("gate.txt", f"{text} ({uuid.uuid4().hex})").status_code == 201


def looked_up(client, result):
    """How many look-ups in the cache had this result."""
    name = f'rag_answer_cache_total{{result="{result}"}}'
    lines = client.get("/metrics").text.splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(name)), 0.0)


def test_other_words_get_the_same_answer_until_documents_change(client, model):
    first = client.ask(HIGH)
    assert not first["refused"]
    assert client.ask(TALL) == first
    assert len(model.seen) == 1
    assert (looked_up(client, "alike"), looked_up(client, "miss")) == (1, 1)
    change(client, "The lighthouse was raised to 44 metres.")
    client.ask(TALL)
    assert len(model.seen) == 2


def test_what_asks_for_something_else_is_asked_itself(client, model):
    for one, other in OTHERS:
        model.seen.clear()
        client.ask(one)
        client.ask(other)
        assert len(model.seen) == 2, other


def test_a_refusal_is_for_its_own_words(client, model):
    model.text = "NO ANSWER"
    assert client.ask(HIGH)["refused"]
    assert client.ask(HIGH)["refused"]
    assert len(model.seen) == 1
    model.text = "It is 41 metres [1]."
    assert not client.ask(TALL)["refused"]
    assert len(model.seen) == 2


def test_without_the_variable_each_question_is_its_own(start, model):
    client = start(**model.variables(ANSWER_CACHE_SECONDS="300"))
    change(client, GATE)
    model.text = "It says so [1]."
    model.seen.clear()
    client.ask(HIGH)
    client.ask(TALL)
    assert len(model.seen) == 2
