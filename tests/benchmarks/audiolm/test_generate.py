"""A passage through both stages: windows, chunks, prompts, and what is refused."""

import itertools
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks.audiolm.generate import (
    Baseline,
    BaselineOptions,
    load_baseline,
    plan_chunks,
    plan_windows,
)
from pipeline.errors import CheckpointError, ConfigError, ShapeError
from pipeline.files.checkpoint import save_network
from tests.benchmarks.audiolm.networks import CONFIG, drawn_ids, lively_network, seeded

CPU = torch.device("cpu")
LIKELIEST = BaselineOptions(coarse_temperature=0.0, fine_temperature=0.0)
RATE = CONFIG.frames_per_semantic


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return Baseline(lively_network(), CPU, torch.float32)


def prompt_of(n_ids: int) -> tuple[Tensor, Tensor]:
    return drawn_ids(n_ids, seed=7), drawn_ids(CONFIG.n_levels, n_ids * RATE, seed=8)


@pytest.mark.parametrize("n_ids", [1, 4, 10, 25])
@pytest.mark.parametrize("n_prompt", [0, 6])
def test_every_frame_gets_a_code_of_every_level(
    baseline: Baseline, n_ids: int, n_prompt: int
) -> None:
    prompt = prompt_of(n_prompt) if n_prompt else None
    codes = baseline.generate(drawn_ids(n_ids), prompt, BaselineOptions(), seeded())
    assert codes.shape == (CONFIG.n_levels, n_ids * RATE)
    assert codes.dtype == torch.int64
    assert 0 <= int(codes.min()) <= int(codes.max()) < CONFIG.n_codes


def test_the_prompt_is_heard(baseline: Baseline) -> None:
    ids = drawn_ids(4)
    plain = baseline.generate(ids, None, LIKELIEST, seeded())
    prompted = baseline.generate(ids, prompt_of(4), LIKELIEST, seeded())
    assert not torch.equal(plain, prompted)


def test_chunks_in_one_batch_are_what_each_is_alone(baseline: Baseline) -> None:
    coarse = drawn_ids(CONFIG.n_coarse, 3 * CONFIG.chunk_frames)
    _, prompt_codes = prompt_of(2)
    together = baseline.generate_fine(coarse, prompt_codes, LIKELIEST, seeded())
    alone = [
        baseline.generate_fine(part, prompt_codes, LIKELIEST, seeded())
        for part in coarse.split(CONFIG.chunk_frames, dim=1)
    ]
    assert torch.equal(together, torch.cat(alone, dim=1))


def test_a_long_passage_begins_as_its_first_window(baseline: Baseline) -> None:
    ids, prompt = drawn_ids(20), prompt_of(4)
    n_first = CONFIG.window_ids - 4
    whole = baseline.generate_coarse(ids, prompt, LIKELIEST, seeded())
    first = baseline.generate_coarse(ids[:n_first], prompt, LIKELIEST, seeded())
    assert torch.equal(whole[:, : n_first * RATE], first)


@pytest.mark.parametrize(("n_prompt", "n_ids"), [(0, 3), (0, 10), (4, 11), (9, 40), (3, 24)])
def test_windows_cover_all_ids_and_know_what_was_made(n_prompt: int, n_ids: int) -> None:
    windows = plan_windows(n_prompt, n_ids, CONFIG)
    assert windows[0][0] == 0
    assert windows[-1][1] == n_ids
    for (_, stop), (start, next_stop) in itertools.pairwise(windows):
        assert start == stop - CONFIG.overlap_ids
        assert next_stop > stop
    assert all(stop - start <= CONFIG.window_ids for start, stop in windows)


@pytest.mark.parametrize("n_frames", [1, 6, 7, 8, 20, 50])
def test_chunks_are_of_one_length_and_cover_all_frames(n_frames: int) -> None:
    chunks = plan_chunks(n_frames, CONFIG.chunk_frames)
    assert len({stop - start for start, stop in chunks}) == 1
    assert max(stop - start for start, stop in chunks) <= CONFIG.chunk_frames
    assert {f for start, stop in chunks for f in range(start, stop)} == set(range(n_frames))


def test_the_exported_folder_speaks_as_the_network(baseline: Baseline, tmp_path: Path) -> None:
    save_network(tmp_path, CONFIG, lively_network(), torch.float32)
    loaded = load_baseline(tmp_path, CPU)
    loaded = Baseline(loaded.network, CPU, torch.float32)
    ids = drawn_ids(5)
    wanted = baseline.generate(ids, None, LIKELIEST, seeded())
    assert torch.equal(loaded.generate(ids, None, LIKELIEST, seeded()), wanted)


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json is missing"):
        load_baseline(tmp_path, CPU)


def test_a_negative_temperature_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"temperatures -0.1 and 0.6"):
        BaselineOptions(coarse_temperature=-0.1)


IDS = torch.tensor([1, 2, 3])
PROMPT = prompt_of(2)


@pytest.mark.parametrize(
    ("semantic_ids", "prompt", "message"),
    [
        (IDS[:0], None, "semantic_ids is empty"),
        (IDS[None], None, r"semantic_ids has axes \(1, 3\)"),
        (IDS.float(), None, "must hold whole numbers, holds torch.float32"),
        (torch.tensor([1, 32]), None, "semantic_ids holds 32; ids go from 0 to 31"),
        (torch.tensor([-1]), None, "semantic_ids holds -1"),
        (IDS, prompt_of(10), "a prompt of 10 semantic ids fills the window of 10"),
        (IDS, (PROMPT[0] + 32, PROMPT[1]), "the prompt's semantic_ids holds"),
        (IDS, (PROMPT[0], PROMPT[1][:, :3]), r"the prompt's codes has axes \(4, 3\)"),
        (IDS, (PROMPT[0], PROMPT[1] + 32), "the prompt's codes holds"),
    ],
)
def test_what_cannot_be_spoken_is_refused(
    baseline: Baseline, semantic_ids: Tensor, prompt: tuple[Tensor, Tensor] | None, message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        baseline.generate(semantic_ids, prompt, LIKELIEST, seeded())
