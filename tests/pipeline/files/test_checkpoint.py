import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from pipeline.config.networks import CodecConfig
from pipeline.config.sizes import DialogueConfig, tiny
from pipeline.errors import CheckpointError, ConfigError
from pipeline.files.checkpoint import (
    CONFIG_NAME,
    WEIGHTS_NAME,
    NoRandomStart,
    load_config,
    load_network,
    load_tensors,
    save_config,
    save_network,
    save_tensors,
)
from pipeline.files.schema import config_from_dict, config_to_dict


def _network(rng: torch.Generator) -> nn.Module:
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    for parameter in network.parameters():
        nn.init.normal_(parameter, generator=rng)
    return network


def test_a_config_comes_back_from_disk_as_it_was(tmp_path: Path) -> None:
    save_config(tmp_path, tiny())
    assert load_config(tmp_path, DialogueConfig) == tiny()


def test_a_whole_number_may_stand_where_a_real_one_is_expected() -> None:
    values = config_to_dict(tiny())
    values["mix"]["target_level_db"] = -20
    assert config_from_dict(DialogueConfig, values, "here").mix.target_level_db == -20


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": 3}, r"unknown keys \['colour'\], missing keys \[\]"),
        ({"n_levels": "8"}, "n_levels: expected int, read '8'"),
        ({"n_levels": True}, "n_levels: expected int, read True"),
        ({"n_levels": 8.5}, "n_levels: expected int, read 8.5"),
    ],
)
def test_a_config_with_a_wrong_key_or_value_is_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    values = {**config_to_dict(CodecConfig()), **change}
    (tmp_path / CONFIG_NAME).write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        load_config(tmp_path, CodecConfig)


def test_a_config_that_lacks_a_key_is_refused_by_the_keys_name() -> None:
    values = config_to_dict(CodecConfig())
    del values["n_mels"]
    with pytest.raises(ConfigError, match=r"missing keys \['n_mels'\]"):
        config_from_dict(CodecConfig, values, "here")


@pytest.mark.parametrize("values", [[1, 2], 7, None, "text"])
def test_a_config_that_is_not_an_object_is_refused(values: Any) -> None:
    with pytest.raises(ConfigError, match="expected an object of settings"):
        config_from_dict(CodecConfig, values, "here")


def test_a_missing_config_names_the_file_and_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json is missing.*training\.recipe"):
        load_config(tmp_path, CodecConfig)


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe\x00"])
def test_a_config_that_is_not_json_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / CONFIG_NAME).write_bytes(content)
    with pytest.raises(CheckpointError, match=r"config\.json cannot be read"):
        load_config(tmp_path, CodecConfig)


def test_tensors_come_back_with_their_type_and_order(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "tensors.safetensors"
    tensors = {"ids": torch.arange(6).view(2, 3).T, "half": torch.ones(2, dtype=torch.float16)}
    save_tensors(path, tensors)
    loaded = load_tensors(path)
    assert loaded.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert loaded[name].dtype is tensor.dtype
        assert torch.equal(loaded[name], tensor)


def test_missing_tensors_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"nothing\.safetensors is missing"):
        load_tensors(tmp_path / "nothing.safetensors")


@pytest.mark.parametrize("n_bytes", [0, 4, 40])
def test_tensors_cut_short_are_refused(tmp_path: Path, n_bytes: int) -> None:
    path = tmp_path / "tensors.safetensors"
    save_tensors(path, {"a": torch.zeros(100)})
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(CheckpointError, match="is damaged"):
        load_tensors(path)


def test_a_network_comes_back_as_close_as_its_stored_type_allows(
    tmp_path: Path, rng: torch.Generator
) -> None:
    network, loaded = _network(rng), _network(rng)
    save_network(tmp_path, CodecConfig(), network, dtype=torch.float16)
    load_network(tmp_path, loaded)
    assert load_config(tmp_path, CodecConfig) == CodecConfig()
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], tensor, rtol=1e-3, atol=1e-3)


def test_weights_of_another_shape_are_refused(tmp_path: Path, rng: torch.Generator) -> None:
    save_network(tmp_path, CodecConfig(), _network(rng))
    with pytest.raises(CheckpointError, match=r"model\.safetensors does not fit .*config\.json"):
        load_network(tmp_path, nn.Linear(3, 4))


def test_weights_that_are_not_finite_are_refused_by_name(
    tmp_path: Path, rng: torch.Generator
) -> None:
    network = _network(rng)
    with torch.no_grad():
        network.get_parameter("0.bias")[2] = torch.nan
    save_network(tmp_path, CodecConfig(), network)
    with pytest.raises(CheckpointError, match=r"0\.bias holds values that are not finite"):
        load_network(tmp_path, network)


def test_a_network_without_weights_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=f"{WEIGHTS_NAME} is missing"):
        load_network(tmp_path, nn.Linear(1, 1))


def test_a_network_built_without_a_random_start_is_filled_as_any_other(tmp_path: Path) -> None:
    trained = nn.Sequential(nn.Linear(3, 4), nn.Embedding(5, 2))
    save_network(tmp_path, tiny().codec, trained, torch.float32)
    before = torch.get_rng_state()
    with NoRandomStart():
        bare = nn.Sequential(nn.Linear(3, 4), nn.Embedding(5, 2))
    assert torch.get_rng_state().equal(before)
    load_network(tmp_path, bare)
    for name, tensor in trained.state_dict().items():
        assert bare.state_dict()[name].equal(tensor)
