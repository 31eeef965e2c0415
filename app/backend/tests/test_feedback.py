"""What people think of answers, over HTTP."""

import json

import pytest


def listed(backend, **query):
    response = backend.get("/v1/feedback", params=query)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_verdict_is_kept_without_what_was_asked(backend):
    given = {"verdict": "down", "note": "The fee is last year's.", "document_ids": ["0f9a"]}
    made = backend.post("/v1/feedback", json=given)
    assert made.status_code == 201, made.text
    kept = listed(backend, limit=1)["items"][0]
    assert kept == made.json()
    assert kept["question"] is None
    assert kept["answer"] is None
    assert (kept["verdict"], kept["note"], kept["document_ids"]) == (
        "down",
        "The fee is last year's.",
        ["0f9a"],
    )
    assert kept["created_by"] == "anonymous"
    assert "last year" not in backend.log.read_text()


def test_question_and_answer_are_kept_where_they_are_sent(backend):
    given = {"verdict": "up", "question": "How high is it?", "answer": "41 metres."}
    assert backend.post("/v1/feedback", json=given).status_code == 201
    newest = listed(backend, limit=1)["items"][0]
    assert (newest["question"], newest["answer"]) == ("How high is it?", "41 metres.")


def test_verdicts_are_listed_in_pages(backend):
    made = [backend.post("/v1/feedback", json={"verdict": "up"}).json()["id"] for _ in range(3)]
    first = listed(backend, limit=2)
    second = listed(backend, limit=1, cursor=first["next_cursor"])
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"verdict": "sideways"},
        {"verdict": "up", "note": "a\0b"},
        {"verdict": "up", "note": "x" * 2001},
        {"verdict": "up", "note": "\ud800"},
        {"verdict": "up", "document_ids": ["../x"]},
        {"verdict": "up", "user": "me"},
    ],
)
def test_what_is_no_verdict_is_refused(backend, body):
    data = json.dumps(body)
    response = backend.post(
        "/v1/feedback", content=data, headers={"content-type": "application/json"}
    )
    assert response.status_code == 422
    assert response.json()["type"] == "urn:rag:problem:invalid-request"
