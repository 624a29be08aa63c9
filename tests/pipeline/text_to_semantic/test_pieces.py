import torch

from pipeline.datatypes.script import Turn
from pipeline.datatypes.tokens import TextTokens
from pipeline.text_to_semantic.pieces import pieces_to_turns


def _tokens(*pieces: tuple[int, float]) -> TextTokens:
    return TextTokens(
        text_ids=torch.zeros(1, dtype=torch.int64),
        turn_indices=tuple(turn for turn, _ in pieces),
        texts=("x",) * len(pieces),
        pace=(1.0,) * len(pieces),
        pause_after_s=tuple(pause_s for _, pause_s in pieces),
    )


def test_pieces_come_together_in_order_with_their_pauses() -> None:
    turns = [Turn(speaker=speaker, text="x", spoken_text="x") for speaker in ("S1", "S2")]
    sequences = [_tokens((0, 0.5)), _tokens((0, 0.0)), _tokens((1, 0.0))]
    ids = [torch.tensor(each) for each in ([1, 2], [3], [4, 5])]
    first, second = pieces_to_turns(sequences, [[each] for each in ids], turns, 25.0)
    assert first.semantic_ids.tolist() == [1, 2, 3]
    assert first.pauses == ((2, 0.5),)
    assert (second.speaker, second.semantic_ids.tolist()) == ("S2", [4, 5])


def test_a_sequence_may_hold_several_turns() -> None:
    turns = [Turn(speaker=speaker, text="x", spoken_text="x") for speaker in ("S1", "S2")]
    pieces = [torch.tensor([1]), torch.tensor([2, 3])]
    spoken = pieces_to_turns([_tokens((0, 0.0), (1, 0.0))], [pieces], turns, 25.0)
    assert [turn.semantic_ids.tolist() for turn in spoken] == [[1], [2, 3]]
