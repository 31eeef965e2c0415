"""Every operation of the description, with what strangers' programs send: refused, never broken."""

import json
from collections.abc import Iterator

import httpx
import pytest

VALUES = {
    "NUL": "%00",
    "NUL within": "a%00b",
    "no UTF-8": "%ff%fe",
    "half a character": "%ed%a0%80",
    "half an escape": "%e0%",
    "long": "x" * 20_000,
    "up": "..%2f..%2fetc%2fpasswd",
    "a long number": "9" * 5_000,
    "a negative number": "-1",
    "a number beyond all": "1e999999",
    "no number": "NaN",
    "quotes": "%27%22%60%3b--",
    "a line": "a%0d%0aset-cookie:%20b",
    "nothing": "",
}
DEEP = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
BODIES = {
    "nothing": b"",
    "NUL": b"\0",
    "no UTF-8": b'{"question": "caf\xe9", "query": "caf\xe9", "ids": ["caf\xe9"]}',
    "half a character": rb'{"question": "\ud800", "query": "\ud800", "ids": ["\ud800"]}',
    "UTF-16": '{"question": "why", "query": "why"}'.encode("utf-16"),
    "deep lists": b"[" * 15_000 + b"]" * 15_000,
    "deep objects": DEEP,
    "many digits": b'{"question": ' + b"9" * 20_000 + b"}",
    "beyond all numbers": b'{"question": 1e999999, "limit": 1e999999, "query": "x"}',
    "no numbers": b'{"question": NaN, "limit": Infinity, "query": "x"}',
    "a text": b'"text"',
    "null": b"null",
    "a truth": b"true",
    "a list": b"[1, 2]",
    "half": b'{"question": "wh',
    "twice": b'{"question": 1}{"question": 2}',
    "a mark first": b'\xef\xbb\xbf{"question": 1}',
    "a line of a megabyte": b'{"question": "' + b"x" * 1_000_000 + b'"}',
    "XML": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
}
TYPES = (
    "application/json",
    "text/plain",
    "application/xml",
    "multipart/form-data",
    "multipart/form-data; boundary=" + "x" * 300,
    "application/x-www-form-urlencoded",
    "application/json; charset=utf-7",
    "application/json; charset=\xff",
    "a/b/c;;;=",
    "",
)
HEADERS = {
    "x-request-id": ["", "a b", "\xff", "x" * 5_000],
    "traceparent": ["", "00-", f"00-{'0' * 32}-{'0' * 16}-01", "\xff", "x" * 5_000],
    "tracestate": ["=", "\xff"],
    "accept": ["", "*", "\xff", "text/event-stream;q=x", "," * 5_000],
    "prefer": ["wait=-1", "wait=1e309", f"wait={'9' * 5_000}", "wait", "=", "\xff"],
    "range": ["bytes=0-", "bytes=-1", "bytes=9-1", f"bytes={'9' * 400}-", "\xff"],
    "authorization": ["Bearer", "Basic ====", "\xff"],
    "content-encoding": ["gzip", "\xff"],
    "idempotency-key": ["\xff", "x" * 5_000],
    "host": ["", "a b", "[::"],
    "origin": ["null", "\xff"],
    "if-none-match": ["\xff"],
    "last-event-id": ["\xff", "x" * 5_000],
    "mcp-session-id": ["\xff"],
}
IDENTIFIER = "0" * 32


@pytest.fixture(scope="module")
def described(backend) -> dict:
    return backend.get("/openapi.json").json()


def operations(described: dict) -> Iterator[tuple[str, str, dict]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def filled(path: str, value: str = IDENTIFIER) -> str:
    """A path with this in the place of each parameter."""
    while "{" in path:
        head, _, tail = path.partition("{")
        path = head + value + tail.partition("}")[2]
    return path


def answers(backend, requests: Iterator[tuple[str, httpx.Request]]) -> dict[str, int]:
    """The status of each request; none of them breaks anything."""
    found = {}
    for name, request in requests:
        try:
            response = backend.send(request)
        except httpx.RemoteProtocolError:
            # Not even HTTP: the connection is closed, which answers.
            found[name] = 400
            continue
        assert response.status_code < 500, f"{name}: {response.status_code} {response.text[:500]}"
        assert len(response.content) < 300_000, name
        found[name] = response.status_code
    assert backend.get("/livez").status_code == 200
    assert "request.crashed" not in backend.log.read_text()
    return found


def variants(value: object) -> Iterator[object]:
    """A body with each of its values replaced by one that is none."""
    if isinstance(value, str):
        yield from ("a\0b", "\ud800", "x" * 1_000_000)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from ({**value, key: bad} for bad in variants(item))
            yield {**value, key: {"a": {"b": {"c": []}}}}
            yield {**value, key: 10**400}
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from ([*value[:place], bad, *value[place + 1 :]] for bad in variants(item))


def examples(described: dict) -> Iterator[tuple[str, str, object]]:
    """The examples of each operation's body, but those that change everything."""
    schemas = described["components"]["schemas"]
    for method, path, operation in operations(described):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        for example in schemas.get(name, {}).get("examples", ()):
            if not example.get("all"):
                yield method, path, example


def test_paths_and_queries_are_refused_or_found_nothing(backend, described):
    def requests():
        for method, path, operation in operations(described):
            names = [item["name"] for item in operation["parameters"] if item["in"] == "query"]
            for kind, value in VALUES.items():
                if "{" in path:
                    yield (
                        f"{method} {path} {kind}",
                        backend.build_request(method, filled(path, value)),
                    )
                for name in names:
                    url = f"{filled(path)}?{name}={value}"
                    yield f"{method} {path}?{name} {kind}", backend.build_request(method, url)

    found = answers(backend, requests())
    assert len(found) > 150
    # No parameter of a path is ever fine with half of a character in it.
    for name, status in found.items():
        if "?" not in name and name.split(" ", 2)[2] in ("NUL", "no UTF-8", "half a character"):
            assert 400 <= status < 500, name


def test_bodies_that_are_none_are_refused(backend, described):
    def requests():
        for method, path, operation in operations(described):
            if "requestBody" not in operation:
                continue
            for kind, body in BODIES.items():
                for media in TYPES:
                    request = backend.build_request(
                        method,
                        filled(path),
                        content=body,
                        headers={"content-type": media.encode("latin-1")},
                    )
                    yield f"{method} {path} {kind} {media[:40]!r}", request

    found = answers(backend, requests())
    assert len(found) > 500
    assert {name: status for name, status in found.items() if not 400 <= status < 500} == {}


def test_texts_that_nobody_can_keep_are_refused_in_every_field(backend, described):
    """Each text of each body, in turn, with NUL and with half of a character."""

    def requests():
        kind = {"content-type": "application/json"}
        for method, path, example in examples(described):
            for number, body in enumerate(variants(example)):
                data = json.dumps(body).encode()
                request = backend.build_request(method, filled(path), content=data, headers=kind)
                yield f"{method} {path} {number} {data[:60]!r}", request

    found = answers(backend, requests())
    assert len(found) > 60
    for name, status in found.items():
        # Some fields of other services' clients are taken and ignored, whatever they hold.
        if "chat/completions" not in name:
            assert 400 <= status < 500, name


def test_headers_break_nothing(backend, described):
    def requests():
        for method, path, operation in operations(described):
            body = {"content": b"{}"} if "requestBody" in operation else {}
            for name, values in HEADERS.items():
                for value in values:
                    headers = {name: value.encode("latin-1")}
                    if body:
                        headers["content-type"] = b"application/json"
                    url = filled(path)
                    request = backend.build_request(method, url, headers=headers, **body)
                    yield f"{method} {path} {name}: {value[:20]!r}", request

    assert len(answers(backend, requests())) > 500


def test_bodies_where_none_belongs_and_methods_that_are_none(backend, described):
    def requests():
        for path in described["paths"]:
            for method in ("PUT", "OPTIONS", "TRACE", "PROPFIND", "HEAD"):
                request = backend.build_request(method, filled(path), content=DEEP)
                yield f"{method} {path}", request
        for path in ("/%00", "/%ff", "//", "/v1/%2e%2e/livez", "/v1/documents/%00/content"):
            yield path, backend.build_request("GET", path)

    found = answers(backend, requests())
    assert all(400 <= found[path] < 500 for path in ("/%00", "/%ff"))
