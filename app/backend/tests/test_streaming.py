"""Answers as events: text and citations in turn, faults of the model, and clients that leave."""

import asyncio
import contextlib
import json
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import model_server
import pytest
import servers

from rag.adapters.openai import OpenAIAnswers
from rag.adapters.protocols import Excerpt
from rag.errors import DependencyError
from rag.metrics import Metrics

HARBOUR = """The harbour of Vestmark has seven piers.
Pier four is reserved for ferries to the island of Lund.
The harbour master of Vestmark is Ingrid Solberg.
Her office is open from 7:30 to 16:00 on working days.
The crane on pier two lifts 64 tonnes.
"""
QUESTION = "Who is the harbour master of Vestmark?"


@pytest.fixture(scope="module")
def harbour(backend):
    """A document; its id."""
    return backend.upload("harbour.txt", HARBOUR).json()["id"]


@pytest.fixture
def model():
    """An API that speaks like OpenAI's."""
    with model_server.running() as server:
        yield server


def events(lines):
    """(name, data) of each event, and None for a comment."""
    name = ""
    for line in lines:
        if line.startswith(":"):
            yield None
        elif line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def stream(client, question=QUESTION, **more):
    body = {"question": question, "stream": True, **more}
    with client.stream("POST", "/v1/ask", json=body) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.headers["x-accel-buffering"] == "no"
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-request-id"]
        return list(events(response.iter_lines()))


def text_of(found):
    return "".join(item[1]["text"] for item in found if item and item[0] == "delta")


def check(found):
    """What holds for every whole stream; the answer."""
    names = [item[0] for item in found if item]
    assert (names[0], names[-1], names.count("done")) == ("sources", "done", 1)
    answer = found[-1][1]
    assert text_of(found) == answer["answer"]
    shown = 0
    for name, data in found[1:-1]:
        if name == "delta":
            shown += len(data["text"])
        else:
            assert data["at"] == shown
            assert data["citation"] == answer["citations"][data["number"] - 1]
    cited = {data["number"] for name, data in found[1:-1] if name == "citation"}
    assert cited == set(range(1, len(answer["citations"]) + 1))
    return answer


def test_sentences_stream_with_their_citations(backend, harbour):
    found = stream(backend)
    answer = check(found)
    assert answer == backend.ask(QUESTION)
    assert "Ingrid Solberg" in answer["answer"]
    assert found[0][1]["sources"][0]["document_id"] == harbour
    assert found[0][1]["sources"][0]["filename"] == "harbour.txt"
    # From the cache it is the same.
    assert stream(backend) == found


def test_a_header_asks_for_events_too(backend, harbour):
    accept = {"accept": "application/json;q=0.5, text/event-stream"}
    answer = backend.post("/v1/ask", json={"question": QUESTION}, headers=accept)
    found = list(events(answer.text.splitlines()))
    assert check(found)["citations"][0]["document_id"] == harbour
    plain = backend.post("/v1/ask", json={"question": QUESTION}, headers={"accept": "*/*"})
    assert plain.json() == found[-1][1]


@pytest.mark.usefixtures("harbour")
def test_a_refusal_streams(backend):
    answer = check(stream(backend, "Who won the world cup of 1954 in Berne?"))
    assert (answer["refused"], answer["citations"]) == (True, [])


def test_a_models_markers_become_citations(start, harbour, model):
    client = start(**model.variables(ANSWER_CACHE_SECONDS="300"))
    model.pieces = list("It is Ingrid Solberg [1][42]. See `a[1]`, she works [ 1 , 1] at [[1]] it.")
    found = stream(client)
    answer = check(found)
    assert answer["answer"] == "It is Ingrid Solberg. See `a[1]`, she works at it."
    [citation] = answer["citations"]
    assert citation["document_id"] == harbour
    assert citation["excerpt"] in HARBOUR
    assert citation["page"] == 1
    places = [data["at"] for name, data in found[1:-1] if name == "citation"]
    assert places == [20, 43, 46]
    # Cached with the places of its citations.
    assert check(stream(client)) == answer
    again = [data["at"] for name, data in stream(client)[1:-1] if name == "citation"]
    assert again == places
    assert len(model.seen) == 1
    assert client.ask(QUESTION) == answer


def test_no_text_is_shown_before_a_source(start, harbour, model):
    client = start(**model.variables())
    for text in ("It is Ingrid Solberg.", "NO ANSWER", "Solberg [77]."):
        model.text = text
        found = stream(client)
        assert check(found)["refused"] is True, text
        assert "do not answer" in text_of(found)
    # What does not come to a citation is not waited for.
    model.pieces, model.pause = ["word " * 20] * 100, 0.05
    assert check(stream(client))["refused"] is True
    servers.wait("the model's client to leave", model.left.is_set, 10)
    assert model.sent < 60
    assert harbour


@pytest.mark.usefixtures("harbour")
def test_events_come_while_the_model_writes(start, model):
    client = start(**model.variables(HEARTBEAT_SECONDS="0.2"))
    model.pieces, model.pause = ["It is Ingrid [1]", " Solberg", " indeed", "."], 0.7
    times, found = [], []
    body = {"question": QUESTION, "stream": True}
    with client.stream("POST", "/v1/ask", json=body) as response:
        for item in events(response.iter_lines()):
            found.append(item)
            times.append(time.monotonic())
    first = next(n for n, item in enumerate(found) if item and item[0] == "delta")
    assert times[-1] - times[first] > 1.5, "all came at once"
    assert found.count(None) >= 4, "no heartbeats"
    assert check([item for item in found if item])["answer"] == "It is Ingrid Solberg indeed."


@pytest.mark.usefixtures("harbour")
def test_a_model_that_fails_before_its_first_word_is_stood_in_for(start, model):
    client = start(**model.variables())
    model.text = "It is Ingrid Solberg [1]."
    for name, fault in (("status", 500), ("cut_after", 2), ("finish", "length")):
        before = getattr(model, name)
        setattr(model, name, fault)
        if name == "finish":
            model.text = "It is Ingrid."
        answer = check(stream(client))
        assert "Ingrid Solberg" in answer["answer"], name
        assert not answer["refused"]
        setattr(model, name, before)
        model.text = "It is Ingrid Solberg [1]."
    model.failures = [429, 500]
    assert check(stream(client))["answer"] == "It is Ingrid Solberg."


@pytest.mark.usefixtures("harbour")
def test_a_model_that_fails_later_is_an_error_event(start, model):
    client = start(**model.variables())
    model.text, model.cut_after = "It is [1] Ingrid Solberg and nobody else.", 5
    found = stream(client)
    assert [item[0] for item in found][-1] == "error"
    assert not any(item[0] == "done" for item in found)
    assert text_of(found).startswith("It is")
    problem = found[-1][1]
    assert (problem["status"], problem["dependency"]) == (503, "openai")
    assert problem["type"] == "urn:rag:problem:dependency-unavailable"
    assert problem["request_id"]
    # Whoever waits for the whole has lost nothing.
    assert "Ingrid Solberg" in client.ask(QUESTION)["answer"]
    assert 'rag_streams_total{outcome="error"} 1.0' in client.get("/metrics").text


@pytest.mark.usefixtures("harbour")
def test_a_server_that_counts_no_tokens_is_asked_without(start, model):
    model.text, model.unknown = "It is Ingrid Solberg [1].", "stream_options"
    client = start(**model.variables())
    for _question in range(2):
        assert check(stream(client))["answer"] == "It is Ingrid Solberg."
    # It is asked once.
    assert ["stream_options" in asked for _key, asked in model.seen] == [True, False, False]


@pytest.mark.usefixtures("harbour")
def test_a_model_writes_so_many_answers_at_once(start, model):
    model.text, model.pause = "It is Ingrid Solberg [1], as it says there.", 0.3
    client = start(**model.variables(OPENAI_CONCURRENCY="2"))
    with ThreadPoolExecutor() as pool:
        asked = [
            pool.submit(client.post, "/v1/ask", json={"question": f"{QUESTION} {n}"})
            for n in range(6)
        ]
    answers = [each.result() for each in asked]
    assert sorted(each.status_code for each in answers) == [200, 200, 503, 503, 503, 503]
    for each in answers:
        if each.status_code == 503:
            assert each.json()["type"] == "urn:rag:problem:busy"
            assert each.headers["retry-after"] == "1"
    assert client.ask(QUESTION)["answer"].startswith("It is Ingrid")


@pytest.mark.usefixtures("harbour")
def test_a_model_that_does_not_stop_is_stopped(start, model):
    client = start(**model.variables(OPENAI_TOTAL_SECONDS="1.5"))
    model.pieces, model.pause = ["It [1]", *[" and"] * 100], 0.2
    found = stream(client)
    assert found[-1][1]["dependency"] == "openai"
    servers.wait("the model's client to leave", model.left.is_set, 10)
    assert model.sent < 30


def test_a_deadline_that_passes_while_a_client_reads_is_an_error(model):
    """Not a cancellation of the task that reads: nobody would hear of it."""

    async def run():
        metrics = Metrics()
        answers = OpenAIAnswers(lambda: "k", model.url, "m", timeout=5, total=0.5, metrics=metrics)
        async with contextlib.aclosing(answers.answer("why?", [Excerpt(1, "So.")])) as pieces:
            await anext(pieces)
            await asyncio.sleep(1)
            with pytest.raises(DependencyError, match="openai"):
                async for _piece in pieces:
                    pass
        await answers.close()

    model.pieces, model.pause = ["So [1]"] * 100, 0.1
    asyncio.run(run())


@pytest.mark.usefixtures("harbour")
@pytest.mark.parametrize("streamed", [True, False])
def test_a_client_that_leaves_ends_the_models_work(start, model, streamed):
    client = start(**model.variables())
    model.pieces, model.pause = ["It [1]", *[" and"] * 100], 0.1
    body = {"question": QUESTION, "stream": streamed}
    if streamed:
        with client.stream("POST", "/v1/ask", json=body) as response:
            for item in events(response.iter_lines()):
                if item and item[0] == "delta":
                    break
    else:
        with pytest.raises(httpx.ReadTimeout):
            client.post("/v1/ask", json=body, timeout=1)
    assert model.left.wait(10), "the model writes on for nobody"
    assert model.sent < 60
    if streamed:
        metric = 'rag_streams_total{outcome="gone"} 1.0'
        servers.wait("the metric", lambda: metric in client.get("/metrics").text, 10)
    assert "Traceback" not in client.log.read_text()


@pytest.mark.usefixtures("harbour")
def test_what_fails_before_the_first_event_has_its_status(backend, world):
    world.relays["milvus"].cut()
    try:
        body = {"question": "What lifts 64 tonnes at pier two?", "stream": True}
        response = backend.post("/v1/ask", json=body)
    finally:
        world.relays["milvus"].restore()
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["dependency"] == "milvus"
    servers.wait("recovery", lambda: backend.get("/readyz").status_code == 200)


@pytest.mark.usefixtures("harbour")
def test_a_stream_ends_although_the_process_does(start, model):
    client = start(**model.variables(DRAIN_SECONDS="0.5"))
    model.pieces, model.pause = ["It [1]", *[" is"] * 12, " her."], 0.2
    found = []

    def read():
        found.extend(stream(client))

    reader = threading.Thread(target=read)
    reader.start()
    servers.wait("the first words", lambda: model.sent > 1, 10)
    client.child.send_signal(signal.SIGTERM)
    reader.join(20)
    assert check(found)["answer"].endswith("her.")
    assert client.child.wait(10) in (0, -signal.SIGTERM)


FOLLOW_UP = [
    {"role": "user", "content": "Who is the harbour master of Vestmark?"},
    {"role": "assistant", "content": "Ingrid Solberg."},
]


def test_a_follow_up_carries_what_it_points_at(backend, harbour):
    answer = backend.post(
        "/v1/ask", json={"question": "When is her office open?", "messages": FOLLOW_UP}
    ).json()
    assert "16:00" in answer["answer"]
    assert answer["citations"][0]["document_id"] == harbour


def test_a_model_writes_a_follow_up_anew(start, model, harbour):
    client = start(**model.variables())
    model.standalone = "When is the office of the harbour master of Vestmark open?"
    model.text = "From 7:30 [1]."
    found = stream(client, "And when is it open?", messages=FOLLOW_UP)
    assert check(found)["citations"][0]["document_id"] == harbour
    (_key, condensed), (_same, written) = model.seen
    assert "Ingrid Solberg" in condensed["messages"][1]["content"]
    assert model.standalone in written["messages"][1]["content"]
    # If it fails, a rule does it.
    model.failures = [400]
    assert check(stream(client, "And when is it open?", messages=FOLLOW_UP))["answer"]
    assert "(Vestmark)" in model.seen[-1][1]["messages"][1]["content"]


@pytest.mark.usefixtures("harbour")
def test_only_questions_without_a_history_are_cached(start, model):
    client = start(**model.variables(ANSWER_CACHE_SECONDS="300"))
    model.standalone, model.text = QUESTION, "It is Ingrid Solberg [1]."
    for _ in range(2):
        stream(client, "Who is it?", messages=FOLLOW_UP)
    assert len(model.seen) == 4
    for _ in range(2):
        stream(client, "Which pier is reserved for the ferries to Lund?")
    assert len(model.seen) == 5


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": "x"}] * 21,
        [{"role": "user", "content": "x" * 4001}],
        [{"role": "system", "content": "x"}],
        [{"role": "user", "content": "a\0"}],
        [{"role": "user", "content": ""}],
        [{"role": "user"}],
        "hello",
    ],
)
def test_a_conversation_has_bounds(backend, messages):
    response = backend.post("/v1/ask", json={"question": "Why is that?", "messages": messages})
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
