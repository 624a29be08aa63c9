"""Fixtures that several test files share; all sound in tests is made here, none is recorded."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pipeline.config.limits import LimitsConfig
from pipeline.config.sizes import DialogueConfig, tiny
from pipeline.datatypes.script import Script
from pipeline.datatypes.sound import Waveform
from pipeline.script_to_turns.parse import script_to_turns
from tests.tiny_models import write_tiny_models

SAMPLE_RATE_HZ = 16_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip tests for CUDA, with the reason, where there is none."""
    if torch.cuda.is_available():
        return
    for item in items:
        if "gpu" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="needs CUDA"))


@pytest.fixture
def rng() -> torch.Generator:
    """A generator with a fixed seed."""
    return torch.Generator().manual_seed(0)


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every script that is parsed while a test runs, wherever in the project."""
    parsed: list[object] = []
    parse = script_to_turns

    def count(script: Any, limits: LimitsConfig) -> Script:
        parsed.append(script)
        return parse(script, limits)

    for name, module in list(sys.modules.items()):
        ours = name.startswith(("app.", "pipeline.", "tests.app.tone_pipeline"))
        if ours and getattr(module, "script_to_turns", None) is parse:
            monkeypatch.setattr(module, "script_to_turns", count)
    return parsed


@pytest.fixture(scope="session")
def tiny_config() -> DialogueConfig:
    """The size of every network in tests."""
    return tiny()


@pytest.fixture(scope="session")
def tiny_models(tiny_config: DialogueConfig, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of untrained networks and voices, laid out as `assets/models/small`."""
    return write_tiny_models(tmp_path_factory.mktemp("tiny") / "models", tiny_config)


@pytest.fixture
def tone() -> Waveform:
    """One second of 440 Hz at a quarter of full scale, 16 kHz."""
    time_s = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    samples = (0.25 * np.sin(2 * np.pi * 440 * time_s)).astype(np.float32)
    return Waveform(samples=samples, sample_rate_hz=SAMPLE_RATE_HZ)


@pytest.fixture
def speech_like() -> Waveform:
    """Three seconds with the habits of speech: voiced syllables, hiss between them, pauses."""
    return Waveform(samples=_syllables(seconds=3.0), sample_rate_hz=SAMPLE_RATE_HZ)


def _syllables(seconds: float) -> NDArray[np.float32]:
    """Four syllables a second: gliding harmonics in a bump, then noise; every fourth is silent."""
    noise = np.random.default_rng(0)
    time_s = np.arange(int(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    pitch_hz = 120 + 20 * np.sin(2 * np.pi * 0.7 * time_s)
    phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE_HZ
    voiced = sum(np.sin(k * phase) / k for k in range(1, 20))
    place = (4 * time_s) % 1.0
    vowel = np.clip(np.sin(np.pi * np.clip(place / 0.7, 0, 1)), 0, 1)
    hiss = np.where(place > 0.75, 0.1, 0.0) * noise.standard_normal(len(time_s))
    spoken = (4 * time_s).astype(int) % 4 != 3
    samples = 0.15 * (vowel * voiced + hiss) * spoken
    return np.clip(samples, -1, 1).astype(np.float32)
