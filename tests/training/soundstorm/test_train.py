"""The SoundStorm training on made-up tokens."""

import dataclasses
from pathlib import Path

import pytest
import torch
from torch import Tensor

from pipeline.config.networks import SoundStormConfig
from pipeline.config.sizes import tiny
from pipeline.errors import ConfigError
from pipeline.files.checkpoint import load_config, load_network
from pipeline.semantic_to_acoustic.model import SoundStorm
from training.config import StageOptions
from training.datasets import TokenCorpus, TokenisedUtterance, save_tokens
from training.loop import run_training
from training.soundstorm.train import (
    SoundStormJob,
    export,
    masked_cross_entropy,
    run,
    tiny_training,
)

CONFIG = tiny().soundstorm


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def made_up_corpus(folder: Path, n_ids: int = 90) -> TokenCorpus:
    """Codes are a fixed function of the semantic id and the speaker."""
    draws, utterances, semantic, codes = rng(5), [], [], []
    for index in range(12):
        speaker = index % 3
        ids = torch.randint(0, CONFIG.n_semantic, (n_ids,), generator=draws)
        frames = ids.repeat_interleave(CONFIG.frames_per_semantic)
        levels = [
            (frames * (3 + q) + 7 * speaker + q) % CONFIG.n_codes for q in range(CONFIG.n_levels)
        ]
        utterances.append(
            TokenisedUtterance(
                semantic_start=index * n_ids,
                n_semantic=n_ids,
                frame_start=index * n_ids * CONFIG.frames_per_semantic,
                n_frames=n_ids * CONFIG.frames_per_semantic,
                speaker=f"speaker {speaker}",
                source="human" if index % 2 else "flite",
                split="dev" if index > 8 else "train",
            )
        )
        semantic.append(ids)
        codes.append(torch.stack(levels))
    save_tokens(folder, torch.cat(semantic), torch.cat(codes, dim=1), utterances)
    return TokenCorpus(folder)


def codebooks(config: SoundStormConfig = CONFIG) -> Tensor:
    return torch.randn(config.n_levels, config.n_codes, config.code_dim, generator=rng(9))


@pytest.fixture
def job(tmp_path: Path) -> SoundStormJob:
    made = SoundStormJob(
        tiny_training(), made_up_corpus(tmp_path), codebooks(), torch.device("cpu")
    )
    made.dtype = torch.float32
    return made


def batch_loss(job: SoundStormJob, seed: int) -> float:
    with torch.no_grad():
        sums, counts = masked_cross_entropy(job.network, job.source.draw_batch(rng(seed)))
    return float(sums.sum() / counts.sum())


def test_one_step_lowers_the_loss_on_its_batch(job: SoundStormJob) -> None:
    before = batch_loss(job, 3)
    job.learn(job.source.draw_batch(rng(3)), 0)
    assert batch_loss(job, 3) < before


def test_before_training_a_head_says_how_often_codes_occur(job: SoundStormJob) -> None:
    utterances = job.source.corpus.select("train")
    levels = torch.cat([job.source.corpus.codes(u)[0] for u in utterances])
    counts = torch.bincount(levels, minlength=CONFIG.n_codes)
    logits = job.network.logits(torch.zeros(1, CONFIG.dim), 0)[0].detach()
    assert torch.equal(logits.argsort(stable=True), counts.argsort(stable=True))
    assert float(logits.exp().sum()) == pytest.approx(1.0, abs=1e-4)


def test_only_the_level_of_a_row_and_the_next_one_learn(job: SoundStormJob) -> None:
    batch = job.source.draw_batch(rng(1))
    hidden = ~batch.given & (torch.arange(batch.given.shape[1]) % 2 == 0)
    batch = dataclasses.replace(batch, level=torch.full_like(batch.level, 1), hidden=hidden)
    sums, counts = masked_cross_entropy(job.network, batch)
    sums.sum().backward()
    learnt = job.network.head_bias.grad.abs().sum(dim=1) > 0
    assert learnt.tolist() == [False, True, True, False]
    # The next level is only asked for where the row's own is visible.
    visible = ~batch.given & ~hidden
    assert counts.tolist() == [0, int(hidden.sum()), int(visible.sum()), 0]


def test_evaluation_tells_every_level_of_both_kinds_of_source(job: SoundStormJob) -> None:
    figures = job.evaluate(rng())
    levels = [f"level_{level + 1}" for level in range(CONFIG.n_levels)]
    wanted = {f"{kind}_{name}" for kind in ("human", "synthetic") for name in levels}
    wanted |= {"human_level_1_no_voice", "synthetic_level_1_no_voice"}
    assert figures.keys() == wanted
    assert figures == job.evaluate(rng(1))


def test_the_exported_average_loads_into_the_shipped_network(
    job: SoundStormJob, tmp_path: Path
) -> None:
    run_training(job, dataclasses.replace(job.training.loop, max_steps=3), tmp_path / "run")
    export(job, tmp_path / "model")
    loaded = SoundStorm(load_config(tmp_path / "model", SoundStormConfig))
    load_network(tmp_path / "model", loaded)
    batch = job.source.draw_batch(rng(2))
    with torch.no_grad():
        wanted = masked_cross_entropy(job.average, batch)[0]
        assert torch.allclose(masked_cross_entropy(loaded, batch)[0], wanted, rtol=1e-2)


def test_an_unknown_size_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"size 'huge'.*small.*tiny"):
        run(StageOptions(size="huge", data=tmp_path, out=tmp_path))


@pytest.mark.slow
def test_four_examples_are_learnt_by_heart(job: SoundStormJob) -> None:
    batch = job.source.draw_batch(rng(3))
    assert len(batch.level) >= 2
    for step in range(400):
        job.learn(batch, step)
    with torch.no_grad():
        sums, counts = masked_cross_entropy(job.network, batch)
    assert float(sums.sum() / counts.sum()) < 0.1
