import math

import numpy as np
import pytest

from benchmarks.material import SENTENCES
from benchmarks.quality.listeners import OpinionJudge, Recogniser, VoiceJudge, compare, fidelity
from benchmarks.quality.samples import flite_recordings
from pipeline.datatypes.sound import Waveform

SAMPLE_RATE_HZ = 16_000
SILENCE = Waveform(
    samples=np.zeros(SAMPLE_RATE_HZ, dtype=np.float32), sample_rate_hz=SAMPLE_RATE_HZ
)


def test_errors_count_words_and_ignore_case_and_punctuation() -> None:
    found = compare("Hello there, my friend!", "hello where my friend")
    assert (found.n_words, found.word_errors) == (4, 1)
    assert 0 < found.character_errors < 3
    assert not found.skipped
    assert not found.repeated


def test_nothing_heard_is_every_word_wrong() -> None:
    found = compare("one two three", "")
    assert found.word_errors == found.n_words == 3
    assert found.skipped


@pytest.mark.parametrize(
    ("heard", "skipped", "repeated"),
    [
        ("the old man fed the birds from his balcony", False, False),
        ("the old man from his balcony", True, False),
        ("the old man the old man fed the birds from his balcony", False, True),
        ("the gold van bed the words from his balcony", False, False),
    ],
)
def test_skipped_and_repeated_words_are_told_from_wrong_ones(
    heard: str, skipped: bool, repeated: bool
) -> None:
    found = compare("The old man fed the birds from his balcony.", heard)
    assert (found.skipped, found.repeated) == (skipped, repeated)


def test_a_copy_is_as_near_as_can_be_and_noise_takes_it_away(speech_like: Waveform) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(len(speech_like.samples))
    noisy = Waveform(
        samples=(speech_like.samples + noise).astype(np.float32), sample_rate_hz=SAMPLE_RATE_HZ
    )
    same, worse = fidelity(speech_like, speech_like), fidelity(speech_like, noisy)
    assert same.stoi == pytest.approx(1.0)
    assert same.pesq > 4.5
    assert worse.stoi < same.stoi
    assert worse.pesq < same.pesq


@pytest.mark.slow
def test_the_recogniser_hears_most_words_of_clear_speech_and_none_in_silence() -> None:
    recogniser = Recogniser()
    for recording in flite_recordings(SENTENCES[:3], ("slt",)):
        found = compare(recording.text, recogniser.words(recording.speech))
        assert found.word_errors < 0.5 * found.n_words
    assert compare("one two three", recogniser.words(SILENCE)).word_errors >= 3


@pytest.mark.slow
def test_a_voice_is_nearer_to_itself_than_to_another() -> None:
    judge = VoiceJudge()
    one, other, again = flite_recordings(SENTENCES[:3], ("slt", "rms"))
    assert judge.similarity(one.speech, again.speech) > judge.similarity(one.speech, other.speech)


@pytest.mark.slow
def test_speech_is_a_better_listen_than_noise_and_silence_has_no_opinion() -> None:
    judge = OpinionJudge()
    recording, _ = flite_recordings(SENTENCES[:2], ("slt",))
    noise = 0.1 * np.random.default_rng(0).standard_normal(SAMPLE_RATE_HZ)
    hiss = Waveform(samples=noise.astype(np.float32), sample_rate_hz=SAMPLE_RATE_HZ)
    assert judge.opinion(recording.speech) > judge.opinion(hiss) + 0.5
    assert math.isnan(judge.opinion(SILENCE))
