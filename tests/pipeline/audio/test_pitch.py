"""Pitch of speech."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.audio.pitch import PITCH_RATE_HZ, continuous_pitch, pitch_hz

RATE = 24_000


def voice(hz: NDArray[np.float64], seed: int = 0) -> NDArray[np.float32]:
    """Harmonics that fall off as a voice's do, over a pitch (N,) in Hz, in a little noise."""
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    sound = sum(np.sin(k * phase + k * k) / k for k in range(1, 15))
    noise = np.random.default_rng(seed).normal(0, 0.01, len(hz))
    return (0.1 * np.asarray(sound) + noise).astype(np.float32)


def semitones(found: NDArray[np.float32], true: NDArray[np.float64]) -> NDArray[np.float64]:
    return 12 * np.abs(np.log2(found / true))


@pytest.mark.parametrize("hz", [75.0, 110.0, 173.0, 220.0, 310.0, 400.0])
def test_a_steady_voice_has_its_pitch(hz: float) -> None:
    found = pitch_hz(voice(np.full(RATE, hz)), RATE)
    assert found.shape == (PITCH_RATE_HZ,)
    assert semitones(found[5:-5], np.full(90, hz)).max() < 0.2


def test_a_glide_is_followed_at_the_middle_of_every_frame() -> None:
    hz = np.geomspace(100, 260, 2 * RATE)
    found = pitch_hz(voice(hz), RATE)
    middles = hz[RATE // 200 :: RATE // 100]
    assert semitones(found[5:-5], middles[5:-5]).mean() < 0.3


def test_noise_and_silence_have_no_pitch() -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, RATE).astype(np.float32)
    assert (pitch_hz(noise, RATE) > 0).mean() < 0.1
    assert not pitch_hz(np.zeros(RATE, dtype=np.float32), RATE).any()


def test_the_rate_of_the_recording_does_not_matter() -> None:
    time_s = np.arange(16_000) / 16_000
    found = pitch_hz((0.3 * np.sign(np.sin(2 * np.pi * 140 * time_s))).astype(np.float32), 16_000)
    assert found.shape == (PITCH_RATE_HZ,)
    assert semitones(found[5:-5], np.full(90, 140.0)).max() < 0.3


@pytest.mark.parametrize("n_samples", [0, 1, 239, 240, 500])
def test_short_sounds_have_a_value_for_each_whole_frame(n_samples: int) -> None:
    assert pitch_hz(np.zeros(n_samples, dtype=np.float32), RATE).shape == (n_samples // 240,)


def test_gaps_are_bridged_and_voiced_values_kept() -> None:
    hz = np.array([0, 100, 0, 0, 200, 0], dtype=np.float32)
    bridged = continuous_pitch(hz)
    assert bridged[[1, 4]].tolist() == [100, 200]
    assert bridged[[0, 5]] == pytest.approx([100, 200])
    assert np.all(np.diff(bridged[1:5]) > 0)
    assert not continuous_pitch(np.zeros(4, dtype=np.float32)).any()
