import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import SeamlessM4TFeatureExtractor

from pipeline.config.networks import SemanticConfig
from pipeline.config.sizes import tiny
from pipeline.errors import CheckpointError, ShapeError
from pipeline.files.checkpoint import save_config, save_network
from pipeline.tokenizers.semantic import (
    SemanticTokenizer,
    average_pairs,
    build_encoder,
    log_mel,
    normalise_mel,
    utterance_mel,
)

CONFIG = tiny().semantic


def make_sound(n_samples: int, seed: int = 0) -> Tensor:
    """A tone whose pitch and loudness wander, in noise."""
    rng = torch.Generator().manual_seed(seed)
    time_s = torch.arange(n_samples) / 16_000
    pitch_hz = 200 + 150 * torch.sin(2 * torch.pi * (0.5 + seed) * time_s)
    tone = torch.sin(2 * torch.pi * torch.cumsum(pitch_hz, dim=0) / 16_000)
    return 0.2 * tone * torch.sin(3 * time_s) + 0.01 * torch.randn(n_samples, generator=rng)


@pytest.fixture
def tokenizer() -> SemanticTokenizer:
    torch.manual_seed(0)
    made = SemanticTokenizer(CONFIG, build_encoder(CONFIG)).eval().requires_grad_(False)
    hidden = torch.cat(made.hidden_states([make_sound(16_000, seed) for seed in range(4)]))
    made.quantiser.mean.copy_(hidden.mean(dim=0))
    made.quantiser.std.copy_(hidden.std(dim=0))
    points = (hidden - made.quantiser.mean) / made.quantiser.std
    made.quantiser.centroids.copy_(points[torch.linspace(0, 99, CONFIG.n_clusters).long()])
    return made


def test_log_mel_equals_the_feature_extractor_of_the_pretrained_encoder() -> None:
    samples = make_sound(16_077)
    expected = SeamlessM4TFeatureExtractor()(
        samples.numpy(), sampling_rate=16_000, return_tensors="pt", pad_to_multiple_of=None
    )["input_features"][0]
    mel = normalise_mel(log_mel(samples))
    ours = mel[: len(mel) // 2 * 2].reshape(-1, 160)
    torch.testing.assert_close(ours, expected.to(torch.float32), atol=2e-3, rtol=0)


def test_log_mel_refuses_less_than_one_window() -> None:
    with pytest.raises(ShapeError, match="400 samples, not 399"):
        log_mel(torch.zeros(399))


def test_digital_silence_gives_finite_features() -> None:
    assert torch.isfinite(normalise_mel(log_mel(torch.zeros(4_000)))).all()


@pytest.mark.parametrize("n_samples", [1, 319, 320, 959, 960, 16_000, 16_319, 16_320])
def test_every_id_has_four_mel_frames_and_there_are_25_a_second(
    tokenizer: SemanticTokenizer, n_samples: int
) -> None:
    ids = tokenizer.encode(make_sound(n_samples))
    assert len(ids) == max(1, (n_samples + 320) // 640)
    assert utterance_mel(make_sound(n_samples), len(ids)).shape == (4 * len(ids), 80)


def test_ids_are_in_the_alphabet_and_tell_sounds_apart(tokenizer: SemanticTokenizer) -> None:
    ids = tokenizer.encode(make_sound(32_000))
    assert ids.dtype == torch.int64
    assert 0 <= int(ids.min()) <= int(ids.max()) < tokenizer.n_ids
    assert len(ids.unique()) > 4


def test_encoding_together_equals_encoding_alone(tokenizer: SemanticTokenizer) -> None:
    recordings = [make_sound(n_samples, seed=n_samples) for n_samples in (5_000, 16_000, 9_000)]
    for alone, together in zip(
        (tokenizer.hidden_states([recording])[0] for recording in recordings),
        tokenizer.hidden_states(recordings),
        strict=True,
    ):
        torch.testing.assert_close(alone, together, atol=1e-4, rtol=1e-4)


def test_loudness_does_not_change_the_ids(tokenizer: SemanticTokenizer) -> None:
    samples = make_sound(16_000)
    assert torch.equal(tokenizer.encode(samples), tokenizer.encode(samples / 2))


def test_windows_of_a_long_recording_agree_with_the_whole(
    tokenizer: SemanticTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = make_sound(16_000 * 8)
    whole = tokenizer.encode(samples)
    monkeypatch.setattr("pipeline.tokenizers.semantic._WINDOW_FRAMES", 200)
    in_windows = tokenizer.encode(samples)
    assert in_windows.shape == whole.shape
    assert float((in_windows == whole).float().mean()) > 0.9


@pytest.mark.parametrize("shape", [(0,), (2, 16_000)])
def test_a_recording_without_samples_or_with_channels_is_refused(
    tokenizer: SemanticTokenizer, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ShapeError, match="a recording is"):
        tokenizer.encode(torch.zeros(shape))


def test_only_the_layers_up_to_the_clustered_one_are_kept(tokenizer: SemanticTokenizer) -> None:
    assert len(tokenizer.encoder.encoder.layers) == CONFIG.layer < CONFIG.n_layers


def test_pairs_are_averaged() -> None:
    frames = torch.tensor([[0.0], [2.0], [4.0], [8.0]])
    assert average_pairs(frames).flatten().tolist() == [1.0, 6.0]


def test_what_was_saved_gives_the_same_ids_when_loaded(
    tokenizer: SemanticTokenizer, tmp_path: Path
) -> None:
    tokenizer.save(tmp_path)
    loaded = SemanticTokenizer.load(tmp_path)
    loaded.compute_dtype = torch.float32
    samples = make_sound(32_000)
    agreement = (loaded.encode(samples) == tokenizer.encode(samples)).float().mean()
    assert loaded.config == CONFIG
    assert loaded.rate_hz == 25
    assert float(agreement) > 0.9  # weights were rounded to float16


def test_a_pretrained_encoder_is_loaded_from_its_own_folder(tmp_path: Path) -> None:
    torch.manual_seed(1)
    encoder = build_encoder(CONFIG)
    encoder.save_pretrained(tmp_path / "encoder")
    config = dataclasses.replace(CONFIG, pretrained="encoder")
    whole = SemanticTokenizer(config, encoder).eval()
    whole.quantiser.centroids.normal_(generator=torch.Generator().manual_seed(0))
    whole.save(tmp_path)
    loaded = SemanticTokenizer.load(tmp_path)
    loaded.compute_dtype = torch.float32
    samples = make_sound(16_000)
    with torch.no_grad():
        expected = whole.hidden_states([samples])[0]
    torch.testing.assert_close(loaded.hidden_states([samples])[0], expected)
    assert len(loaded.encoder.encoder.layers) == CONFIG.layer
    assert not np.any([name.startswith("encoder") for name in loaded.quantiser.state_dict()])


def test_a_pretrained_encoder_that_is_not_there_is_reported(tmp_path: Path) -> None:
    config: SemanticConfig = dataclasses.replace(CONFIG, pretrained=str(tmp_path / "absent"))
    save_config(tmp_path, config)
    with pytest.raises(CheckpointError, match="absent"):
        SemanticTokenizer.load(tmp_path)


def test_weights_of_another_shape_are_refused(tokenizer: SemanticTokenizer, tmp_path: Path) -> None:
    save_network(tmp_path, dataclasses.replace(CONFIG, n_clusters=64), tokenizer)
    with pytest.raises(CheckpointError, match="does not fit"):
        SemanticTokenizer.load(tmp_path)
