"""Typed text as the words that are spoken: numbers, abbreviations and symbols become words.

The result has only the characters of `ALPHABET`: a small model has little to learn to read.
"""

import re
import unicodedata
from collections.abc import Callable

from pipeline.tokenizers.numbers import spell_numbers

ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz '.,?!;:-")

_FOLDED = str.maketrans(
    {
        "‘": "'", "’": "'", "‛": "'", "ʼ": "'", "′": "'", "`": "'", "´": "'", "“": '"', "”": '"',
        "„": '"', "«": '"', "»": '"', "″": '"', "‐": "-", "‑": "-", "‒": "-", "–": "-", "−": "-",
        "—": " - ", "―": " - ", "…": "...", "½": " 1/2", "¼": " 1/4", "¾": " 3/4", "²": " squared ",
        "³": " cubed ", "×": " times ", "÷": " divided by ", "ß": "ss", "æ": "ae", "Æ": "Ae",
        "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d",
        "þ": "th", "Þ": "Th", "ı": "i", "¿": " ", "¡": " ", "•": ",", "·": " ", "¥": " yen ",
        "¢": " cents ", "§": " section ", "™": " ", "©": " ", "®": " ",
    }
)  # fmt: skip
_KEPT_BESIDES_ASCII = "£€°"
_WORDLESS = ("M", "C")
"""Unicode categories that are part of another character or of layout: marks, controls, joiners."""

_ABBREVIATIONS = {
    "mr": "mister", "mrs": "missus", "ms": "miz", "dr": "doctor", "vs": "versus",
    "etc": "et cetera", "approx": "approximately", "dept": "department", "prof": "professor",
}  # fmt: skip
_DOTTED_TITLES = {
    "Jr": "junior", "Sr": "senior", "Gen": "general", "Sgt": "sergeant", "Capt": "captain",
    "Lt": "lieutenant", "Gov": "governor", "Sen": "senator", "Rev": "reverend", "Mt": "mount",
    "Ave": "avenue", "Rd": "road", "Blvd": "boulevard", "Inc": "incorporated", "Ltd": "limited",
    "Co": "company", "Corp": "corporation",
}  # fmt: skip
_SYMBOLS = {
    "&": "and", "%": "percent", "+": "plus", "=": "equals", "@": "at", "°": "degrees",
    "£": "pounds", "€": "euros",
}  # fmt: skip
_SHORT_WORD_LIST = (
    "a ad add age ago aim air all am an and ant any are arm art as ask at ate bad bag be bed "
    "bet big bit box boy bus but buy by can cap car cat cup cut day did die do dog dry due "
    "eat egg end eye far fat few fit fix fly for fun get go god got gun guy had has hat he "
    "her hey hi him his hit ho hot how ice if in is it its job joy key kid law lay let lie "
    "lip lot low mad man map may me men met mix mom my new no nor not now odd of off oh oil "
    "old on one or our out own pay pen pet pop put ran red rid row run sad sat saw say sea "
    "see set she shy sit six sky so son sun tax tea ten the tie tip to toe too top toy try "
    "two up us use van via wag war was way we wet who why win won yes yet you zip zoo"
)
_SHORT_WORDS = frozenset(_SHORT_WORD_LIST.split())
_SPELLED = frozenset(["UCLA", "YMCA", "HDMI", "ESPN", "NCAA", "IMDB"])
_MAX_SPELLED_LETTERS = 3
_STRENGTH = "?!.;:,"


def normalise_text(text: str) -> str:
    """Write a text as it is spoken.

    Args:
        text: what was typed, any characters.

    Returns:
        Words of `ALPHABET` characters only, lower case, with single spaces; empty if nothing in
        it can be said. Normalising it again changes nothing.
    """
    spoken = _normalise_once(text)
    while (again := _normalise_once(spoken)) != spoken:
        spoken = again
    return spoken


def is_speakable(text: str) -> bool:
    """Whether `normalise_text` leaves any word of a text."""
    return bool(re.search("[A-Za-z0-9]", text)) or bool(re.search("[a-z]", normalise_text(text)))


def unspeakable_characters(text: str) -> str:
    """The characters that `normalise_text` leaves out because no rule can say them, such as emoji.

    Args:
        text: what was typed.

    Returns:
        Each of them once, in order of appearance; joiners and accents do not count.
    """
    found = (
        character
        for character in text
        if not _fold(character) and unicodedata.category(character)[0] not in _WORDLESS
    )
    return "".join(dict.fromkeys(found))


def _normalise_once(text: str) -> str:
    text = _fold(text)
    for rule in _RULES:
        text = rule(text)
    return _tidy(text.lower())


def _fold(text: str) -> str:
    """ASCII, £, € and ° only: accents, curly quotes and dashes replaced, the rest dropped."""
    if text.isascii() and text.isprintable() and "`" not in text:
        return text
    decomposed = "".join(
        character if character in _KEPT_BESIDES_ASCII else unicodedata.normalize("NFKD", character)
        for character in text.translate(_FOLDED)
    ).translate(_FOLDED)
    return "".join(
        " " if character.isspace() else character
        for character in decomposed
        if character.isspace() or " " <= character <= "~" or character in _KEPT_BESIDES_ASCII
    )


def _expand_abbreviations(text: str) -> str:
    text = re.sub(r"\be\.\s?g\.", "for example", text, flags=re.IGNORECASE)
    text = re.sub(r"\bi\.\s?e\.", "that is", text, flags=re.IGNORECASE)
    names = "|".join(_ABBREVIATIONS)
    text = re.sub(
        rf"\b({names})\b(?!')(\.(?=\s*[\w,;:?!])|\.)?",
        lambda m: _ABBREVIATIONS[m[1].lower()] + _end_mark(m),
        text,
        flags=re.IGNORECASE,
    )
    text = re.sub(
        rf"\b({'|'.join(_DOTTED_TITLES)})\.", lambda m: _DOTTED_TITLES[m[1]] + _end_mark(m), text
    )
    text = re.sub(r"\b([A-Z0-9]\w*\s+)St\.", lambda m: m[1] + "street" + _end_mark(m), text)
    text = re.sub(r"\bSt\.", "saint", text)
    text = re.sub(r"#\s?(?=\d)", "number ", text)
    return re.sub(r"\b[Nn]o\.\s?(?=\d)", "number ", text)


def _end_mark(match: re.Match[str]) -> str:
    """The full stop of an abbreviation, where it also ends the text."""
    return "." if match[0].endswith(".") and not match.string[match.end() :].strip(" \"')") else ""


def _spell_addresses(text: str) -> str:
    text = re.sub(r"\bhttps?://(?:www\.)?", "", text)
    return re.sub(r"(?<=\w)\.(com|org|net|co|uk|edu|gov|io)\b", r" dot \1", text)


def _spell_acronyms(text: str) -> str:
    text = re.sub(r"\b(?:[A-Za-z]\.){2,}(?!\w)", lambda m: _letters(m[0]) + _end_mark(m), text)
    shouted = not re.search(r"[a-z]", text)
    return re.sub(r"\b([A-Z]{2,})('?s)?\b", lambda m: _acronym(m[1], m[2] or "", shouted), text)


def _acronym(word: str, ending: str, shouted: bool) -> str:
    if word == "OK":
        return "okay" + ending
    vowelless = not set(word) & set("AEIOUY")
    short = len(word) <= _MAX_SPELLED_LETTERS and word.lower() not in _SHORT_WORDS and not shouted
    if not (vowelless or short or word in _SPELLED):
        return word + ending
    return _letters(word) + ("'s" if ending else "")


def _letters(word: str) -> str:
    """Letters said one by one; "a" is written "ay", or it would be read as the article."""
    return " ".join(
        "ay" if letter == "a" else letter for letter in word.lower() if letter.isalpha()
    )


def _spell_symbols(text: str) -> str:
    text = re.sub(r"#(?=[a-zA-Z])", "hashtag ", text)
    return re.sub("[" + re.escape("".join(_SYMBOLS)) + "]", lambda m: f" {_SYMBOLS[m[0]]} ", text)


_RULES = (_expand_abbreviations, _spell_addresses, spell_numbers, _spell_acronyms, _spell_symbols)


def _tidy(text: str) -> str:
    """Only letters, and punctuation where it belongs: after a word, followed by a space."""
    replacements: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
        (r"[()\[\]{}]", ", "),
        (r"\.{2,}(?=\s*[a-z])", ", "),
        (r"[^a-z'.,?!;:-]", " "),
        (r"(?<![a-z])'|'(?![a-z])", ""),
        (r"(?<![a-z])-+|-+(?![a-z])|--+", " - "),
        (r"[\s-]*[.,?!;:][\s.,?!;:-]*", lambda m: min(m[0], key=_rank) + " "),
        (r"\s-(?:\s+-)*\s", " - "),
        (r"\s+", " "),
        (r"^[^a-z]+|[ ,;:-]+$", ""),
    )
    for pattern, replacement in replacements:
        text = re.sub(pattern, replacement, text)
    return text


def _rank(character: str) -> int:
    position = _STRENGTH.find(character)
    return position if position >= 0 else len(_STRENGTH)
