from pathlib import Path

import pytest
import torch

from pipeline.config.sizes import tiny
from pipeline.errors import CheckpointError
from pipeline.files.checkpoint import CONFIG_NAME, save_network
from pipeline.tokenizers.codec import Codec, load_codec
from pipeline.tokenizers.spectral_codec import SpectralCodec


def test_a_saved_spectral_codec_is_loaded_with_its_rates(tmp_path: Path) -> None:
    config = tiny().codec
    saved = SpectralCodec(config)
    saved.quantizer.codebooks.normal_()
    save_network(tmp_path, config, saved)
    codec: Codec = load_codec(tmp_path, torch.device("cpu"))
    assert isinstance(codec, SpectralCodec)
    assert (codec.sample_rate_hz, codec.frame_rate_hz) == (16_000, 50.0)
    assert codec.codebooks.shape == (codec.n_levels, codec.n_codes, config.code_dim)
    assert codec.identity == saved.identity


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json cannot be read"):
        load_codec(tmp_path, torch.device("cpu"))


def test_a_config_that_is_not_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / CONFIG_NAME).write_text("not json", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"config\.json cannot be read"):
        load_codec(tmp_path, torch.device("cpu"))
