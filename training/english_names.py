"""Makes the list of names that misaki's dictionaries lack: `python -m training.english_names`.

CMUdict (Carnegie Mellon University, BSD-2-Clause) knows the surnames and first names of a
telephone book, where misaki's dictionaries hold words. Its phones are turned into the alphabet
here, once; only words that the lexicon could not say by itself are kept.
"""

import argparse
import gzip
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pipeline.errors import DialogueError
from pipeline.tokenizers.pronouncing.lexicon import NAMES_FILE, english_lexicon
from pipeline.tokenizers.pronouncing.phone_alphabet import PRIMARY_STRESS, SECONDARY_STRESS

_VOWELS = {
    "AA": "ɑ", "AE": "æ", "AH": "ʌ", "AO": "ɔ", "AW": "W", "AY": "I", "EH": "ɛ",
    "ER": "ɜɹ", "EY": "A", "IH": "ɪ", "IY": "i",
    "OW": "O", "OY": "Y", "UH": "ʊ", "UW": "u",
}  # fmt: skip
_WEAK_VOWELS = {"AH": "ə", "ER": "əɹ"}
_CONSONANTS = {
    "B": "b", "CH": "ʧ", "D": "d", "DH": "ð", "F": "f", "G": "ɡ", "HH": "h", "JH": "ʤ", "K": "k",
    "L": "l", "M": "m", "N": "n", "NG": "ŋ",
    "P": "p", "R": "ɹ", "S": "s", "SH": "ʃ", "T": "t", "TH": "θ", "V": "v", "W": "w", "Y": "j",
    "Z": "z", "ZH": "ʒ",
}  # fmt: skip
_STRESS = {"0": "", "1": PRIMARY_STRESS, "2": SECONDARY_STRESS}
_WORD = re.compile(r"[a-z]{2,}(?:'[a-z]+)*")
_SYLLABIC = ((re.compile("əl$"), "ᵊl"), (re.compile("(?<=[td])ən$"), "ᵊn"))


def phones_of_arpabet(arpabet: Sequence[str]) -> str:
    """CMUdict's phones in the alphabet of the text.

    Args:
        arpabet: phones such as "HH", "AH0", "L", "OW1".

    Returns:
        The same word, with the flap that Americans say for a T between a vowel and a weak one.

    Raises:
        DialogueError: for a phone that CMUdict does not have.
    """
    said = []
    for index, phone in enumerate(arpabet):
        before = arpabet[index - 1] if index else ""
        after = arpabet[index + 1] if index + 1 < len(arpabet) else ""
        flapped = phone == "T" and after.endswith("0") and (before[-1:].isdigit() or before == "R")
        said.append("T" if flapped else _phone(phone))
    word = "".join(said)
    for pattern, syllabic in _SYLLABIC:
        word = pattern.sub(syllabic, word)
    return word


def _phone(phone: str) -> str:
    if phone in _CONSONANTS:
        return _CONSONANTS[phone]
    vowel, stress = phone[:-1], phone[-1:]
    if vowel not in _VOWELS or stress not in _STRESS:
        raise DialogueError(f"{phone!r} is no phone of CMUdict, such as AH0 or NG")
    weak = _WEAK_VOWELS.get(vowel) if stress == "0" else None
    return _STRESS[stress] + (weak or _VOWELS[vowel])


def names_of_cmudict(lines: Iterable[str], is_known: Callable[[str], bool]) -> list[str]:
    """Lines "word phones" for words that nothing else can say, sorted.

    Args:
        lines: lines of `cmudict.dict`; only the first reading of a word is taken.
        is_known: whether a word needs no line.

    Returns:
        One line a word; words without a main stress, most of them cut short in CMUdict, are left
        out.
    """
    names = {}
    for line in lines:
        word, *arpabet = line.partition("#")[0].split() or [""]
        if not _WORD.fullmatch(word) or word.endswith("'s") or is_known(word):
            continue
        phones = phones_of_arpabet(arpabet)
        if PRIMARY_STRESS in phones:
            names[word] = phones
    return [f"{word} {phones}" for word, phones in sorted(names.items())]


def main() -> None:
    """Write the list beside the lexicon."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cmudict", type=Path, help="cmudict.dict of github.com/cmusphinx/cmudict")
    parser.add_argument("--out", type=Path, default=NAMES_FILE)
    arguments = parser.parse_args()
    lines = arguments.cmudict.read_text(encoding="utf-8").splitlines()
    names = names_of_cmudict(lines, english_lexicon(with_names=False).is_listed)
    text = "\n".join(names) + "\n"
    arguments.out.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


if __name__ == "__main__":
    main()
