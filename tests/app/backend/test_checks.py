"""Numbers that people give."""

from typing import Any

import pytest

from app.backend.checks import (
    MAX_RETAKES,
    MAX_SEED,
    check_retakes,
    check_seed,
    read_seed,
    roll_seed,
    whole_number,
)
from pipeline.errors import DialogueError

STRANGE_NUMBERS = [None, -1, 1.5, float("nan"), float("inf"), "3", [1], 2**31 + 1]


@pytest.mark.parametrize("value", STRANGE_NUMBERS)
def test_what_is_no_whole_number_in_bounds_is_refused(value: Any) -> None:
    with pytest.raises(
        DialogueError, match=f"the seed must be a whole number from 0 to {MAX_SEED}"
    ):
        check_seed(value)
    with pytest.raises(
        DialogueError, match=f"retakes must be a whole number from 0 to {MAX_RETAKES}"
    ):
        check_retakes(value)


def test_whole_numbers_are_read_as_such() -> None:
    assert whole_number("it", 3.0, 1, 3) == 3
    assert isinstance(whole_number("it", 3.0, 1, 3), int)
    assert check_seed(roll_seed()) >= 0
    assert (read_seed(" 12 "), read_seed("  ")) == (12, None)


@pytest.mark.parametrize("typed", ["x", "-1", "1.5", "9" * 11, "9" * 5000, "²", "1 2"])
def test_a_typed_seed_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(DialogueError, match="the seed must be a whole number"):
        read_seed(typed)
