"""How loud speech is, and where."""

import numpy as np
import pytest

from pipeline.audio.levels import speech_level_db, speech_mask, speech_span
from tests.pipeline.audio.test_read import RATE, silence, tone


def test_pauses_do_not_make_speech_quieter() -> None:
    with_pauses = np.concatenate([silence(2), tone(), silence(3)])
    level_db = 20 * np.log10(0.3 / np.sqrt(2))
    assert speech_level_db(tone(), RATE) == pytest.approx(level_db, abs=0.01)
    assert speech_level_db(with_pauses, RATE) == pytest.approx(level_db, abs=0.05)


@pytest.mark.parametrize("samples", [silence(0), silence(1), tone(amplitude=1e-4)])
def test_silence_has_no_level_and_no_span(samples: np.ndarray) -> None:
    assert speech_level_db(samples, RATE) == float("-inf")
    assert speech_span(samples, RATE) is None
    assert not speech_mask(samples, RATE).any()


def test_a_second_of_speech_is_found_in_a_minute_of_hiss() -> None:
    hiss = np.random.default_rng(0).normal(0, 1e-4, 60 * RATE).astype(np.float32)
    hiss[20 * RATE : 21 * RATE] += tone()
    first, last = speech_span(hiss, RATE)
    assert first == pytest.approx(20 * RATE, abs=160)
    assert last == pytest.approx(21 * RATE, abs=160)


def test_quiet_ends_of_words_count_as_speech() -> None:
    samples = np.concatenate([silence(0.5), tone(0.2, amplitude=0.01), tone(1.0), silence(0.5)])
    assert speech_span(samples, RATE)[0] == pytest.approx(0.5 * RATE, abs=160)


def test_the_mask_covers_the_speech_sample_by_sample() -> None:
    samples = np.concatenate([silence(0.105), tone(0.5), silence(0.1003)])
    mask = speech_mask(samples, RATE)
    assert mask.shape == samples.shape
    assert mask[round(0.11 * RATE) : round(0.6 * RATE)].all()
    assert not mask[: round(0.1 * RATE)].any()
