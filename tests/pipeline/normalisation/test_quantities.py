import random

import pytest
from num2words import num2words

from pipeline.normalisation.measures import CURRENCIES, UNITS
from pipeline.normalisation.normalise import normalise_text
from pipeline.normalisation.quantities import spell_quantities


def _words(number: int) -> str:
    return num2words(number).replace("-", " ").replace(",", "")


def _numbers(n: int) -> list[int]:
    rng = random.Random(5)
    return [rng.randrange(10 ** rng.randint(1, 9)) for _ in range(n)]


def _normalised(words: str) -> str:
    return " ".join(words.lower().split())


def test_a_number_keeps_its_size_whatever_stands_beside_it() -> None:
    for number in _numbers(200):
        for written, beside in (
            ("${n}", "dollars"),
            ("{n}%", "percent"),
            ("{n:,} kg", "kilograms"),
            ("£{n:,}", "pounds"),
            ("{n} km/h", "kilometers per hour"),
            ("${n}M", "million dollars"),
        ):
            spoken = normalise_text("x " + written.format(n=number))
            if number != 1:
                assert spoken == f"x {_words(number)} {beside}"


@pytest.mark.parametrize("unit", UNITS)
def test_no_sign_is_lost_before_a_unit(unit: str) -> None:
    for minus in "-−":
        spoken = normalise_text(f"It was {minus}7 {unit} then.")
        assert spoken.startswith("it was minus seven "), spoken
        assert spoken.endswith(" then."), spoken


@pytest.mark.parametrize("sign", CURRENCIES)
def test_no_sign_is_lost_before_money(sign: str) -> None:
    name = _normalised(CURRENCIES[sign].many).replace("us ", "u s ")
    for written in (f"-{sign}7", f"−{sign} 7", f"{sign}-7", f"-7 {sign}"):
        assert normalise_text(f"It was {written} then.") == f"it was minus seven {name} then."


def test_both_ends_of_a_range_are_said_with_to_between() -> None:
    rng = random.Random(6)
    for _ in range(100):
        low = rng.randint(2, 5000)
        high = low + rng.randint(1, 4000)
        for dash in "-–":
            for before, after, name in (
                ("$", "", "dollars"),
                ("", "%", "percent"),
                ("", " kg", "kilograms"),
                ("€", "k", "thousand euros"),
            ):
                spoken = normalise_text(f"x {before}{low:,}{dash}{high:,}{after}")
                assert spoken == f"x {_words(low)} to {_words(high)} {name}"


def test_a_letter_after_a_number_is_a_magnitude_a_unit_or_a_letter() -> None:
    assert spell_quantities("5M views") == " five million  views"
    assert spell_quantities("5 m wide") == " five meters  wide"
    assert spell_quantities("Gate 5M") == "Gate 5M"
    assert spell_quantities("£5m") == " five million pounds "


def test_one_takes_the_singular_and_a_hyphen_does_too() -> None:
    assert (
        normalise_text("1 kg, 2 kg, a 2-kg bag")
        == "one kilogram, two kilograms, a two kilogram bag"
    )


def test_a_full_stop_after_an_abbreviated_unit_ends_no_sentence() -> None:
    assert normalise_text("5 lbs. of it") == "five pounds of it"
    assert normalise_text("It weighs 5 lbs. We left.") == "it weighs five pounds. we left."
