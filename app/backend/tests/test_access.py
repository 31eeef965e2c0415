"""Keys and roles, over HTTP."""

import asyncio
import concurrent.futures
import datetime
import re
import subprocess
import sys

import conftest
import httpx
import httpx2
import openai
import psycopg
import pytest
import servers
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

PLATFORM = "platform-key-" + "p" * 40
PREVIOUS = "platform-key-" + "q" * 40
OPEN = {"/livez", "/readyz", "/version"}
# What each operation is for. A new one must be put here, so that somebody thinks of it.
READS = {
    "GET /v1/collections",
    "GET /v1/documents",
    "GET /v1/documents/{document_id}",
    "GET /v1/documents/{document_id}/content",
    "GET /v1/documents/{document_id}/chunks",
    "GET /v1/documents/{document_id}/versions",
    "GET /v1/imports",
    "GET /v1/imports/{import_id}",
    "GET /v1/jobs",
    "GET /v1/jobs/{job_id}",
    "GET /v1/jobs/{job_id}/events",
    "GET /v1/me",
    "GET /v1/models",
    "GET /v1/models/{model}",
    "POST /v1/ask",
    "POST /v1/chat/completions",
    "POST /v1/feedback",
    "POST /v1/search",
}
WRITES = {
    "POST /v1/documents",
    "POST /v1/documents/delete",
    "POST /v1/documents/reindex",
    "POST /v1/documents/{document_id}/reindex",
    "PATCH /v1/documents/{document_id}",
    "PUT /v1/documents/{document_id}/content",
    "POST /v1/imports",
    "POST /v1/imports/{import_id}/cancel",
    "DELETE /v1/documents/{document_id}",
    "POST /v1/jobs/{job_id}/cancel",
    "POST /v1/jobs/{job_id}/retry",
}
ADMINISTERS = {"GET /v1/feedback", "GET /v1/keys", "POST /v1/keys", "DELETE /v1/keys/{key_id}"}


def bearer(key):
    return {"authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def guarded(world):
    """A backend that asks for keys."""
    changes = {"AUTH": "keys", "API_KEY": PLATFORM, "API_KEY_PREVIOUS": PREVIOUS, "MCP": "true"}
    with conftest.running(world, **changes) as client:
        yield client


def key_of(client, role="reader", *, by=PLATFORM, tenant=None, **more):
    """A new key, and what is shown of it."""
    headers = bearer(by) | ({"x-tenant": tenant} if tenant else {})
    body = {"name": f"a {role}", "role": role, **more}
    made = client.post("/v1/keys", json=body, headers=headers)
    assert made.status_code == 201, made.text
    return made.json()


def operations(client):
    """Every operation of the API, as `METHOD /path`."""
    described = client.get("/openapi.json").json()
    for path, methods in described["paths"].items():
        for method in methods:
            yield method.upper(), path


def filled(path):
    return re.sub(r"\{.*?\}", "0" * 32, path)


def refused(response, status, kind):
    """A problem with this status, in the form of its route."""
    assert response.status_code == status, (response.request.url, response.text)
    if response.request.url.path.startswith(("/v1/chat", "/v1/models")):
        assert response.json()["error"]["code"] == kind.replace("-", "_")
    else:
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["type"] == f"urn:rag:problem:{kind}"
    return response


def test_every_operation_is_for_a_role(guarded):
    found = {f"{method} {path}" for method, path in operations(guarded) if path not in OPEN}
    assert found == READS | WRITES | ADMINISTERS


def test_nothing_but_probes_is_answered_without_a_key(guarded):
    for method, path in operations(guarded):
        if path in OPEN:
            assert guarded.request(method, path).status_code == 200
            continue
        response = refused(guarded.request(method, filled(path)), 401, "unauthorized")
        assert response.headers["www-authenticate"] == 'Bearer realm="rag"'
    for path in ("/mcp", "/v1/nothing", "/docs", "/"):
        refused(guarded.post(path), 401, "unauthorized")
    assert guarded.get("/metrics").status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer wrong",
        "Bearer rag_0123456789abcdef_" + "0" * 64,
        "Basic " + PLATFORM,
        PLATFORM,
        "Bearer " + PLATFORM[:-1],
        "Bearer " + PLATFORM + "x",
        "Bearer " + "x" * 8000,
        b"Bearer \xff\xfe",
    ],
)
def test_wrong_keys_are_refused(guarded, header):
    response = refused(
        guarded.get("/v1/documents", headers={"authorization": header}), 401, "unauthorized"
    )
    assert response.headers["www-authenticate"].startswith('Bearer realm="rag"')


def test_a_body_is_not_read_before_the_key(guarded):
    """A stranger's upload costs nothing: it is refused by its head."""
    response = guarded.post("/v1/ask", content=b"{", headers={"content-type": "application/json"})
    refused(response, 401, "unauthorized")


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("reader", READS),
        ("writer", READS | WRITES),
        ("admin", READS | WRITES | ADMINISTERS),
    ],
)
def test_roles_may_what_they_are_for(guarded, role, may):
    key = key_of(guarded, role)["key"]
    for method, path in operations(guarded):
        if path in OPEN:
            continue
        response = guarded.request(method, filled(path), headers=bearer(key))
        if f"{method} {path}" in may:
            assert response.status_code not in (401, 403), (method, path, response.text)
        else:
            refused(response, 403, "forbidden")
            assert 'error="insufficient_scope"' in response.headers["www-authenticate"]
            assert role in response.text


def test_a_secret_is_shown_once_and_kept_nowhere(guarded, world):
    made = key_of(guarded, "writer")
    assert re.fullmatch(r"rag_[0-9a-f]{16}_[0-9a-f]{64}", made["key"])
    secret = made["key"].rpartition("_")[2]
    listed = guarded.get("/v1/keys", headers=bearer(PLATFORM)).text
    assert made["id"] in listed
    assert secret not in listed
    with psycopg.connect(servers.postgres_url(world.ports["postgres"])) as connection:
        [row] = connection.execute(
            "SELECT api_keys::text, length(digest) FROM api_keys WHERE id = %s", [made["id"]]
        ).fetchall()
    assert secret not in row[0]
    assert row[1] == 32
    log = guarded.log.read_text()
    assert secret not in log
    assert PLATFORM not in log


def test_who_one_is(guarded):
    key = key_of(guarded, "reader", collections=["handbooks"], tenant="acme")
    told = guarded.get("/v1/me", headers=bearer(key["key"])).json()
    assert told == {
        "auth": "keys",
        "id": key["id"],
        "name": "a reader",
        "tenant": "acme",
        "role": "reader",
        "collections": ["handbooks"],
    }
    own = guarded.get("/v1/me", headers=bearer(PREVIOUS)).json()
    assert (own["id"], own["role"], own["tenant"]) == ("platform", "admin", "default")


def test_keys_end(guarded):
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=4)
    passing = key_of(guarded, expires_at=soon.isoformat())["key"]
    assert guarded.get("/v1/me", headers=bearer(passing)).status_code == 200
    ended = key_of(guarded)
    assert guarded.get("/v1/me", headers=bearer(ended["key"])).status_code == 200
    for _ in range(2):
        gone = guarded.delete(f"/v1/keys/{ended['id']}", headers=bearer(PLATFORM))
        assert gone.status_code == 204
    response = refused(guarded.get("/v1/me", headers=bearer(ended["key"])), 401, "unauthorized")
    assert "revoked" in response.json()["detail"]
    servers.wait(
        "the key's end", lambda: guarded.get("/v1/me", headers=bearer(passing)).status_code == 401
    )
    assert "expired" in guarded.get("/v1/me", headers=bearer(passing)).json()["detail"]
    unknown = guarded.delete(f"/v1/keys/{'0' * 16}", headers=bearer(PLATFORM))
    assert unknown.status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"name": "x"},
        {"name": "x", "role": "root"},
        {"name": "", "role": "reader"},
        {"name": "a\0b", "role": "reader"},
        {"name": "x", "role": "reader", "collections": []},
        {"name": "x", "role": "reader", "collections": ["A b"]},
        {"name": "x", "role": "reader", "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "x", "role": "reader", "expires_at": "2999-01-01T00:00:00"},
        {"name": "x", "role": "reader", "tenant": "other"},
    ],
)
def test_wrong_keys_are_not_made(guarded, body):
    refused(guarded.post("/v1/keys", json=body, headers=bearer(PLATFORM)), 422, "invalid-request")


def test_admins_see_and_end_the_keys_of_their_tenant_alone(guarded):
    here = key_of(guarded, "admin", tenant="here")
    there = key_of(guarded, "reader", tenant="there")
    listed = guarded.get("/v1/keys", headers=bearer(here["key"])).json()["items"]
    assert [item["id"] for item in listed] == [here["id"]]
    gone = guarded.delete(f"/v1/keys/{there['id']}", headers=bearer(here["key"]))
    assert gone.status_code == 404
    other = guarded.get("/v1/me", headers=bearer(here["key"]) | {"x-tenant": "there"})
    refused(other, 403, "forbidden")
    wrong = guarded.get("/v1/me", headers=bearer(PLATFORM) | {"x-tenant": "A b"})
    refused(wrong, 422, "invalid-request")


def test_a_key_makes_none_that_reaches_further(guarded):
    admin = key_of(guarded, "admin", tenant="part", collections=["a", "b"])["key"]
    wide = key_of(guarded, "admin", tenant="part")
    for collections in (None, ["c"], ["a", "c"]):
        body = {"name": "x", "role": "reader", "collections": collections}
        refused(guarded.post("/v1/keys", json=body, headers=bearer(admin)), 403, "forbidden")
    inner = key_of(guarded, "reader", by=admin, collections=["b"])
    listed = guarded.get("/v1/keys", headers=bearer(admin)).json()["items"]
    assert wide["id"] not in [item["id"] for item in listed]
    assert inner["id"] in [item["id"] for item in listed]
    gone = guarded.delete(f"/v1/keys/{wide['id']}", headers=bearer(admin))
    assert gone.status_code == 404


def test_keys_are_listed_in_pages(guarded):
    made = [key_of(guarded, tenant="paged")["id"] for _ in range(3)]
    seen, cursor = [], None
    headers = bearer(PLATFORM) | {"x-tenant": "paged"}
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = guarded.get("/v1/keys", params=params, headers=headers).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]


def test_use_is_noted_once_a_minute(guarded, world):
    key = key_of(guarded)
    url = servers.postgres_url(world.ports["postgres"])
    query = "SELECT last_used_at FROM api_keys WHERE id = %s"

    def used():
        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(query, [key["id"]]).fetchone()[0]

    assert used() is None
    for _ in range(2):
        guarded.get("/v1/me", headers=bearer(key["key"]))
        first = used()
    assert first is not None
    assert used() == first


def test_both_platform_keys_work_while_they_are_rotated(world, tmp_path):
    """The files change under a running server: no request with either key is refused meanwhile."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "API_KEY").write_text("a" * 40)
    (folder / "API_KEY_PREVIOUS").write_text("")
    with conftest.running(world, AUTH="keys", SECRETS_DIR=str(folder)) as client:
        assert client.get("/v1/me", headers=bearer("a" * 40)).status_code == 200
        assert client.get("/v1/me", headers=bearer("b" * 40)).status_code == 401
        (folder / "API_KEY_PREVIOUS").write_text("a" * 40)
        (folder / "API_KEY").write_text("b" * 40)
        for key in ("a" * 40, "b" * 40):
            assert client.get("/v1/me", headers=bearer(key)).status_code == 200
        (folder / "API_KEY_PREVIOUS").write_text("c" * 40)
        assert client.get("/v1/me", headers=bearer("a" * 40)).status_code == 401
        assert client.get("/v1/me", headers={"authorization": "Bearer"}).status_code == 401
        assert "a" * 40 not in client.log.read_text()


@pytest.mark.parametrize(
    "changes", [{"AUTH": None}, {"AUTH": "keys"}, {"AUTH": "keys", "API_KEY": "short"}]
)
def test_a_server_without_a_key_does_not_start(world, changes):
    done = subprocess.run(
        [sys.executable, "-m", "rag"],
        env=world.env(**changes),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 78
    assert "API_KEY" in done.stderr
    assert "short" not in done.stderr


def test_open_servers_say_so(backend):
    assert backend.get("/version").json()["auth"] == "none"
    told = backend.get("/v1/me", headers=bearer("unused")).json()
    assert (told["auth"], told["id"], told["role"]) == ("none", "anonymous", "admin")
    assert '"access.open"' in backend.log.read_text()
    # A key that anyone could make would still be good when keys are asked for.
    for response in (
        backend.post("/v1/keys", json={"name": "x", "role": "admin"}),
        backend.get("/v1/keys"),
    ):
        refused(response, 403, "forbidden")
    assert "securitySchemes" not in backend.get("/openapi.json").json()["components"]


def test_the_description_tells_of_keys(guarded):
    described = guarded.get("/openapi.json").json()
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for path, methods in described["paths"].items():
        for operation in methods.values():
            assert operation.get("security", []) == ([] if path in OPEN else [{"bearer": []}])
            assert ("401" in operation["responses"]) == (path not in OPEN)


def test_openai_and_mcp_clients_send_keys(guarded):
    key = key_of(guarded)["key"]
    url = str(guarded.base_url).rstrip("/")
    with openai.OpenAI(base_url=f"{url}/v1", api_key=key) as client:
        assert [item.id for item in client.models.list()] == ["rag"]
    with (
        openai.OpenAI(base_url=f"{url}/v1", api_key="wrong") as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.models.list()

    async def listed():
        async with (
            httpx2.AsyncClient(headers=bearer(key)) as http,
            Client(streamable_http_client(f"{url}/mcp", http_client=http)) as session,
        ):
            return (await session.call_tool("list_documents", {})).is_error

    assert asyncio.run(listed()) is False


def test_a_database_that_is_down_is_no_open_door(world):
    with conftest.running(
        world,
        AUTH="keys",
        API_KEY=PLATFORM,
        DATABASE_URL=servers.postgres_url(world.relays["postgres"].port),
    ) as client:
        key = key_of(client)["key"]
        world.relays["postgres"].cut()
        try:
            response = refused(
                client.get("/v1/me", headers=bearer(key)), 503, "dependency-unavailable"
            )
            assert response.json()["dependency"] == "postgres"
            assert client.get("/v1/me", headers=bearer(PLATFORM)).status_code == 200
        finally:
            world.relays["postgres"].restore()


def test_many_at_once_are_told_apart(guarded):
    keys = [key_of(guarded, tenant=f"t{n}") for n in range(4)]

    def tenant(key):
        with httpx.Client(base_url=guarded.base_url, timeout=30) as client:
            return client.get("/v1/me", headers=bearer(key["key"])).json()["tenant"]

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        told = list(pool.map(tenant, keys * 5))
    assert told == [key["tenant"] for key in keys * 5]
