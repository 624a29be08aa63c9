"""What a script writes between slashes, `{Worcester|/wˈʊstɚ/}`, in the alphabet of the text.

Broad IPA as dictionaries print it, or the alphabet itself; both may be mixed. British vowels become
the American ones that the teacher speaks, since it learned no others. `tʃ` and `dʒ` are one phone,
as nearly always; a dot keeps them two ("nˈIt.ʃˌɪft").
"""

import re
import unicodedata

from pipeline.errors import ScriptError
from pipeline.tokenizers.pronouncing.phone_alphabet import (
    MARKS,
    PRIMARY_STRESS,
    SECONDARY_STRESS,
    SOUNDS,
    VOWELS,
)

_SYMBOLS = {
    # diphthongs, and pairs that the alphabet writes as one
    "eɪ": "A", "ei": "A", "aɪ": "I", "ai": "I", "oʊ": "O", "ou": "O", "əʊ": "O", "aʊ": "W",
    "au": "W", "ɔɪ": "Y", "oi": "Y", "ɔi": "Y", "tʃ": "ʧ", "dʒ": "ʤ", "t͡ʃ": "ʧ", "d͡ʒ": "ʤ",
    # vowels with an r in them, and the British ones that lost it
    "ɚ": "əɹ", "ɝ": "ɜɹ", "ɜr": "ɜɹ", "ɜɹ": "ɜɹ", "ɜː": "ɜɹ", "eə": "ɛɹ",
    # vowels in the next best of the alphabet
    "ɒ": "ɑ", "a": "æ", "e": "ɛ", "o": "O", "ɨ": "ᵻ", "ʉ": "u", "y": "u", "œ": "ɜ", "ø": "ɜ",
    "ɵ": "ʊ", "ɘ": "ə", "ɤ": "ʌ", "ɯ": "u", "ɞ": "ɜ", "ɫ": "l",
    # consonants
    "g": "ɡ", "r": "ɹ", "ɾ": "T", "ʔ": "t", "ʍ": "hw", "ɻ": "ɹ", "ɱ": "m", "l̩": "ᵊl", "n̩": "ᵊn",
    "m̩": "ᵊm", "x": "k", "ç": "h", "ɲ": "nj", "ʎ": "lj", "ʁ": "ɹ", "β": "v", "ɬ": "l", "ʋ": "v",
    "c": "k", "q": "k", "χ": "k", "ɸ": "f", "ʂ": "ʃ", "ɕ": "ʃ", "ʐ": "ʒ", "ʑ": "ʒ", "ʦ": "ts",
    "ʣ": "dz",
    # stress as it is typed
    "'": PRIMARY_STRESS, "’": PRIMARY_STRESS, "ˈ": PRIMARY_STRESS, "ˌ": SECONDARY_STRESS,
}  # fmt: skip
_UNHEARD = frozenset("ː:ˑ.·‿-|‖()ʰʲʷʼ")
"""Length, dots, ties and fine marks: in English they follow from the phones around."""
_LOST_R = re.compile("(?<=[ɪʊ])ə$")
"""British "near" and "tour"."""
_LONGEST = max(map(len, _SYMBOLS))
_ADVICE = {"ħ": "write h", "ɦ": "write h", "ʕ": "leave it out", "ɣ": "write ɡ", "ʀ": "write ɹ"}
_EXAMPLES = "write the nearest English sound, such as /wˈʊstɚ/ or /ʃəvˈɔn/"


def phones_of_ipa(text: str) -> str:
    """Turn broad IPA, or the alphabet itself, into the alphabet.

    Stress is moved to the vowel that bears it: dictionaries write it before the syllable, the
    alphabet before the vowel. A comma is secondary stress where a phone follows it at once.

    Args:
        text: one word or more, with or without slashes or brackets around; spaces part words.

    Returns:
        Characters of `PHONES` with at least one sound; what is in the alphabet comes back as it is.

    Raises:
        ScriptError: for a character that is no phone, and for a text without any; the message says
            which character, where, and what would work.
    """
    typed = unicodedata.normalize("NFC", text).strip().strip("/[]")
    phones = "".join(_mapped(typed))
    words = [_LOST_R.sub("ɹ", _stress_before_vowels(word)) for word in phones.split()]
    said = " ".join(words)
    if SOUNDS.isdisjoint(said):
        raise ScriptError(f"{text!r} has no phone; write how it is said, such as /wˈʊstɚ/")
    return said


def _mapped(typed: str) -> list[str]:
    phones: list[str] = []
    place = 0
    while place < len(typed):
        size = _symbol_at(typed, place)
        if size:
            phones.append(_SYMBOLS[typed[place : place + size]])
            place += size
            continue
        phones.append(_single(typed, place))
        place += 1
    return phones


def _symbol_at(typed: str, place: int) -> int:
    """How many characters the longest symbol of the table has that stands here."""
    for size in range(_LONGEST, 0, -1):
        symbol = typed[place : place + size]
        if len(symbol) == size and symbol in _SYMBOLS:
            return size
    return 0


def _single(typed: str, place: int) -> str:
    character = typed[place]
    if character in SOUNDS:
        return character
    if character.isspace():
        return " "
    if character == ",":
        return SECONDARY_STRESS if typed[place + 1 : place + 2].strip() else ","
    if character in _UNHEARD or unicodedata.combining(character):
        return ""
    if character in MARKS:
        return character
    advice = _ADVICE.get(character, _EXAMPLES)
    where = f"at place {place + 1} of {typed!r}"
    raise ScriptError(f"{character!r} {where} is no English phone; {advice}")


def _stress_before_vowels(word: str) -> str:
    """Every stress mark right before the next vowel; without one after it, it is dropped."""
    moved, waiting = [], ""
    for phone in word:
        if phone in PRIMARY_STRESS + SECONDARY_STRESS:
            waiting = phone
        elif phone in VOWELS:
            moved.append(waiting + phone)
            waiting = ""
        else:
            moved.append(phone)
    return "".join(moved)
