"""Stage 2 of 6: turns → text ids.

Parallel turns (default), one sequence for each piece: `[Sj] turn before [Sk] [pace] this piece`.
Whole window, consecutive turns together: `[S1] [pace] text [S2] [pace] text ...`. A pace token
stands before exactly what is to be spoken; text without one is context only.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Turn
from pipeline.datatypes.tokens import TextTokens
from pipeline.errors import ScriptError
from pipeline.tokenizers.normalise import normalise_text
from pipeline.tokenizers.text import TextTokenizer

_BREAKS = (r"(?<=[.?!])\s+", r"(?<=[,;:])\s+|\s+(?=-\s)", r"\s+")
"""Where a long text is cut: at sentence ends, else between clauses, else between words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    turn_index: int
    speaker: str
    text: str
    pace: float
    pause_after_s: float


def turns_to_text_tokens(
    turns: Sequence[Turn], tokenizer: TextTokenizer, limits: LimitsConfig
) -> list[TextTokens]:
    """Write every turn as sequences of its own, each with the turn before it as context.

    A long turn gives several pieces, cut where one would breathe, and so does a turn with pauses.

    Args:
        turns: in order of speaking.
        tokenizer: the alphabet.
        limits: how long a piece may be.

    Returns:
        One sequence for each piece, in order of speaking.

    Raises:
        ScriptError: if a turn has no words, or a word longer than a piece.
    """
    pieces_of_turns = [_cut_turn(index, turn, limits) for index, turn in enumerate(turns)]
    sequences = []
    for index, pieces in enumerate(pieces_of_turns):
        before = pieces_of_turns[index - 1][-1] if index else None
        for piece in pieces:
            context = [] if before is None else _context_ids(before, tokenizer)
            sequences.append(_sequence([piece], context, tokenizer))
            before = piece
    return sequences


def turns_to_windows(
    turns: Sequence[Turn],
    tokenizer: TextTokenizer,
    limits: LimitsConfig,
    max_seconds: float = 30.0,
) -> list[TextTokens]:
    """Write consecutive turns together, as many as are spoken in a window.

    Args:
        turns: in order of speaking.
        tokenizer: the alphabet.
        limits: how long a piece may be, and how fast text is spoken.
        max_seconds: length of the window that the networks can hold; it is filled to five sixths,
            because the length of speech is only estimated.

    Returns:
        One sequence for each window, in order of speaking; every piece is in exactly one.

    Raises:
        ScriptError: if a turn has no words, or a word longer than a piece.
    """
    windows: list[list[_Piece]] = []
    filled_s = 0.0
    for index, turn in enumerate(turns):
        for piece in _cut_turn(index, turn, limits):
            seconds = estimate_seconds(piece.text, piece.pace, limits)
            if not windows or filled_s + seconds > max_seconds * 5 / 6:
                windows.append([])
                filled_s = 0.0
            windows[-1].append(piece)
            filled_s += seconds
    return [_sequence(pieces, [], tokenizer) for pieces in windows]


def estimate_seconds(text: str, pace: float, limits: LimitsConfig) -> float:
    """How long a normalised text takes to say.

    Args:
        text: as `normalise_text` writes it.
        pace: 1.0 is normal.
        limits: holds the usual number of characters per second.
    """
    return len(text) / (limits.characters_per_second * pace)


def _context_ids(piece: _Piece, tokenizer: TextTokenizer) -> list[int]:
    return [tokenizer.speaker_id(piece.speaker), *tokenizer.encode(piece.text)]


def _sequence(pieces: Sequence[_Piece], context: list[int], tokenizer: TextTokenizer) -> TextTokens:
    ids = list(context)
    for piece in pieces:
        ids += [tokenizer.speaker_id(piece.speaker), tokenizer.pace_id(piece.pace)]
        ids += tokenizer.encode(piece.text)
    return TextTokens(
        text_ids=torch.tensor(ids, dtype=torch.int64),
        turn_indices=tuple(piece.turn_index for piece in pieces),
        texts=tuple(piece.text for piece in pieces),
        pace=tuple(piece.pace for piece in pieces),
        pause_after_s=tuple(piece.pause_after_s for piece in pieces),
    )


def _cut_turn(index: int, turn: Turn, limits: LimitsConfig) -> list[_Piece]:
    pieces: list[_Piece] = []
    for spoken, pause_s in _cut_at_pauses(turn):
        text = normalise_text(spoken)
        texts = _cut_text(text, limits.max_piece_characters, turn.line) if text else []
        pauses = [0.0] * (len(texts) - 1) + [pause_s]
        for piece_text, piece_pause_s in zip(texts, pauses, strict=False):
            pieces.append(
                _Piece(
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
