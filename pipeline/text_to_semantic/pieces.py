"""Put the spoken pieces of each turn together again."""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor

from pipeline.datatypes.script import Turn
from pipeline.datatypes.tokens import SemanticTokens, TextTokens


def pieces_to_turns(
    sequences: Sequence[TextTokens],
    generated: Sequence[Sequence[Tensor]],
    turns: Sequence[Turn],
    rate_hz: float,
) -> tuple[SemanticTokens, ...]:
    """Join the pieces of every turn, in order, and keep the silences asked for between them.

    Args:
        sequences: what was spoken.
        generated: for each sequence, for each of its pieces, (S,) int64 semantic ids.
        turns: the turns of the script; each has at least one piece.
        rate_hz: ids per second.

    Returns:
        One value per turn, in script order.
    """
    ids: list[list[Tensor]] = [[] for _ in turns]
    pauses: list[list[tuple[int, float]]] = [[] for _ in turns]
    for sequence, pieces in zip(sequences, generated, strict=True):
        for turn, piece, pause_s in zip(
            sequence.turn_indices, pieces, sequence.pause_after_s, strict=True
        ):
            ids[turn].append(piece)
            if pause_s > 0:
                pauses[turn].append((sum(len(each) for each in ids[turn]), pause_s))
    assert all(ids), "a turn without a piece"
    return tuple(
        SemanticTokens(
            semantic_ids=torch.cat(ids[index]),
            speaker=turn.speaker,
            rate_hz=rate_hz,
            pauses=tuple(pauses[index]),
            piece_starts=tuple(itertools.accumulate(len(piece) for piece in ids[index][:-1])),
        )
        for index, turn in enumerate(turns)
    )
