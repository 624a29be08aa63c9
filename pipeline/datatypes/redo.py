"""What a person asks to be made anew of a dialogue."""

import math
from dataclasses import dataclass

from pipeline.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class Redo:
    """What is to be made anew: one turn, or the sound of a span of time.

    Attributes:
        turn: number of the turn, from 0 as in `Caption.turn`.
        span: (start, end) in seconds of the mix.
        seed: for what is made anew; `None`: one that follows from the turn's last, so that each
            redo is another take.
        text: what the turn shall say, inline marks included; `None`: what it said.
        pace: as in `Turn`; `None`: what it was.

    Raises:
        ConfigError: if there is neither a turn nor a span, or both; a text or a pace for a span;
            or a span that is not two finite numbers, or ends before it begins.
    """

    turn: int | None = None
    span: tuple[float, float] | None = None
    seed: int | None = None
    text: str | None = None
    pace: float | None = None

    def __post_init__(self) -> None:
        if (self.turn is None) == (self.span is None):
            raise ConfigError(
                "redo needs either a turn, as in redo(turn=0) for the first one, or a span of "
                "seconds, as in redo(span=(1.5, 2.0))"
            )
        if self.span is None:
            return
        if self.text is not None or self.pace is not None:
            raise ConfigError(
                "a span keeps its words and their timing; text and pace go with redo(turn=...)"
            )
        start_s, end_s = self.span
        if not (math.isfinite(start_s) and math.isfinite(end_s) and start_s < end_s):
            raise ConfigError(
                f"span ({start_s:g}, {end_s:g}) must be two numbers of seconds, the start before "
                "the end"
            )
