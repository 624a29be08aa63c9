import copy
import dataclasses
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.config.sizes import tiny
from pipeline.errors import CheckpointError, ConfigError
from pipeline.files.checkpoint import save_network
from pipeline.tokenizers.spectral_codec import SpectralCodec
from pipeline.voices.speaker_encoder import SpeakerEncoder
from training.config import LoopConfig, StageOptions
from training.datasets import AUDIO_NAME, INDEX_NAME, Corpus, Utterance, write_rows
from training.loop import run_training
from training.speaker import train as stage
from training.speaker.train import (
    AngularPrototypicalLoss,
    SpeakerJob,
    SpeakerTraining,
    export,
    tiny_training,
)

CPU = torch.device("cpu")
PITCHES_HZ = (110, 150, 210, 290)


def write_corpus(folder: Path, n_dev_speakers: int = 2, n_each: int = 4) -> Corpus:
    """Speakers of four pitches, heard in train; the first of them in dev, too."""
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True)
    rows, start = [], 0
    time_s = np.arange(16_000) / 16_000
    with (folder / AUDIO_NAME).open("wb") as file:
        for split, n_speakers in (("train", 4), ("dev", n_dev_speakers)):
            for number in range(n_speakers * n_each):
                pitch_hz = PITCHES_HZ[number % n_speakers] * rng.uniform(0.97, 1.03)
                phases = rng.uniform(0, 2 * np.pi, 12)
                sound = sum(
                    np.sin(2 * np.pi * k * pitch_hz * time_s + phases[k]) / k for k in range(1, 12)
                )
                file.write((3_000 * sound).astype(np.int16).tobytes())
                utterance = Utterance(
                    start=start,
                    n_samples=len(time_s),
                    speaker=f"speaker{number % n_speakers}",
                    source="world",
                    split=split,
                )
                rows.append(dataclasses.asdict(utterance))
                start += len(time_s)
    write_rows(folder / INDEX_NAME, rows)
    return Corpus(folder)


def make_codec() -> SpectralCodec:
    codec = SpectralCodec(tiny().codec).eval()
    codec.quantizer.codebooks.copy_(torch.randn(codec.quantizer.codebooks.shape))
    return codec


def make_job(corpus: Corpus, training: SpeakerTraining | None = None) -> SpeakerJob:
    torch.manual_seed(0)
    return SpeakerJob(tiny().speaker, training or tiny_training(), corpus, make_codec(), CPU)


def test_steps_lower_the_loss_and_part_the_speakers(tmp_path: Path, rng: torch.Generator) -> None:
    training = dataclasses.replace(tiny_training(), average_decay=0.5)
    job = make_job(write_corpus(tmp_path / "corpus"), training)
    losses = [float(job.train_step(step, rng)["loss"]) for step in range(40)]
    assert sum(losses[-5:]) < 0.5 * sum(losses[:5])
    figures = job.evaluate(rng)
    assert figures.keys() == {
        f"{manner}synthetic_{name}" for manner in ("", "coded_") for name in ("eer", "own", "other")
    }
    assert figures["synthetic_eer"] < 0.2
    assert figures["synthetic_own"] > figures["synthetic_other"]


def test_a_resumed_training_repeats_an_unbroken_one(tmp_path: Path) -> None:
    corpus = write_corpus(tmp_path / "corpus")
    whole, first, second = make_job(corpus), make_job(corpus), make_job(corpus)
    config = LoopConfig(max_steps=6, warmup_steps=2, evaluate_every=3)
    run_training(whole, config, tmp_path / "whole")
    steps = iter(range(3))
    step_of = first.train_step

    def stop_after_three(step: int, rng: torch.Generator) -> dict[str, float | torch.Tensor]:
        figures = step_of(step, rng)
        if next(steps, None) == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return figures

    first.train_step = stop_after_three  # type: ignore[method-assign]
    with pytest.raises(SystemExit, match="stopped and saved at step 3"):
        run_training(first, config, tmp_path / "parts")
    run_training(second, config, tmp_path / "parts")
    for name, module in whole.modules.items():
        for a, b in zip(module.parameters(), second.modules[name].parameters(), strict=True):
            assert torch.equal(a, b), name


def test_the_same_generator_state_draws_the_same_batch(tmp_path: Path) -> None:
    job = make_job(write_corpus(tmp_path / "corpus"))
    draws = [job._draw_crops(torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)]
    assert torch.equal(draws[0].samples, draws[1].samples)
    assert draws[0].samples.shape != draws[2].samples.shape


def test_the_loss_is_least_where_speakers_are_parted() -> None:
    loss = AngularPrototypicalLoss()
    corners = torch.eye(4)[:, None].expand(4, 3, 4)
    mixed = corners.roll(1, dims=0).clone()
    mixed[:, 1:] = corners[:, 1:]
    same = torch.ones(4, 3, 4) / 2
    parted, guessed, wrong = (float(loss(e).detach()) for e in (corners, same, mixed))
    assert parted < guessed < wrong
    assert guessed == pytest.approx(float(torch.tensor(4.0).log()), abs=1e-5)


def test_the_export_flags_the_share_it_was_asked_to(tmp_path: Path) -> None:
    training = dataclasses.replace(tiny_training(), flagged_share=0.25)
    job = make_job(write_corpus(tmp_path / "corpus"), training)
    before = copy.deepcopy(job.average)
    export(job, tmp_path / "speaker")
    encoder = SpeakerEncoder.load(tmp_path / "speaker", CPU)
    for a, b in zip(encoder.parameters(), before.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-3, rtol=1e-3)
    (pairs,) = job._pairs.values()
    own, other = pairs.similarities(encoder, CPU, coded=True)
    assert len(own) == 2 * 3 * 2
    assert len(other) == 2 * 3 * 3
    flagged = float((own < encoder.config.threshold_for(training.turn_s)).float().mean())
    assert flagged == pytest.approx(0.25, abs=1 / len(own))


def test_a_run_exports_an_encoder_and_goes_on_where_it_is_done(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus")
    options = StageOptions(size="tiny", data=tmp_path, out=tmp_path, device="cpu")
    with pytest.raises(CheckpointError, match="codec"):
        stage.run(options)
    torch.manual_seed(0)
    save_network(tmp_path / "models" / "codec", tiny().codec, make_codec())
    stage.run(options)
    encoder = SpeakerEncoder.load(tmp_path / "models" / "speaker", CPU)
    assert -1.0 < encoder.config.threshold <= 1.0
    stage.run(options)
    again = SpeakerEncoder.load(tmp_path / "models" / "speaker", CPU)
    for a, b in zip(encoder.parameters(), again.parameters(), strict=True):
        assert torch.equal(a, b)
    assert again.config == encoder.config


def test_a_corpus_with_too_few_speakers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs two speakers"):
        make_job(write_corpus(tmp_path / "one", n_dev_speakers=1))
    with pytest.raises(ConfigError, match="one of them with two utterances"):
        make_job(write_corpus(tmp_path / "single", n_each=1))


def test_an_unknown_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no training for size 'huge'"):
        stage.run(StageOptions(size="huge", data=tmp_path, out=tmp_path))


@pytest.mark.parametrize("change", [{"n_speakers": 1}, {"n_crops": 1}])
def test_batches_without_anything_to_compare_are_refused(change: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="two speakers and two crops"):
        SpeakerTraining(**change)
