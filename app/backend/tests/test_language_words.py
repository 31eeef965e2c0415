"""How texts are read in many languages: no server is needed for that."""

from importlib import import_module
from pathlib import Path

import pytest
from language_texts import CASES

from rag import migrations
from rag.languages.asking import content
from rag.languages.detect import Detector
from rag.languages.names import named
from rag.languages.refusals import REFUSALS, refusal
from rag.languages.words import STEMMED, searchable


@pytest.fixture(scope="module")
def detector():
    return Detector()


def test_a_mixed_document_has_a_language_and_chunks_of_others(detector):
    texts = [CASES["de"].text, CASES["de"].text, CASES["fr"].text, "42 | 17 | 9", "Ja."]
    told = detector.document(texts)
    assert told.language == "de"
    # What is too short to tell is as the document.
    assert told.chunks == ["de", "de", "fr", "de", "de"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "42 17 9 - 3",
        "|||",
        "\n\n",
        "Deployment fails.",
        "Lorem ipsum dolor sit amet, consectetur adipiscing elit.",
        "for i in range(10):\n    print(add(i, i))",
    ],
)
def test_no_language_is_told_where_none_is_sure(detector, text):
    assert detector.document([text]).language is None
    assert detector.document([]).language is None


@pytest.mark.parametrize(
    ("question", "among", "language"),
    [
        ("refund policy", ["en"], "en"),
        ("XR-4471?", ["en"], "en"),
        ("XR-4471?", [], "en"),
        ("paid leave", ["en", "de"], "en"),
        ("What does MQTT QoS 2 mean?", ["en", "nl"], "en"),
        ("Quanto costa?", ["es", "it", "pt"], "it"),
        ("Quanto custa estacionar?", ["es", "it", "pt"], "pt"),
        ("Quando accende la lampada la guardiana?", ["es", "it", "pt"], "it"),
        ("цена билета", ["ru", "en"], "ru"),
        ("XR-4471?", ["de", "fr"], None),
        ("XR-4471?", ["de"], "de"),
        # In no document's language, and yet surely in this one.
        ("Wann wurde der Leuchtturm gebaut?", ["en"], "de"),
        ("灯塔建于哪一年？", ["en"], "zh"),
    ],
)
def test_a_short_question_is_read_in_a_language_of_the_documents(
    detector, question, among, language
):
    assert detector.question(question, among) == language


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("de", "Größe", "Groesse"),
        ("de", "Größe", "GRÖSSE"),
        ("fr", "l’été", "l'été"),
        ("tr", "İZMİR", "izmir"),
        ("ar", "بُنِيَت", "بنيت"),
        ("ar", "مـنـارة", "منارة"),
        ("ar", "١٨٤٣", "1843"),
        ("ja", "ｶﾞｲﾄﾞ", "ガイド"),
        ("ja", "ＡＢＣ　１２", "abc 12"),
        ("ru", "ещё", "еще"),
        ("de", "Schiff\u00adfahrt", "Schifffahrt"),
        ("en", "full\u2010text", "full-text"),
    ],
)
def test_what_is_written_in_two_ways_is_one(language, one, other):
    assert searchable(one, language).split() == searchable(other, language).split()


def test_scripts_without_blanks_become_pairs():
    assert searchable("灯塔建于1843年", "zh").split() == (
        ["灯", "塔", "建", "灯塔", "塔建", "1843", "年"]
    )
    assert searchable("등대는 높다", "ko").split() == ["등대", "대는", "높다"]
    assert searchable("駅から", "ja").split() == ["駅", "から"]
    # English in plain letters stays what it is: its index is the one of before.
    assert searchable("See http://a.b/c?d=1, U.S. (3.5%)", "en") == (
        "see http://a.b/c?d=1, u.s. (3.5%)"
    )


def test_what_asks_is_left_out_of_a_question():
    assert content("Wie viel kostet die Karte?", "de").split() == ["kostet", "die", "karte?"]
    assert content("Combien paie-t-il ?", "fr").split() == ["paie", "?"]
    assert content("灯塔是什么时候建造的？", "zh").split() == ["灯塔", "建造的?"]
    assert content("Was?", "de") == "Was?"
    assert content("What is it?", "en") == "What is it?"


@pytest.mark.parametrize(
    ("language", "question", "names"),
    [
        ("de", "Was kostet die Karte in Köln nach ISO 9001?", {"ISO", "9001"}),
        ("fr", "Que dit l'accord de Paris en 2015 ?", {"Paris", "2015"}),
        ("ru", "Когда родился Пушкин?", {"Пушкин"}),
        ("zh", "错误代码 XR-4471 是什么意思？", {"XR-4471"}),
        ("ar", "ما هو Kubernetes؟", {"Kubernetes"}),
    ],
)
def test_names_numbers_and_codes_are_those_of_the_language(language, question, names):
    assert named(question, language) == names


def test_the_schema_stems_the_languages_that_questions_expect_stemmed():
    [file] = (Path(migrations.__file__).parent / "versions").glob("*_languages.py")
    schema = import_module(f"rag.migrations.versions.{file.stem}")
    named = {code for code, name in schema._CONFIGURATIONS.items() if name != "english"}
    assert named | {"en"} == STEMMED


def test_every_language_of_the_tests_has_a_refusal_of_its_own():
    assert {refusal(code) for code in CASES} == {REFUSALS[code] for code in CASES}
    assert len({*REFUSALS.values()}) == len(REFUSALS)
    assert refusal(None) == refusal("xx") == REFUSALS["en"]
