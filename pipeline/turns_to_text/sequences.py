"""Stage 2 of 6: turns → text ids.

Parallel turns (default), one sequence for each piece: `[Sj] turn before [Sk] [pace] this piece`.
Whole window, consecutive turns together: `[S1] [pace] text [S2] [pace] text ...`. A pace token
stands before exactly what is to be spoken; text without one is context only.
"""

from collections.abc import Sequence

import torch

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.script import Turn
from pipeline.datatypes.tokens import TextTokens
from pipeline.tokenizers.text import TextTokenizer
from pipeline.turns_to_text.pieces import Piece, cut_turn, estimate_seconds


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
    pieces_of_turns = [cut_turn(index, turn, limits) for index, turn in enumerate(turns)]
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
    windows: list[list[Piece]] = []
    filled_s = 0.0
    for index, turn in enumerate(turns):
        for piece in cut_turn(index, turn, limits):
            seconds = estimate_seconds(piece.text, piece.pace, limits)
            if not windows or filled_s + seconds > max_seconds * 5 / 6:
                windows.append([])
                filled_s = 0.0
            windows[-1].append(piece)
            filled_s += seconds
    return [_sequence(pieces, [], tokenizer) for pieces in windows]


def _context_ids(piece: Piece, tokenizer: TextTokenizer) -> list[int]:
    return [tokenizer.speaker_id(piece.speaker), *tokenizer.encode(piece.text)]


def _sequence(pieces: Sequence[Piece], context: list[int], tokenizer: TextTokenizer) -> TextTokens:
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
