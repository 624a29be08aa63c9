"""Roman numerals as words: after a word that is counted in them, after a name, before a century.

Letters alone are no numeral: "IV" is also a drip, "CV" a paper, "I" a word. What stands before
decides.
"""

import re

from pipeline.normalisation.numbers import cardinal, ordinal, said

_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_CANONICAL = re.compile(
    r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})", re.IGNORECASE
)
_COUNTED = (
    "act appendix article book canto chapter episode exhibit figure grade lesson level mk "
    "movement part phase psalm round scene season section stage step symphony table tier title "
    "type unit volume war bowl division category class corps olympiad vatican saturn apollo "
    "factor"
)
_ALSO_LETTER_LIST = (
    "appendix exhibit figure grade level mk section table tier type unit division category class"
)
_ALSO_LETTERS = frozenset(_ALSO_LETTER_LIST.split())
"""Words whose things are also told apart by letters, as in "Type C"."""
_TITLES = (
    "Caliph Czar Duke Earl Emir Emperor Empress Kaiser King Pharaoh Pope Prince Princess Queen "
    "Shah Sultan Tsar"
)
_NAMES = (
    "Adrian Afonso Albert Alexander Alfonso Anne Antoninus Artaxerxes Augustus Basil Benedict "
    "Boniface Carl Carlos Catherine Celestine Charles Christian Christina Clement Constantine "
    "Cyrus Darius David Edward Elizabeth Emmanuel Eric Ernest Felipe Ferdinand Francis Franz "
    "Frederick Friedrich George Gregory Gustav Haakon Harald Harold Henry Innocent Isabella "
    "Ivan James Joan John Joseph Juan Juana Julius Justinian Leo Leopold Louis Ludwig Manuel "
    "Margaret Maria Martin Mary Maximilian Mehmed Michael Murad Napoleon Nicholas Olaf Oscar "
    "Otto Paul Pedro Peter Philip Pius Ptolemy Rainier Rama Ramesses Ramses Richard Robert "
    "Rudolf Selim Sixtus Stephen Sylvester Theodosius Thomas Thutmose Umberto Urban Victor "
    "Vittorio Wilhelm William Xerxes"
)
_TITLE, _NAME = _TITLES.replace(" ", "|"), _NAMES.replace(" ", "|")
_NAMED = rf"\b(?:(?:{_TITLE})\s+(?:[A-Z][a-z]+\s+){{1,3}}|(?:{_NAME})\s+(?:[A-Z][a-z]+\s+)?)"
_REIGNED = (
    r"(?=['.,;:!?)]|\s+(?:of|died|ruled|reigned|became|married|abdicated|succeeded|and (?:his|her)|"
    r"(?:was|is) (?:the|a|born|king|queen|crowned|executed|emperor|succeeded))\b|\s*\Z)"
)
_LETTERS = "[IVXLCDM]"


def value(numeral: str) -> int | None:
    """The number a Roman numeral writes, `None` if it is not one in its usual form.

    Args:
        numeral: of any case.
    """
    if not numeral or not _CANONICAL.fullmatch(numeral):
        return None
    values = [_VALUES[letter] for letter in numeral.upper()]
    following = [*values[1:], 0]
    return sum(-one if one < after else one for one, after in zip(values, following, strict=True))


def _in_words(match: re.Match[str], ranked: bool = False) -> str:
    number = value(match["numeral"])
    if number is None:
        return match[0]
    words = f"the {ordinal(str(number))}" if ranked else cardinal(str(number))
    return match["before"] + said(words).strip()


def _counted(match: re.Match[str]) -> str:
    """A numeral after its cue, unless it is a word or a letter: "part I like", "Type C"."""
    cue, numeral = match["before"].split()[-1].lower().rstrip("."), match["numeral"]
    if len(numeral) == 1:
        if numeral in "LCDM" or (numeral == "X" and cue in _ALSO_LETTERS):
            return match[0]
        if (
            numeral == "I"
            and match["before"][0].islower()
            and re.match(r"\s+[a-z]", match["after"])
        ):
            return match[0]
    return _in_words(match)


def _named(match: re.Match[str]) -> str:
    return _in_words(match, ranked=True)


def _century(match: re.Match[str]) -> str:
    number = value(match["numeral"])
    return match[0] if number is None else ordinal(str(number))


def _year(match: re.Match[str]) -> str:
    number = value(match[0])
    return match[0] if number is None else str(number)


def _after_capital(match: re.Match[str]) -> str:
    """A numeral after a name, not after the first word before a drip: "Start IV fluids"."""
    begins = not match.string[: match.start()].strip() or re.search(
        r"[.!?]\W*\Z", match.string[: match.start()]
    )
    if match["numeral"] == "IV" and begins:
        return match[0]
    return _in_words(match)


def _counted_range(match: re.Match[str]) -> str:
    low, high = value(match["numeral"]), value(match["high"])
    if low is None or high is None or low >= high:
        return match[0]
    return f"{match['before']}{cardinal(str(low))} to {cardinal(str(high))}"


_CUE = rf"(?P<before>\b(?i:{_COUNTED.replace(' ', '|')})s?\.?\s+)"
_RULES = (
    (re.compile(r"\bWW(?=I{1,2}\b|[12]\b)"), "World War "),
    (
        re.compile(rf"{_CUE}(?P<numeral>{_LETTERS}+)(?:\s?-\s?|\sto\s)(?P<high>{_LETTERS}+)\b"),
        _counted_range,
    ),
    (
        re.compile(r"\b(?P<numeral>[XVI]+)(?:th|st|nd|rd)?(?=\s+(?:century|centuries|Century)\b)"),
        _century,
    ),
    (
        re.compile(
            rf"{_CUE}(?P<numeral>{_LETTERS}+)\b(?!'|-\d|\.\w)"
            r"(?=(?P<after>\s+[a-z]|))"
        ),
        _counted,
    ),
    (
        re.compile(
            r"(?P<before>\b(?:act|scene|chapter|part|volume|vol|book|section)\.?\s+)(?P<numeral>[ivx]{2,})\b"
        ),
        _in_words,
    ),
    (re.compile(rf"(?P<before>{_NAMED})(?P<numeral>(?!I\b)[IVX]+)\b"), _named),
    (re.compile(rf"(?P<before>{_NAMED})(?P<numeral>I)\b{_REIGNED}"), _named),
    (
        re.compile(r"(?P<before>\b[A-Z][\w']*[a-z]\s+)(?P<numeral>[IVX]{2,})\b(?!['-])"),
        _after_capital,
    ),
    (re.compile(r"(?P<before>)\b(?P<numeral>II|III|VII|VIII|XII|XIII)\b"), _in_words),
    (re.compile(r"\bM(?:M|CM|DCC)[CDLXVI]+\b"), _year),
)


def spell_roman_numerals(text: str) -> str:
    """Write Roman numerals out.

    Args:
        text: ASCII besides signs; case tells numerals from words.
    """
    if not re.search(r"[IVXLCDM]|\b[ivx]{2}", text):
        return text
    for pattern, spoken in _RULES:
        text = pattern.sub(spoken, text)
    return text
