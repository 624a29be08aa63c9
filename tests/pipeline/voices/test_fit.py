import numpy as np
import pytest

from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.sound import Waveform
from pipeline.voices.fit import PROMPT_S, clipped_share, prompt_span, speech_stretch, why_unfit

RATE = 16_000
LIMITS = LimitsConfig()


def voiced(seconds: float, amplitude: float = 0.2) -> np.ndarray:
    times = np.arange(round(seconds * RATE)) / RATE
    return (amplitude * np.sin(2 * np.pi * 200 * times)).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), dtype=np.float32)


def recording(*parts: np.ndarray) -> Waveform:
    return Waveform(samples=np.concatenate(parts), sample_rate_hz=RATE)


@pytest.mark.parametrize(
    ("samples", "kind"),
    [
        (silence(0), "empty"),
        (np.full(RATE, np.nan, dtype=np.float32), "not_finite"),
        (voiced(60.5), "too_long"),
        (silence(3), "silent"),
        (np.clip(voiced(3, amplitude=1.5), -1, 1), "clipped"),
        (voiced(0.5), "too_short"),
    ],
)
def test_the_kind_of_what_is_wrong_is_told(samples: np.ndarray, kind: str) -> None:
    unfit = why_unfit(recording(samples), LIMITS)
    assert unfit is not None
    assert unfit.kind == kind


@pytest.mark.parametrize("seconds", [1.0, 6.0, 59.9])
def test_nothing_is_said_against_a_fit_recording(seconds: float) -> None:
    assert why_unfit(recording(voiced(seconds)), LIMITS) is None


def test_the_prompt_lies_within_the_speech_and_is_no_longer_than_it_may_be() -> None:
    sound = recording(silence(2), voiced(3), silence(2), voiced(8), silence(1))
    first, last = prompt_span(sound)
    assert last - first == round(PROMPT_S * RATE)
    assert 7 * RATE <= first < last <= 15.04 * RATE


def test_short_speech_is_the_prompt_as_a_whole() -> None:
    sound = recording(silence(2), voiced(3), silence(2))
    first, last = prompt_span(sound)
    assert (first / RATE, last / RATE) == pytest.approx((1.96, 5.04))
    assert np.array_equal(speech_stretch(sound).samples, sound.samples[first:last])


def test_only_samples_of_speech_count_as_clipped() -> None:
    clipped = recording(np.clip(voiced(1, amplitude=2.0), -1, 1), silence(3))
    assert clipped_share(clipped) == pytest.approx(2 / 3, abs=0.02)  # |sine| above one half
    assert clipped_share(recording(silence(1))) == 0.0
