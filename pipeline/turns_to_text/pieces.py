"""Turns cut into pieces that are said in one breath."""

import re
from dataclasses import dataclass

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Turn
from pipeline.errors import ScriptError
from pipeline.normalisation.normalise import normalise_text

_BREAKS = (r"(?<=[.?!])\s+", r"(?<=[,;:])\s+|\s+(?=-\s)", r"\s+")
"""Where a long text is cut: at sentence ends, else between clauses, else between words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What is said in one breath: a turn, or a part of one.

    Attributes:
        turn_index: number of the turn, from 0.
        speaker: "S1".."S4".
        text: normalised.
        pace: as in `Turn`.
        pause_after_s: seconds of silence asked for after it.
    """

    turn_index: int
    speaker: str
    text: str
    pace: float
    pause_after_s: float


def estimate_seconds(text: str, pace: float, limits: LimitsConfig) -> float:
    """How long a normalised text takes to say.

    Args:
        text: as `normalise_text` writes it.
        pace: 1.0 is normal.
        limits: holds the usual number of characters per second.
    """
    return len(text) / (limits.characters_per_second * pace)


def cut_turn(index: int, turn: Turn, limits: LimitsConfig) -> list[Piece]:
    """The pieces of a turn: cut at its pauses, and where it is too long.

    Args:
        index: number of the turn, from 0.
        turn: to be cut.
        limits: how long a piece may be.

    Raises:
        ScriptError: if the turn has no words, or a word longer than a piece.
    """
    pieces: list[Piece] = []
    for spoken, pause_s in _cut_at_pauses(turn):
        text = normalise_text(spoken)
        texts = _cut_text(text, limits.max_piece_characters, turn.line) if text else []
        pauses = [0.0] * (len(texts) - 1) + [pause_s]
        for piece_text, piece_pause_s in zip(texts, pauses, strict=False):
            pieces.append(
                Piece(
                    turn_index=index,
                    speaker=turn.speaker,
                    text=piece_text,
                    pace=turn.pace,
                    pause_after_s=piece_pause_s,
                )
            )
    if not pieces:
        raise ScriptError(
            f"{turn.text[:40]!r} has no words; write what is to be said", line=turn.line
        )
    return pieces


def _cut_at_pauses(turn: Turn) -> list[tuple[str, float]]:
    """(text, seconds of silence after it); wordless text joins the words before it."""
    parts: list[tuple[str, float]] = []
    start = 0
    for position, seconds in (*turn.pauses, (len(turn.spoken_text), 0.0)):
        part = turn.spoken_text[start:position]
        if normalise_text(part) or not parts:
            parts.append((part, seconds))
        else:
            text, before_s = parts[-1]
            parts[-1] = (text + part, before_s + seconds)
        start = position
    return parts


def _cut_text(text: str, max_characters: int, line: int, n_tried: int = 0) -> list[str]:
    """Pieces of at most `max_characters`: whole sentences together, cut finer where needed."""
    if len(text) <= max_characters:
        return [text]
    if n_tried == len(_BREAKS):
        raise ScriptError(
            f"{text[:30] + '…'!r} is one word of {len(text)} characters, at most "
            f"{max_characters} can be said at once; put spaces into it",
            line=line,
        )
    pieces: list[str] = []
    for part in re.split(_BREAKS[n_tried], text):
        if pieces and len(pieces[-1]) + 1 + len(part) <= max_characters:
            pieces[-1] += " " + part
        else:
            pieces += _cut_text(part, max_characters, line, n_tried + 1)
    return pieces
