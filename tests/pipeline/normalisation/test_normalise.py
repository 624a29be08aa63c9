import random

import pytest

from pipeline.normalisation.normalise import ALPHABET, normalise_text, unspeakable_characters

CASES = {
    "Hello,  world!": "hello, world!",
    "I have 42 cats, 1,234 dogs.": (
        "i have forty two cats, one thousand two hundred and thirty four dogs."
    ),
    "the 1st, 2nd and 23rd": "the first, second and twenty third",
    "in 1984, 2005 or 2024": "in nineteen eighty four, two thousand and five or twenty twenty four",
    "the 1980s and '90s": "the nineteen eighties and nineties",
    "3.14": "three point one four",
    ".5": "zero point five",
    "-5 outside": "minus five outside",
    "$3.50": "three dollars and fifty cents",
    "$1": "one dollar",
    "$0.99": "ninety nine cents",
    "$3 million": "three million dollars",
    "£20 or 30€": "twenty pounds or thirty euros",
    "50%": "fifty percent",
    "5:30 pm": "five thirty p m",
    "7:00 sharp": "seven o'clock sharp",
    "at 5 p.m. we go": "at five p m we go",
    "17:05": "seventeen oh five",
    "12/05/2024": "december fifth, twenty twenty four",
    "25/12/2023": "december twenty fifth, twenty twenty three",
    "99/99/2023 ends": "ninety nine ninety nine twenty twenty three ends",
    "May 5th": "may fifth",
    "the 3rd of June": "the third of june",
    "Sept. 2019": "september twenty nineteen",
    "555-123-4567": "five five five, one two three, four five six seven",
    "12345678901": "one two three four five six seven eight nine zero one",
    "007": "zero zero seven",
    "5-10 of 1990-1995": "five to ten of nineteen ninety to nineteen ninety five",
    "1/2, 2/3 and 24/7": "one half, two thirds and twenty four seven",
    "7/100": "seven over one hundred",
    "mp3": "mp three",
    "Mr. Smith, Mrs. Jones and Dr. Who": "mister smith, missus jones and doctor who",
    "near St. Mary": "near saint mary",
    "12 Main St. here": "twelve main street here",
    "No. 5 is alive": "number five is alive",
    "e.g. cats vs. dogs, etc.": "for example cats versus dogs, et cetera.",
    "5 km at 20 mph": "five kilometers at twenty miles per hour",
    "1 kg": "one kilogram",
    "6 ft": "six feet",
    "20°C": "twenty degrees celsius",
    "a & b + c = d @ e": "a and b plus c equals d at e",
    "#1 and #winning": "number one and hashtag winning",
    "me@example.com": "me at example dot com",
    "NASA and the FBI": "nasa and the f b i",
    "the USA, U.S. and TVs": "the u s ay, u s and t v's",
    "OK, GO to IT": "okay, go to it",
    "YMCA party": "y m c ay party",
    "HEY MOM LOOK": "hey mom look",
    "“It’s” — well… café": "it's - well, cafe",
    "Wait?! What!!!": "wait? what!",
    "one ; two .three don`t": "one; two. three don't",
    "a well-known 'fact'": "a well-known fact",
    "hm (really) yes": "hm, really, yes",
    "party 🎉 time": "party time",
    "!!! ... —": "",
    "🎉": "",
    "你好": "",
}


@pytest.mark.parametrize(("typed", "spoken"), CASES.items())
def test_text_is_written_as_it_is_spoken(typed: str, spoken: str) -> None:
    assert normalise_text(typed) == spoken


def _random_texts(n: int) -> list[str]:
    rng = random.Random(7)
    parts = [
        *CASES,
        *"abcXYZ 0123456789.,?!;:-'\"()/%$£€#&@+°—…é🎉\t\n",
        "St.",
        "p.m.",
        "etc",
        "e.g.",
        "1st",
        "5-",
        "$",
    ]
    return ["".join(rng.choices(parts, k=rng.randint(1, 12))) for _ in range(n)]


def test_result_stays_in_the_alphabet_and_is_stable() -> None:
    for typed in _random_texts(400):
        spoken = normalise_text(typed)
        assert set(spoken) <= ALPHABET, typed
        assert normalise_text(spoken) == spoken, typed
        assert spoken == spoken.strip(), typed
        assert "  " not in spoken, typed


def test_every_number_can_be_said() -> None:
    rng = random.Random(3)
    for _ in range(300):
        digits = "".join(rng.choices("0123456789", k=rng.randint(1, 40)))
        assert normalise_text(digits)


def test_unspeakable_characters_are_named_once_in_order() -> None:
    assert unspeakable_characters("hi 🎉 你 🎉 café £5 — ok…") == "🎉你"
    assert unspeakable_characters("👩‍💻") == "👩💻"
