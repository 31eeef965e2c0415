"""Follow-up questions without a model."""

import asyncio

import pytest

from rag.adapters.protocols import Turn
from rag.ask.followup import by_rule, standalone

EARLIER = ["Where does the Kessler observatory stand?"]


@pytest.mark.parametrize(
    ("question", "earlier", "whole"),
    [
        ("How high is it?", EARLIER, "How high is it? (Kessler)"),
        ("And its mirror?", EARLIER, "And its mirror? (Kessler)"),
        ("What about visitors?", EARLIER, "What about visitors? (Kessler)"),
        ("Why?", ["How are refunds paid to the customer?"], "Why? (customer)"),
        (
            "When do they expire?",
            ["Who sells gift cards?"],
            "When do they expire? (sells gift cards)",
        ),
        ("What does it mean?", ["What does XR-4471 mean?"], "What does it mean? (XR 4471)"),
        # It needs nothing, or has it already.
        ("Where is the dome of the tower?", EARLIER, "Where is the dome of the tower?"),
        ("Is there a dress code?", EARLIER, "Is there a dress code?"),
        ("How old is it, Kessler?", EARLIER, "How old is it, Kessler?"),
        ("Why is it?", [], "Why is it?"),
        ("Why is it?", ["Why?"], "Why is it?"),
        # The last question that has something to carry.
        ("Why is it?", [*EARLIER, "And why?"], "Why is it? (Kessler)"),
    ],
)
def test_a_question_takes_what_it_points_at(question, earlier, whole):
    assert by_rule(question, earlier) == whole


def test_a_question_stays_within_its_length():
    assert len(by_rule("Why is it?", ["Where is the " + "Abcdef1 " * 300])) <= 2000


def test_the_rule_is_for_english_alone():
    turns = [Turn("user", "Wer ist die Direktorin der Sternwarte Kessler?")]
    for question in ("Wo kommt sie her?", "Was?"):
        assert asyncio.run(standalone(None, question, turns, english=False)) == question
    assert asyncio.run(standalone(None, "Who is she?", turns, english=True)).endswith("Kessler)")
