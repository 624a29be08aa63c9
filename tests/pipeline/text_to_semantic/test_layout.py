import torch

from pipeline.config.networks import TextToSemanticConfig
from pipeline.text_to_semantic.layout import (
    NO_PIECE,
    TextLayout,
    expected_piece_frames,
    pace_of_bin,
    read_layout,
)

CONFIG = TextToSemanticConfig(frames_per_character=2.0, edge_frames=6.0)
S1, S2 = CONFIG.first_speaker_id, CONFIG.first_speaker_id + 1
NORMAL, FAST = CONFIG.first_pace_id + 4, CONFIG.first_pace_id + 8
A, B = 100, 101


def _layout(ids: list[int], n_padding: int = 0) -> TextLayout:
    text_ids = torch.tensor([ids + [0] * n_padding])
    valid = torch.tensor([[True] * len(ids) + [False] * n_padding])
    return read_layout(text_ids, valid, CONFIG)


def test_only_text_after_a_pace_token_is_spoken() -> None:
    layout = _layout([S2, A, A, S1, NORMAL, B, A, S2, FAST, B], n_padding=2)
    assert (
        layout.spoken[0].tolist() == [False] * 5 + [True] * 2 + [False] * 2 + [True] + [False] * 2
    )
    spoken = layout.pieces[0][layout.spoken[0]].tolist()
    assert spoken == [0, 0, 1]
    assert set(layout.pieces[0][~layout.spoken[0]].tolist()) == {NO_PIECE}


def test_characters_stand_where_their_pace_puts_them() -> None:
    layout = _layout([S2, A, S1, NORMAL, A, B, S2, FAST, A, B])
    starts = layout.starts[0].tolist()
    assert starts[4:6] == [3.0, 5.0]
    assert starts[8:] == [10.0, 11.0]
    assert starts[:3] == [-6.0, -4.0, -2.0]


def test_expected_lengths_add_up_and_halve_at_double_pace() -> None:
    layout = _layout([S1, NORMAL, A, B, A, S2, FAST, A, B, A])
    assert expected_piece_frames(layout, 0, CONFIG).tolist() == [12.0, 6.0]


def test_a_text_without_pace_token_has_no_pieces() -> None:
    assert len(expected_piece_frames(_layout([S1, A, B]), 0, CONFIG)) == 0


def test_pace_bins_span_half_to_double() -> None:
    assert pace_of_bin(torch.tensor([0, 4, 8]), 9).tolist() == [0.5, 1.0, 2.0]
