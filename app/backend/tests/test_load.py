"""Many questions at once: what was embedded is remembered, and what can't wait is refused."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

LINES = [f"Reactor {n} of the Halden plant is cooled by pump number {n * 7}." for n in range(40)]


@pytest.fixture(scope="module")
def plant(backend):
    """A document with many sentences that are much alike."""
    assert backend.upload("plant.txt", "\n".join(LINES)).status_code == 201


def embedded(backend, source):
    """How many texts were embedded for questions."""
    lines = backend.get("/metrics").text.splitlines()
    name = f'rag_question_embeddings_total{{source="{source}"}}'
    return next((float(line.split()[-1]) for line in lines if line.startswith(name)), 0.0)


def at_once(backend, questions):
    """Ask all of them side by side; the responses."""

    def ask(question):
        return httpx.post(
            f"{backend.base_url}/v1/ask".replace("//v1", "/v1"),
            json={"question": question},
            timeout=60,
        )

    with ThreadPoolExecutor(len(questions)) as pool:
        return list(pool.map(ask, questions))


@pytest.mark.usefixtures("plant")
def test_a_sentence_is_embedded_once(start):
    backend = start(ANSWER_CACHE_SECONDS="0")
    first = backend.ask("Which pump cools reactor 12 of the Halden plant?")
    assert "84" in first["answer"]
    computed = embedded(backend, "model")
    assert computed > 20
    assert backend.ask("Which pump cools reactor 12 of the Halden plant?") == first
    assert embedded(backend, "model") == computed
    assert embedded(backend, "memory") >= computed
    # Another question about the same: itself, and the few sentences that the first didn't need.
    backend.ask("Which pump cools reactor 13 of the Halden plant?")
    assert 1 <= embedded(backend, "model") - computed < 15


@pytest.mark.usefixtures("plant")
def test_the_same_question_at_once_is_computed_once(start):
    alone, together = start(ANSWER_CACHE_SECONDS="0"), start(ANSWER_CACHE_SECONDS="0")
    question = "Which pump cools reactor 31 of the Halden plant?"
    answer = alone.ask(question)
    assert [response.json() for response in at_once(together, [question] * 8)] == [answer] * 8
    assert embedded(together, "model") == embedded(alone, "model")


@pytest.mark.usefixtures("plant")
def test_nothing_is_remembered_without_room(start):
    backend = start(ANSWER_CACHE_SECONDS="0", EMBED_CACHE_TEXTS="0")
    for _ in range(2):
        assert "35" in backend.ask("Which pump cools reactor 5 of the Halden plant?")["answer"]
    assert embedded(backend, "memory") == 0


@pytest.mark.usefixtures("plant")
def test_what_can_not_wait_is_refused_at_once(start):
    backend = start(ASK_WAITING="1", EMBED_CACHE_TEXTS="0")
    known = "Which pump cools reactor 20 of the Halden plant?"
    answer = backend.ask(known)
    responses = at_once(
        backend, [known, *(f"What cools reactor {n} of Halden?" for n in range(15)), known]
    )
    # From the cache, whatever else is asked.
    assert [responses[0].json(), responses[-1].json()] == [answer, answer]
    refused = [response for response in responses if response.status_code == 503]
    assert {response.status_code for response in responses} == {200, 503}
    for response in refused:
        assert response.json()["type"] == "urn:rag:problem:busy"
        assert int(response.headers["retry-after"]) >= 1
    # It is ready all the while, and over when the others are answered.
    assert backend.get("/readyz").status_code == 200
    assert backend.ask("What cools reactor 16 of Halden?")["refused"] is False
