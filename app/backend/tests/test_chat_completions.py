"""The API that clients of OpenAI speak, asked with OpenAI's own client."""

import asyncio
import json

import model_server
import openai
import pytest
import servers

LIGHTHOUSE = """The lighthouse of Carrick Head is 41 metres high.
It was built in 1887 by Amelia Frost.
Its lamp is seen from 24 miles away.
The keeper of the lighthouse paints the railing every May.
"""
QUESTION = "How high is the lighthouse of Carrick Head?"
ASKED = [{"role": "user", "content": QUESTION}]


@pytest.fixture(scope="module")
def lighthouse(backend):
    """A document; its id."""
    return backend.upload("lighthouse.txt", LIGHTHOUSE).json()["id"]


@pytest.fixture
def model():
    """An API that speaks like OpenAI's."""
    with model_server.running() as server:
        yield server


def client_of(backend, **more):
    """OpenAI's client for a backend."""
    url = str(backend.base_url).rstrip("/") + "/v1"
    return openai.OpenAI(base_url=url, api_key="unused", max_retries=0, timeout=30, **more)


def whole(chunks):
    """Content and last delta of a stream."""
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    return "".join(delta.content or "" for delta in deltas), deltas[-1]


def check_annotations(content, annotations, document_id, base):
    assert annotations
    for item in annotations:
        cited = item["url_citation"]
        assert content[cited["start_index"] : cited["end_index"]] == "[1]"
        assert cited["url"] == f"{str(base).rstrip('/')}/v1/documents/{document_id}#page=1"
        assert cited["title"] == "lighthouse.txt"


def test_models(backend):
    client = client_of(backend)
    assert [model.id for model in client.models.list()] == ["rag"]
    assert client.models.retrieve("rag").owned_by == "ragops"
    with pytest.raises(openai.NotFoundError, match="no model 'gpt-4'"):
        client.models.retrieve("gpt-4")


def test_a_completion_has_its_citations(backend, lighthouse):
    made = client_of(backend).chat.completions.create(model="rag", messages=ASKED)
    [choice] = made.choices
    assert choice.finish_reason == "stop"
    content = choice.message.content
    assert "41 metres high. [1]" in content
    annotations = [item.model_dump() for item in choice.message.annotations]
    check_annotations(content, annotations, lighthouse, backend.base_url)
    [citation] = choice.message.citations
    assert citation["document_id"] == lighthouse
    assert citation["excerpt"] in LIGHTHOUSE
    assert choice.message.refused is False
    assert made.usage.total_tokens == 0
    answer = backend.ask(QUESTION)
    assert content.replace(" [1]", "") == answer["answer"]
    assert choice.message.citations == answer["citations"]


def test_a_stream_is_the_same(backend, lighthouse):
    client = client_of(backend)
    asked = client.chat.completions.create(model="rag", messages=ASKED)
    options = {"include_usage": True}
    chunks = list(
        client.chat.completions.create(
            model="rag", messages=ASKED, stream=True, stream_options=options
        )
    )
    content, last = whole(chunks)
    assert content == asked.choices[0].message.content
    check_annotations(content, last.annotations, lighthouse, backend.base_url)
    assert last.citations == asked.choices[0].message.citations
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage.total_tokens == 0
    assert len({chunk.id for chunk in chunks}) == 1


def test_asynchronous_clients(backend, lighthouse):
    async def run():
        url = str(backend.base_url).rstrip("/") + "/v1"
        async with openai.AsyncOpenAI(base_url=url, api_key="unused", max_retries=0) as client:
            made = await client.chat.completions.create(model="rag", messages=ASKED)
            stream = await client.chat.completions.create(model="rag", messages=ASKED, stream=True)
            return made, [chunk async for chunk in stream]

    made, chunks = asyncio.run(run())
    assert whole(chunks)[0] == made.choices[0].message.content
    assert made.choices[0].message.citations[0]["document_id"] == lighthouse


def test_a_model_writes_and_its_tokens_are_told(start, lighthouse, model):
    client = client_of(start(**model.variables(PUBLIC_URL="https://rag.example")))
    model.pieces = list("Amelia Frost built it [1][2], in 1887 [[1]].")
    chunks = list(
        client.chat.completions.create(
            model="rag", messages=ASKED, stream=True, stream_options={"include_usage": True}
        )
    )
    content, last = whole(chunks)
    assert content.startswith("Amelia Frost built it [1]")
    assert content.endswith("in 1887 [1].")
    check_annotations(
        content,
        [item for item in last.annotations if item["url_citation"]["title"] == "lighthouse.txt"],
        lighthouse,
        "https://rag.example/",
    )
    assert chunks[-1].usage.model_dump()["total_tokens"] == 150
    made = client.chat.completions.create(model="rag", messages=ASKED)
    assert made.usage.prompt_tokens == 120


@pytest.mark.usefixtures("lighthouse")
def test_a_conversation_has_its_history(start, model):
    client = client_of(start(**model.variables()))
    model.standalone, model.text = "How far is the lamp of Carrick Head seen?", "24 miles [1]."
    messages = [
        {"role": "system", "content": "Answer as a pirate."},
        *ASKED,
        {"role": "assistant", "content": "41 metres, says Frost. [1]"},
        {"role": "user", "content": [{"type": "text", "text": "How far is its lamp seen?"}]},
    ]
    made = client.chat.completions.create(model="rag", messages=messages)
    assert made.choices[0].message.content == "24 miles [1]."
    (_key, condensed), (_same, written) = model.seen
    assert "says Frost" in condensed["messages"][1]["content"]
    assert model.standalone in written["messages"][1]["content"]
    assert "pirate" not in json.dumps(model.seen)
    # A conversation that is longer than counts is cut, not refused.
    longer = [*messages[:3] * 80, messages[3]]
    assert client.chat.completions.create(model="rag", messages=longer).choices[0].message.content


@pytest.mark.usefixtures("lighthouse")
def test_a_refusal_is_an_answer_without_citations(backend):
    asked = [{"role": "user", "content": "Who won the world cup of 1954 in Berne?"}]
    message = client_of(backend).chat.completions.create(model="rag", messages=asked).choices[0]
    assert message.message.refused is True
    assert (message.message.annotations, message.message.citations) == ([], [])


@pytest.mark.usefixtures("lighthouse")
def test_a_model_that_breaks_off_is_an_error_for_the_client(start, model):
    client = client_of(start(**model.variables()))
    model.text, model.cut_after = "Amelia [1] Frost built it in 1887.", 4
    stream = client.chat.completions.create(model="rag", messages=ASKED, stream=True)
    with pytest.raises(openai.APIError, match="openai"):
        list(stream)


@pytest.mark.usefixtures("lighthouse")
def test_a_client_that_leaves_ends_the_models_work(start, model):
    client = client_of(start(**model.variables()))
    model.pieces, model.pause = ["It [1]", *[" and"] * 100], 0.1
    stream = client.chat.completions.create(model="rag", messages=ASKED, stream=True)
    for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    stream.close()
    assert model.left.wait(10), "the model writes on for nobody"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"model": "gpt-4", "messages": ASKED}, "no model"),
        ({"model": "rag", "messages": []}, "messages"),
        ({"model": "rag"}, "messages"),
        ({"model": "rag", "messages": [{"role": "system", "content": "x"}]}, "role user"),
        ({"model": "rag", "messages": [{"role": "user", "content": "x" * 2001}]}, "2000"),
        ({"model": "rag", "messages": [{"role": "user", "content": " "}]}, "1 to 2000"),
        ({"model": "rag", "messages": [{"role": "user", "content": "a\0b"}]}, "control"),
        ({"model": "rag", "messages": [{"role": "clown", "content": "x"}]}, "role"),
        ({"model": "rag", "messages": ASKED, "n": 2}, "n:"),
        (
            {"model": "rag", "messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
            "text only",
        ),
    ],
)
def test_errors_have_openais_form(backend, body, words):
    response = backend.post("/v1/chat/completions", json=body)
    assert response.status_code == (404 if words == "no model" else 400), response.text
    assert response.headers["content-type"] == "application/json"
    error = response.json()["error"]
    assert words in error["message"]
    assert set(error) == {"message", "type", "param", "code"}


def test_a_conversation_that_is_too_large_is_refused(backend):
    body = {"model": "rag", "messages": [{"role": "user", "content": "x" * 300_000}]}
    response = backend.post("/v1/chat/completions", json=body)
    assert response.status_code == 413
    assert response.json()["error"]["code"] == "too_large"
    response = backend.get("/v1/chat/completions")
    assert (response.status_code, response.json()["error"]["code"]) == (405, "http")


def test_servers_that_are_down_are_told(backend, world, lighthouse):
    assert lighthouse
    world.relays["milvus"].cut()
    try:
        with pytest.raises(openai.InternalServerError, match="milvus") as caught:
            client_of(backend).chat.completions.create(
                model="rag", messages=[{"role": "user", "content": "What is painted in May?"}]
            )
    finally:
        world.relays["milvus"].restore()
    assert caught.value.status_code == 503
    servers.wait("recovery", lambda: backend.get("/readyz").status_code == 200)
