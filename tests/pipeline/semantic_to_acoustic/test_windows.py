import dataclasses
from itertools import pairwise

import pytest
import torch

from pipeline.config.networks import SoundStormConfig
from pipeline.config.sizes import tiny
from pipeline.datatypes.tokens import SemanticTokens
from pipeline.datatypes.voice import Voice
from pipeline.errors import ConfigError
from pipeline.semantic_to_acoustic.sequence import check_window
from pipeline.semantic_to_acoustic.windows import (
    build_windows,
    max_window_ids,
    plan_turns,
    plan_windows,
    prompt_of,
    windows_to_turns,
)

CONFIG = tiny().soundstorm


def _turns(*lengths: int) -> list[SemanticTokens]:
    return [
        SemanticTokens(
            semantic_ids=torch.arange(length) % CONFIG.n_semantic,
            speaker=f"S{index % 3 + 1}",
            rate_hz=25.0,
            pauses=((1, 0.5),),
        )
        for index, length in enumerate(lengths)
    ]


def _voice(n_ids: int) -> Voice:
    return Voice(
        name="x",
        semantic_ids=torch.zeros(n_ids, dtype=torch.int64),
        codes=torch.zeros(CONFIG.n_levels, n_ids * 2, dtype=torch.int64),
        level_db=0.0,
        codec_id="",
    )


@pytest.mark.parametrize("lengths", [(5,), (10, 1), (3, 30, 4), (7, 7, 7, 7), (25,), (10, 10)])
def test_every_id_is_in_one_window_in_order_and_none_is_too_long(lengths: tuple[int, ...]) -> None:
    plan = plan_windows(_turns(*lengths), 10)
    spans = [(c.turn, id_) for chunks in plan for c in chunks for id_ in range(c.start, c.stop)]
    assert spans == [(turn, id_) for turn, n_ids in enumerate(lengths) for id_ in range(n_ids)]
    assert max(sum(c.stop - c.start for c in chunks) for chunks in plan) <= 10


def test_every_turn_has_windows_of_its_own_cut_where_pieces_end() -> None:
    turns = _turns(4, 26, 9, 25)
    turns[1] = dataclasses.replace(turns[1], piece_starts=(8, 17))
    plan = plan_turns(turns, {"S1": 10, "S2": 20, "S3": 10})
    spans = [(chunk.turn, chunk.start, chunk.stop) for (chunk,) in plan]
    assert spans == [
        (0, 0, 4),
        (1, 0, 17),
        (1, 17, 26),
        (2, 0, 9),
        (3, 0, 8),
        (3, 8, 16),
        (3, 16, 25),
    ]


def test_windows_carry_slots_and_the_prompts_of_those_who_speak() -> None:
    turns = _turns(4, 6, 5)
    plan = plan_windows(turns, 10)
    voices = {"S1": _voice(3), "S2": None, "S3": _voice(2)}
    windows = build_windows(turns, plan, voices, CONFIG)
    for window in windows:
        check_window(window, CONFIG)
    assert [sorted(window.prompts) for window in windows] == [[1], [3]]
    assert windows[0].slots.tolist() == [1] * 8 + [2] * 12


def test_turns_come_back_whole_from_their_windows() -> None:
    turns = _turns(4, 26, 5)
    plan = plan_windows(turns, 10)
    everything = torch.arange(35 * 2).expand(CONFIG.n_levels, -1)
    sizes = [2 * sum(c.stop - c.start for c in chunks) for chunks in plan]
    acoustic = windows_to_turns(torch.split(everything, sizes, dim=-1), plan, turns, CONFIG)
    assert torch.equal(torch.cat([turn.codes for turn in acoustic], dim=-1), everything)
    assert [turn.codes.shape[-1] for turn in acoustic] == [8, 52, 10]
    assert acoustic[0].pauses == ((2, 0.5),)
    assert acoustic[0].frame_rate_hz == 50.0


def test_a_prompt_is_cut_to_what_the_network_was_trained_with() -> None:
    ids, codes = prompt_of(_voice(10_000), CONFIG)
    assert codes.shape[-1] == 2 * len(ids) == CONFIG.prompt_frames_max


def test_prompts_leave_less_room_and_at_last_none() -> None:
    config = SoundStormConfig(max_frames=1000, prompt_frames_max=300)
    room = [
        max_window_ids({f"S{i}": _voice(150) for i in range(n)}, config, 30.0, 25.0)
        for n in range(4)
    ]
    assert all(fewer < more for more, fewer in pairwise(room))
    assert max_window_ids({}, SoundStormConfig(), 30.0, 25.0) == 750
    with pytest.raises(ConfigError, match="voice prompts fill"):
        max_window_ids({f"S{i}": _voice(150) for i in range(4)}, config, 30.0, 25.0)
