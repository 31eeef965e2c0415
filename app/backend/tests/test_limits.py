"""Limits of requests and sizes, and the audit log, over HTTP."""

import json
import time

import conftest
import pytest
import servers
from test_access import PLATFORM, bearer, key_of, refused


@pytest.fixture(scope="module")
def limited(world):
    """A backend with small limits, behind a relay to Redis that can be cut."""
    with conftest.running(
        world,
        AUTH="keys",
        API_KEY=PLATFORM,
        REDIS_URL=f"redis://127.0.0.1:{world.relays['redis'].port}/0",
        LIMIT_READ="4",
        LIMIT_ADMIN="0",
    ) as client:
        yield client


def reads(client, key, count=1):
    return [client.get("/v1/documents", headers=bearer(key)) for _ in range(count)]


def test_a_key_may_send_so_many_requests_of_a_kind(limited):
    key = key_of(limited)["key"]
    allowed = reads(limited, key, 4)
    assert [response.status_code for response in allowed] == [200] * 4
    assert allowed[0].headers["ratelimit-policy"] == '"read";q=4;w=60'
    left = [response.headers["ratelimit"].split(";")[1] for response in allowed]
    assert left == ["r=3", "r=2", "r=1", "r=0"]
    response = refused(reads(limited, key)[0], 429, "rate-limited")
    assert 1 <= int(response.headers["retry-after"]) <= 15
    assert response.headers["ratelimit"].startswith('"read";r=0;t=')
    # Another kind, and another key, have limits of their own.
    body = {"query": "anything"}
    assert limited.post("/v1/search", json=body, headers=bearer(key)).status_code == 200
    assert reads(limited, key_of(limited)["key"])[0].status_code == 200
    assert {response.status_code for response in reads(limited, PLATFORM, 8)} == {200}


def test_a_limit_passes(limited):
    key = key_of(limited, requests_per_minute={"read": 60})["key"]
    while (response := reads(limited, key)[0]).status_code == 200:
        pass
    wait = int(response.headers["retry-after"])
    assert wait == 1
    time.sleep(wait)
    assert reads(limited, key)[0].status_code == 200


def test_models_clients_get_it_in_their_form(limited):
    key = key_of(limited, requests_per_minute={"read": 1})["key"]
    assert limited.get("/v1/models", headers=bearer(key)).status_code == 200
    response = refused(limited.get("/v1/models", headers=bearer(key)), 429, "rate-limited")
    assert response.json()["error"]["type"] == "rate_limit_error"
    assert response.headers["retry-after"]


def test_replicas_share_a_limit(limited, world):
    key = key_of(limited)["key"]
    with conftest.running(world, AUTH="keys", API_KEY=PLATFORM, LIMIT_READ="4") as other:
        assert {response.status_code for response in reads(limited, key, 2)} == {200}
        assert {response.status_code for response in reads(other, key, 2)} == {200}
        for client in (limited, other):
            assert reads(client, key)[0].status_code == 429


@pytest.mark.parametrize("how", ["cut", "hang"])
def test_without_redis_a_process_counts_alone(limited, world, how):
    """Never open, and never an error: the limit is each process's own for a while."""
    key = key_of(limited)["key"]
    getattr(world.relays["redis"], how)()
    try:
        found = [response.status_code for response in reads(limited, key, 6)]
    finally:
        world.relays["redis"].restore()
    assert found == [200] * 4 + [429] * 2
    assert '"limits.in_memory"' in limited.log.read_text()
    time.sleep(5.5)
    fresh = key_of(limited)["key"]
    assert [response.status_code for response in reads(limited, fresh, 5)] == [200] * 4 + [429]


def test_addresses_are_counted_where_nobody_has_a_key(start):
    client = start(LIMIT_READ="1")
    found = [client.get("/v1/documents").status_code for _ in range(2)]
    assert found == [200, 429]
    assert {client.get("/livez").status_code for _ in range(4)} == {200}


def test_without_a_setting_an_open_server_has_no_limit(backend):
    assert "ratelimit" not in backend.get("/v1/documents").headers


def test_a_key_has_limits_of_its_own(limited):
    key = key_of(limited, "writer", requests_per_minute={"upload": 2}, max_upload_bytes=2048)["key"]

    def upload(size, **more):
        files = {"file": ("big.txt", b"A word. " * (size // 8))}
        return limited.post("/v1/documents", files=files, headers=bearer(key), **more)

    response = refused(upload(4096), 413, "too-large")
    assert "2048" in response.json()["detail"]
    assert upload(512).status_code == 202
    refused(upload(512), 429, "rate-limited")


def test_a_body_without_a_length_is_measured(limited):
    key = key_of(limited, "writer", max_upload_bytes=2048)["key"]
    kind = {"content-type": "multipart/form-data; boundary=x"}

    def pieces():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        for _ in range(64):
            yield b"A word. " * 16
        yield b"\r\n--x--\r\n"

    response = limited.post("/v1/documents", content=pieces(), headers=bearer(key) | kind)
    assert response.status_code == 413, response.text


@pytest.mark.parametrize(
    "body",
    [
        {"requests_per_minute": {"ask": 0}},
        {"requests_per_minute": {"other": 5}},
        {"requests_per_minute": {}},
        {"max_upload_bytes": 5},
    ],
)
def test_wrong_limits_are_refused(limited, body):
    wanted = {"name": "x", "role": "reader", **body}
    made = limited.post("/v1/keys", json=wanted, headers=bearer(PLATFORM))
    refused(made, 422, "invalid-request")


def lines_of(client):
    """The lines of the audit log."""
    found = []
    for line in client.log.read_text().splitlines():
        if '"rag.audit"' in line:
            found.append(json.loads(line))
    return found


def test_changes_and_refusals_are_in_the_audit_log(limited):
    key = key_of(limited, "writer", tenant="audited")
    text = "Quicksilver Marigold is paid in doubloons."
    before = len(lines_of(limited))
    document = limited.post(
        "/v1/documents",
        files={"file": ("marigold.txt", text.encode())},
        headers=bearer(key["key"]) | {"prefer": "wait=60"},
    ).json()
    limited.patch(
        f"/v1/documents/{document['id']}",
        json={"metadata": {"secret": "doubloons"}},
        headers=bearer(key["key"]),
    )
    limited.post("/v1/search", json={"query": "doubloons"}, headers=bearer(key["key"]))
    limited.delete(f"/v1/documents/{document['id']}", headers=bearer(key["key"]))
    limited.delete(f"/v1/documents/{'0' * 32}", headers=bearer(key["key"]))
    limited.get("/v1/keys", headers=bearer(key["key"]))
    limited.get("/v1/documents/a-text-of-mine", headers=bearer("wrong"))
    servers.wait("the log", lambda: len(lines_of(limited)) == before + 6)
    found = lines_of(limited)[before:]
    told = [(line["outcome"], line["status"], line["method"], line["route"]) for line in found]
    one = "/v1/documents/{document_id}"
    assert told == [
        ("done", 201, "POST", "/v1/documents"),
        ("done", 200, "PATCH", one),
        ("done", 204, "DELETE", one),
        ("failed", 404, "DELETE", one),
        ("refused", 403, "GET", "/v1/keys"),
        ("refused", 401, "GET", one),
    ]
    for line in found[:5]:
        assert (line["key"], line["tenant"]) == (key["id"], "audited")
    assert [line["object"] for line in found[1:3]] == [{"document_id": document["id"]}] * 2
    assert (found[5]["key"], found[5]["object"]) == (None, {})
    log = limited.log.read_text()
    for secret in ("doubloons", "marigold", "a-text-of-mine", key["key"], "Bearer"):
        assert secret not in log
