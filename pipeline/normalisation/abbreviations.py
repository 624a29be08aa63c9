"""Abbreviations as the words they stand for, and whether their full stop also ends a sentence.

A full stop after an abbreviation ends a sentence at the end of the text, and before a word that
begins sentences, such as "He"; before a name it does not: "U.S. Army", "8 p.m. Friday".
"""

import re

_STARTER_LIST = (
    "a all also although an and another are as at because before but can come could did do does "
    "even every everyone everything finally first for from go had has have he hello her here "
    "hers hi his how however i i'd i'll i'm i've if in instead is it it'd it'll it's its just "
    "last later let let's like look many maybe meanwhile more most my never next no nobody not "
    "nothing now of oh ok okay on once one only or our perhaps please she she'd she'll she's "
    "should since so some someone sometimes soon still such suddenly thank thanks that that's "
    "the their them then there there's therefore these they they'd they'll they're they've this "
    "those though thus to today tomorrow two unfortunately until wait was we we'd we'll we're "
    "we've well were what what's when where where's which while who who's whose why will with "
    "would yes yesterday yet you you'd you'll you're you've your"
)
_STARTERS = "|".join(sorted((word.capitalize() for word in _STARTER_LIST.split()), key=len))
STARTS_SENTENCE = rf"(?=[\"')]*\s+[\"'(]*(?:{_STARTERS})(?![\w']))"
"""A pattern that looks ahead for a word that begins sentences."""

_WORDS = {
    "mr": "mister", "mrs": "missus", "ms": "miz", "dr": "doctor", "vs": "versus",
    "etc": "et cetera", "approx": "approximately", "dept": "department", "prof": "professor",
}  # fmt: skip
_DOTTED = {
    "Jr": "Junior", "Sr": "Senior", "Gen": "General", "Sgt": "Sergeant", "Capt": "Captain",
    "Lt": "Lieutenant", "Col": "Colonel", "Maj": "Major", "Cpl": "Corporal", "Gov": "Governor",
    "Sen": "Senator", "Rep": "Representative", "Pres": "President", "Hon": "Honorable",
    "Rev": "Reverend", "Mt": "Mount", "Ft": "Fort", "Ave": "Avenue", "Rd": "Road",
    "Blvd": "Boulevard", "Ln": "Lane", "Hwy": "Highway", "Pkwy": "Parkway", "Sq": "Square",
    "Inc": "Incorporated", "Ltd": "Limited", "Co": "Company", "Corp": "Corporation",
    "Bros": "Brothers", "Assn": "Association", "Univ": "University", "Mon": "Monday",
    "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday",
    "Thur": "Thursday", "Thurs": "Thursday", "Fri": "Friday",
    "Jan": "January", "Feb": "February", "Mar": "March", "Apr": "April", "Aug": "August",
    "Sept": "September", "Sep": "September", "Oct": "October", "Nov": "November", "Dec": "December",
}  # fmt: skip
_STATES = {
    "Ala": "Alabama", "Ariz": "Arizona", "Ark": "Arkansas", "Calif": "California",
    "Colo": "Colorado", "Conn": "Connecticut", "Del": "Delaware", "Fla": "Florida",
    "Ga": "Georgia", "Ill": "Illinois", "Ind": "Indiana", "Kan": "Kansas", "Ky": "Kentucky",
    "Mass": "Massachusetts", "Md": "Maryland", "Mich": "Michigan", "Minn": "Minnesota",
    "Miss": "Mississippi", "Mo": "Missouri", "Mont": "Montana", "Neb": "Nebraska",
    "Nev": "Nevada", "Okla": "Oklahoma", "Ore": "Oregon", "Pa": "Pennsylvania",
    "Tenn": "Tennessee", "Tex": "Texas", "Va": "Virginia", "Vt": "Vermont",
    "Wash": "Washington", "Wis": "Wisconsin", "Wyo": "Wyoming",
}  # fmt: skip
_BEFORE_NUMBERS = {
    "no": "number", "nos": "numbers", "vol": "volume", "vols": "volumes", "ch": "chapter",
    "chap": "chapter", "p": "page", "pp": "pages", "pg": "page", "fig": "figure",
    "figs": "figures", "sec": "section", "art": "article", "eq": "equation", "ep": "episode",
    "apt": "apartment", "ext": "extension", "est": "established", "ca": "circa", "c": "circa",
    "max": "maximum", "op": "opus", "ver": "version", "bldg": "building", "rm": "room",
    "sat": "Saturday", "sun": "Sunday",
}  # fmt: skip
_NUMERAL = r"(?=\s*(?:\d|(?!I\b)[IVXLC]+\b))"
_END = re.compile(r"\s*[\"')]*\s*\Z")
_STARTS_SENTENCE = re.compile(STARTS_SENTENCE)
_CAPITAL = re.compile(r"[\"')]*\s+[\"'(]*[A-Z]")


def end_mark(match: re.Match[str]) -> str:
    """The full stop of an abbreviation, where it also ends a sentence.

    Args:
        match: of the abbreviation with its full stop, if it has one.
    """
    if not match[0].endswith("."):
        return ""
    string, end = match.string, match.end()
    return "." if _END.match(string, end) or _STARTS_SENTENCE.match(string, end) else ""


def _like(written: str, word: str) -> str:
    """A word with a capital letter if the abbreviation has one."""
    return word[0].upper() + word[1:] if written[0].isupper() else word


def _any_word(match: re.Match[str]) -> str:
    """A title is followed by a name, so only "etc." ends a sentence before any capital."""
    short, full_stop = match[1].lower(), bool(match[2])
    capital_follows = _CAPITAL.match(match.string, match.end()) is not None
    if short == "ms" and not full_stop and not (match[1] == "Ms" and capital_follows):
        return match[0]
    ends = full_stop and _END.match(match.string, match.end()) is not None
    ends = ends or (full_stop and short == "etc" and capital_follows)
    return _like(match[1], _WORDS[short]) + ("." if ends else "")


def _street_or_saint(match: re.Match[str]) -> str:
    """A street or drive after a name, unless another name follows: "12 Main St.", "St. Mary"."""
    street, saint = ("Street", "Saint") if match[1] == "St" else ("Drive", "Doctor")
    before, after = match.string[: match.start()], match.string[match.end() :]
    named = re.search(r"(?:[A-Z][\w']*|\d(?:st|nd|rd|th))\s+\Z", before)
    numbered = re.search(r"\d+\s+(?:[NSEW]\.?\s+)?[A-Z][\w']*\s+\Z", before)
    name_follows = re.match(r"\s*[A-Z]", after) and not _STARTS_SENTENCE.match(after)
    if numbered or (named and not name_follows):
        return street + end_mark(match)
    return saint


_RULES = (
    (re.compile(r"\be\.\s?g\.", re.IGNORECASE), "for example"),
    (re.compile(r"\bi\.\s?e\.", re.IGNORECASE), "that is"),
    (re.compile(r"\bw/o\b"), "without"),
    (re.compile(r"\bw/(?=\s|[a-z])"), "with "),
    (re.compile(r"\b([aApP])\.\s?[mM]\." + STARTS_SENTENCE), r"\1m."),
    (re.compile(r"\b(St|Dr)\."), _street_or_saint),
    (re.compile(r"(?<=[a-z], )(" + "|".join(_STATES) + r")\."),
     lambda m: _STATES[m[1]] + end_mark(m)),
    (re.compile(r"\b(" + "|".join(_BEFORE_NUMBERS) + r")\." + _NUMERAL, re.IGNORECASE),
     lambda m: _like(m[1], _BEFORE_NUMBERS[m[1].lower()]) + " "),
    (re.compile(r"#\s?(\d+)\s?-\s?#(?=\d)"), r"number \1 to "),
    (re.compile(r"#\s?(?=\d)"), "number "),
    (re.compile(r"\b(" + "|".join(_DOTTED) + r")\."), lambda m: _DOTTED[m[1]] + end_mark(m)),
)  # fmt: skip
_WORD = re.compile(
    rf"(?<!\d )(?<!&)\b(?=[MmDdVvEeAaPp])({'|'.join(_WORDS)})\b(?!')(\.)?", re.IGNORECASE
)
_ABBREVIATED = re.compile(r"\.\s*[\"')]*\s*\S|[a-zA-Z]\.\s*\Z|#|w/")


def expand_abbreviations(text: str) -> str:
    """Write abbreviations out.

    Args:
        text: ASCII besides signs.

    Returns:
        The text with words in their place, capital where the abbreviation was.
    """
    if _ABBREVIATED.search(text):
        for pattern, spoken in _RULES:
            text = pattern.sub(spoken, text)
    return _WORD.sub(_any_word, text)
