"""English words → phones: what is typed becomes what is said, stress and punctuation with it.

A text encoder that learns spelling from some thousand words says another word for every one it has
not met; a dictionary does not. Words keep their order and number: `spoken_words` gives each its
phones.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import ScriptError
from pipeline.tokenizers.pronouncing.homographs import reading
from pipeline.tokenizers.pronouncing.letter_names import spell_runs
from pipeline.tokenizers.pronouncing.lexicon import Following, Lexicon, english_lexicon
from pipeline.tokenizers.pronouncing.phone_alphabet import (
    CONSONANTS,
    MARKS,
    PHONES,
    PRIMARY_STRESS,
    SOUNDS,
    demote,
)
from pipeline.tokenizers.pronouncing.sentence_slots import Place

__all__ = ["PHONES", "SpokenWord", "spell_to_phones", "spoken_words"]

_PLAIN_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_APOSTROPHES = str.maketrans("’‘ʼ`", "''''")
_LETTERS = r"[^\W\d_]+(?:'[^\W\d_]+)*"
_PIECE = re.compile(rf"{_LETTERS}(?:-{_LETTERS})*|[\d_]+|\s+|.", re.DOTALL)
_DASH = re.compile(r"(?:^|(?<=\s))[-–]+(?=\s|$)|--+|[–—―]")
_LEFT_OUT = "'-"
"""Marks that nobody hears: quotes of one stroke, hyphens that hang on a word."""
_HEAVY = frozenset("AIOWYʤʧ")


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word and how it is said.

    Args:
        text: the word as typed, hyphens and apostrophes in it.
        phones: characters of `PHONES`, at least one of them a sound, no punctuation.
        gap: what stands before it: punctuation and a space, or nothing between the letters of an
            acronym.
    """

    text: str
    phones: str
    gap: str


@dataclass(frozen=True, slots=True)
class _TypedWord:
    """A word, its hyphenated parts in lower-case ASCII, and what stands before it."""

    text: str
    parts: tuple[str, ...]
    gap: str
    begins: bool


def spell_to_phones(text: str) -> str:
    """Write a text as phones.

    Args:
        text: words as `normalise_text` gives them, lower-cased or with their case; no digits.

    Returns:
        Characters of `PHONES`, words apart by spaces, punctuation kept. Case changes nothing but
        for the few words that a capital makes another (polish, Polish).

    Raises:
        ScriptError: for a word that comes out without a sound, and for a character that is neither
            part of an English word nor punctuation; it names them.
    """
    words, ending = _typed_words(text)
    return ("".join(word.gap + word.phones for word in _pronounce(words)) + ending).strip()


def spoken_words(text: str) -> tuple[SpokenWord, ...]:
    """The words of a text, each with its phones.

    Args:
        text: as for `spell_to_phones`.

    Returns:
        One for every word between spaces, in order; joined they are `spell_to_phones` up to its
        last mark.

    Raises:
        ScriptError: as for `spell_to_phones`.
    """
    return tuple(_pronounce(_typed_words(text)[0]))


def _typed_words(text: str) -> tuple[list[_TypedWord], str]:
    """The words, and what stands after the last."""
    words: list[_TypedWord] = []
    gap = ""
    text = _DASH.sub("—", unicodedata.normalize("NFC", text).translate(_APOSTROPHES))
    for match in _PIECE.finditer(text):
        piece = match[0]
        if piece.isspace():
            gap += " "
        elif piece in MARKS or piece in _LEFT_OUT:
            gap += piece
        elif all(parts := [_plain(part) for part in piece.split("-")]):
            begins = not words or not MARKS.isdisjoint(set(gap) - set('"“”'))
            words.append(_TypedWord(piece, tuple(parts), _tidy(gap) or " ", begins))
            gap = ""
        else:
            around = text[max(match.start() - 20, 0) : match.end() + 20].strip()
            raise ScriptError(f"cannot say {piece!r} in {around!r}; write it as English words")
    return words, _tidy(gap)


def _plain(piece: str) -> str:
    """Lower-case ASCII letters and apostrophes; empty where that is not enough."""
    folded = unicodedata.normalize("NFKD", piece.lower().translate(_PLAIN_LETTERS))
    letters = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return letters if re.fullmatch(r"[a-z]+(?:'[a-z]+)*", letters) else ""


def _tidy(gap: str) -> str:
    return re.sub(r"\s+", " ", gap.translate({ord(mark): "" for mark in _LEFT_OUT}))


def _pronounce(words: Sequence[_TypedWord]) -> list[SpokenWord]:
    """Phones of all words, from the last to the first: some hang on the sound that follows."""
    lexicon = english_lexicon()
    spelled = spell_runs(
        [word.parts for word in words], [word.text for word in words], _begins(words)
    )
    place = _first_place(words)
    said: list[SpokenWord] = []
    following: Following = "pause"
    end = len(place.words)
    for index in reversed(range(len(words))):
        word = words[index]
        start = end - len(word.parts)
        gap = "" if index in spelled and index - 1 in spelled and not word.begins else word.gap
        phones = spelled.get(index) or _say(lexicon, place, start, end, following)
        if SOUNDS.isdisjoint(phones):
            raise ScriptError(f"no sound is known for the word {word.text!r}; spell it another way")
        said.append(SpokenWord(word.text, phones, gap))
        following = "pause" if word.begins else _first_sound(phones)
        end = start
    return said[::-1]


def _begins(words: Sequence[_TypedWord]) -> list[bool]:
    return [word.begins for word in words]


def _first_place(words: Sequence[_TypedWord]) -> Place:
    """All parts of all words as a sentence, for the rules that look at neighbours."""
    written = [part for word in words for part in word.text.split("-")]
    begins = [word.begins and part == 0 for word in words for part in range(len(word.parts))]
    return Place([part for word in words for part in word.parts], written, begins, 0)


def _say(lexicon: Lexicon, place: Place, start: int, end: int, following: Following) -> str:
    """One word, of several parts if it has hyphens."""
    if end - start > 1 and (whole := lexicon.whole("-".join(place.words[start:end]))):
        return whole
    parts: list[str] = []
    for index in reversed(range(start, end)):
        parts.append(_say_part(lexicon, place.at(index), following))
        following = _first_sound(parts[-1])
    return _balanced(parts[::-1])


def _say_part(lexicon: Lexicon, place: Place, following: Following) -> str:
    word = place.word
    if word == "n" and place.left() and place.right():
        return "ən"
    readings = lexicon.readings(word)
    return lexicon.say(word, reading(place, readings) if readings else "", following)


def _first_sound(phones: str) -> Following:
    first = next((phone for phone in phones if phone in SOUNDS), "")
    return "consonant" if first in CONSONANTS else "vowel" if first else "pause"


def _balanced(parts: list[str]) -> str:
    """Parts of a hyphenated word: half of them, the lighter, give up their main stress."""
    stressed = [index for index, part in enumerate(parts) if PRIMARY_STRESS in part]
    if len(stressed) > (len(parts) + 1) // 2:
        for index in sorted(stressed, key=lambda index: _weight(parts[index]))[: len(parts) // 2]:
            parts[index] = demote(parts[index])
    return "".join(parts)


def _weight(phones: str) -> int:
    return sum(2 if phone in _HEAVY else 1 for phone in phones)
