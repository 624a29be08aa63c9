import gzip
import re

import pytest

from pipeline.errors import DialogueError
from pipeline.tokenizers.pronouncing.lexicon import NAMES_FILE
from pipeline.tokenizers.pronouncing.phone_alphabet import MARKS, PHONES
from training.english_names import names_of_cmudict, phones_of_arpabet


@pytest.mark.parametrize(
    ("arpabet", "phones"),
    [
        ("HH AH0 L OW1", "həlˈO"),
        ("B AH1 T ER0", "bˈʌTəɹ"),
        ("N AH0 TH AE1 N Y AH0 L", "nəθˈænjᵊl"),
        ("SH N AY1 D ER0", "ʃnˈIdəɹ"),
        ("B ER1 D", "bˈɜɹd"),
    ],
)
def test_arpabet_becomes_the_alphabet(arpabet: str, phones: str) -> None:
    assert phones_of_arpabet(arpabet.split()) == phones


def test_a_phone_that_cmudict_lacks_is_named() -> None:
    with pytest.raises(DialogueError, match="'QQ1' is no phone of CMUdict"):
        phones_of_arpabet(["QQ1"])


def test_only_the_first_reading_of_an_unknown_word_is_kept() -> None:
    lines = [
        "anna AE1 N AH0",
        "anna(2) AA1 N AH0",
        "anna's AE1 N AH0 Z",
        "known N OW1 N",
        "mumbled M AH0 M # no main stress",
        "!mark M AA1 R K",
        "",
    ]
    assert names_of_cmudict(lines, lambda word: word == "known") == ["anna ˈænə"]


def test_the_list_is_sorted_and_in_the_alphabet() -> None:
    lines = gzip.decompress(NAMES_FILE.read_bytes()).decode().splitlines()
    assert len(lines) > 50_000
    words = [line.split(" ")[0] for line in lines]
    assert words == sorted(set(words))
    assert all(re.fullmatch(r"[a-z']+ \S+", line) for line in lines)
    assert set("".join(line.split(" ")[1] for line in lines)) <= PHONES - MARKS
