"""Numbers that people give: seeds and retakes, refused in words fit to show."""

import math
import secrets
from typing import Any

from pipeline.errors import DialogueError

FIRST_SEED = 7
"""What the form begins with."""

MAX_SEED = 2**31 - 1

MAX_RETAKES = 8
"""Most retakes the page offers; each is about as much work as a short script of its own."""


def roll_seed() -> int:
    """A fresh seed in [0, `MAX_SEED`]."""
    return secrets.randbelow(MAX_SEED + 1)


def check_seed(seed: float | None) -> int:
    """The seed of a form.

    Raises:
        DialogueError: if it is no whole number from 0 to `MAX_SEED`.
    """
    return whole_number("the seed", seed, 0, MAX_SEED)


def read_seed(typed: str) -> int | None:
    """A seed as typed; `None` if the field is empty.

    Raises:
        DialogueError: if it is no whole number from 0 to `MAX_SEED`.
    """
    words = typed.strip()
    if not words:
        return None
    return check_seed(int(words) if words.isdecimal() and len(words) < 12 else None)


def check_retakes(retakes: float | None) -> int:
    """The retakes of a form.

    Raises:
        DialogueError: if it is no whole number from 0 to `MAX_RETAKES`.
    """
    return whole_number("the number of retakes", retakes, 0, MAX_RETAKES)


def whole_number(what: str, value: Any, least: int, most: int) -> int:
    """A number that a person gave.

    Raises:
        DialogueError: if it is no whole number between the bounds.
    """
    known = isinstance(value, int | float) and math.isfinite(value) and value == int(value)
    if not known or not least <= value <= most:
        raise DialogueError(f"{what} must be a whole number from {least} to {most}, read {value}")
    return int(value)
