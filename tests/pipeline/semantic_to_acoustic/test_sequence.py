"""Prompts and window laid end to end, and windows that are refused."""

import dataclasses
from typing import Any

import pytest
import torch

from pipeline.config.sizes import tiny
from pipeline.errors import ShapeError
from pipeline.semantic_to_acoustic.sequence import Window, stretch_to_frames, window_to_sequence

CONFIG = tiny().soundstorm
Q, V = CONFIG.n_levels, CONFIG.n_codes


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def prompt(n_ids: int, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.randint(0, CONFIG.n_semantic, (n_ids,), generator=rng(seed))
    return ids, torch.randint(0, V, (Q, n_ids * CONFIG.frames_per_semantic), generator=rng(seed))


def window(n_ids: int = 10) -> Window:
    ids, codes = prompt(n_ids, 2)
    given = torch.zeros(codes.shape[1], dtype=torch.bool)
    given[:4] = True
    return Window(
        semantic_ids=ids,
        slots=torch.full((codes.shape[1],), 2),
        prompts={2: prompt(5), 1: prompt(3)},
        given_codes=codes,
        given_frames=given,
    )


def test_every_id_is_repeated_in_order() -> None:
    assert stretch_to_frames(torch.tensor([3, 1, 1]), 2).tolist() == [3, 3, 1, 1, 1, 1]


def test_prompts_stand_first_by_slot_with_gaps_between() -> None:
    made = window()
    sequence = window_to_sequence(made, CONFIG)
    gap = CONFIG.segment_gap_frames
    lengths = [6, gap, 10, gap, 20]
    slots = torch.tensor([1, 0, 2, 0, 2]).repeat_interleave(torch.tensor(lengths))
    assert torch.equal(sequence.slots, slots)
    assert sequence.window_start == sum(lengths[:-1])
    assert torch.equal(sequence.codes[:, :6], made.prompts[1][1])
    in_gap = slots == 0
    assert bool((sequence.semantic_ids[in_gap] == CONFIG.no_semantic_id).all())
    assert bool((sequence.codes[:, in_gap] == CONFIG.hidden_code).all())
    predicted = torch.arange(sequence.n_frames) >= sequence.window_start + 4
    assert torch.equal(~sequence.given, predicted)
    assert bool((sequence.codes[:, predicted] == CONFIG.hidden_code).all())


def test_a_sequence_longer_than_the_network_reads_is_refused() -> None:
    short = dataclasses.replace(CONFIG, max_frames=40)
    with pytest.raises(ShapeError, match=r"20 frames and prompts of 24 .* 40 frames; split it"):
        window_to_sequence(window(), short)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"semantic_ids": torch.full((10,), 32)}, "semantic_ids holds 32; ids go from 0 to 31"),
        ({"semantic_ids": torch.full((10,), -1)}, "semantic_ids holds -1"),
        ({"semantic_ids": torch.full((10,), torch.nan)}, "whole numbers, holds torch.float32"),
        ({"semantic_ids": torch.zeros(0, dtype=torch.int64)}, "axes .*not empty"),
        ({"slots": torch.full((20,), 5)}, "slots holds 5; ids go from 0 to 4"),
        ({"slots": torch.ones(19, dtype=torch.int64)}, r"slots has axes \(19,\), expected 20"),
        ({"given_frames": None}, "pass both or neither"),
        ({"given_frames": torch.ones(20)}, r"given_frames must be \(20,\) bool"),
        ({"given_codes": torch.zeros(Q, 19)}, r"given_codes must be \(4, 20\), is \(4, 19\)"),
        ({"given_codes": torch.full((Q, 20), V)}, "given_codes holds 32; ids go from 0 to 31"),
        ({"prompts": {5: prompt(3)}}, "prompt for slot 5; slots go from 1 to 4"),
        ({"prompts": {1: (prompt(3)[0], prompt(4)[1])}}, r"prompt 1 codes has axes \(4, 8\)"),
        ({"prompts": {1: (prompt(3)[0] + 32, prompt(3)[1])}}, "prompt 1 semantic_ids holds"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        window_to_sequence(dataclasses.replace(window(), **change), CONFIG)
