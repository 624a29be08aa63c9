import numpy as np
import pytest

from benchmarks.listeners import Recogniser, count_errors
from benchmarks.material import SENTENCES
from benchmarks.quality import flite_speech
from pipeline.datatypes import Waveform


def test_errors_count_words_and_ignore_case_and_punctuation() -> None:
    errors = count_errors(["Hello there, my friend!"], ["hello where my friend"])
    assert errors.word_error == pytest.approx(0.25)
    assert 0 < errors.character_error < 0.2


@pytest.mark.slow
def test_the_recogniser_hears_most_words_of_clear_speech_and_none_in_silence() -> None:
    recogniser = Recogniser()
    wanted = SENTENCES[:3]
    heard = [recogniser.words(speech) for speech in flite_speech(wanted)]
    assert count_errors(wanted, heard).word_error < 0.5
    silence = Waveform(samples=np.zeros(16_000, dtype=np.float32), sample_rate_hz=16_000)
    assert count_errors(["one two three"], [recogniser.words(silence)]).word_error == 1.0
