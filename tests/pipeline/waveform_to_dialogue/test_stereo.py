from itertools import pairwise

import numpy as np
import pytest

from pipeline.datatypes.sound import Waveform
from pipeline.errors import AudioError
from pipeline.waveform_to_dialogue import stereo
from pipeline.waveform_to_dialogue.stereo import side_gains, stereo_of

RATE = 16_000


def _noise(seed: int, scale: float = 0.1, n_samples: int = 5000) -> Waveform:
    samples = np.random.default_rng(seed).uniform(-scale, scale, n_samples).astype(np.float32)
    return Waveform(samples=samples, sample_rate_hz=RATE)


@pytest.mark.parametrize("n_speakers", [1, 2, 3, 4])
def test_speakers_keep_their_power_and_stand_evenly_from_left_to_right(n_speakers: int) -> None:
    gains = side_gains(n_speakers)
    assert len(gains) == n_speakers
    for left, right in gains:
        assert left**2 + right**2 == pytest.approx(1)
    angles = [np.arctan2(right, left) for left, right in gains]
    assert sum(angles) / n_speakers == pytest.approx(np.pi / 4)
    steps = [after - before for before, after in pairwise(angles)]
    assert all(step == pytest.approx(np.pi / 2 / (n_speakers - 1)) for step in steps)


def test_of_two_speakers_the_first_is_left_and_the_second_right_and_neither_is_on_both() -> None:
    first, second = _noise(1), _noise(2)
    placed = stereo_of({"S2": second, "S1": first})
    np.testing.assert_array_equal(placed.left.samples, first.samples)
    np.testing.assert_array_equal(placed.right.samples, second.samples)
    assert placed.left.sample_rate_hz == placed.right.sample_rate_hz == RATE
    assert placed.notes == ()


def test_of_three_the_middle_one_is_the_same_on_both_sides() -> None:
    placed = stereo_of({"S1": _noise(1), "S2": _noise(2), "S3": _noise(3)})
    middle = np.sqrt(0.5) * _noise(2).samples
    np.testing.assert_allclose(placed.left.samples, _noise(1).samples + middle, atol=1e-6)
    np.testing.assert_allclose(placed.right.samples, _noise(3).samples + middle, atol=1e-6)


def test_long_sounds_are_added_in_blocks_that_leave_nothing_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = stereo_of({"S1": _noise(1), "S2": _noise(2), "S3": _noise(3)})
    monkeypatch.setattr(stereo, "_BLOCK", 77)
    parts = stereo_of({"S1": _noise(1), "S2": _noise(2), "S3": _noise(3)})
    np.testing.assert_array_equal(whole.left.samples, parts.left.samples)


def test_too_loud_a_side_makes_both_softer_and_is_told() -> None:
    loud = {f"S{n}": _noise(1, scale=0.9) for n in (1, 2, 3)}
    placed = stereo_of(loud)
    assert np.abs(placed.left.samples).max() == pytest.approx(1, abs=1e-6)
    ratio = placed.left.samples / loud["S1"].samples
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-4)
    assert len(placed.notes) == 1
    assert "dB softer than the mix" in placed.notes[0]


def test_stems_that_do_not_fit_each_other_or_are_not_there_are_refused() -> None:
    with pytest.raises(AudioError, match=r"stem of S2 has 10 samples.*others 5000"):
        stereo_of({"S1": _noise(1), "S2": _noise(2, n_samples=10)})
    with pytest.raises(AudioError, match="no stems to place"):
        stereo_of({})
