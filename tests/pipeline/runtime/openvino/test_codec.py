"""OpenVINO's decoder of the codec against torch's."""

import pytest
import torch

from pipeline.config.sizes import tiny
from pipeline.runtime.openvino.codec import STEP_FRAMES, SpectrumEngine
from pipeline.tokenizers.spectral_codec import SpectralCodec

CONFIG = tiny().codec


@pytest.fixture(scope="module")
def codec() -> SpectralCodec:
    torch.manual_seed(0)
    return SpectralCodec(CONFIG).eval().requires_grad_(False)


def codes(n_rows: int, n_frames: int) -> torch.Tensor:
    rng = torch.Generator().manual_seed(n_frames)
    return torch.randint(CONFIG.n_codes, (n_rows, CONFIG.n_levels, n_frames), generator=rng)


@pytest.mark.parametrize("n_frames", [1, 17, STEP_FRAMES, STEP_FRAMES + 1])
@pytest.mark.parametrize("n_rows", [1, 3])
def test_it_computes_what_torch_does(codec: SpectralCodec, n_rows: int, n_frames: int) -> None:
    latents = codec.quantizer.decode(codes(n_rows, n_frames))
    made = SpectrumEngine(codec, 1, torch.float32).predict_frames(latents)
    assert torch.allclose(made, codec.predict_frames(latents), atol=1e-4)


def test_a_sound_is_the_same_whatever_is_decoded_beside_it(codec: SpectralCodec) -> None:
    codec.engine = SpectrumEngine(codec, 1, torch.float32)
    together = codec.decode(codes(3, 20))
    alone = codec.decode(codes(3, 20)[1:2])
    codec.engine = None
    assert torch.equal(together[1:2], alone)
    assert torch.allclose(alone, codec.decode(codes(3, 20)[1:2]), atol=0.05)
