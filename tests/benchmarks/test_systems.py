"""The generators that are compared, each on the same passage."""

from pathlib import Path

import pytest
import torch

from benchmarks.audiolm.config import like_soundstorm
from benchmarks.audiolm.model import AudioLM
from benchmarks.passages import Passage, read_passages
from benchmarks.systems import BASELINE, CODEC, SHIPPED, load_system, system_names
from pipeline.config.networks import SoundStormConfig
from pipeline.dialogue import DialoguePipeline
from pipeline.errors import CheckpointError
from pipeline.files.checkpoint import save_network
from pipeline.runtime.models import Models

SENTENCES = [f"Here we say the number {word}." for word in ("one", "two", "three", "four")]


@pytest.fixture(scope="module")
def models(tiny_models: Path) -> Models:
    return DialoguePipeline.load(tiny_models).models


@pytest.fixture(scope="module")
def passage(models: Models) -> Passage:
    return read_passages(models, SENTENCES, 0.5, 1)[0]


def write_baseline(folder: Path, storm: SoundStormConfig) -> Path:
    config = like_soundstorm(storm)
    save_network(folder, config, AudioLM(config))
    return folder


def test_every_generator_gives_codes_for_the_whole_passage(
    models: Models, passage: Passage, tmp_path: Path
) -> None:
    folder = write_baseline(tmp_path, models.soundstorm.config)
    for name in system_names():
        codes = load_system(name, models, folder)(passage, 0)
        assert codes.shape == passage.codes.shape, name
        assert 0 <= int(codes.min()) <= int(codes.max()) < models.codec.n_codes
        assert torch.equal(codes, passage.codes) == (name == CODEC)


def test_the_sweep_has_every_count_with_and_without_guidance() -> None:
    swept = [name for name in system_names() if name not in (CODEC, BASELINE, SHIPPED)]
    counts = ("1", "4", "8", "16")
    assert swept == [f"soundstorm_{n}{g}" for g in ("", "_guided_1.5") for n in counts]


def test_a_baseline_that_is_missing_is_named(models: Models, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json"):
        load_system(BASELINE, models, tmp_path / "nothing")
