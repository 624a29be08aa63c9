"""The JSON object of a request, read field by field; whatever does not fit is refused by name."""

import json
import math
from collections.abc import Collection
from typing import Any

from app.error_answers import ApiError


class Fields:
    """The fields of one request.

    Args:
        body: JSON as it was sent.
        known: names of all fields there are.

    Raises:
        ApiError: 400, if the body is no JSON object or has other fields.
    """

    def __init__(self, body: bytes, known: Collection[str]) -> None:
        try:
            values = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ApiError(400, "the body is not JSON; send an object such as {}") from error
        if not isinstance(values, dict):
            raise ApiError(400, "the body must be a JSON object, such as {}")
        for name in values:
            if name not in known:
                raise ApiError(
                    400,
                    f"there is no field {name[:40]!r}; there are {', '.join(known)}",
                    param=name[:40],
                    code="unknown_parameter",
                )
        self.values: dict[str, Any] = values

    def has(self, name: str) -> bool:
        """Whether a field is there and not null."""
        return self.values.get(name) is not None

    def text(self, name: str) -> str:
        """Words that must be there.

        Raises:
            ApiError: 400, if they are not.
        """
        value = self.values.get(name)
        if not isinstance(value, str) or not value.strip():
            raise _misfit(name, "must be there, as words")
        return value

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        """One of a few words.

        Raises:
            ApiError: 400, if it is another.
        """
        value = self.values[name] if self.has(name) else default
        if not isinstance(value, str) or value not in choices:
            raise _misfit(name, f"must be one of {', '.join(choices)}")
        return value

    def number(self, name: str, low: float, high: float, default: float) -> float:
        """A number between two others.

        Raises:
            ApiError: 400, if it is something else.
        """
        value = self.values[name] if self.has(name) else default
        if not _is_number(value) or not low <= value <= high:
            raise _misfit(name, f"must be a number from {low:g} to {high:g}")
        return float(value)

    def whole_number(self, name: str, most: int, default: int) -> int:
        """A whole number from 0.

        Raises:
            ApiError: 400, if it is something else.
        """
        value = self.values[name] if self.has(name) else default
        if not _is_number(value) or value != int(value) or not 0 <= value <= most:
            raise _misfit(name, f"must be a whole number from 0 to {most}")
        return int(value)


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _misfit(name: str, what: str) -> ApiError:
    return ApiError(400, f"{name} {what}", param=name, code="invalid_value")
