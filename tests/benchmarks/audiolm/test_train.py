"""The autoregressive baseline's training on made-up tokens."""

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks.audiolm.config import like_soundstorm
from benchmarks.audiolm.generate import BaselineOptions, load_baseline
from benchmarks.audiolm.train import (
    BaselineJob,
    BaselineTraining,
    export,
    level_losses,
    run,
    small_training,
    tiny_training,
)
from pipeline.config.sizes import tiny
from pipeline.errors import ConfigError
from training.config import StageOptions
from training.datasets import TokenCorpus, TokenisedUtterance, save_tokens
from training.loop import run_training

STORM = tiny().soundstorm
CONFIG = like_soundstorm(STORM)
STAGES = ("coarse", "fine")


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def made_up_corpus(folder: Path, n_ids: int = 40) -> TokenCorpus:
    """Codes are a fixed function of the semantic id, the speaker and the level."""
    draws, rate = rng(5), STORM.frames_per_semantic
    utterances, semantic, codes = [], [], []
    for index in range(8):
        ids = torch.randint(0, STORM.n_semantic, (n_ids,), generator=draws)
        frames = ids.repeat_interleave(rate)
        levels = [(frames * (3 + q) + 7 * (index % 2) + q) % STORM.n_codes for q in range(4)]
        utterances.append(
            TokenisedUtterance(
                semantic_start=index * n_ids,
                n_semantic=n_ids,
                frame_start=index * n_ids * rate,
                n_frames=n_ids * rate,
                speaker=f"speaker {index % 2}",
                source="human" if index % 2 else "flite",
                split="dev" if index > 5 else "train",
            )
        )
        semantic.append(ids)
        codes.append(torch.stack(levels))
    save_tokens(folder, torch.cat(semantic), torch.cat(codes, dim=1), utterances)
    return TokenCorpus(folder)


def codebooks() -> Tensor:
    return torch.randn(STORM.n_levels, STORM.n_codes, STORM.code_dim, generator=rng(9))


@pytest.fixture
def job(tmp_path: Path) -> BaselineJob:
    corpus = made_up_corpus(tmp_path / "tokens")
    return BaselineJob(tiny_training(), corpus, codebooks(), torch.device("cpu"))


def batch_loss(job: BaselineJob, stage: str, seed: int) -> float:
    network = job.network.coarse if stage == "coarse" else job.network.fine
    with torch.no_grad():
        return float(level_losses(network, job.source.draw_batch(stage, rng(seed))).mean())


@pytest.mark.parametrize("stage", STAGES)
def test_one_step_lowers_the_loss_on_its_batch(job: BaselineJob, stage: str) -> None:
    before = batch_loss(job, stage, 3)
    job.learn(stage, job.source.draw_batch(stage, rng(3)), 0)
    assert batch_loss(job, stage, 3) < before


def test_a_coarse_batch_holds_the_codes_of_its_ids(job: BaselineJob) -> None:
    batch = job.source.draw_batch("coarse", rng(1))
    frames = batch.prefix.repeat_interleave(STORM.frames_per_semantic, dim=1)
    assert batch.codes.shape == (len(frames), CONFIG.n_coarse, frames.shape[1])
    by_speaker = [(frames * 3 + 7 * speaker) % STORM.n_codes for speaker in (0, 1)]
    for row, codes in enumerate(batch.codes[:, 0]):
        assert any(torch.equal(codes, made[row]) for made in by_speaker)


def test_a_fine_batch_holds_the_coarse_codes_of_its_frames(job: BaselineJob) -> None:
    batch = job.source.draw_batch("fine", rng(1))
    B, n, T = batch.codes.shape
    assert n == CONFIG.n_fine
    coarse = batch.prefix.view(B, T, CONFIG.n_coarse)
    assert 0 <= int(coarse.min()) <= int(coarse.max()) < STORM.n_codes
    # levels 1 and 2 of one frame determine its semantic id and speaker here
    assert torch.equal(
        (coarse[..., 1] - coarse[..., 0]) % 32, (batch.codes[:, 0] - coarse[..., 1]) % 32
    )


def test_stages_take_turns_and_each_learns_in_its_own(job: BaselineJob) -> None:
    training = job.training
    for step in range(training.n_turns):
        is_coarse = step < training.n_coarse_turns
        before = {n: p.clone() for n, p in job.network.named_parameters()}
        job.train_step(step, rng(step))
        moved = {
            n.split(".")[0] for n, p in job.network.named_parameters() if not p.equal(before[n])
        }
        assert moved == {"coarse" if is_coarse else "fine"}


def test_evaluation_tells_every_level_of_both_kinds_of_source(job: BaselineJob) -> None:
    figures = job.evaluate(rng())
    assert figures.keys() == {
        f"{kind}_level_{level + 1}" for kind in ("human", "synthetic") for level in range(4)
    }
    assert figures == job.evaluate(rng(1))


def test_before_training_a_head_says_how_often_codes_occur(job: BaselineJob) -> None:
    for stage in (job.network.coarse, job.network.fine):
        shares = stage.head_bias.detach().exp()
        assert torch.allclose(shares.sum(dim=1), torch.ones(len(shares)), atol=1e-4)


def test_a_run_exports_a_baseline_that_speaks_and_goes_on_where_it_stopped(
    job: BaselineJob, tmp_path: Path
) -> None:
    loop = dataclasses.replace(job.training.loop, max_steps=6)
    run_training(job, dataclasses.replace(loop, max_steps=3), tmp_path / "run")
    again = BaselineJob(
        job.training, TokenCorpus(tmp_path / "tokens"), codebooks(), torch.device("cpu")
    )
    run_training(again, loop, tmp_path / "run")
    export(again, tmp_path / "models")
    baseline = load_baseline(tmp_path / "models", torch.device("cpu"))
    codes = baseline.generate(torch.tensor([1, 2, 3]), None, BaselineOptions(), rng())
    assert codes.shape == (STORM.n_levels, 3 * STORM.frames_per_semantic)


def test_the_shipped_size_has_soundstorms_shape_and_learns_whole_windows() -> None:
    training: BaselineTraining = small_training()
    config = like_soundstorm(training.storm)
    longest = max(n_frames for n_frames, _ in training.coarse_data.lengths)
    assert longest == config.window_ids * config.frames_per_semantic
    longest = max(n_frames for n_frames, _ in training.fine_data.lengths)
    assert longest == config.chunk_frames + config.fine_prompt_frames


def test_an_unknown_size_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"size 'base'.*small.*tiny"):
        run(StageOptions(size="base", data=tmp_path, out=tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_one_batch_is_learnt_by_heart(job: BaselineJob, stage: str) -> None:
    batch = job.source.draw_batch(stage, rng(3))
    for step in range(300):
        losses = job.learn(stage, batch, step)
    assert losses
    assert batch_loss(job, stage, 3) < 0.3
