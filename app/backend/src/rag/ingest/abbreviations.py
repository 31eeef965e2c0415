"""Full stops that end no sentence: abbreviations, initials, and ordinals, in many languages.

A sentence's language is not known here, and need not be: what is an abbreviation in one language is
seldom a word in another.
"""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Before a name or another word: never the end of a sentence.
_BEFORE_WORDS = _words("""
    mr mrs ms dr prof st rev hon gen capt lt sgt messrs vs cf approx al
    hr fr frl dipl bzw vgl bspw sog ggf evtl inkl exkl zzgl geb gest
    mme mlle mm env sr sra srta dra ud uds vd avda ej aprox dpto lic exmo exma profa
    sig dott avv geom spett gent dhr mevr mw drs bijv resp incl excl
    см ср напр проф акад ул просп им тов тыс млн млрд tzw mgr inż św bl tel
""")
# Before a number.
_BEFORE_NUMBERS = _words("""
    no nos nr nrn nro num núm n nº fig figs eq eqs sec secs art arts chap ch vol vols p pp pg pag
    pagg par para tab app ver v ca circa ed abb abs kap bd ziff rn cap pág págs blz hfst kl
    гл ст п рис табл стр руб
    jan feb mar apr jun jul aug sep sept oct nov dec
""")
# At the end of a name: the sentence ends where a usual beginning of one follows.
_COMPANIES = _words("inc ltd co corp bros dept")
# At the end of a list: the sentence ends where a capital follows.
_LISTS = _words("etc usw ecc enz itd itp osv")
_FOR_EXAMPLE = _words("ex es ej")
# Words that begin a sentence, and no name that goes on with what is before.
_BEGINNINGS = _words("""
    The A An It Its In On At This That These Those He She They We You I However But And For If When
    There As By To After Before Der Die Das Er Sie Es Ein Eine Im Am Wir Dies Diese Dieser Dabei Auf
    Le La Les Il Elle Ils Elles Un Une Ce Cette Ces En Dans El Los Las Este Esta Se Una O Os As Ele
    Ela Um Uma Lo Gli Questo Questa De Het Een Deze Dit Hij Zij Он Она Оно Они Это Этот В На Но Для
""")
_MONTHS = re.compile(
    "(?:jan|feb|fév|fevr|mär|mar|maa|apr|avr|abr|mai|mei|may|maj|jun|jui|giu|jul|aug|aoû|ago|sep|set"
    "|okt|oct|ott|out|nov|dez|dec|déc|dic|dis)",
    re.IGNORECASE,
)
_BEFORE_ORDINALS = _words(
    "am vom zum im der die das den dem des bis ab seit dieser jeder beim ins einer"
)
_INITIALS = re.compile(r"(?:[^\W\d_]\.-?){1,6}$")
_ORDINAL = re.compile(r"(?:\d{1,2}|[IVXL]{1,6})\.$")
_OPENING = "([{\"'\u201c\u201e\u00ab\u2018"
WINDOW = 24
"""Characters before and after a full stop that are looked at."""


def goes_on(before: str, after: str) -> bool:
    """Whether a sentence goes on after a full stop.

    before: what is before it, the full stop included; after: what is behind it. Of both the
    WINDOW characters next to it are enough.
    """
    words = before.split()[-2:]
    follows = after.split(maxsplit=1)
    if not words or not follows or not before.endswith("."):
        return False
    word, following = words[-1].lstrip(_OPENING), follows[0].lstrip(_OPENING)
    if _ORDINAL.match(word):
        return _is_ordinal(words[0].lower() if len(words) > 1 else "", following)
    bare = word[:-1].lower()
    if bare in _BEFORE_NUMBERS and following[:1].isdigit():
        return True
    if bare in _FOR_EXAMPLE and words[0].lower() == "p.":
        return True
    if bare in _LISTS:
        return not following[:1].isupper()
    if bare in _BEFORE_WORDS:
        return True
    if bare not in _COMPANIES and not _INITIALS.match(word):
        return False
    return following.rstrip(",.;:") not in _BEGINNINGS


def _is_ordinal(previous: str, following: str) -> bool:
    """Whether a number with a full stop is one, as in `am 3. Mai`."""
    return following[:1].islower() or bool(_MONTHS.match(following)) or previous in _BEFORE_ORDINALS
