import random

import pytest

from pipeline.normalisation.ranges import join_ranges


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("June 5-7", "June 5 to seventh"),
        ("the 5-7 June", "the fifth to 7 June"),
        ("June 28 - July 3", "June 28 to July 3"),
        ("Mon-Fri", "Monday to Friday"),
        ("Jan-Mar", "January to March"),
        ("10am-4", "10am to 4"),
        ("10-11am", "10 to 11am"),
        ("1st-3rd", "1st to 3rd"),
        ("1980s-90s", "1980s to 90s"),
        ("3x4", "3 by 4"),
        ("3*4", "3 times 4"),
        ("7 - 3 = 4", "7 minus 3 = 4"),
    ],
)
def test_dashes_and_crosses_between_numbers_get_their_word(text: str, joined: str) -> None:
    assert join_ranges(text) == joined


@pytest.mark.parametrize(
    "text", ["555-1234", "2024-03-15", "a well-known", "So - yes", "0x1F", "-5"]
)
def test_other_dashes_stay(text: str) -> None:
    assert join_ranges(text) == text


def test_every_range_of_clock_times_is_joined() -> None:
    rng = random.Random(8)
    for _ in range(100):
        low, high = (f"{rng.randint(0, 23)}:{rng.randint(0, 59):02}" for _ in range(2))
        assert join_ranges(f"at {low}-{high}.") == f"at {low} to {high}."
