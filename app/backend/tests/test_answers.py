"""Extractive answers: complete, readable, and refused where the documents are silent."""

from pathlib import Path

import pytest

from rag.ask.parts import parts
from rag.ask.plain import plain, row
from rag.ask.repository import Passage
from rag.ask.sought import sought
from rag.ask.units import Kind, units
from rag.ingest.sentences import spans

DIRECTIVE = """Airworthiness directive for the Zephyr 412 glider

This directive applies to all Zephyr 412 gliders. They were built in Olten.

What the owners must do

The owner must replace the tow hook within 50 flight hours. It costs about 210 euros. This affects
73 gliders of U.S. registry and 12 others.

Comments

The agency must receive comments on this proposed directive by September 21, 2031.
"""
FAQ = """# Harbour ferry

## Does the ferry take dogs?

Yes. They must wear a muzzle on the upper deck.

## Fares

| Ticket | Price | Valid |
|--------|-------|-------|
| Single | 4 EUR | 1 hour |
| Week pass | 31 EUR | 7 days |

## Timetable

The ferry leaves every 20 minutes, see the [timetable](#timetable) and **mind** the `tide`.
In winter the last ferry leaves at 21:40.

## Lost property

The harbour office does the following:

- it keeps umbrellas for six weeks;
- it sends passports to the police.
"""


@pytest.fixture(scope="module")
def shelf(backend):
    """Two documents; name -> id."""
    made = {"directive.txt": DIRECTIVE, "ferry.md": FAQ}
    return {name: backend.upload(name, text).json()["id"] for name, text in made.items()}


@pytest.mark.parametrize(
    ("question", "words"),
    [
        # The name stands in another part of the document than the answer.
        ("By when must the agency receive comments on the Zephyr 412?", ["September 21, 2031"]),
        ("How many gliders of U.S. registry does it affect?", ["73", "U.S. registry"]),
        # The best sentence begins with "It": the one before says what.
        ("How much does the tow hook cost?", ["210 euros", "replace the tow hook"]),
        ("Does the ferry take dogs?", ["Yes", "muzzle"]),
        # A row is nothing without the names of its columns.
        ("How much is a week pass?", ["Price: 31 EUR", "Valid: 7 days"]),
        ("How often does the ferry leave?", ["every 20 minutes"]),
        ("How long does the harbour office keep umbrellas?", ["The harbour office", "six weeks"]),
        # Two places.
        ("How often does the ferry leave and how much is a week pass?", ["20 minutes", "31 EUR"]),
    ],
)
def test_answers_hold_the_fact_and_its_context(backend, shelf, question, words):
    answer = backend.ask(question)
    assert answer["refused"] is False, answer
    assert [word for word in words if word not in answer["answer"]] == []
    texts = {shelf["directive.txt"]: DIRECTIVE, shelf["ferry.md"]: FAQ}
    for citation in answer["citations"]:
        assert citation["excerpt"] in texts.get(citation["document_id"], citation["excerpt"])
    assert 0.47 <= answer["confidence"] <= 1


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    "question",
    [
        "Who painted the Zephyr 412 glider?",
        "What is the top speed of the ferry?",
        "How many passengers fit on the ferry?",
        "What colour is the tow hook?",
        "What does a ticket for a bicycle cost?",
    ],
)
def test_a_sentence_about_the_subject_is_no_answer(backend, question):
    answer = backend.ask(question)
    assert answer["refused"] is True, answer
    assert answer["confidence"] < 0.47


@pytest.mark.usefixtures("shelf")
def test_answers_are_prose(backend):
    text = backend.ask("How often does the ferry leave?")["answer"]
    assert "see the timetable and mind the tide." in text
    assert [mark for mark in ("[", "](", "**", "`", "|", "#") if mark in text] == []


@pytest.mark.usefixtures("shelf")
def test_the_threshold_is_a_setting(start):
    sure = start(MIN_CONFIDENCE="1", ANSWER_CACHE_SECONDS="0")
    question = "How often does the ferry leave?"
    refused = sure.ask(question)
    assert refused["refused"] is True
    unsure = start(MIN_CONFIDENCE="0", ANSWER_CACHE_SECONDS="0")
    assert unsure.ask(question)["confidence"] == refused["confidence"] > 0.5
    assert unsure.ask("Who wrote War and Peace?")["refused"] is False


@pytest.mark.usefixtures("shelf")
def test_other_documents_do_not_change_a_verdict(start):
    client = start(ANSWER_CACHE_SECONDS="0")
    question = "How long does the harbour office keep umbrellas?"
    before = client.ask(question)
    for number in range(12):
        text = f"Plot {number} grows beans. The beans of plot {number} are harvested in June."
        client.upload(f"garden-{number}.txt", text)
    after = client.ask(question)
    assert after["answer"] == before["answer"]
    assert after["confidence"] == pytest.approx(before["confidence"], abs=0.05)


def test_abbreviations_and_numbers_end_no_sentence():
    text = "It affects 73 airplanes of U.S. registry. 5.2. Appointment follows on Jan. 3. It ends."
    pieces = [text[span.start : span.end] for span in spans(text, headings=False)]
    assert pieces == [
        "It affects 73 airplanes of U.S. registry.",
        "5.2. Appointment follows on Jan. 3.",
        "It ends.",
    ]


def test_units_know_their_titles_lists_and_tables():
    found = units(Passage("d-1", "d", 1, "Fares", FAQ, True))
    kinds = [unit.kind for unit in found]
    assert kinds.count(Kind.ROW) == 2
    rows = [unit for unit in found if unit.kind is Kind.ROW]
    assert {found[unit.lead].text for unit in rows if unit.lead is not None} == {
        "| Ticket | Price | Valid |"
    }
    items = [unit for unit in found if unit.kind is Kind.ITEM]
    assert {found[unit.lead].text for unit in items if unit.lead is not None} == {
        "The harbour office does the following:"
    }
    above = "3. Fees\n\n3.1. Who pays?\n\nThe owner."
    [after] = units(Passage("d-2", "d", 1, "", "And the tenant.", False), above)
    assert after.title == "3. Fees 3.1. Who pays?"


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("- [a link](#x) and ``code's ``dnf`` command``", "a link and code's dnf command"),
        (
            "1. **Bold** and _leaning_, *too*, not snake_case",
            "Bold and leaning, too, not snake_case",
        ),
        (
            "See :ref:`the guide <guide>` or `this page <http://x>`__.",
            "See the guide or this page.",
        ),
        ("a<br/>b <b>c</b> <package> &lt;d&gt; 2 * 3 * 4", "a b c <package> <d> 2 * 3 * 4"),
        ("![logo](x.png) M.I.A\\_", "M.I.A_"),
    ],
)
def test_marks_are_taken_off(text, prose):
    assert plain(text) == prose


def test_a_row_is_told_with_the_names_of_its_columns():
    assert row("| Permit | Price |", "| Parking | 31 EUR |") == "Permit: Parking; Price: 31 EUR"
    assert row("| A |", "| 1 | 2 |") == "1; 2"


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How old is it?", []),
        ("Who appoints the clerk and who pays her?", ["Who appoints the clerk?"]),
        (
            "What do the left and the right switch do?",
            ["What do the left switch do?", "What do the right switch do?"],
        ),
        (
            "How long are the terms of the chair and of the clerk?",
            ["How long are the terms of the chair?", "How long are the terms of the clerk?"],
        ),
    ],
)
def test_a_question_for_two_things_is_divided(question, wanted):
    found = parts(question)
    assert found[: len(wanted)] == wanted
    assert bool(found) == bool(wanted)


@pytest.mark.parametrize(
    ("question", "text", "value"),
    [
        ("How many people use it?", "Many people use it since 1999.", 0.5),
        ("How many people use it?", "It has 40 million people on it.", 1),
        ("How many people use it?", "People use it.", 0),
        ("How long does it take?", "It takes two weeks.", 1),
        ("How long does it take?", "It takes an age.", 0),
        ("When was it founded?", "It was founded by miners.", 0),
        ("When was it founded?", "It was founded in 1871.", 1),
        ("Who founded it?", "It was founded by Ada Quill.", 1),
        ("Who founded it?", "It was founded early.", 0),
        ("Which licence does it have?", "The licence is the MPL.", 1),
        ("Which licence does it have?", "It has a licence.", 0),
        ("What does it do?", "It swims.", 0.5),
    ],
)
def test_what_is_sought_is_told_by_its_form(question, text, value):
    assert sought(question, text, "") == value


def test_a_value_may_stand_in_the_text_that_follows():
    assert sought("How long is a lease?", "The lease of a worker.", "Default: 30 seconds") == 0.6


ARCHITECTURE = Path(__file__).parents[3] / "docs/architecture.md"


@pytest.mark.parametrize(
    "question",
    [
        "How does the platform find its own resources again?",
        "Which tags does every resource carry?",
    ],
)
def test_what_rehearsals_ask_is_answered(backend, question):
    made = backend.upload("architecture.md", ARCHITECTURE.read_text()).json()["id"]
    answer = backend.ask(question)
    assert made in {citation["document_id"] for citation in answer["citations"]}, answer


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("token", ["3fa91c07d2", "abcdefabcd", "1234567890"])
def test_what_the_health_check_asks_is_answered(backend, token):
    note = (
        "This note was written by the health check of the platform. The maintenance code of the"
        f" lighthouse at Cape {token}\nis {token}. The lighthouse keeper replaces the lamp of Cape"
        f" {token} every seven weeks."
    )
    made = backend.upload(f"ragops-health-{token}.txt", note).json()["id"]
    answer = backend.ask(f"What is the maintenance code of the lighthouse at Cape {token}?")
    assert token in answer["answer"]
    assert made in {citation["document_id"] for citation in answer["citations"]}
    strange = (
        "Which brand of violin strings did the third mayor of the lunar colony Selenograd prefer?"
    )
    assert backend.ask(strange)["refused"] is True
