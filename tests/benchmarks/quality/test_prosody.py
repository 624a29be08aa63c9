import numpy as np
import pytest

from benchmarks.quality.prosody import intonation
from pipeline.datatypes.sound import Waveform

SAMPLE_RATE_HZ = 16_000


def sung(pitch_hz: np.ndarray) -> Waveform:
    """Harmonics of a pitch given for every sample."""
    phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE_HZ
    samples = 0.1 * sum(np.sin(k * phase) / k for k in range(1, 15))
    return Waveform(samples=samples.astype(np.float32), sample_rate_hz=SAMPLE_RATE_HZ)


def glide(semitones: float, seconds: float = 1.5) -> np.ndarray:
    """Level, then up or down by so much over the last 0.4 s."""
    time_s = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    bend = np.clip((time_s - (seconds - 0.4)) / 0.4, 0, 1)
    return 150 * 2 ** (semitones * bend / 12)


def test_a_monotone_has_no_range_and_wide_melodies_have_more_than_narrow_ones() -> None:
    time_s = np.arange(24_000) / SAMPLE_RATE_HZ
    ranges = []
    for depth in (0.0, 2.0, 5.0):
        moved = intonation(sung(150 * 2 ** (depth * np.sin(2 * np.pi * 2 * time_s) / 12)))
        assert moved is not None
        ranges.append(moved.pitch_range)
    assert ranges[0] < 0.1
    assert ranges[1] == pytest.approx(2 / 2**0.5, rel=0.2)
    assert ranges[2] == pytest.approx(5 / 2**0.5, rel=0.2)


def test_rising_and_falling_ends_are_told_apart() -> None:
    up, down = intonation(sung(glide(6.0))), intonation(sung(glide(-6.0)))
    assert up is not None
    assert down is not None
    assert up.final_rise > 2
    assert down.final_rise < -2


def test_what_is_not_voiced_has_no_melody() -> None:
    silence = Waveform(samples=np.zeros(8_000, dtype=np.float32), sample_rate_hz=SAMPLE_RATE_HZ)
    assert intonation(silence) is None
    assert intonation(sung(np.full(1_600, 150.0))) is None
