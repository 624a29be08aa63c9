from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import pipeline.files.container
from pipeline.errors import AudioError, CheckpointError, ConfigError
from pipeline.files.container import (
    FileKind,
    group_tensors,
    load_sealed,
    require_tensor,
    save_sealed,
    seal,
)

KIND = FileKind(noun="thing", number=3, remake="make it again")


def test_values_and_tensors_come_back(tmp_path: Path) -> None:
    shared = torch.arange(6)
    tensors = {
        "a b": shared[:3], "a c": shared[2:], "none": torch.zeros(0), "one": torch.tensor(0.5)
    }  # fmt: skip
    values = {"x": [1, 0.1, None, "é\n"]}
    save_sealed(tmp_path / "x", KIND, values, tensors)
    again, read = load_sealed(tmp_path / "x", KIND)
    assert again == values
    assert read.keys() == tensors.keys()
    assert all(read[name].equal(tensor) for name, tensor in tensors.items())
    groups = group_tensors(read)
    assert {name: sorted(group) for name, group in groups.items()} == {
        "a": ["b", "c"], "": ["none", "one"]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "tensors"),
    [
        ("b", {"x": torch.arange(4)}),
        ("a", {"y": torch.arange(4)}),
        ("a", {"x": torch.arange(4).view(2, 2)}),
        ("a", {"x": torch.zeros(8)}),
        ("a", {}),
    ],
)
def test_another_text_name_shape_or_value_has_another_seal(
    text: str, tensors: dict[str, torch.Tensor]
) -> None:
    assert seal(text, tensors) != seal("a", {"x": torch.arange(4)})


def test_numbers_of_another_kind_are_refused(tmp_path: Path) -> None:
    tensors = {"x": torch.zeros(2, dtype=torch.bfloat16)}
    save_file(tensors, tmp_path / "x", metadata={"format": KIND.name})
    with pytest.raises(CheckpointError, match=r"it holds numbers of torch\.bfloat16\); make it"):
        load_sealed(tmp_path / "x", KIND)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "1" * 5000])
def test_values_that_are_no_json_are_refused(text: str, tmp_path: Path) -> None:
    metadata = {"format": KIND.name, "values": text, "checksum": seal(text, {})}
    save_file({}, tmp_path / "x", metadata=metadata)
    with pytest.raises(CheckpointError, match=r"damaged or no thing .*; make it again"):
        load_sealed(tmp_path / "x", KIND)


def test_absurd_sizes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_sealed(tmp_path / "x", KIND, "a" * 100, {})
    monkeypatch.setattr(pipeline.files.container, "MAX_FILE_BYTES", 100)
    with pytest.raises(CheckpointError, match=r"x has \d+ bytes, at most 100 are read; make it"):
        load_sealed(tmp_path / "x", KIND)
    monkeypatch.setattr(pipeline.files.container, "MAX_TEXT_CHARACTERS", 50)
    with pytest.raises(ConfigError, match="would hold 102 characters of text, and at most 50"):
        save_sealed(tmp_path / "y", KIND, "a" * 100, {})


def test_a_folder_that_refuses_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(AudioError, match=r"cannot be written.*free some space"):
        save_sealed(tmp_path / "file" / "x", KIND, {}, {})


def test_a_tensor_that_is_missing_or_of_another_form_is_named() -> None:
    tensors = {"x": torch.zeros(2, 3)}
    assert require_tensor(tensors, "x", torch.float32, 2, "here") is tensors["x"]
    with pytest.raises(ConfigError, match="here: y is missing"):
        require_tensor(tensors, "y", torch.float32, 2, "here")
    with pytest.raises(ConfigError, match=r"x is torch\.float32 of shape \(2, 3\), not .*1 axes"):
        require_tensor(tensors, "x", torch.float32, 1, "here")
    with pytest.raises(ConfigError, match=r"not torch\.int64 with 2 axes"):
        require_tensor(tensors, "x", torch.int64, 2, "here")
    with pytest.raises(ConfigError, match=r"x is torch\.float32 of shape \(0,\)"):
        require_tensor({"x": torch.zeros(0)}, "x", torch.float32, 1, "here")
