import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import EncodecConfig, EncodecModel

from pipeline.acoustic_to_waveform.decode import acoustic_to_waveform
from pipeline.datatypes.tokens import AcousticTokens
from pipeline.errors import CheckpointError, ConfigError, ShapeError
from pipeline.tokenizers.codec import load_codec
from pipeline.tokenizers.encodec import EncodecCodec

CPU = torch.device("cpu")
N_LEVELS, N_CODES, HOP = 8, 1024, 320


def tiny_config(**changes: object) -> EncodecConfig:
    """The 24 kHz model's rates, levels and bandwidths on a few channels."""
    return EncodecConfig(
        **{
            "num_filters": 2,
            "hidden_size": 8,
            "codebook_dim": 8,
            "num_lstm_layers": 1,
            "target_bandwidths": [1.5, 3.0, 6.0],
            **changes,
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    generator = torch.Generator().manual_seed(0)
    model = EncodecModel(tiny_config())
    for parameter in model.parameters():
        parameter.data.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    for layer in model.quantizer.layers:
        codebook = layer.codebook.embed
        codebook.copy_(torch.randn(codebook.shape, generator=generator))
    path = tmp_path_factory.mktemp("encodec")
    model.save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def codec(folder: Path) -> EncodecCodec:
    return EncodecCodec.load(folder, CPU)


def noise(batch: int, n_samples: int) -> Tensor:
    return 0.1 * torch.randn(batch, n_samples, generator=torch.Generator().manual_seed(1))


def test_rates_and_levels_are_those_of_the_24_khz_model(codec: EncodecCodec) -> None:
    assert codec.sample_rate_hz == 24_000
    assert codec.frame_rate_hz == 75.0
    assert (codec.n_levels, codec.n_codes) == (N_LEVELS, N_CODES)


@pytest.mark.parametrize("n_samples", [1, HOP - 1, HOP, HOP + 1, 10 * HOP])
def test_frames_cover_every_sample_and_decode_to_whole_hops(
    codec: EncodecCodec, n_samples: int
) -> None:
    codes = codec.encode(noise(2, n_samples))
    T = -(-n_samples // HOP)
    assert codes.shape == (2, N_LEVELS, T)
    assert codes.dtype == torch.int64
    assert codec.decode(codes).shape == (2, T * HOP)
    assert codec.decode(codes).dtype == torch.float32


def test_codebooks_are_the_vectors_that_decoding_sums(folder: Path, codec: EncodecCodec) -> None:
    assert codec.codebooks.shape == (N_LEVELS, N_CODES, 8)
    codes = codec.encode(noise(1, 5 * HOP))
    vectors = torch.stack([codec.codebooks[q, codes[0, q]] for q in range(N_LEVELS)]).sum(0)
    model = EncodecModel.from_pretrained(folder)
    with torch.inference_mode():
        expected = model.decoder(vectors.T[None])[:, 0]
    torch.testing.assert_close(codec.decode(codes), expected)


def test_the_bandwidth_fixes_the_levels(folder: Path, codec: EncodecCodec) -> None:
    narrow = EncodecCodec.load(folder, CPU, bandwidth_kbps=1.5)
    assert narrow.n_levels == 2
    sound = noise(1, 4 * HOP)
    torch.testing.assert_close(narrow.encode(sound), codec.encode(sound)[:, :2])
    assert narrow.identity != codec.identity


def test_identity_survives_loading_and_follows_the_weights(
    folder: Path, codec: EncodecCodec, tmp_path: Path
) -> None:
    assert EncodecCodec.load(folder, CPU).identity == codec.identity
    model = EncodecModel.from_pretrained(folder)
    model.quantizer.layers[0].codebook.embed[0, 0] += 1
    model.save_pretrained(tmp_path)
    assert EncodecCodec.load(tmp_path, CPU).identity != codec.identity


def test_load_codec_knows_an_encodec_folder(folder: Path) -> None:
    assert isinstance(load_codec(folder, CPU), EncodecCodec)


def test_it_serves_the_waveform_stage(codec: EncodecCodec) -> None:
    codes = codec.encode(noise(1, 6 * HOP))[0]
    turn = AcousticTokens(codes=codes, speaker="S1", frame_rate_hz=codec.frame_rate_hz)
    assert acoustic_to_waveform([turn], codec)[0].duration_s == pytest.approx(6 / 75)


def test_a_missing_folder_is_a_checkpoint_error(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"cannot be loaded.*facebook/encodec_24khz"):
        EncodecCodec.load(tmp_path / "nowhere" / "at" / "all", CPU)


def test_damaged_weights_are_a_checkpoint_error(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    whole = (folder / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        EncodecCodec.load(tmp_path, CPU)


def test_missing_weights_are_not_made_up(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    state = load_file(folder / "model.safetensors")
    del state["quantizer.layers.3.codebook.embed"]
    save_file(state, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(CheckpointError, match=r"lacks 1 weights.*layers\.3\.codebook\.embed"):
        EncodecCodec.load(tmp_path, CPU)


def test_a_damaged_config_is_a_checkpoint_error(folder: Path, tmp_path: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["codebook_size"] = 1000
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes())
    with pytest.raises(CheckpointError, match="cannot be loaded"):
        EncodecCodec.load(tmp_path, CPU)


def test_an_unknown_bandwidth_names_the_known_ones(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"no bandwidth 7 kbit/s.*1\.5, 3\.0, 6\.0"):
        EncodecCodec.load(folder, CPU, bandwidth_kbps=7.0)


@pytest.mark.parametrize("change", [{"audio_channels": 2}, {"normalize": True}])
def test_another_kind_of_encodec_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="mono 24 kHz one works"):
        EncodecCodec(EncodecModel(tiny_config(**change)))


def test_wrong_axes_are_refused(codec: EncodecCodec) -> None:
    with pytest.raises(ShapeError, match=r"samples of shape \(5,\)"):
        codec.encode(torch.zeros(5))
    with pytest.raises(ShapeError, match=r"samples of shape \(1, 0\)"):
        codec.encode(torch.zeros(1, 0))
    for shape in ((8, 4), (1, 7, 4), (1, 8, 0)):
        with pytest.raises(ShapeError, match="codes of shape"):
            codec.decode(torch.zeros(shape, dtype=torch.int64))
