from pathlib import Path

import pytest
import torch

from pipeline.config.sizes import tiny
from pipeline.datatypes.sound import Waveform
from pipeline.errors import CheckpointError, ShapeError
from pipeline.files.checkpoint import save_network
from pipeline.tokenizers.spectral_codec import SpectralCodec

HOP = tiny().codec.hop_samples


@pytest.fixture(scope="module")
def codec() -> SpectralCodec:
    torch.manual_seed(0)
    codec = SpectralCodec(tiny().codec).eval()
    # Codebooks of a size that random latents spread over.
    codec.quantizer.codebooks.normal_(0.0, 0.1)
    return codec


@pytest.mark.parametrize("n_samples", [1, HOP - 1, HOP, HOP + 1, 7 * HOP + 5])
def test_the_last_frame_is_filled_up_with_silence(codec: SpectralCodec, n_samples: int) -> None:
    samples = torch.full((1, n_samples), 0.1)
    codes = codec.encode(samples)
    n_frames = -(-n_samples // HOP)
    assert codes.shape == (1, codec.n_levels, n_frames)
    assert codec.decode(codes).shape == (1, n_frames * HOP)
    padded = torch.nn.functional.pad(samples, (0, n_frames * HOP - n_samples))
    assert torch.equal(codec.encode(padded), codes)


def test_codes_do_not_depend_on_the_rest_of_the_batch(
    codec: SpectralCodec, rng: torch.Generator
) -> None:
    samples = 0.2 * torch.randn(5, 40 * HOP, generator=rng)
    together = codec.encode(samples)
    alone = torch.cat([codec.encode(one[None]) for one in samples])
    assert together.unique().numel() > 8
    assert torch.equal(together, alone)


def test_encoding_twice_gives_the_same_codes(codec: SpectralCodec, speech_like: Waveform) -> None:
    samples = torch.from_numpy(speech_like.samples)[None]
    assert torch.equal(codec.encode(samples), codec.encode(samples))


def test_codes_change_only_near_a_changed_sample(
    codec: SpectralCodec, rng: torch.Generator
) -> None:
    samples = 0.2 * torch.randn(1, 60 * HOP, generator=rng)
    changed = samples.clone()
    changed[:, 30 * HOP : 31 * HOP] = 0.0
    differs = (codec.encode(samples) != codec.encode(changed)).any(1)[0]
    places = differs.nonzero().squeeze(1)
    assert 30 in places.tolist()
    # Two blocks of three frames to either side, and the window's overlap.
    assert int(places.min()) >= 30 - 8
    assert int(places.max()) <= 30 + 8


def test_a_middle_chunk_decoded_with_context_equals_the_whole(
    codec: SpectralCodec, rng: torch.Generator
) -> None:
    latents = torch.randn(1, 60, tiny().codec.code_dim, generator=rng)
    with torch.no_grad():
        whole = codec.waveform(latents)
        chunk = codec.waveform(latents[:, 10:50])
    middle = slice(25 * HOP, 35 * HOP)
    shifted = slice(15 * HOP, 25 * HOP)
    assert float(whole[:, middle].std()) > 0.0
    torch.testing.assert_close(chunk[:, shifted], whole[:, middle], atol=1e-5, rtol=1e-4)


def test_coarse_levels_alone_can_be_heard(codec: SpectralCodec, rng: torch.Generator) -> None:
    codes = torch.randint(0, codec.n_codes, (2, codec.n_levels, 10), generator=rng)
    assert codec.decode(codes[:, :1]).shape == codec.decode(codes).shape
    assert bool(torch.isfinite(codec.decode(codes)).all())


def test_saving_keeps_the_identity_and_the_shape(codec: SpectralCodec, tmp_path: Path) -> None:
    save_network(tmp_path, codec.config, codec)
    loaded = SpectralCodec.load(tmp_path, torch.device("cpu"))
    assert loaded.identity == codec.identity
    assert loaded.config == codec.config
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_other_codebooks_have_another_identity(codec: SpectralCodec) -> None:
    other = SpectralCodec(tiny().codec)
    other.quantizer.codebooks.copy_(codec.codebooks)
    assert other.identity == codec.identity
    other.quantizer.codebooks[0, 0] += 1.0
    assert other.identity != codec.identity


@pytest.mark.parametrize("shape", [(0,), (1, 0), (1, 1, 320)])
def test_sound_without_samples_or_with_other_axes_is_refused(
    codec: SpectralCodec, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ShapeError, match="encode takes samples"):
        codec.encode(torch.zeros(shape))


@pytest.mark.parametrize("shape", [(4, 10), (1, 0, 10), (1, 5, 10), (1, 4, 0)])
def test_codes_with_other_axes_are_refused(codec: SpectralCodec, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="decode takes codes"):
        codec.decode(torch.zeros(shape, dtype=torch.int64))


@pytest.mark.parametrize("code", [-1, 32])
def test_ids_outside_the_codebook_are_refused(codec: SpectralCodec, code: int) -> None:
    with pytest.raises(ShapeError, match=r"codes must be in \[0, 32\)"):
        codec.decode(torch.full((1, 4, 3), code))


def test_missing_weights_are_named(codec: SpectralCodec, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="is missing"):
        SpectralCodec.load(tmp_path, torch.device("cpu"))
