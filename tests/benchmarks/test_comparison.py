"""The comparison's figures and its picture."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.comparison import Compared, _crops, draw, seconds_of
from benchmarks.passages import Passage
from benchmarks.takes import waveform


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


def test_the_run_before_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([0.0, 3.0, 10.0, 12.0])
    monkeypatch.setattr("benchmarks.comparison.time.perf_counter", lambda: next(moments))
    calls: list[int] = []
    passage: Passage = object()  # type: ignore[assignment]
    seconds = seconds_of(lambda _passage, seed: calls.append(seed), passage, 2)  # type: ignore[arg-type, return-value, func-returns-value]
    assert seconds == 2.0
    assert calls == [0, 0, 0]


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
