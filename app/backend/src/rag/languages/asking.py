"""The words by which a question asks, and which no answer has to hold.

PostgreSQL's stop words lack most of them; English ones are in rag.ask.grounding.
"""

import re
import unicodedata

# Underscores stand for blanks.
_WORDS = {
    "de": """
        wie_lange um_wie_viel_uhr wann wer wen wem wessen wo wohin woher warum weshalb wieso wie
        was welche welcher welches welchen welchem wieviel wieviele viel viele vielen lange oft
        heißt heisst bedeutet gibt bitte nenne sag sage erkläre beschreibe erhalte bekomme
        bekommt
        bekommen erhält erhalten habe hat haben
        wurde wurden wird werden worden darf dürfen muss müssen kann können soll
    """,
    "fr": """
        combien_de_temps à_quelle_heure depuis les quand qui que quoi quel quelle quels quelles
        où comment pourquoi combien est-ce lequel laquelle faut peut peuvent doit doivent
        signifie appelle s'appelle nomme dites expliquez décrivez indiquez jusqu'à fait
        a ont reçoit reçoivent obtient
    """,
    "es": """
        cuánto_tiempo cuanto_tiempo a_qué_hora cuándo cuando quién quien quiénes quienes qué que
        cuál cual cuáles cuales dónde donde cómo como cuánto cuánta cuántos cuántas cuanto
        cuanta cuantos cuantas por significa llama puede pueden debe deben hay dime explica
        describe tiene tienen hace fue recibe reciben obtiene ha han
    """,
    "pt": """
        quanto_tempo a_que_horas quando quem que quê qual quais onde como quanto quanta quantos
        quantas porque porquê por significa chama pode podem deve devem há diga explique
        descreva tem têm foi foram recebe recebem
    """,
    "it": """
        quanto_tempo a_che_ora quando chi che cosa quale quali qual dove come quanto quanta
        quanti quante perché significa chiama può possono deve devono c'è dimmi spiega descrivi
        viene vengono fu stato stata ha hanno riceve ricevono
    """,
    "nl": """
        wanneer wie wat waar waarom waarheen waarvan welke welk hoe hoeveel veel lang vaak ver
        hoog betekent heet kan kunnen mag mogen moet moeten krijg krijgt leg beschrijf noem werd
        worden wordt heeft hebben krijgen
    """,
    "ru": """
        когда кто кого кому кем что чего чему где куда откуда почему зачем как какой какая какое
        какие какого какому каком каким какую сколько который которая какова каков чей означает
        значит называется зовут можно нужно должен должны был была было были есть
    """,
    "ar": """
        متى من ما ماذا أين كيف لماذا كم هل أي أية لمن إلى هو هي يجب يمكن تم ماهو ماهي عدد
    """,
    "sv": """
        när vem vad var vart varför hur vilken vilket vilka mycket många länge ofta heter kan
        får måste betyder
    """,
    "da": """
        hvornår hvem hvad hvor hvorfor hvordan hvilken hvilket hvilke meget mange længe ofte
        hedder kan må skal betyder
    """,
    "no": """
        når hvem hva hvor hvorfor hvordan hvilken hvilket hvilke mye mange lenge ofte heter kan
        må skal betyr
    """,
    "pl": """
        kiedy kto kogo komu co czego gdzie skąd dokąd dlaczego jak jaki jaka jakie ile który
        która które czy jest są można należy oznacza nazywa się
    """,
    "tr": """
        ne nedir kim kimdir nerede nereye nereden neden niçin nasıl kaç hangi zaman kadar mi mı
        mu mü var bir
    """,
}
# Where words have no blanks between them: longest first, so that none is taken for a part.
_PIECES = {
    "zh": """
        叫什么名字 叫什么 几点钟 几点 有多高 有多大 有多 是什么时候 是什麼時候
        什么时候 什麼時候 是什么 是什麼
        为什么 為什麼 什么 什麼 哪一年 哪一天 哪年 哪里 哪裡 哪个 哪個 哪些 哪儿 多少 几个 幾個 多久
        多长 多大 多高 多远 怎么样 怎样 怎麼 怎么 如何 何时 何時 谁 誰 请问 請問 有没有 有 是否
        需要 可以
    """,
    "ja": """
        どのくらい どれくらい くらい ぐらい 何ですか いくらですか いつですか どこですか 誰ですか
        ですか ますか でしたか ましたか ませんか いくつ いくら いつ どこ だれ どの どれ どんな
        どう なぜ なに 何年 何時 何人 何分 何日 何回 何 誰 れました れます れています しています
        しました します ました ます です でした とは について ください 教えて から まで
    """,
    "ko": """
        무엇입니까 무엇인가요 무엇 얼마입니까 얼마인가요 얼마나 얼마 언제입니까 언제 어디에 어디
        누가 누구 어떻게 어떤 어느 왜 몇 입니까 습니까 합니까 됩니까 인가요 나요 까요 습니다
        합니다 됩니다 입니다 했습니까 하나요 되나요 있습니까 이나
    """,
    "th": """
        เมื่อไร เมื่อไหร่ เท่าไร เท่าไหร่ ที่ไหน อย่างไร ทำไม อะไร ใคร กี่ ไหน คือ หรือไม่
    """,
}


def _by_length(words: str) -> str:
    return "|".join(
        re.escape(word.replace("_", " "))
        for word in sorted(words.split(), key=lambda word: -len(word))
    )


# Pronouns that a verb in a question takes with it: `paie-t-il`.
_PRONOUNS = r"|-(?:t-)?(?:je|tu|il|elle|on|nous|vous|ils|elles|ce)\b"
# Only to tell the language by: rag.ask.grounding knows what English questions ask with.
_ENGLISH = (
    "when who whom whose what which where why how much many long often is are was were do does did"
    " can may must should of the"
)
_PATTERNS = {
    **{
        code: re.compile(rf"\b(?:{_by_length(words)})\b{_PRONOUNS if code == 'fr' else ''}")
        for code, words in _WORDS.items()
    },
    **{code: re.compile(f"(?:{_by_length(words)})") for code, words in _PIECES.items()},
}

_ENGLISH_PATTERN = re.compile(rf"\b(?:{_by_length(_ENGLISH)})\b")


def count(question: str, language: str) -> int:
    """How many of the words by which a language asks are in a question."""
    pattern = _ENGLISH_PATTERN if language == "en" else _PATTERNS.get(language)
    plain = unicodedata.normalize("NFKC", question).lower()
    return len(pattern.findall(plain)) if pattern else 0


def content(question: str, language: str | None) -> str:
    """A question without the words that ask; all of it where nothing else is in it."""
    pattern = _PATTERNS.get(language or "")
    if pattern is None:
        return question
    plain = unicodedata.normalize("NFKC", question).lower()
    left = pattern.sub(" ", plain)
    return left if any(c.isalnum() for c in left) else question
