import dataclasses

import numpy as np
import pytest
import torch
from torch import Tensor

from pipeline.config.sizes import tiny
from pipeline.datatypes.sound import Waveform
from pipeline.voices.speaker_encoder import SpeakerEncoder
from pipeline.voices.verify import check_turn, embed_sound

MIN_S = 0.6


def _encoder(threshold: float = -1.0, fall_s: float = 0.0) -> SpeakerEncoder:
    torch.manual_seed(0)
    config = dataclasses.replace(tiny().speaker, threshold=threshold, threshold_fall_s=fall_s)
    return SpeakerEncoder(config).eval().requires_grad_(False)


@pytest.fixture
def prompts(speech_like: Waveform, tone: Waveform) -> dict[str, Tensor]:
    """S1 is the speech-like sound itself, S2 another."""
    encoder = _encoder()
    return {"S1": embed_sound(speech_like, encoder), "S2": embed_sound(tone, encoder)}


def test_a_turn_that_is_its_prompt_is_not_flagged(
    speech_like: Waveform, prompts: dict[str, Tensor]
) -> None:
    check = check_turn(4, speech_like, "S1", prompts, _encoder(threshold=0.99), MIN_S)
    assert check.similarity == pytest.approx(1.0, abs=1e-5)
    assert (check.turn, check.nearest, check.flagged) == (4, "S1", False)
    assert check.nearest_similarity == check.similarity


def test_a_turn_in_anothers_voice_is_flagged_and_names_them(
    speech_like: Waveform, prompts: dict[str, Tensor]
) -> None:
    check = check_turn(0, speech_like, "S2", prompts, _encoder(), MIN_S)
    assert check.flagged
    assert check.nearest == "S1"
    assert check.similarity is not None
    assert check.nearest_similarity is not None
    assert check.similarity < check.nearest_similarity


def test_a_turn_below_the_threshold_is_flagged_though_nobody_is_nearer(
    speech_like: Waveform, prompts: dict[str, Tensor]
) -> None:
    half = Waveform(samples=speech_like.samples[:16_000], sample_rate_hz=16_000)
    own = {"S1": prompts["S1"]}
    similarity = check_turn(0, half, "S1", own, _encoder(), MIN_S).similarity
    assert similarity is not None
    below, above = _encoder(similarity - 1e-3), _encoder(similarity + 1e-4)
    assert not check_turn(0, half, "S1", own, below, MIN_S).flagged
    check = check_turn(0, half, "S1", own, above, MIN_S)
    assert (check.flagged, check.nearest) == (True, "S1")


def test_the_threshold_is_lower_for_less_speech(tone: Waveform, prompts: dict[str, Tensor]) -> None:
    own = {"S1": prompts["S1"]}
    similarity = check_turn(0, tone, "S1", own, _encoder(), MIN_S).similarity
    assert similarity is not None
    level = similarity + 0.1  # a second of speech: flagged unless a second takes off 0.1 and more
    assert check_turn(0, tone, "S1", own, _encoder(level, fall_s=0.09), MIN_S).flagged
    assert not check_turn(0, tone, "S1", own, _encoder(level, fall_s=0.11), MIN_S).flagged


def test_two_speakers_with_one_voice_are_never_nearer_than_each_other(
    speech_like: Waveform, prompts: dict[str, Tensor]
) -> None:
    twins = {"S1": prompts["S2"], "S2": prompts["S2"].clone()}
    for speaker in twins:
        check = check_turn(0, speech_like, speaker, twins, _encoder(), MIN_S)
        assert (check.nearest, check.flagged) == (speaker, False)


@pytest.mark.parametrize("speech_s", [0.0, 0.3, 0.59])
def test_a_turn_with_too_little_speech_is_not_judged(
    speech_s: float, tone: Waveform, prompts: dict[str, Tensor]
) -> None:
    samples = np.zeros(32_000, dtype=np.float32)
    n_speech = round(speech_s * 16_000)
    samples[4_000 : 4_000 + n_speech] = tone.samples[:n_speech]
    sound = Waveform(samples=samples, sample_rate_hz=16_000)
    check = check_turn(0, sound, "S1", prompts, _encoder(threshold=1.0), MIN_S)
    assert (check.similarity, check.nearest, check.flagged) == (None, None, False)


def test_the_bound_on_speech_lets_longer_turns_be_judged(
    tone: Waveform, prompts: dict[str, Tensor]
) -> None:
    assert check_turn(0, tone, "S1", prompts, _encoder(threshold=1.0), MIN_S).flagged


def test_silence_around_and_the_sample_rate_hardly_matter(speech_like: Waveform) -> None:
    encoder = _encoder()
    silence = np.zeros(8_000, dtype=np.float32)
    padded = np.concatenate([silence, speech_like.samples, silence])
    plain = embed_sound(speech_like, encoder)
    around = embed_sound(Waveform(samples=padded, sample_rate_hz=16_000), encoder)
    assert float(plain @ around) > 0.999
    doubled = np.repeat(speech_like.samples, 2)
    faster = embed_sound(Waveform(samples=doubled, sample_rate_hz=32_000), encoder)
    assert float(plain @ faster) > 0.95
