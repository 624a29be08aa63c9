"""Single letters in a text: said by their names, in a row as an acronym is said ("f b i").

"a" and "i" are words until their neighbours say otherwise. The normaliser writes the letter A as
"ay".
"""

import re
from collections.abc import Sequence

from pipeline.tokenizers.pronouncing.phone_alphabet import PRIMARY_STRESS, SECONDARY_STRESS, VOWELS
from pipeline.tokenizers.pronouncing.sentence_slots import word_set

LETTERS = {
    "a": "A", "b": "bi", "c": "si", "d": "di", "e": "i", "f": "ɛf", "g": "ʤi", "h": "Aʧ", "i": "I",
    "j": "ʤA", "k": "kA", "l": "ɛl", "m": "ɛm", "n": "ɛn", "o": "O", "p": "pi", "q": "kju",
    "r": "ɑɹ", "s": "ɛs", "t": "ti", "u": "ju", "v": "vi", "w": "dˈʌbəlju", "x": "ɛks", "y": "wI",
    "z": "zi",
}  # fmt: skip
"""Letter → its name; stress comes from its place in the acronym."""

_LETTER = re.compile(r"(ay|[a-z])('s|'d)?")
_AFTER_I = word_set(
    "am was have had do did don't didn't will would can can't could should must may might think "
    "know want need like love hate mean said say see saw guess feel got get go went never just"
)
_BEFORE_I = word_set("am do did can could should would will may must shall")
_FAMOUS_RUNS = (("a", "b", "c"), ("u", "s", "a"))


def spell_letters(letters: str) -> str:
    """Letters said one by one, as an acronym: all stressed, the last one most.

    Args:
        letters: lower-case ASCII letters; other characters are left out.

    Returns:
        Their names without a gap.
    """
    kept = [letter for letter in letters if letter in LETTERS]
    return "".join(_name(letter, last=index == len(kept) - 1) for index, letter in enumerate(kept))


def spell_runs(
    words: Sequence[tuple[str, ...]], written: Sequence[str], begins: Sequence[bool]
) -> dict[int, str]:
    """The words that are letters, with the phones of their names.

    Args:
        words: each word's parts, lower case; one with a hyphen has several and is no letter.
        written: the words as typed.
        begins: for each word whether punctuation comes before it.

    Returns:
        Index of a word → its phones; only the last letter of a run bears the main stress.
    """
    plain = [parts[0] if len(parts) == 1 else "" for parts in words]
    letters = [index for index in range(len(plain)) if _is_letter(plain, written, begins, index)]
    spelled: dict[int, str] = {}
    for index in letters:
        match = _LETTER.fullmatch(plain[index])
        if match is None:
            continue
        following = index + 1
        goes_on = following in letters and not begins[following]
        name = _name(match[1][0], last=not goes_on)
        spelled[index] = name + _ENDINGS[match[2]](name) if match[2] else name
    return spelled


def _name(letter: str, last: bool) -> str:
    stress, name = (PRIMARY_STRESS if last else SECONDARY_STRESS), LETTERS[letter]
    if PRIMARY_STRESS in name:
        return name.replace(PRIMARY_STRESS, stress)
    first = next(place for place, phone in enumerate(name) if phone in VOWELS)
    return name[:first] + stress + name[first:]


def _plural(name: str) -> str:
    return "ᵻz" if name[-1] in "sʧ" else "s" if name[-1] == "f" else "z"


def _past(name: str) -> str:
    return "t" if name[-1] in "sʧf" else "d"


_ENDINGS = {"'s": _plural, "'d": _past}


def _is_letter(
    plain: Sequence[str], written: Sequence[str], begins: Sequence[bool], index: int
) -> bool:
    word = plain[index]
    if not _LETTER.fullmatch(word) or word == "i'd":
        return False
    before = plain[index - 1] if index and not begins[index] else ""
    goes_on = index + 1 < len(plain) and not begins[index + 1]
    after = plain[index + 1] if goes_on else ""
    if word == "i":
        return (_is_spare(before) and after not in _AFTER_I and "'" not in after) or (
            _is_spare(after) and before not in _BEFORE_I
        )
    if word == "ay":
        return _is_spare(before) or _is_spare(after)
    if word != "a":
        return not (word == "n" and before and after and not _is_spare(before + after))
    famous = any(
        tuple(plain[start : start + len(run)]) == run
        for run in _FAMOUS_RUNS
        for start in (index, index - len(run) + 1)
        if start >= 0
    )
    shouted = (
        written[index] == "A"
        and not begins[index]
        and (_is_capital(written[index - 1]) or (goes_on and _is_capital(written[index + 1])))
    )
    return famous or shouted


def _is_spare(word: str) -> bool:
    """A letter that is no word by itself."""
    return (bool(_LETTER.fullmatch(word)) and word[0] not in "ai") or word == "ay"


def _is_capital(word: str) -> bool:
    return len(word) == 1 and word.isupper() and word != "I"
