import math

import numpy as np
import pytest
import torch
from torch import Tensor

from pipeline.audio.levels import speech_level_db, speech_mask
from pipeline.config.limits import LimitsConfig
from pipeline.config.networks import SemanticConfig
from pipeline.datatypes.sound import Waveform
from pipeline.errors import VoiceError
from pipeline.voices.from_recording import recording_to_voice

RATE = 16_000
LIMITS = LimitsConfig()


class ToySemantic:
    config = SemanticConfig()
    rate_hz = 25
    heard: Tensor

    def encode(self, samples: Tensor) -> Tensor:
        self.heard = samples
        return torch.arange(max(1, int(len(samples) / RATE * 25 + 0.5)))


class ToyCodec:
    n_levels, n_codes, identity = 2, 8, "toy"

    def __init__(self, sample_rate_hz: int = RATE, hop: int = 320) -> None:
        self.sample_rate_hz, self.hop = sample_rate_hz, hop
        self.frame_rate_hz = sample_rate_hz / hop

    def encode(self, samples: Tensor) -> Tensor:
        self.heard = samples[0]
        return torch.zeros(1, 2, math.ceil(samples.shape[-1] / self.hop), dtype=torch.int64)


def voiced(seconds: float, amplitude: float = 0.2, rate: int = RATE) -> np.ndarray:
    times = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * 200 * times)).astype(np.float32)


def silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * RATE), dtype=np.float32)


def recording(*parts: np.ndarray, rate: int = RATE) -> Waveform:
    return Waveform(samples=np.concatenate(parts), sample_rate_hz=rate)


@pytest.mark.parametrize("seconds", [1.0, 1.013, 2.5, 5.99, 6.0, 17.3, 59.9])
@pytest.mark.parametrize("codec", [ToyCodec(), ToyCodec(24_000, 320)])
def test_ids_and_codes_cover_the_same_time(seconds: float, codec: ToyCodec) -> None:
    voice = recording_to_voice(recording(voiced(seconds)), "anna", ToySemantic(), codec, LIMITS)
    frames_per_id = round(codec.frame_rate_hz / 25)
    assert voice.codes.shape == (2, frames_per_id * len(voice.semantic_ids))
    assert len(voice.semantic_ids) / 25 == pytest.approx(min(seconds, 6.0), abs=0.05)


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
def test_any_rate_serves(rate: int) -> None:
    semantic = ToySemantic()
    sound = recording(voiced(2.0, rate=rate), rate=rate)
    voice = recording_to_voice(sound, "anna", semantic, ToyCodec(), LIMITS)
    assert len(voice.semantic_ids) == 50
    assert semantic.heard.shape == (2 * RATE,)
    assert semantic.heard.dtype == torch.float32


def test_silence_at_both_ends_is_dropped() -> None:
    sound = recording(silence(3), voiced(2.0), silence(4))
    voice = recording_to_voice(sound, "anna", ToySemantic(), ToyCodec(), LIMITS)
    assert len(voice.semantic_ids) / 25 == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("amplitude", [0.01, 0.2, 0.8])
def test_every_prompt_has_the_same_level_and_the_voice_keeps_its_own(amplitude: float) -> None:
    semantic, codec = ToySemantic(), ToyCodec()
    sound = recording(voiced(2.0, amplitude))
    voice = recording_to_voice(sound, "anna", semantic, codec, LIMITS)
    for heard in (semantic.heard, codec.heard):
        assert speech_level_db(heard.numpy(), RATE) == pytest.approx(-23.0, abs=0.1)
    assert voice.level_db == pytest.approx(20 * math.log10(amplitude / math.sqrt(2)), abs=0.1)


def test_the_stretch_with_most_speech_is_kept() -> None:
    semantic = ToySemantic()
    sparse = [part for _ in range(8) for part in (voiced(0.5), silence(1.0))]
    sound = recording(*sparse, voiced(6.0), silence(1.0), voiced(0.5))
    recording_to_voice(sound, "anna", semantic, ToyCodec(), LIMITS)
    assert speech_mask(semantic.heard.numpy(), RATE).mean() > 0.98


def with_nan() -> np.ndarray:
    samples = voiced(2.0)
    samples[100] = np.nan
    return samples


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (silence(0), "is empty; record 1 to 60 s"),
        (with_nan(), "not finite numbers"),
        (voiced(60.5), r"lasts 60\.5 s; cut it"),
        (silence(3), "is silent"),
        (voiced(3, amplitude=1e-4), "is silent"),
        (np.clip(voiced(3, amplitude=1.5), -1, 1), "is clipped.*less gain"),
        (voiced(0.5), r"holds 0\.5 s of speech"),
        (np.concatenate([silence(2), voiced(0.7), silence(2)]), r"holds 0\.7 s of speech"),
    ],
)
def test_a_recording_that_cannot_serve_is_refused_with_the_reason(
    samples: np.ndarray, message: str
) -> None:
    with pytest.raises(VoiceError, match=message) as caught:
        recording_to_voice(recording(samples), "anna", ToySemantic(), ToyCodec(), LIMITS)
    assert "'anna'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_voice_needs_a_name() -> None:
    with pytest.raises(VoiceError, match="needs a name"):
        recording_to_voice(recording(voiced(2)), " ", ToySemantic(), ToyCodec(), LIMITS)


def test_a_codec_whose_frames_do_not_fit_the_ids_is_refused() -> None:
    with pytest.raises(VoiceError, match="frame rate is a multiple of 25"):
        recording_to_voice(recording(voiced(2)), "a", ToySemantic(), ToyCodec(RATE, 400), LIMITS)
