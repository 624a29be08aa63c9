import json
import shutil
from pathlib import Path

import pytest
import torch

from pipeline.errors import CheckpointError, ConfigError
from pipeline.runtime.models import find_model_folder, load_models

CPU = torch.device("cpu")


@pytest.fixture
def folder(tiny_models: Path, tmp_path: Path) -> Path:
    """A copy that may be spoiled."""
    return shutil.copytree(tiny_models, tmp_path / "models")


def _change(path: Path, **values: object) -> None:
    config = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**config, **values}), encoding="utf-8")


def test_a_folder_is_found_by_its_path_and_a_wrong_name_is_refused(tmp_path: Path) -> None:
    assert find_model_folder(tmp_path) == tmp_path
    words = r"no weights 'huge'; shipped sizes: .*training\.recipe"
    with pytest.raises(CheckpointError, match=words):
        find_model_folder("huge")


@pytest.mark.parametrize("stage", ["text_to_semantic", "soundstorm", "codec", "text_tokenizer"])
def test_missing_weights_are_named(stage: str, folder: Path) -> None:
    shutil.rmtree(folder / stage)
    with pytest.raises(CheckpointError, match=stage):
        load_models(folder, CPU)


@pytest.mark.parametrize("stage", ["text_to_semantic", "soundstorm", "codec", "speaker"])
def test_damaged_weights_are_named(stage: str, folder: Path) -> None:
    weights = folder / stage / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(CheckpointError, match=stage):
        load_models(folder, CPU)


def test_weights_without_a_speaker_encoder_load(folder: Path) -> None:
    assert load_models(folder, CPU).speaker is not None
    shutil.rmtree(folder / "speaker")
    assert load_models(folder, CPU).speaker is None


def test_an_unknown_setting_is_named(folder: Path) -> None:
    _change(folder / "soundstorm" / "config.json", colour="blue")
    with pytest.raises(ConfigError, match="colour"):
        load_models(folder, CPU)


def test_networks_of_two_trainings_are_refused(folder: Path) -> None:
    _change(folder / "text_to_semantic" / "config.json", n_semantic=7)
    with pytest.raises(ConfigError, match="7 semantic ids and soundstorm reads"):
        load_models(folder, CPU)


def test_a_codec_of_another_size_is_refused(folder: Path) -> None:
    _change(folder / "soundstorm" / "config.json", n_levels=2)
    with pytest.raises(ConfigError, match="makes 2 levels"):
        load_models(folder, CPU)


def test_other_weights_have_another_fingerprint(tiny_models: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_models, tmp_path / "models")
    first, copied = (load_models(path, CPU).fingerprint for path in (tiny_models, folder))
    assert first == copied
    config = folder / "soundstorm" / "config.json"
    config.write_text(config.read_text(encoding="utf-8") + " ", encoding="utf-8")
    assert load_models(folder, CPU).fingerprint != first
