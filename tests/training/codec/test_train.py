import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.config.sizes import tiny
from pipeline.datatypes.sound import Waveform
from pipeline.errors import ConfigError
from pipeline.tokenizers.codec import load_codec
from training.codec import train as stage
from training.codec.train import CodecJob, CodecTraining, tiny_training
from training.config import StageOptions
from training.datasets import AUDIO_NAME, INDEX_NAME, Corpus


def _write_corpus(folder: Path, sound: Waveform, splits: tuple[str, ...]) -> Corpus:
    folder.mkdir(parents=True)
    samples = (sound.samples * 32767).astype(np.int16)
    np.tile(samples, len(splits)).tofile(folder / AUDIO_NAME)
    rows = [
        {
            "start": i * len(samples),
            "n_samples": len(samples),
            "speaker": f"speaker{i}",
            "source": "world",
            "split": split,
            "text": "",
            "phones": [],
        }
        for i, split in enumerate(splits)
    ]
    (folder / INDEX_NAME).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return Corpus(folder)


def _job(folder: Path, sound: Waveform, training: CodecTraining) -> CodecJob:
    torch.manual_seed(0)
    corpus = _write_corpus(folder / "corpus", sound, ("train", "train", "dev"))
    return CodecJob(tiny().codec, training, corpus, torch.device("cpu"))


def test_steps_lower_the_loss_and_codebooks_start_in_time(
    tmp_path: Path, speech_like: Waveform, rng: torch.Generator
) -> None:
    job = _job(tmp_path, speech_like, tiny_training())
    figures = []
    for step in range(30):
        figures.append(job.train_step(step, rng))
        assert job.learner.started == (step >= job.training.quantise_from)
    assert float(figures[-1]["mel"]) < 0.8 * float(figures[0]["mel"])
    assert "discriminators" not in figures[-1]


def test_discriminators_join_when_the_progress_says_so(
    tmp_path: Path, speech_like: Waveform, rng: torch.Generator
) -> None:
    training = dataclasses.replace(tiny_training(), quantise_from=1, collect_steps=1)
    job = _job(tmp_path, speech_like, training)
    before = [p.clone() for p in job.discriminators.parameters()]
    for step in range(2):
        job.train_step(step, rng)
    assert all(
        torch.equal(a, b) for a, b in zip(before, job.discriminators.parameters(), strict=True)
    )
    job.progress = 0.9
    figures = job.train_step(2, rng)
    assert {"discriminators", "deception", "feature"} <= figures.keys()
    assert any(
        not torch.equal(a, b) for a, b in zip(before, job.discriminators.parameters(), strict=True)
    )
    assert all(p.requires_grad for p in job.discriminators.parameters())


def test_crops_of_short_utterances_are_filled_with_silence_and_never_clip(
    tmp_path: Path, rng: torch.Generator
) -> None:
    loud = Waveform(samples=np.full(1000, 0.9, dtype=np.float32), sample_rate_hz=16_000)
    job = _job(tmp_path, loud, tiny_training())
    crops = job._draw_crops(rng)
    assert crops.shape == (4, 25 * 320)
    assert bool((crops[:, 1000:] == 0.0).all())
    assert 0.0 < float(crops.abs().max()) < 1.0


def test_the_same_generator_state_draws_the_same_crops(
    tmp_path: Path, speech_like: Waveform
) -> None:
    job = _job(tmp_path, speech_like, tiny_training())
    draws = [job._draw_crops(torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_evaluation_tells_distance_and_the_use_of_each_level(
    tmp_path: Path, speech_like: Waveform, rng: torch.Generator
) -> None:
    job = _job(tmp_path, speech_like, tiny_training())
    figures = job.evaluate(rng)
    assert figures["mel"] > 0.0
    for level in range(1, 5):
        assert 1.0 <= figures[f"perplexity_{level}"] <= 32.0


def test_a_run_exports_a_codec_that_loads(tmp_path: Path, speech_like: Waveform) -> None:
    _write_corpus(tmp_path / "corpus", speech_like, ("train", "dev"))
    stage.run(StageOptions(size="tiny", data=tmp_path, out=tmp_path, device="cpu"))
    codec = load_codec(tmp_path / "models" / "codec", torch.device("cpu"))
    codes = codec.encode(torch.from_numpy(speech_like.samples)[None])
    assert codes.unique().numel() > 4
    assert bool(torch.isfinite(codec.decode(codes)).all())


def test_a_corpus_without_held_out_speech_is_refused(tmp_path: Path, tone: Waveform) -> None:
    corpus = _write_corpus(tmp_path / "corpus", tone, ("train",))
    with pytest.raises(ConfigError, match="both splits"):
        CodecJob(tiny().codec, tiny_training(), corpus, torch.device("cpu"))


def test_an_unknown_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no training for size 'huge'"):
        stage.run(StageOptions(size="huge", data=tmp_path, out=tmp_path))


def test_a_training_without_steps_before_kmeans_is_refused() -> None:
    with pytest.raises(ConfigError, match="at least one step"):
        CodecTraining(quantise_from=0)
