"""The base size: its numbers fit, and its path works with tiny random networks for big ones."""

import dataclasses
import shutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from transformers import EncodecConfig, EncodecModel

from pipeline.audio.read import resample
from pipeline.config.sizes import DialogueConfig, base, small, tiny
from pipeline.errors import CheckpointError, ConfigError
from pipeline.semantic_to_acoustic.model import SoundStorm
from pipeline.text_to_semantic.model import TextToSemantic
from pipeline.tokenizers.codec import load_codec
from pipeline.tokenizers.encodec import EncodecCodec
from pipeline.tokenizers.semantic import SemanticTokenizer, build_encoder
from training import tokens
from training.codec import train as codec
from training.config import LoopConfig, StageOptions
from training.datasets import (
    AUDIO_NAME,
    INDEX_NAME,
    Corpus,
    TokenCorpus,
    Utterance,
    save_sample_rate,
    write_rows,
)
from training.semantic import train as semantic
from training.soundstorm import train as soundstorm
from training.text_to_semantic import train as text_to_semantic

CPU = torch.device("cpu")
RATE_HZ = 24_000
LENGTHS = (48_000, 31_437, 24_001, 40_000)  # samples at 24 kHz


def write_corpus(folder: Path) -> None:
    rows, sounds, start = [], [], 0
    for number, n_samples in enumerate(LENGTHS):
        times = np.arange(n_samples) / RATE_HZ
        sound = 6_000 * np.sin(2 * np.pi * (150 + 90 * number) * times * (1 + times))
        sounds.append(sound.astype(np.int16))
        utterance = Utterance(
            start=start,
            n_samples=n_samples,
            speaker=f"s{number % 2}",
            source="human",
            split="dev" if number == 3 else "train",
            text="it is late.",
        )
        rows.append(dataclasses.asdict(utterance))
        start += n_samples
    folder.mkdir(parents=True)
    np.concatenate(sounds).tofile(folder / AUDIO_NAME)
    save_sample_rate(folder, RATE_HZ)
    write_rows(folder / INDEX_NAME, rows)


def write_pretrained(folder: Path) -> None:
    rng = torch.Generator().manual_seed(0)
    encodec = EncodecModel(
        EncodecConfig(
            num_filters=2,
            hidden_size=8,
            codebook_dim=8,
            num_lstm_layers=1,
            target_bandwidths=[1.5, 3.0, 6.0, 12.0],
        )
    )
    for parameter in encodec.parameters():
        parameter.data.copy_(0.3 * torch.randn(parameter.shape, generator=rng))
    for layer in encodec.quantizer.layers:
        layer.codebook.embed.copy_(torch.randn(layer.codebook.embed.shape, generator=rng))
    encodec.save_pretrained(folder / "encodec")
    torch.manual_seed(0)
    build_encoder(tiny().semantic).save_pretrained(folder / "encoder")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DialogueConfig:
    """A base size in miniature, put in its place, and a corpus for it."""
    write_corpus(tmp_path / "corpus")
    write_pretrained(tmp_path)
    found = dataclasses.replace(
        base(),
        semantic=dataclasses.replace(
            tiny().semantic, n_clusters=16, pretrained=str(tmp_path / "encoder")
        ),
        codec=dataclasses.replace(base().codec, code_dim=8, pretrained=str(tmp_path / "encodec")),
        text_to_semantic=dataclasses.replace(tiny().text_to_semantic, n_semantic=16),
        soundstorm=dataclasses.replace(
            base().soundstorm,
            n_semantic=16,
            code_dim=8,
            dim=16,
            n_layers=1,
            n_heads=2,
            feed_forward_dim=32,
        ),
    )
    monkeypatch.setitem(codec.SIZES, "base", (lambda: found, codec.small_training))
    monkeypatch.setitem(semantic.SIZES, "base", lambda: found)
    training = soundstorm.base_training()
    small_steps = dataclasses.replace(
        training,
        network=found.soundstorm,
        loop=LoopConfig(max_steps=1),
        data=dataclasses.replace(training.data, batch_frames=750),
        dev_frames=150,
        n_dev_examples=1,
    )
    monkeypatch.setitem(soundstorm.SIZES, "base", lambda: small_steps)
    return found


def test_corpus_tokenizers_and_tokens_of_two_sample_rates_fit(
    config: DialogueConfig, tmp_path: Path
) -> None:
    options = StageOptions(size="base", data=tmp_path, out=tmp_path, device="cpu")
    original = EncodecCodec.load(tmp_path / "encodec", CPU, 6.0)
    codec.run(options)
    shutil.rmtree(tmp_path / "encodec")  # what was exported needs no other folder
    semantic.run(options)
    tokens.run(options)

    corpus, found = Corpus(tmp_path / "corpus"), TokenCorpus(tmp_path / "tokens")
    loaded = load_codec(tmp_path / "models" / "codec", CPU)
    assert (loaded.sample_rate_hz, loaded.frame_rate_hz) == (24_000, 75.0)
    assert (loaded.n_levels, loaded.identity) == (8, original.identity)
    tokenizer = SemanticTokenizer.load(tmp_path / "models" / "semantic")
    assert tokenizer.n_ids == config.semantic.n_clusters
    for spoken, made in zip(corpus.utterances, found.utterances, strict=True):
        ids, codes = found.semantic_ids(made), found.codes(made)
        assert len(ids) == round(spoken.n_samples / RATE_HZ * 25)
        assert codes.shape == (8, 3 * len(ids))
        samples = corpus.audio(spoken).astype(np.float32) / 2.0**15
        heard = tokenizer.encode(torch.from_numpy(resample(samples, RATE_HZ, 16_000)))
        assert float((heard == ids).float().mean()) > 0.9
        n_frames = len(samples) // 320 - 4  # what is after the end was padded or cut
        whole = original.encode(torch.from_numpy(samples)[None])[0]
        assert float((whole[:, :n_frames] == codes[:, :n_frames]).float().mean()) > 0.99
    assert len(torch.unique(torch.cat([found.semantic_ids(u) for u in found.utterances]))) > 4

    soundstorm.run(options)
    assert (tmp_path / "models" / "soundstorm" / "model.safetensors").is_file()


def test_a_pretrained_codec_of_another_shape_is_refused(
    config: DialogueConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = dataclasses.replace(config.codec, sample_rate_hz=48_000, hop_samples=640)
    wrong = dataclasses.replace(config, codec=other)
    monkeypatch.setitem(codec.SIZES, "base", (lambda: wrong, codec.small_training))
    options = StageOptions(size="base", data=tmp_path, out=tmp_path, device="cpu")
    with pytest.raises(ConfigError, match="the size describes"):
        codec.run(options)
    assert not (tmp_path / "models").exists()


def test_a_pretrained_encoder_that_is_not_there_is_reported(
    config: DialogueConfig, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "encoder")
    with pytest.raises(CheckpointError, match="encoder"):
        semantic.run(StageOptions(size="base", data=tmp_path, out=tmp_path, device="cpu"))


def test_a_codec_is_not_trained_on_sound_of_another_rate(tmp_path: Path) -> None:
    write_corpus(tmp_path / "corpus")
    with pytest.raises(ConfigError, match="make the corpus with the same --size"):
        codec.CodecJob(small().codec, codec.tiny_training(), Corpus(tmp_path / "corpus"), CPU)


@pytest.mark.parametrize("stage", [codec, semantic, soundstorm, text_to_semantic])
def test_a_size_that_no_stage_knows_is_refused(stage: ModuleType, tmp_path: Path) -> None:
    options = StageOptions(size="huge", data=tmp_path, out=tmp_path, device="cpu")
    with pytest.raises(ConfigError, match="'huge'"):
        stage.run(options)


def test_the_base_size_has_the_scale_of_the_papers() -> None:
    config = base()
    with torch.device("meta"):
        storm = SoundStorm(config.soundstorm, torch.zeros(8, 1024, config.codec.code_dim))
        text = TextToSemantic(config.text_to_semantic)
    n_storm, n_text = (sum(p.numel() for p in net.parameters()) for net in (storm, text))
    assert n_storm == pytest.approx(350e6, rel=0.15)
    assert n_text == pytest.approx(600e6, rel=0.15)


def test_the_base_sequences_are_whole_numbers_of_semantic_ids() -> None:
    network, training = base().soundstorm, soundstorm.base_training()
    lengths = [n_frames for n_frames, _ in training.data.lengths]
    wholes = (*lengths, training.dev_frames, network.segment_gap_frames, network.max_frames)
    assert all(n_frames % network.frames_per_semantic == 0 for n_frames in wholes)
    assert max(lengths) <= network.max_frames
    longest = text_to_semantic.base_training().batches.max_utterance_frames
    assert longest <= base().text_to_semantic.max_semantic_ids
