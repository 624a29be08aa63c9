import random

import pytest

from pipeline.normalisation.roman_numerals import spell_roman_numerals, value

_PARTS = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
    (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip


def _roman(number: int) -> str:
    numeral = ""
    for size, letters in _PARTS:
        numeral += letters * (number // size)
        number %= size
    return numeral


def test_every_numeral_has_its_value() -> None:
    for number in range(1, 4000):
        assert value(_roman(number)) == number
        assert value(_roman(number).lower()) == number


@pytest.mark.parametrize("letters", ["IIII", "VX", "IC", "MIXI", "", "ABC"])
def test_other_letters_have_no_value(letters: str) -> None:
    assert value(letters) is None


def test_a_numeral_after_a_cue_is_a_number_and_after_a_name_a_rank() -> None:
    rng = random.Random(2)
    for number in rng.sample(range(2, 100), 40):
        if number in (5, 10, 50):
            continue
        assert "~" not in spell_roman_numerals(f"Chapter {_roman(number)}")
        assert not set(spell_roman_numerals(f"Chapter {_roman(number)}")) & set("IVXL")
    assert spell_roman_numerals("King Henry VIII") == "King Henry the eighth"
    assert spell_roman_numerals("Saint John Paul II") == "Saint John Paul the second"
    assert spell_roman_numerals("Chapters II-IV") == "Chapters two to four"


@pytest.mark.parametrize(
    "text",
    ["I am here.", "the part I like", "an IV drip", "Start IV fluids", "my CV", "size XL",
     "Mary I know you", "Type C", "Malcolm X", "the MC", "Mix it."],
)  # fmt: skip
def test_letters_without_a_cue_stay(text: str) -> None:
    assert spell_roman_numerals(text) == text
