"""The questions that people try first: a frozen set with a floor, which is quick to ask."""

import re

import pytest
from plain_questions import DOCUMENTS

from rag.ingest.sentences import spans

RIGHT, REFUSED, OPEN = 0.85, 0.15, 0.15
"""Least share of right answers; most of false refusals, and of open questions answered."""
MIXED = """La forme du dessin change. Le dessinateur dessine un autre dessin chaque jour.
Der Entwurf wurde entworfen. El diseño se diseñó de nuevo. Il progetto fu progettato.
{n} tours ont {n} dessins. The design was designed by a designer of {n} designs.
"""


@pytest.fixture(scope="module")
def shelf(backend):
    """All documents in a collection of its own, which is given by name."""
    for document in DOCUMENTS:
        made = upload(backend, "plain", document.name, document.text)
        assert made.status_code in (200, 201), made.text
    return "plain"


def upload(backend, collection, name, text):
    return backend.post(
        "/v1/documents",
        files={"file": (name, text.encode())},
        data={"collection": collection},
        headers={"prefer": "wait=60"},
    )


def ask(backend, question, collection):
    response = backend.post("/v1/ask", json={"question": question, "collections": [collection]})
    assert response.status_code == 200, response.text
    return response.json()


def test_most_are_answered_and_open_ones_refused(backend, shelf):
    right, refused, wrong, answered = [], [], [], []
    for document in DOCUMENTS:
        for question, fact in document.answered:
            answer = ask(backend, question, shelf)
            text = re.sub(r"\s+", " ", answer["answer"])
            kind = refused if answer["refused"] else right if fact in text else wrong
            kind.append(question)
        answered += [each for each in document.open if not ask(backend, each, shelf)["refused"]]
    total = sum(len(document.answered) for document in DOCUMENTS)
    asked = sum(len(document.open) for document in DOCUMENTS)
    assert len(right) >= RIGHT * total, (refused, wrong)
    assert len(refused) <= REFUSED * total, refused
    assert len(answered) <= OPEN * asked, answered


@pytest.mark.parametrize("name", ["pump.md", "river.txt", "novel.txt"])
def test_a_document_alone_is_judged_as_among_others(backend, shelf, name):
    [document] = [each for each in DOCUMENTS if each.name == name]
    alone = f"alone-{name.partition('.')[0]}"
    assert upload(backend, alone, name, document.text).status_code in (200, 201)
    question, fact = document.answered[0]
    by_itself = ask(backend, question, alone)
    assert fact in by_itself["answer"]
    among = ask(backend, question, shelf)
    assert fact in among["answer"]
    assert by_itself["confidence"] == pytest.approx(among["confidence"], abs=0.2)


MILLS = {
    "fr": ("Le moulin de Tressin date de 1788.", "Qui a dessiné le moulin de Tressin ?"),
    "es": ("El molino de Tressin es de 1788.", "¿Quién diseñó el molino de Tressin?"),
    "de": ("Die Mühle von Tressin ist von 1788.", "Wer hat die Mühle von Tressin entworfen?"),
    "it": ("Il mulino di Tressin è del 1788.", "Chi ha progettato il mulino di Tressin?"),
}


def test_what_nothing_speaks_for_is_refused_whatever_else_is_stored(backend):
    for language, (text, _question) in MILLS.items():
        made = upload(backend, f"mill-{language}", f"mill-{language}.txt", f"{text}\n")
        assert made.status_code in (200, 201), made.text

    def answered():
        asked = ((name, ask(backend, MILLS[name][1], f"mill-{name}")) for name in MILLS)
        return {name: answer["answer"] for name, answer in asked if not answer["refused"]}

    assert answered() == {}
    # The words of the questions become far more common than those of the documents.
    noise = "\n\n".join(MIXED.format(n=number) for number in range(40))
    beside = upload(backend, "noise", "noise.txt", noise)
    assert beside.status_code == 201, beside.text
    found = answered()
    # Other tests ask about other things.
    assert backend.delete(f"/v1/documents/{beside.json()['id']}").status_code == 204
    assert found == {}


def test_an_answer_that_says_all_has_no_neighbours(backend):
    text = (
        "The mast of Varn Hill is 88 metres high.\nIt was raised in 1961 by Nils Aker.\n"
        "Its light is seen from far away.\n"
    )
    upload(backend, "mast", "mast.txt", text)
    answer = ask(backend, "How high is the mast of Varn Hill?", "mast")
    assert answer["answer"] == "The mast of Varn Hill is 88 metres high."


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (
            "Varn Hill\nThe mast of Varn Hill is 88 metres high.\nIt is red.",
            ["Varn Hill", "The mast of Varn Hill is 88 metres high.", "It is red."],
        ),
        (
            "It starts at once.\nSafety rules\nAlways wear gloves when it runs.",
            ["It starts at once.", "Safety rules", "Always wear gloves when it runs."],
        ),
        # Lines that are no titles: one that goes on, an address, names and values.
        ("The men of the\nUnited States went home early.", None),
        ("Brightwell Dental Practice\n14 Mill Lane, Ashby\nPhone: 1", None),
        ("Name: Biscuit\nBreed: Welsh terrier of a kind.", None),
    ],
)
def test_a_title_above_a_sentence_is_no_part_of_it(text, pieces):
    found = [text[span.start : span.end] for span in spans(text, headings=False)]
    assert found == (pieces or [text])
