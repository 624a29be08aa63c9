import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.config.sizes import tiny
from pipeline.tokenizers.spectral_codec import SpectralCodec
from training.datasets import (
    AUDIO_NAME,
    INDEX_NAME,
    Corpus,
    Utterance,
    save_sample_rate,
    write_rows,
)
from training.speaker.data import SpeakerSource, add_noise, through_codec

RATE_HZ = 16_000


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Four utterances of two speakers; the samples of utterance i all are 1000 * (i + 1)."""
    lengths, rows, start = (16_000, 8_000, 16_000, 16_000), [], 0
    for number, n_samples in enumerate(lengths):
        utterance = Utterance(
            start=start,
            n_samples=n_samples,
            speaker="ab"[number % 2],
            source="human",
            split="train",
        )
        rows.append(dataclasses.asdict(utterance))
        start += n_samples
    values = np.repeat([1000 * (i + 1) for i in range(4)], lengths).astype(np.int16)
    values.tofile(tmp_path / AUDIO_NAME)
    write_rows(tmp_path / INDEX_NAME, rows)
    return Corpus(tmp_path)


def _source(corpus: Corpus) -> SpeakerSource:
    return SpeakerSource(corpus, corpus.select("train"), RATE_HZ)


def test_crops_of_a_speaker_are_of_different_utterances_and_end_in_silence(
    corpus: Corpus, rng: torch.Generator
) -> None:
    crops = _source(corpus).draw(2, 2, 12_000, rng)
    assert crops.samples.shape == (4, 12_000)
    assert crops.speakers.reshape(2, 2).diff().tolist() == [[0], [0]]
    assert len(crops.utterances.unique()) == 4
    assert sorted(crops.n_samples.tolist()) == [8_000, 12_000, 12_000, 12_000]
    for samples, n_samples in zip(crops.samples, crops.n_samples.tolist(), strict=True):
        assert bool((samples[:n_samples] > 0).all())
        assert bool((samples[n_samples:] == 0).all())


def test_no_more_speakers_are_drawn_than_there_are(corpus: Corpus, rng: torch.Generator) -> None:
    crops = _source(corpus).draw(40, 3, 8_000, rng)
    assert len(crops.samples) == 2 * 3
    assert len(crops.utterances.unique()) == 4


def test_held_out_crops_are_spread_over_each_speakers_utterances(corpus: Corpus) -> None:
    source = _source(corpus)
    assert len(source.spread(1, 4_000, place=0.0).samples) == 2
    every = source.spread(5, 4_000, place=0.5)
    levels = (every.samples[:, 0] * 2**15 / 1000).round().int().tolist()
    assert sorted(levels) == [1, 2, 3, 4]
    assert every.speakers.tolist() == [0, 0, 1, 1]


def test_crops_come_at_the_rate_asked_for(corpus: Corpus, rng: torch.Generator) -> None:
    save_sample_rate(corpus.folder, 24_000)
    faster = Corpus(corpus.folder)
    crops = _source(faster).draw(2, 2, 4_000, rng)
    assert crops.n_samples.tolist() == [4_000] * 4
    assert (
        pytest.approx(int(_source(faster).spread(9, 16_000, 0.0).n_samples.min()), abs=2)
        == 8_000 * 2 / 3
    )


def test_noise_has_the_ratio_asked_for(rng: torch.Generator) -> None:
    crops = torch.sin(torch.arange(48_000) * 0.1).repeat(3, 1) * torch.tensor([[1.0], [0.1], [0.0]])
    noisy = add_noise(crops, rng, (20.0, 20.0))
    noise = noisy - crops
    ratio_db = 10 * torch.log10(crops.square().mean(1) / noise.square().mean(1))
    assert ratio_db[:2].tolist() == pytest.approx([20.0, 20.0], abs=0.2)
    assert bool((noise[2] == 0).all())


def test_sound_through_the_codec_keeps_its_length_at_any_rate() -> None:
    torch.manual_seed(0)
    codec = SpectralCodec(tiny().codec).eval()
    codec.quantizer.codebooks.copy_(torch.randn(codec.quantizer.codebooks.shape))
    samples = 0.1 * torch.randn(2, 9_999)
    coded = through_codec(samples, RATE_HZ, codec, n_levels=4)
    assert coded.shape == samples.shape
    assert torch.equal(coded, codec.decode(codec.encode(samples))[:, :9_999])
    assert not torch.equal(coded, through_codec(samples, RATE_HZ, codec, n_levels=1))
    assert through_codec(samples, 24_000, codec, n_levels=4).shape == samples.shape
