"""The baseline's numbers."""

import dataclasses

import pytest

from benchmarks.audiolm.config import like_soundstorm
from pipeline.config.sizes import small, tiny
from pipeline.errors import ConfigError


@pytest.mark.parametrize("storm", [small().soundstorm, tiny().soundstorm])
def test_width_depth_and_alphabets_are_soundstorms(storm: object) -> None:
    config = like_soundstorm(storm)  # type: ignore[arg-type]
    shared = {field.name for field in dataclasses.fields(config)} & {
        field.name
        for field in dataclasses.fields(storm)  # type: ignore[arg-type]
    }
    assert {"dim", "n_layers", "n_heads", "feed_forward_dim", "n_codes"} <= shared
    assert all(getattr(config, name) == getattr(storm, name) for name in shared)
    assert config.n_coarse + config.n_fine == config.n_levels
    assert config.n_coarse == config.n_fine


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_coarse": 0}, "0 coarse levels of 4"),
        ({"n_coarse": 4}, "4 coarse levels of 4"),
        ({"n_heads": 3}, "3 heads of even width do not fit width 64"),
        ({"overlap_ids": 250}, "250 ids of a window of 250 overlap"),
        ({"chunk_frames": 0}, "chunks of 0 frames"),
    ],
)
def test_numbers_that_contradict_each_other_are_refused(
    change: dict[str, int], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        dataclasses.replace(like_soundstorm(tiny().soundstorm), **change)
