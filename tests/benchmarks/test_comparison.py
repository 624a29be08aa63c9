"""The comparison's figures and its picture."""

from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks.comparison import Compared, _crops, draw, seconds_of
from benchmarks.passages import Passage
from benchmarks.quality.samples import waveform


def compared(name: str, wall_s: dict[float, float]) -> Compared:
    return Compared(
        name=name,
        wall_s=wall_s,
        word_error=0.4,
        similarity=0.8,
        opinion=2.5,
        drift=(0.9, 0.8, 0.7),
    )


def test_a_row_tells_seconds_quality_and_drift() -> None:
    values = compared("audiolm", {10.2: 20.0, 30.0: 90.0}).to_row().values
    assert values["10_s"] == 20.0
    assert values["real_time_factor"] == pytest.approx(3.0)
    assert (values["first_3_s"], values["last_3_s"]) == (0.9, 0.7)


def test_what_was_not_timed_has_no_seconds() -> None:
    assert "real_time_factor" not in compared("codec", {}).to_row().values


def test_crops_are_three_seconds_each_side_by_side() -> None:
    speech = waveform(np.arange(16_000 * 10))
    crops = _crops(speech, within_s=9.5)
    assert [len(crop.samples) for crop in crops] == [48_000] * 3
    assert np.array_equal(
        np.concatenate([crop.samples for crop in crops]), speech.samples[: 3 * 48_000]
    )


@pytest.mark.parametrize(
    ("moments", "wanted", "n_calls"),
    [([0.0, 3.0, 10.0, 12.0, 20.0, 21.0], 1.0, 3), ([0.0, 7.0], 7.0, 1)],
)
def test_the_first_run_counts_only_if_it_is_slow(
    moments: list[float], wanted: float, n_calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(moments)
    monkeypatch.setattr("benchmarks.comparison.time.perf_counter", lambda: next(clock))
    calls: list[int] = []

    def speak(_passage: Passage, seed: int) -> torch.Tensor:
        calls.append(seed)
        return torch.zeros(1)

    passage: Passage = object()  # type: ignore[assignment]
    assert seconds_of(speak, passage, 2) == wanted
    assert len(calls) == n_calls


def test_a_picture_is_drawn(tmp_path: Path) -> None:
    path = tmp_path / "comparison.png"
    draw(
        [
            compared("codec", {}),
            compared("audiolm", {30.0: 60.0}),
            compared("soundstorm", {30.0: 1.0}),
        ],
        path,
    )
    assert path.read_bytes().startswith(b"\x89PNG")
