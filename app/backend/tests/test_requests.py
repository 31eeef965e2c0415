"""Requests that are refused before any server is asked: the application alone, in this process."""

import asyncio
import contextlib
import time
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI

from rag.access.limits import Limits, Memory
from rag.access.service import Access
from rag.main import create_app
from rag.settings import Settings


class Open:
    """Lets every upload in."""

    async def check(self) -> None:
        """Nothing waits."""

    def receive(self, _size: int) -> contextlib.AbstractContextManager[None]:
        """Nothing else is received."""
        return contextlib.nullcontext()


@pytest.fixture
def app() -> FastAPI:
    """An application that was not started: whatever gets past the door breaks."""
    settings = Settings(
        database_url="postgresql://u:p@h/d",
        redis_url="redis://h:1/0",
        s3_bucket="rag-documents",
        aws_region="us-east-1",
        milvus_uri="http://h:1",
        auth="none",
    )
    app = create_app(settings)
    app.state.rag = SimpleNamespace(
        ask=None,
        documents=None,
        admission=Open(),
        access=Access(None, "none", tuple),
        signing=None,
        limits=Limits(Memory(), settings.quotas()),
        settings=settings,
        readiness=SimpleNamespace(draining=False),
    )
    return app


def post(app: FastAPI, path: str, content: object, content_type: str) -> httpx.Response:
    async def sent() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://backend") as client:
            return await client.post(path, content=content, headers={"content-type": content_type})

    return asyncio.run(sent())


QUESTIONS = {
    "many keys": (b"{" + b",".join(b'"k%d":1' % n for n in range(200_000)) + b"}", 413),
    "as many keys as may be": (b"{" + b",".join(b'"%x":1' % n for n in range(3_600)) + b"}", 422),
    "a conversation of keys": (b"{" + b",".join(b'"%x":1' % n for n in range(13_000)) + b"}", 422),
    "a conversation of lists": (b"[" * 64_000 + b"]" * 64_000, 400),
    "messages of nothing": (b'{"question":"why?","messages":[' + b"0," * 60_000 + b"0]}", 422),
    "a long key": (b'{"' + b"k" * 30_000 + b'":1}', 422),
    "a key that is half a character": (rb'{"question": "what is it?", "\ud800": 1}', 422),
    "half a character": (rb'{"question": "what is \ud800 it?"}', 422),
    "no number": (b'{"question": NaN}', 422),
    "a number beyond all": (b'{"question": 1e999999}', 422),
    "a number of many digits": (b'{"question": ' + b"9" * 30_000 + b"}", 400),
    "deep lists": (b"[" * 15_000 + b"]" * 15_000, 400),
    "deep objects": (b'{"a":' * 6_000, 400),
    "a deep question": (b'{"question":' + b"[" * 900 + b"]" * 900 + b"}", 422),
    "no JSON": (b'{"question": "ab', 422),
    "another encoding": (b'{"question": "caf\xe9 open?"}', 400),
    "nothing": (b"", 422),
}


CONVERSATIONS = {
    "many messages": (b'{"model":"rag","messages":[' + b"{}," * 80_000 + b"{}]}", 400),
    "many parts": (
        b'{"model":"rag","messages":[{"role":"user","content":[' + b"{}," * 80_000 + b"{}]}]}",
        400,
    ),
    "deep lists": (b"[" * 120_000 + b"]" * 120_000, 400),
    "keys": (b'{"model":"x",' + b",".join(b'"%x":1' % n for n in range(26_000)) + b"}", 400),
    "too much": (b'{"model":"' + b"x" * 262_144 + b'"}', 413),
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_conversation_that_is_none_is_refused_at_once_and_in_few_words(app, name):
    body, status = CONVERSATIONS[name]
    started = time.process_time()
    answer = post(app, "/v1/chat/completions", body, "application/json")
    assert answer.status_code == status, answer.text[:300]
    assert set(answer.json()) == {"error"}
    assert len(answer.content) < 8_000
    assert time.process_time() - started < 1, "it holds up everybody else"


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_that_is_none_is_refused_at_once_and_in_few_words(app, name):
    body, status = QUESTIONS[name]
    started = time.process_time()
    answer = post(app, "/v1/ask", body, "application/json")
    assert answer.status_code == status, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.content) < 8_000
    assert time.process_time() - started < 1, "it holds up everybody else"


FORMS = {
    "no boundary": ("multipart/form-data", b"garbage", 400),
    "nothing": ("multipart/form-data; boundary=x", b"", 422),
    "no form at all": ("multipart/form-data; boundary=x", b"garbage", 400),
    "no name": ("multipart/form-data; boundary=x", b"--x\r\nX: y\r\n\r\na\r\n--x--\r\n", 400),
    "an unknown coding": (
        "multipart/form-data; boundary=x; charset=undefined",
        b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\na\r\n--x--\r\n',
        400,
    ),
    "no form": ("application/json", b'{"file": "x"}', 422),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_none_is_the_clients_fault(app, name):
    content_type, body, status = FORMS[name]
    answer = post(app, "/v1/documents", body, content_type)
    assert answer.status_code == status, answer.text[:300]
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_upload_in_chunks_is_refused_when_it_is_too_long(app):
    async def chunks():
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        for _ in range(12):
            yield bytes(1 << 20)

    answer = post(app, "/v1/documents", chunks(), "multipart/form-data; boundary=x")
    assert answer.status_code == 413, answer.text[:300]
