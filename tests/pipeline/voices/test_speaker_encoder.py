from pathlib import Path

import pytest
import torch
from torch import Tensor

from pipeline.config.sizes import small, tiny
from pipeline.datatypes.sound import Waveform
from pipeline.errors import CheckpointError, ShapeError
from pipeline.files.checkpoint import save_network
from pipeline.voices.speaker_encoder import SpeakerEncoder

CPU = torch.device("cpu")


@pytest.fixture
def encoder() -> SpeakerEncoder:
    torch.manual_seed(0)
    return SpeakerEncoder(tiny().speaker).eval().requires_grad_(False)


@pytest.fixture
def sounds(speech_like: Waveform) -> Tensor:
    """(2, N): two different stretches of one length that fills no whole number of frames."""
    samples = torch.from_numpy(speech_like.samples)
    return torch.stack([samples[:20_000], samples[20_000:40_000]])


def test_embeddings_are_unit_vectors_that_tell_sounds_apart(
    encoder: SpeakerEncoder, sounds: Tensor
) -> None:
    embeddings = encoder(sounds)
    assert embeddings.shape == (2, encoder.config.embedding_dim)
    assert embeddings.dtype == torch.float32
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(2))
    assert not torch.allclose(embeddings[0], embeddings[1], atol=1e-3)


@pytest.mark.parametrize("gain", [1e-3, 0.1, 30.0])
def test_loudness_makes_no_difference(encoder: SpeakerEncoder, sounds: Tensor, gain: float) -> None:
    torch.testing.assert_close(encoder(gain * sounds), encoder(sounds), atol=1e-4, rtol=0)


@pytest.mark.parametrize("filling", [0.0, 0.5])
def test_padding_makes_no_difference_whatever_it_holds(
    encoder: SpeakerEncoder, sounds: Tensor, filling: float
) -> None:
    padded = torch.full((2, 30_000), filling)
    padded[:, :20_000] = sounds
    lengths = torch.tensor([20_000, 20_000])
    torch.testing.assert_close(encoder(padded, lengths), encoder(sounds), atol=1e-5, rtol=0)
    assert not torch.allclose(encoder(padded), encoder(sounds), atol=1e-3)


def test_a_sound_has_the_same_embedding_alone_and_beside_a_longer_one(
    encoder: SpeakerEncoder, sounds: Tensor
) -> None:
    together = encoder(sounds, torch.tensor([20_000, 7_001]))
    alone = encoder(sounds[1:, :7_001])
    torch.testing.assert_close(together[1:], alone, atol=1e-5, rtol=0)


def test_silence_and_a_single_sample_have_embeddings_too(encoder: SpeakerEncoder) -> None:
    for sound in (torch.zeros(1, 16_000), torch.full((1, 1), 0.3)):
        assert float(encoder(sound).norm()) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("samples", "lengths"),
    [
        (torch.zeros(16_000), None),
        (torch.zeros(1, 0), None),
        (torch.zeros(2, 100), torch.tensor([100])),
        (torch.zeros(1, 100), torch.tensor([0])),
        (torch.zeros(1, 100), torch.tensor([101])),
    ],
    ids=["one axis", "no sample", "a length missing", "an empty row", "too long"],
)
def test_wrong_axes_and_lengths_are_refused(
    encoder: SpeakerEncoder, samples: Tensor, lengths: Tensor | None
) -> None:
    with pytest.raises(ShapeError, match=r"speaker encoder takes|needs a length"):
        encoder(samples, lengths)


def test_a_saved_encoder_hears_the_same(
    encoder: SpeakerEncoder, sounds: Tensor, tmp_path: Path
) -> None:
    save_network(tmp_path / "speaker", encoder.config, encoder)
    loaded = SpeakerEncoder.load(tmp_path / "speaker", CPU)
    assert not loaded.training
    torch.testing.assert_close(loaded(sounds), encoder(sounds), atol=1e-2, rtol=0)


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="missing"):
        SpeakerEncoder.load(tmp_path, CPU)


def test_the_shipped_size_is_small() -> None:
    n_parameters = sum(weights.numel() for weights in SpeakerEncoder(small().speaker).parameters())
    assert 500_000 < n_parameters < 1_000_000
