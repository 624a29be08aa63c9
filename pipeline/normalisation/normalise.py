"""Typed text as the words that are spoken: numbers, abbreviations and symbols become words.

The result has only the characters of `ALPHABET`: a small model has little to learn to read.
"""

import re
import unicodedata
from collections.abc import Callable

from pipeline.normalisation.abbreviations import expand_abbreviations
from pipeline.normalisation.acronyms import spell_acronyms
from pipeline.normalisation.addresses import spell_addresses
from pipeline.normalisation.digit_marks import spell_digit_marks, spell_powers_and_units
from pipeline.normalisation.numbers import separate_numbers, spell_numbers
from pipeline.normalisation.quantities import spell_quantities
from pipeline.normalisation.ranges import join_ranges
from pipeline.normalisation.roman_numerals import spell_roman_numerals
from pipeline.normalisation.text_case import lower_case, meaningful_case
from pipeline.normalisation.written_forms import (
    hear_line_breaks,
    plain_marks,
    unescape_entities,
)

ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz '.,?!;:-")

_FOLDED = str.maketrans(
    {
        "‘": "'", "’": "'", "‛": "'", "ʼ": "'", "′": "'", "`": "'", "´": "'", "“": '"', "”": '"',
        "„": '"', "«": '"', "»": '"', "″": '"', "‐": "-", "‑": "-", "‒": "-", "–": "-", "−": "-",
        "—": " - ", "―": " - ", "…": "...", "⁄": "/", "∕": "/", "∶": ":", "²": " squared ",
        "³": " cubed ", "×": " times ", "÷": " divided by ", "ß": "ss", "æ": "ae", "Æ": "Ae",
        "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d",
        "þ": "th", "Þ": "Th", "ı": "i", "¿": " ", "¡": " ", "•": ",", "·": " ", "§": " section ",
        "™": " ", "©": " ", "®": " ", "±": " plus or minus ", "≠": " is not equal to ",
        "≈": " about ", "≤": " at most ", "≥": " at least ", "→": " to ", "∞": " infinity ",
        "√": " square root of ", "π": " pi ", "µ": " mu ", "μ": " mu ", "Ω": " ohms ",
        "№": " number ", "‰": " per mille ",
    }
)  # fmt: skip
_KEPT_BESIDES_ASCII = "£€°¥₹₩¢"
_WORDLESS = ("M", "C")
"""Unicode categories that are part of another character or of layout: marks, controls, joiners."""

_SYMBOLS = {
    "&": "and", "%": "percent", "+": "plus", "=": "equals", "@": "at", "°": "degrees",
    "£": "pounds", "€": "euros", "¥": "yen", "₹": "rupees", "₩": "won", "¢": "cents",
}  # fmt: skip
_STRENGTH = "?!.;:,"


def normalise_text(text: str) -> str:
    """Write a text as it is spoken.

    Args:
        text: what was typed, any characters.

    Returns:
        Words of `ALPHABET` characters only, lower case, with single spaces; empty if nothing in
        it can be said. Normalising it again changes nothing.
    """
    spoken = lower_case(_normalise_once(text))
    while (again := lower_case(_normalise_once(spoken))) != spoken:
        spoken = again
    return spoken


def normalise_cased(text: str) -> str:
    """Write a text as it is spoken, with capitals where they tell how to say a word.

    Args:
        text: what was typed, any characters.

    Returns:
        The words of `normalise_text` with the same marks. Names, first words and "I" keep their
        capital, what is said letter by letter is one word in capitals ("FBI" for "f b i"), no
        other word is in capitals, and shouted text is in lower case.
    """
    once = _normalise_once(text)
    spoken = normalise_text(text)
    if lower_case(once) == spoken:
        return meaningful_case(once)
    return re.sub(r"\bi\b", "I", spoken)


def is_speakable(text: str) -> bool:
    """Whether `normalise_text` leaves any word of a text."""
    plain = bool(re.search("[A-Za-z0-9]", text)) and "&" not in text
    return plain or bool(re.search("[a-z]", normalise_text(text)))


def unspeakable_characters(text: str) -> str:
    """The characters that `normalise_text` leaves out because no rule can say them, such as emoji.

    Args:
        text: what was typed.

    Returns:
        Each of them once, in order of appearance; joiners and accents do not count.
    """
    found = (
        character
        for character in unescape_entities(text)
        if not _fold(character) and unicodedata.category(character)[0] not in _WORDLESS
    )
    return "".join(dict.fromkeys(found))


def _normalise_once(text: str) -> str:
    """One pass over the rules; letters said one by one are marked, as in "~FBI"."""
    text = plain_marks(hear_line_breaks(unescape_entities(text)))
    text = _fold(text)
    for rule in _RULES:
        text = rule(text)
    return _tidy(text)


def _fold(text: str) -> str:
    """ASCII, signs of currencies and °; accents, curly quotes, dashes replaced, others dropped."""
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


def _spell_symbols(text: str) -> str:
    return re.sub("[" + re.escape("".join(_SYMBOLS)) + "]", lambda m: f" {_SYMBOLS[m[0]]} ", text)


_RULES = (
    spell_digit_marks,
    spell_addresses,
    expand_abbreviations,
    join_ranges,
    spell_roman_numerals,
    spell_quantities,
    spell_powers_and_units,
    spell_acronyms,
    separate_numbers,
    spell_numbers,
    _spell_symbols,
)
"""In this order: each sees what those before it left in digits and signs."""


def _tidy(text: str) -> str:
    """Only letters, and punctuation where it belongs: after a word, followed by a space."""
    replacements: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
        (r"[()\[\]{}]", ", "),
        (r"\.{2,}(?=\s*[A-Za-z~])", ", "),
        (r"[^A-Za-z~'.,?!;:-]", " "),
        (r"(?<![A-Za-z])'|'(?![A-Za-z])", ""),
        (r"(?<![A-Za-z])-+|-+(?![A-Za-z~])|--+", " - "),
        (r"[\s-]*[.,?!;:][\s.,?!;:-]*", lambda m: min(m[0], key=_rank) + " "),
        (r"\s-(?:\s+-)*\s", " - "),
        (r"\s+", " "),
        (r"^[^A-Za-z~]+|[ ,;:-]+$", ""),
    )
    for pattern, replacement in replacements:
        text = re.sub(pattern, replacement, text)
    return text


def _rank(character: str) -> int:
    position = _STRENGTH.find(character)
    return position if position >= 0 else len(_STRENGTH)
