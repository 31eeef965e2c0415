"""The Model Context Protocol, asked with its official client."""

import asyncio
import json
import signal

import conftest
import pytest
import servers
from mcp import Client

BRIDGE = """The bridge over the Tarn was opened in 1932.
It carries two tracks of the narrow-gauge railway.
Its longest span measures 96 metres.
The toll for lorries was abolished in 1971.
"""


@pytest.fixture(scope="module")
def served(world):
    """A backend that serves the protocol, with a document."""
    with conftest.running(world, MCP="true") as client:
        client.document_id = client.upload("bridge.txt", BRIDGE).json()["id"]
        yield client


def url_of(client):
    return str(client.base_url).rstrip("/") + "/mcp"


def call(client, tool, /, **arguments):
    """What a tool returns."""

    async def run():
        async with Client(url_of(client)) as session:
            return await session.call_tool(tool, arguments)

    return asyncio.run(run())


def test_tools_have_schemas_of_what_they_return(served):
    async def run():
        async with Client(url_of(served)) as session:
            return session.server_info, (await session.list_tools()).tools

    info, tools = asyncio.run(run())
    assert (info.name, info.version) == ("rag", "1.2.3")
    assert sorted(tool.name for tool in tools) == ["ask", "list_documents", "search"]
    for tool in tools:
        assert tool.description
        assert tool.output_schema["type"] == "object"
        assert tool.annotations.read_only_hint
    [search] = [tool for tool in tools if tool.name == "search"]
    assert search.input_schema["properties"]["limit"]["maximum"] == 50
    assert "hits" in search.output_schema["properties"]


def test_search_and_ask_are_those_of_http(served):
    question = "When was the bridge over the Tarn opened?"
    found = call(served, "search", query=question, document_ids=[served.document_id])
    assert not found.is_error
    [hit] = found.structured_content["hits"]
    assert hit["text"] == BRIDGE[hit["start"] : hit["end"]]
    assert json.loads(found.content[0].text) == found.structured_content
    answer = call(served, "ask", question=question)
    assert answer.structured_content == served.ask(question)
    assert "1932" in answer.structured_content["answer"]
    refused = call(served, "ask", question="Who won the world cup of 1954 in Berne?")
    assert refused.structured_content["refused"] is True


def test_documents_are_listed_in_pages(served):
    served.upload("second.txt", "A second document is listed beside the first one.")
    failed = served.upload("blank.txt", " \n ")
    assert failed.status_code == 422
    seen, cursor = [], None
    while True:
        page = call(served, "list_documents", limit=1, cursor=cursor).structured_content
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    names = [item["filename"].lower() for item in seen]
    assert names == sorted(names)
    assert len({item["id"] for item in seen}) == len(seen)
    assert {"bridge.txt", "second.txt"} <= set(names)
    assert {item["status"] for item in seen} == {"ready"}
    found = call(served, "list_documents", name="BRIDGE").structured_content["items"]
    assert served.document_id in [item["id"] for item in found]
    wrong = call(served, "list_documents", cursor="eyJ4Ijo")
    assert wrong.is_error
    assert "urn:rag:problem:invalid-request" in wrong.content[0].text


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("search", {"query": ""}),
        ("search", {"query": "x", "limit": 51}),
        ("search", {"query": "x", "document_ids": ["x' or true"]}),
        ("search", {"query": "x", "content_types": ["application/zip"]}),
        ("ask", {"question": "a\0b"}),
        ("ask", {"question": "x" * 2001}),
        ("ask", {}),
        ("list_documents", {"limit": 10**20}),
        ("list_documents", {"name": "a\0b"}),
        ("list_documents", {"cursor": "x" * 1001}),
    ],
)
def test_what_does_not_fit_is_an_error_for_the_model(served, tool, arguments):
    result = call(served, tool, **arguments)
    assert result.is_error
    assert "validation error" in result.content[0].text


def test_a_server_that_is_down_is_the_problem_of_http(served, world):
    world.relays["milvus"].cut()
    try:
        result = call(served, "search", query="a bridge without vectors")
    finally:
        world.relays["milvus"].restore()
    assert result.is_error
    text = result.content[0].text
    problem = json.loads(text[text.index("{") :])
    assert (problem["status"], problem["dependency"]) == (503, "milvus")
    servers.wait("recovery", lambda: served.get("/readyz").status_code == 200)


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "x", "version": "1"},
    },
}
ACCEPT = {"accept": "application/json, text/event-stream"}


def test_names_that_are_bound_to_the_address_are_refused(served):
    def status(**headers):
        return served.post("/mcp", json=INITIALIZE, headers=ACCEPT | headers).status_code

    assert status() == 200
    assert status(host="evil.example") == 421
    assert status(origin="http://evil.example") == 403


def test_hosts_are_a_setting(start):
    client = start(MCP="true", MCP_ALLOWED_HOSTS="rag.example, backend:8000")
    answers = [
        client.post("/mcp", json=INITIALIZE, headers=ACCEPT | {"host": host}).status_code
        for host in ("rag.example", "backend:8000", "localhost:8000")
    ]
    assert answers == [200, 200, 421]


def test_there_are_no_sessions_and_bounds(served):
    response = served.post("/mcp", json=INITIALIZE, headers=ACCEPT)
    assert "mcp-session-id" not in response.headers
    assert served.get("/mcp", headers=ACCEPT).status_code == 405
    large = {**INITIALIZE, "params": {"x": "y" * 40_000}}
    assert served.post("/mcp", json=large, headers=ACCEPT).status_code == 413
    assert served.post("/mcp", content=b"{", headers=ACCEPT).status_code == 400
    metrics = served.get("/metrics").text
    assert 'route="/mcp"' in metrics


def test_it_ends_when_told_to(start):
    client = start(MCP="true", DRAIN_SECONDS="0.1")
    assert client.post("/mcp", json=INITIALIZE, headers=ACCEPT).status_code == 200
    client.child.send_signal(signal.SIGTERM)
    assert client.child.wait(15) in (0, -signal.SIGTERM)
    assert "Traceback" not in client.log.read_text()


def test_it_is_off_by_default(backend):
    assert backend.post("/mcp", json=INITIALIZE, headers=ACCEPT).status_code == 404


def test_no_question_reaches_the_log(served):
    call(served, "ask", question="What is the quillfeather of the bridge?")
    call(served, "ask", question="quillfeather" * 200)
    lines = served.log.read_text().splitlines()
    assert not any("quillfeather" in line for line in lines)
    assert all(json.loads(line)["event"] for line in lines)
