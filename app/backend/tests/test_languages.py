"""Documents and questions in many languages, from outside."""

import sys

import pytest
import servers
from language_texts import CASES, FURTHER

TOLD = sorted(CASES)


@pytest.fixture(scope="module")
def texts(backend):
    """All texts in one corpus; language -> document as the upload answered."""
    made = {}
    # How rare a word is depends on how much else there is: with little, no word counts for little.
    others = [f"# Valve {n}\n\nValve {n} of the pump house opens at {n} bar.\n" for n in range(200)]
    valves = f"/v1/documents/{backend.upload('valves.md', chr(10).join(others)).json()['id']}"
    servers.wait("valves.md", lambda: backend.get(valves).json()["chunks"] >= len(others))
    for language, case in CASES.items():
        response = backend.upload(f"{language}.txt", case.text)
        assert response.status_code == 201, response.text
        made[language] = response.json()
    yield made
    assert backend.delete(valves).status_code == 204


@pytest.mark.parametrize("language", TOLD)
def test_a_documents_language_is_told(backend, texts, language):
    assert texts[language]["language"] == language
    shown = backend.get(f"/v1/documents/{texts[language]['id']}").json()
    assert shown["language"] == language


def test_documents_are_listed_by_their_language(backend, texts):
    found = backend.get("/v1/documents", params={"language": "DE", "limit": 200}).json()["items"]
    assert texts["de"]["id"] in {item["id"] for item in found}
    assert {item["language"] for item in found} == {"de"}
    assert backend.get("/v1/documents", params={"language": "d\0"}).status_code == 422


def test_no_language_is_told_of_a_text_without_words(backend):
    made = backend.upload("numbers.csv", "1,2\n3,4\n").json()
    assert made["status"] == "ready"
    assert made["language"] is None


def test_the_models_languages_are_told(backend):
    assert backend.get("/version").json()["embedding_languages"] == ["en"]


@pytest.mark.parametrize("language", TOLD)
@pytest.mark.parametrize("form", ["exact", "inflected"])
def test_the_fact_is_found_and_cited(backend, texts, language, form):
    question, fact = getattr(CASES[language], form)
    answer = backend.ask(question)
    assert answer["refused"] is False, answer
    assert answer["language"] == language
    first = answer["citations"][0]
    assert first["document_id"] == texts[language]["id"]
    assert fact in first["excerpt"]
    assert first["excerpt"] in CASES[language].text


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize("language", TOLD)
def test_what_is_left_open_is_refused_in_the_questions_language(backend, language):
    answer = backend.ask(CASES[language].open)
    assert answer["refused"] is True, answer
    assert answer["language"] == language
    assert CASES[language].refusal in answer["answer"]


@pytest.mark.parametrize("language", sorted(FURTHER))
def test_neighbouring_questions_are_told_apart(backend, texts, language):
    """The text carries some of them, and says of the same things nothing that others ask."""
    for question, fact in FURTHER[language]:
        answer = backend.ask(question)
        if fact is None:
            assert answer["refused"] is True, (question, answer)
        else:
            assert answer["refused"] is False, question
            assert fact in answer["citations"][0]["excerpt"], (question, answer)
            assert answer["citations"][0]["document_id"] == texts[language]["id"]


def test_the_table(backend, texts):
    """What the tests above saw, in one view."""
    lines = [f"{'':4} {'told':4} {'exact':8} {'inflected':10} open"]
    for language, case in CASES.items():
        seen = []
        for question, fact in (case.exact, case.inflected):
            answer = backend.ask(question)
            cited = [item["excerpt"] for item in answer["citations"]]
            right = bool(cited) and fact in cited[0]
            seen.append("cited" if right else "refused" if answer["refused"] else "wrong")
        refused = "refused" if backend.ask(case.open)["refused"] else "answered"
        told = str(texts[language]["language"])
        lines.append(f"{language:4} {told:4} {seen[0]:8} {seen[1]:10} {refused}")
    sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert not any(bad in "\n".join(lines[1:]) for bad in ("wrong", "answered"))
