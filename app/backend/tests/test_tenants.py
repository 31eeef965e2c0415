"""Tenants and collections: nobody sees, finds or changes what is another's."""

import asyncio
import json

import conftest
import httpx2
import psycopg
import pytest
import servers
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from test_access import PLATFORM, bearer, key_of, operations

SECRET = "The vault of the Kestrel bank opens with the number 7731."
QUESTION = "With which number does the vault of the Kestrel bank open?"
OWN = "The canteen of Otter House serves lentil soup on Mondays."


@pytest.fixture(scope="module")
def guarded(world):
    """A backend that asks for keys, and has a queue of its own."""
    more = {"AUTH": "keys", "API_KEY": PLATFORM, "MCP": "true", "IMPORT_BUCKETS": "*=of-all"}
    with conftest.running(world, **more) as client:
        yield client


@pytest.fixture(scope="module")
def tenants(guarded):
    """Two tenants with a document each, as clients of their own."""
    found = {}
    for name, text in (("first", SECRET), ("second", OWN)):
        key = key_of(guarded, "admin", tenant=name)["key"]
        found[name] = tenant = Tenant(guarded, key)
        tenant.document = tenant.upload(f"{name}.txt", text)
        [job] = tenant.get("/v1/jobs")["items"]
        tenant.job = job["id"]
    return found


class Tenant:
    """Requests with a key."""

    def __init__(self, client, key):
        self.client, self.key = client, key

    def request(self, method, path, **more):
        headers = bearer(self.key) | more.pop("headers", {})
        return self.client.request(method, path, headers=headers, **more)

    def get(self, path, **more):
        response = self.request("GET", path, **more)
        assert response.status_code == 200, response.text
        return response.json()

    def post(self, path, body, status=200):
        response = self.request("POST", path, json=body)
        assert response.status_code == status, response.text
        return response.json()

    def upload(self, name, text, status=201, **fields):
        response = self.request(
            "POST",
            "/v1/documents",
            files={"file": (name, text.encode())},
            data=fields,
            headers={"prefer": "wait=120"},
        )
        assert response.status_code == status, response.text
        return response.json()


def found_by(tenant, query, **more):
    """Ids of documents that a search finds."""
    hits = tenant.post("/v1/search", {"query": query, **more})["hits"]
    return {hit["document_id"] for hit in hits}


def test_each_finds_its_own(tenants):
    first, second = tenants["first"], tenants["second"]
    assert found_by(first, QUESTION) == {first.document["id"]}
    assert found_by(second, "canteen soup") == {second.document["id"]}
    assert "7731" in first.post("/v1/ask", {"question": QUESTION})["answer"]


# What is sent to each operation that takes a body, about another tenant's document.
BODIES = {
    "POST /v1/ask": {"question": QUESTION},
    "POST /v1/search": {"query": QUESTION},
    "POST /v1/chat/completions": {
        "model": "rag",
        "messages": [{"role": "user", "content": QUESTION}],
    },
    "POST /v1/documents/delete": {"ids": ["{document_id}"]},
    "POST /v1/documents/reindex": {"ids": ["{document_id}"]},
    "PATCH /v1/documents/{document_id}": {"filename": "stolen.txt"},
    "POST /v1/imports": {"s3": {"bucket": "of-all", "prefix": "second/"}},
    "POST /v1/keys": {"name": "x", "role": "reader"},
    "POST /v1/feedback": {"verdict": "up"},
}
NO_BODY = {
    "POST /v1/documents/{document_id}/reindex",
    "POST /v1/imports/{import_id}/cancel",
    "POST /v1/jobs/{job_id}/cancel",
    "POST /v1/jobs/{job_id}/retry",
}


def request_for(method, path, names):
    """What another tenant sends to an operation to get at the first one's things."""
    name = f"{method} {path}"
    if name in ("POST /v1/documents", "PUT /v1/documents/{document_id}/content"):
        return {"files": {"file": ("own.txt", b"Otter House has a new stove.")}}
    if name in BODIES:
        text = json.dumps(BODIES[name])
        for each, value in names.items():
            text = text.replace(f"{{{each}}}", value)
        return {"json": json.loads(text)}
    assert method in ("GET", "DELETE") or name in NO_BODY, f"{name}: what could it show?"
    return {}


def test_nothing_of_another_is_seen_or_changed_by_any_operation(tenants, guarded):
    """Generated over the API's own description: a new route must be thought of here."""
    first, second = tenants["first"], tenants["second"]
    key = key_of(guarded, "admin", tenant="first")
    begun = first.post("/v1/imports", {"s3": {"bucket": "of-all", "prefix": "first/"}}, 202)
    names = {"document_id": first.document["id"], "job_id": first.job, "key_id": key["id"]}
    names["import_id"] = begun["id"]
    first.post("/v1/feedback", {"verdict": "up", "note": "It said 7731."}, 201)
    before = first.get(f"/v1/documents/{first.document['id']}")
    asked = set()
    for method, path in operations(guarded):
        if not path.startswith("/v1/"):
            continue
        name = f"{method} {path}"
        asked.add(name)
        url = path.format(model="rag", **names)
        response = second.request(method, url, **request_for(method, path, names))
        own = url == path or "{model}" in path
        assert (response.status_code < 300) if own else (response.status_code == 404), name
        for text in ("7731", "first.txt", '"first"'):
            assert text not in response.text, name
        if path in ("/v1/documents/delete", "/v1/documents/reindex"):
            assert [item["status"] for item in response.json()["items"]] == [404]
        elif own:
            assert not [value for value in names.values() if value in response.text], name
    assert asked >= set(BODIES) | NO_BODY
    assert first.get(f"/v1/documents/{first.document['id']}") == before
    assert "7731" in first.post("/v1/ask", {"question": QUESTION})["answer"]
    kept = first.get("/v1/keys")["items"]
    assert key["id"] in [item["id"] for item in kept if not item["revoked_at"]]


def test_streams_tell_nothing_of_another(tenants):
    first, second = tenants["first"], tenants["second"]
    body = {"question": QUESTION, "stream": True}
    assert "7731" in first.request("POST", "/v1/ask", json=body).text
    assert "7731" not in second.request("POST", "/v1/ask", json=body).text
    chat = {**BODIES["POST /v1/chat/completions"], "stream": True}
    assert "7731" in first.request("POST", "/v1/chat/completions", json=chat).text
    assert "7731" not in second.request("POST", "/v1/chat/completions", json=chat).text


def test_cached_answers_are_not_shared(tenants):
    first, second = tenants["first"], tenants["second"]
    for _ in range(2):
        assert "7731" in first.post("/v1/ask", {"question": QUESTION})["answer"]
    assert second.post("/v1/ask", {"question": QUESTION})["refused"] is True
    assert second.post("/v1/ask", {"question": QUESTION})["refused"] is True
    assert "7731" in first.post("/v1/ask", {"question": QUESTION})["answer"]


def test_tools_of_models_tell_nothing_of_another(tenants):
    second = tenants["second"]
    url = str(second.client.base_url).rstrip("/") + "/mcp"

    async def told():
        async with (
            httpx2.AsyncClient(headers=bearer(second.key), timeout=60) as http,
            Client(streamable_http_client(url, http_client=http)) as session,
        ):
            return [
                await session.call_tool("list_documents", {}),
                await session.call_tool("search", {"query": QUESTION}),
                await session.call_tool("ask", {"question": QUESTION}),
            ]

    listed, hits, answer = asyncio.run(told())
    names = [item["filename"] for item in listed.structured_content["items"]]
    assert "second.txt" in names
    assert "first.txt" not in names
    assert "7731" not in hits.content[0].text
    assert answer.structured_content["refused"] is True


def test_a_filter_by_ids_of_another_finds_nothing(tenants):
    first, second = tenants["first"], tenants["second"]
    assert found_by(second, QUESTION, document_ids=[first.document["id"]]) == set()
    both = [first.document["id"], second.document["id"]]
    assert found_by(second, "canteen vault", document_ids=both) == {second.document["id"]}
    assert found_by(second, QUESTION, content_types=["application/pdf"]) == set()
    texts = found_by(second, "vault canteen soup", content_types=["text/plain"])
    assert second.document["id"] in texts
    assert first.document["id"] not in texts


def test_the_same_content_is_kept_once_for_each(guarded, world):
    """Neither deletes the other's file, and a second upload is known as one's own alone."""
    text = "The lighthouse of Skerry Point burns acetylene."
    one = Tenant(guarded, key_of(guarded, "writer", tenant="north")["key"])
    two = Tenant(guarded, key_of(guarded, "writer", tenant="south")["key"])
    platform = Tenant(guarded, PLATFORM)
    made = [each.upload("light.txt", text) for each in (one, two, platform)]
    assert len({item["id"] for item in made}) == 3
    assert {item["sha256"] for item in made} == {made[0]["sha256"]}
    assert two.upload("again.txt", text, status=200)["filename"] == "light.txt"
    s3 = servers.s3_client(world.ports["s3"])
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=servers.BUCKET)["Contents"]]
    assert len([key for key in keys if made[0]["sha256"] in key]) == 3
    for each in (one, platform):
        [own] = each.get("/v1/documents", params={"name": "light.txt"})["items"]
        assert each.request("DELETE", f"/v1/documents/{own['id']}").status_code == 204
    [left] = two.get("/v1/documents")["items"]
    content = two.request("GET", f"/v1/documents/{left['id']}/content")
    assert content.text == text
    assert found_by(two, "acetylene lighthouse") == {left["id"]}
    assert one.post("/v1/search", {"query": "acetylene lighthouse"})["hits"] == []


def test_collections_are_apart_within_a_tenant(guarded):
    platform = Tenant(guarded, key_of(guarded, "writer", tenant="house")["key"])
    papers = {
        "handbooks": "Every employee of Heron Ltd has 31 days of holiday.",
        "contracts": "The contract of Heron Ltd with the port ends in 2031.",
    }
    made = {
        name: platform.upload(f"{name}.txt", text, collection=name) for name, text in papers.items()
    }
    assert {name: item["collection"] for name, item in made.items()} == {
        name: name for name in papers
    }
    listed = platform.get("/v1/collections")["items"]
    assert [(item["name"], item["documents"]) for item in listed] == [
        ("contracts", 1),
        ("handbooks", 1),
    ]
    only = key_of(guarded, "writer", tenant="house", collections=["handbooks"])["key"]
    reader = Tenant(guarded, only)
    assert [item["name"] for item in reader.get("/v1/collections")["items"]] == ["handbooks"]
    assert found_by(reader, "Heron Ltd") == {made["handbooks"]["id"]}
    assert found_by(platform, "Heron Ltd") == {item["id"] for item in made.values()}
    assert found_by(platform, "Heron Ltd", collections=["contracts"]) == {made["contracts"]["id"]}
    question = "When does the contract of Heron Ltd with the port end?"
    assert "2031" in platform.post("/v1/ask", {"question": question})["answer"]
    assert reader.post("/v1/ask", {"question": question})["refused"] is True
    narrow = {"question": question, "collections": ["handbooks"]}
    assert platform.post("/v1/ask", narrow)["refused"] is True
    reader.post("/v1/search", {"query": "x", "collections": ["contracts"]}, status=403)
    reader.post("/v1/ask", {**narrow, "collections": ["contracts"]}, status=403)
    other = reader.request("GET", f"/v1/documents/{made['contracts']['id']}")
    assert other.status_code == 404
    listed = reader.request("GET", "/v1/documents", params={"collection": "contracts"})
    assert listed.status_code == 403
    own = platform.get("/v1/documents", params={"collection": "contracts"})["items"]
    assert [item["id"] for item in own] == [made["contracts"]["id"]]
    # Without a word a key of one collection writes there, and it cannot write elsewhere.
    assert reader.upload("more.txt", "Heron Ltd has a canteen.")["collection"] == "handbooks"
    reader.upload("no.txt", "Heron Ltd has a pier.", status=403, collection="contracts")
    reader.upload("no.txt", "Heron Ltd has a pier.", status=422, collection="A b")
    [job] = [
        item
        for item in platform.get("/v1/jobs")["items"]
        if item["document_id"] == made["contracts"]["id"]
    ]
    assert reader.request("GET", f"/v1/jobs/{job['id']}").status_code == 404
    assert reader.request("GET", f"/v1/jobs/{job['id']}/events").status_code == 404


def test_a_full_tenant_takes_no_hits_from_another(guarded):
    """The filter is within both searches: after them, one's own would be pushed out."""
    crowd = Tenant(guarded, key_of(guarded, "writer", tenant="crowd")["key"])
    alone = Tenant(guarded, key_of(guarded, "writer", tenant="alone")["key"])
    lines = [f"The brass telescope number {n} stands on hill {n}." for n in range(400)]
    crowd.upload("crowd.txt", "\n\n".join(lines))
    own = alone.upload("alone.txt", "A brass telescope is cleaned with alcohol, now and then.")
    hits = alone.post("/v1/search", {"query": "brass telescope", "debug": True})
    assert {hit["document_id"] for hit in hits["hits"]} == {own["id"]}
    assert hits["debug"]["found"] == {"dense": 1, "lexical": 1, "fused": 1}


def test_what_programs_of_before_wrote_is_of_the_default_tenant(guarded, world):
    """Rows without the new columns, as a program of revision 0004 makes them."""
    url = servers.postgres_url(world.ports["postgres"])
    row = {"id": "ab" * 16, "sha256": "ab" * 32}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO documents (id, sha256, filename, content_type, bytes, pages, status,"
            " embedding_model) VALUES (%(id)s, %(sha256)s, 'old.txt', 'text/plain', 1, 0,"
            " 'failed', 'x')",
            row,
        )
    platform = Tenant(guarded, PLATFORM)
    shown = platform.get(f"/v1/documents/{row['id']}")
    assert (shown["collection"], shown["sha256"]) == ("default", row["sha256"])
    assert platform.request("DELETE", f"/v1/documents/{row['id']}").status_code == 204
