import numpy as np
import pytest
import torch
from torch import Tensor

from pipeline.datatypes.sound import Waveform
from pipeline.voices.measures import (
    high_band_db,
    hum_level_db,
    least_like_parts,
    noise_level_db,
    signal_to_noise_db,
    steadiness,
)

RATE = 16_000


def sound(samples: np.ndarray, rate: int = RATE) -> Waveform:
    return Waveform(samples=samples.astype(np.float32), sample_rate_hz=rate)


def noise(seconds: float, level_db: float) -> np.ndarray:
    drawn = np.random.default_rng(0).standard_normal(round(seconds * RATE))
    return 10 ** (level_db / 20) * drawn


def sine(seconds: float, frequency_hz: float, level_db: float = -20.0) -> np.ndarray:
    times = np.arange(round(seconds * RATE)) / RATE
    return 10 ** (level_db / 20) * np.sqrt(2) * np.sin(2 * np.pi * frequency_hz * times)


@pytest.mark.parametrize("level_db", [-60.0, -40.0, -30.0])
def test_noise_is_measured_where_nobody_speaks(level_db: float) -> None:
    spoken = np.concatenate([np.zeros(RATE), sine(3, 200), np.zeros(RATE)])
    recording = sound(spoken + noise(5, level_db))
    measured = noise_level_db(recording)
    assert measured == pytest.approx(level_db, abs=1.0)
    assert signal_to_noise_db(recording, measured) == pytest.approx(-20 - level_db, abs=3.0)


def test_digital_silence_has_the_lowest_level() -> None:
    assert noise_level_db(sound(np.zeros(RATE))) == -100.0
    assert noise_level_db(sound(np.zeros(7))) == -100.0


def test_tones_are_steady_and_noise_is_not() -> None:
    chord = sine(3, 440) + sine(3, 554) + sine(3, 659) + sine(3, 1320)
    assert steadiness(sound(chord + noise(3, -60))) > 0.6
    assert abs(steadiness(sound(noise(3, -20)))) < 0.1
    assert steadiness(sound(noise(0.1, -20))) == 0.0
    assert steadiness(sound(np.zeros(RATE))) == pytest.approx(0.0)


def test_a_low_pass_shows_in_the_high_band() -> None:
    assert high_band_db(sound(noise(2, -20))) > -6
    assert high_band_db(sound(sine(2, 1000))) < -60
    assert high_band_db(sound(noise(2, -20), rate=8_000)) == -100.0
    assert high_band_db(sound(np.zeros(10))) == -100.0


@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
def test_the_level_of_hum_is_that_of_its_line(mains_hz: float) -> None:
    humming = sound(sine(4, mains_hz, -35) + noise(4, -50))
    assert hum_level_db(humming, mains_hz) == pytest.approx(-35, abs=1)
    assert hum_level_db(humming, 110 - mains_hz) == -100.0
    assert hum_level_db(sound(noise(4, -30)), mains_hz) == -100.0
    assert hum_level_db(sound(sine(0.9, mains_hz)), mains_hz) == -100.0


def by_pitch(heard: Waveform) -> Tensor:
    """Below 300 Hz one speaker, above another, by share of the power."""
    power = np.abs(np.fft.rfft(heard.samples)) ** 2
    low = power[: round(300 * len(heard.samples) / RATE)].sum() / power.sum()
    return torch.nn.functional.normalize(torch.tensor([low, 1 - low], dtype=torch.float32), dim=0)


@pytest.mark.parametrize("order", [[200, 400], [400, 200], [200, 400, 200, 400]])
def test_two_speakers_fall_into_two_parts(order: list[float]) -> None:
    parts = least_like_parts(sound(np.concatenate([sine(3, hz) for hz in order])), by_pitch)
    assert parts is not None
    assert parts.likeness < 0.1
    assert parts.speech_s == pytest.approx(3 * len(order) / 2, abs=0.05)


def test_one_speaker_stays_alike_or_is_not_split() -> None:
    parts = least_like_parts(sound(sine(9, 200)), by_pitch)
    assert parts is None or parts.likeness > 0.99


def test_too_little_speech_is_not_compared() -> None:
    assert least_like_parts(sound(sine(2.9, 200)), by_pitch) is None
    assert least_like_parts(sound(np.zeros(RATE * 5)), by_pitch) is None
