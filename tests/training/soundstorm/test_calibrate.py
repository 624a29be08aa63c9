"""Reaches of SoundStorm's linear layers, measured with an untrained network."""

from pathlib import Path

import pytest
import torch
from torch import nn

from pipeline.config.sizes import tiny
from pipeline.errors import ConfigError
from pipeline.files.checkpoint import save_network
from pipeline.runtime.engines import read_reaches
from pipeline.runtime.openvino.soundstorm import ConformerEngine
from pipeline.semantic_to_acoustic.model import SoundStorm
from pipeline.tokenizers.spectral_codec import SpectralCodec
from training.config import StageOptions
from training.datasets import TokenCorpus, TokenisedUtterance, save_tokens
from training.soundstorm import calibrate as stage

STORM = tiny().soundstorm


def write_tokens(folder: Path, speakers: list[str]) -> None:
    rng = torch.Generator().manual_seed(0)
    n = len(speakers)
    semantic = torch.randint(STORM.n_semantic, (30 * n,), generator=rng)
    codes = torch.randint(STORM.n_codes, (STORM.n_levels, 60 * n), generator=rng)
    utterances = [
        TokenisedUtterance(
            text="x", speaker=speaker, source="flite", split="dev",
            semantic_start=30 * number, n_semantic=30, frame_start=60 * number, n_frames=60,
        )
        for number, speaker in enumerate(speakers)
    ]  # fmt: skip
    save_tokens(folder, semantic, codes, utterances)


def test_every_linear_layer_of_the_blocks_gets_a_reach_that_an_engine_can_use(
    tmp_path: Path,
) -> None:
    write_tokens(tmp_path / "tokens", ["a", "a", "b"])
    save_network(tmp_path / "models" / "codec", tiny().codec, SpectralCodec(tiny().codec))
    network = SoundStorm(STORM)
    save_network(tmp_path / "models" / "soundstorm", STORM, network)
    stage.run(StageOptions(size="tiny", data=tmp_path, out=tmp_path, device="cpu"))
    reaches = read_reaches(tmp_path / "models" / "soundstorm")
    assert reaches is not None
    layers = [name for name, m in network.blocks.named_modules() if isinstance(m, nn.Linear)]
    assert set(reaches) == {f"blocks.{name}" for name in layers}
    assert all(0 < reach < 1000 for reach in reaches.values())
    ConformerEngine(network.eval(), 1, torch.float32, reaches)


def test_speakers_heard_once_are_not_enough(tmp_path: Path) -> None:
    write_tokens(tmp_path / "tokens", ["a", "b"])
    with pytest.raises(ConfigError, match="no held-out speaker has two utterances"):
        stage.draw_windows(TokenCorpus(tmp_path / "tokens"), STORM)
