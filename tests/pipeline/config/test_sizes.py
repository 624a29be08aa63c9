import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.config.networks import (
    CodecConfig,
    SemanticConfig,
    SoundStormConfig,
    TextToSemanticConfig,
)
from pipeline.config.sizes import DialogueConfig, small, tiny
from pipeline.errors import ConfigError

SIZES = [small, tiny]


@pytest.mark.parametrize("build", SIZES)
def test_every_size_agrees_with_itself_and_knows_its_name(
    build: Callable[[], DialogueConfig],
) -> None:
    assert build().size == build.__name__


@pytest.mark.parametrize("build", SIZES)
def test_no_config_can_be_changed_after_it_is_built(build: Callable[[], DialogueConfig]) -> None:
    whole = build()
    parts = [getattr(whole, field.name) for field in dataclasses.fields(whole)]
    for part in [whole, *(part for part in parts if dataclasses.is_dataclass(part))]:
        name = dataclasses.fields(part)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(part, name, 1)


def test_frame_rate_follows_from_sample_rate_and_hop() -> None:
    assert CodecConfig(sample_rate_hz=24_000, hop_samples=240).frame_rate_hz == 100.0


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (SemanticConfig, {"dim": 190, "n_heads": 4}, "4 heads do not divide width 190"),
        (SemanticConfig, {"layer": 7, "n_layers": 6}, "layer 7 of 6"),
        (SemanticConfig, {"layer": 0}, "layer 0 of"),
        (CodecConfig, {"hop_samples": 321, "upsampling": 2}, "upsampling 2 does not divide"),
        (CodecConfig, {"n_levels": 0}, "needs a level and two codes"),
        (CodecConfig, {"n_codes": 1}, "needs a level and two codes"),
        (TextToSemanticConfig, {"dim": 20, "n_heads": 4}, "4 heads of even width"),
        (SoundStormConfig, {"dim": 20, "n_heads": 4}, "4 heads of even width"),
        (SoundStormConfig, {"conv_kernel": 4}, "conv kernel 4 is even"),
    ],
)
def test_numbers_that_cannot_work_are_refused_with_their_values(
    kind: type[Any], values: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        kind(**values)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"soundstorm": SoundStormConfig(n_levels=4)}, "disagree on levels"),
        ({"soundstorm": SoundStormConfig(code_dim=32)}, "disagree on levels, codes or code width"),
        (
            {"codec": CodecConfig(hop_samples=200)},
            r"codec frames \(80.0/s\) are not 2 per id",
        ),
        ({"semantic": SemanticConfig(n_clusters=64)}, r"alphabets of different sizes: \[64, 512\]"),
    ],
)
def test_parts_that_contradict_each_other_are_refused(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DialogueConfig(**parts)
