"""Where sentences end, in many languages, and that finding it takes linear time."""

import time

import pytest

from rag.ingest.chunk import MAX_TOKENS, chunks
from rag.ingest.pages import Page
from rag.ingest.sentences import spans
from rag.ingest.tokens import Counter

# Sentences as they are told apart; each line is a text, its sentences divided by `|`.
TEXTS = [
    "It affects 73 airplanes of U.S. registry.| It costs 85 dollars.",
    "He lives in the U.S. |The law is old.",
    "Dr. Kessler met Mr. Brown at 5 p.m. on Monday.| They spoke.",
    "See Fig. 3 and No. 7 of Sec. 2.1 for more.| Then go on.",
    "The answer is no. |Nobody knew it.",
    "Pets, e.g. cats, i.e. small ones, are allowed.| Others are not.",
    "Bring pens, paper, etc. |We start at nine.",
    "She works at Acme Inc. in Oslo.| Acme Inc. |The firm grew.",
    "J. R. R. Tolkien wrote it.| It sold well.",
    "The value is 3.14 metres.| Version 2.0 is out!| Is it?| Yes.",
    "Am 3. Mai bleibt der Turm zu.| Er öffnet am 4. Juni.",
    "Das gilt z. B. für Häuser, d. h. für Gebäude.| Dazu vgl. Abs. 2 und Nr. 5.",
    "Er starb im Jahr 1843. |Der Turm blieb.",
    "Im 19. Jahrhundert gab es Dr. Meier, Prof. Schulz usw. |Sie kamen oft.",
    "Der 2. Weltkrieg endete 1945. |Danach kam Frieden.",
    "Les animaux, p. ex. les chiens, restent dehors.| Voir art. 5.",
    "M. Dupont est parti.| Mme. Durand reste.",
    "El Sr. García vive en la pág. 5 del libro.| ¿Quién es?| No sé.",
    "O Sr. Silva chegou.| Custa p. ex. 5 euros.",
    "Il sig. Rossi paga 5 euro ecc. |Poi parte.",
    "Dhr. Jansen koopt bijv. brood.| Hij betaalt.",
    "Это важно, т. е. нужно.| См. рис. 3 и стр. 5.| В 1843 г. он умер.",
    "灯塔建于1843年。|高四十二米！|真的吗？|是的。",
    "彼は「はい。」と言った。|そして帰った。",
    "高さは１．５メートルです。|以上。",
    "등대는 높습니다. |개는 밖에 있습니다.",
    "هل المنارة قديمة؟ |نعم، بنيت عام 1843.",
    "यह एक मीनार है। |यह ऊँची है।",
]


@pytest.mark.parametrize("marked", TEXTS)
def test_sentences_end_where_they_end(marked):
    text = marked.replace("|", "")
    found = [text[span.start : span.end] for span in spans(text, headings=False)]
    assert found == [part.strip() for part in marked.split("|")]


@pytest.mark.parametrize(
    "piece",
    ["No. ", "z. B. ", "。", "U.S. ", "3. ", "」", "...", "？」と", "etc. a", "(" * 30 + ". "],
)
def test_it_takes_linear_time(piece):
    def seconds(size):
        text = piece * (size // len(piece))
        start = time.process_time()
        spans(text, headings=True)
        return time.process_time() - start

    seconds(1000)
    small, large = seconds(50_000), seconds(400_000)
    assert large < 24 * max(small, 0.01)


@pytest.mark.parametrize(
    ("sentence", "least"),
    [
        ("Взрослые посетители платят девять евро за билет. ", 400),
        ("يدفع الزوار البالغون تسعة يورو ثمنا للتذكرة الواحدة. ", 400),
        ("성인 방문객은 입장권으로 구 유로를 냅니다. ", 180),
        ("成人门票每张九欧元，儿童免费。", 120),
        ("ประภาคารสร้างขึ้นในปีหนึ่งพันแปดร้อยสี่สิบสาม ", 300),
    ],
)
def test_chunks_hold_a_paragraph_in_every_script(sentence, least):
    made = chunks([Page(1, sentence * 100)], headings=False, count=Counter(), limit=1000)
    assert all(least <= len(chunk.text) <= 8 * MAX_TOKENS for chunk in made[:-1])


def test_a_text_without_blanks_is_cut_at_commas():
    text = ("灯塔很高" * 10 + "，") * 10
    made = chunks([Page(1, text)], headings=False, count=Counter(), limit=10)
    assert made[0].text.endswith("，")
    assert "".join(chunk.text for chunk in made) == text
