import random

import pytest

from pipeline.normalisation.normalise import normalise_cased, normalise_text
from pipeline.normalisation.text_case import lower_case, meaningful_case


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Ask the FBI, NASA or Dr. Lee.", "Ask the FBI, Nasa or Doctor Lee."),
        ("i think I'LL go to Rome", "i think I'll go to Rome"),
        ("STOP IT, I SAID!", "stop it, I said!"),
        ("CALL THE FBI NOW", "call the FBI now"),
        ("It is SO hot. NEVER go.", "It is so hot. Never go."),
        ("9 p.m. on June 5", "nine PM on June fifth"),
        ("5G and TVs", "five G and TV's"),
        ("Dogs, US$5, 20°C", "Dogs, five US dollars, twenty degrees Celsius"),
        ("J. K. Rowling's A4", "J K Rowling's A four"),
    ],
)
def test_capitals_stay_where_they_mean_something(written: str, spoken: str) -> None:
    assert normalise_cased(written) == spoken


def test_letters_said_one_by_one_are_one_word_or_stand_apart() -> None:
    assert lower_case("the ~USA") == "the u s ay"
    assert meaningful_case("the ~USA") == "the USA"


def test_the_words_are_those_without_case() -> None:
    rng = random.Random(9)
    typed = "The FBI said STOP to NASA's Anna. I'm 5 ft! USA? A B2B Mr. Inc. it -5 $2M IT us"
    parts = typed.split(" ")
    for _ in range(300):
        written = " ".join(rng.choices(parts, k=rng.randint(1, 8)))
        plain = normalise_text(written).replace(" ", "").replace("ay", "a")
        cased = normalise_cased(written).lower().replace(" ", "").replace("ay", "a")
        assert cased == plain, written
