"""Which engine is taken, and what is refused."""

import importlib.util
import json
import platform
from pathlib import Path

import pytest
import torch

from pipeline.errors import CheckpointError, ConfigError
from pipeline.runtime.engines import REACHES_NAME, choose_engine, read_reaches
from pipeline.runtime.models import load_models

CPU, META = torch.device("cpu"), torch.device("meta")


def test_auto_takes_openvino_where_it_is_and_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert choose_engine("auto", CPU) == "openvino"
    assert choose_engine("auto", META) == "torch"
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    assert choose_engine("auto", CPU) == "torch"
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert choose_engine("auto", CPU) == "torch"


def test_what_cannot_be_used_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no engine 'onnx'"):
        choose_engine("onnx", CPU)
    with pytest.raises(ConfigError, match="computes on the CPU, not on meta"):
        choose_engine("openvino", META)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match="openvino is not installed; choose 'torch'"):
        choose_engine("openvino", CPU)


def test_models_load_with_either_engine(tiny_models: Path) -> None:
    plain, fast = (load_models(tiny_models, CPU, engine) for engine in ("torch", "openvino"))
    assert plain.soundstorm.engine is None
    assert plain.text_to_semantic.engine is None
    assert fast.soundstorm.engine is not None
    assert fast.text_to_semantic.engine is not None


def test_reaches_are_read_and_damaged_ones_named(tmp_path: Path) -> None:
    assert read_reaches(tmp_path) is None
    (tmp_path / REACHES_NAME).write_text(json.dumps({"blocks.0": 4}), encoding="utf-8")
    assert read_reaches(tmp_path) == {"blocks.0": 4.0}
    (tmp_path / REACHES_NAME).write_text("[1]", encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"reaches.json cannot be read"):
        read_reaches(tmp_path)
