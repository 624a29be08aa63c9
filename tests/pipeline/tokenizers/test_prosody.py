"""Prosody ids: relative to the speaker, and fine enough to keep a melody."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from pipeline.errors import ShapeError
from pipeline.tokenizers.prosody import (
    N_FEATURES,
    Melody,
    PitchRange,
    ProsodyQuantiser,
    melody_of,
    prosody_features,
    weigh,
)
from tests.pipeline.audio.test_pitch import RATE, voice


def rise(low_hz: float, high_hz: float) -> NDArray[np.float32]:
    return voice(np.geomspace(low_hz, high_hz, 2 * RATE))


def test_the_same_melody_of_a_low_and_a_high_voice_has_the_same_features() -> None:
    features = []
    for low_hz in (80.0, 160.0):
        melody = melody_of(rise(low_hz, 2 * low_hz), RATE)
        features.append(prosody_features(melody, PitchRange.of(melody.hz)))
    assert features[0].shape == (50, N_FEATURES)
    assert np.abs(features[0] - features[1])[2:-2].mean(axis=0).max() < 0.1


def test_a_rise_has_a_slope_and_a_fall_the_opposite_one() -> None:
    speaker = PitchRange(median_hz=140, spread_semitones=3)
    up, down = (
        prosody_features(melody_of(rise(*ends), RATE), speaker)[2:-2]
        for ends in ((100, 200), (200, 100))
    )
    assert np.all(up[:, 1] > 0)
    assert np.all(down[:, 1] < 0)
    assert up[-1, 0] - up[0, 0] == pytest.approx(12 * 44 / 50 / 3, rel=0.1)


def test_energy_is_relative_to_the_recording() -> None:
    loud = np.concatenate([rise(100, 200), 0.1 * rise(100, 200)])
    quiet = 0.05 * loud
    speaker = PitchRange(median_hz=140, spread_semitones=3)
    features = [prosody_features(melody_of(each, RATE), speaker) for each in (loud, quiet)]
    assert np.abs(features[0][:, 3] - features[1][:, 3]).max() < 0.02
    assert features[0][25, 3] - features[0][75, 3] == pytest.approx(2.0, abs=0.1)


def test_noise_is_unvoiced_and_silence_does_not_fail() -> None:
    speaker = PitchRange(median_hz=140, spread_semitones=3)
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype(np.float32)
    assert prosody_features(melody_of(noise, RATE), speaker)[:, 2].mean() < 0.15
    silence = prosody_features(melody_of(np.zeros(RATE, dtype=np.float32), RATE), speaker)
    assert np.isfinite(silence).all()
    assert not silence[:, 2].any()


@pytest.mark.parametrize("n_samples", [0, 1, 240, 959, 960, 2000])
def test_there_is_an_id_for_every_whole_40_ms(n_samples: int) -> None:
    melody = melody_of(np.full(n_samples, 0.1, dtype=np.float32), RATE)
    speaker = PitchRange.of(melody.hz)
    assert prosody_features(melody, speaker).shape == (n_samples // 960, N_FEATURES)


def test_without_a_voice_a_usual_range_is_assumed() -> None:
    assert PitchRange.of(np.zeros(100, dtype=np.float32)).median_hz == 150


def test_the_spread_of_a_monotonous_voice_is_not_zero() -> None:
    speaker = PitchRange.of(np.full(100, 120, dtype=np.float32))
    assert speaker.median_hz == pytest.approx(120)
    assert speaker.spread_semitones > 1


def test_a_rate_that_does_not_divide_is_refused() -> None:
    with pytest.raises(ShapeError, match="22050"):
        melody_of(np.zeros(22_050, dtype=np.float32), 22_050)


def test_each_centroid_is_its_own_id(rng: torch.Generator) -> None:
    features = torch.randn(40, N_FEATURES, generator=rng)
    features[:, 2] = torch.rand(40, generator=rng)
    quantiser = ProsodyQuantiser(40)
    quantiser.centroids.copy_(weigh(features))
    assert quantiser(features).tolist() == list(range(40))


def test_pitch_tells_less_apart_where_nothing_is_voiced() -> None:
    high = torch.tensor([[2.0, 0.0, 1.0, 0.0], [2.0, 0.0, 0.0, 0.0]])
    low = high * torch.tensor([0.0, 1.0, 1.0, 1.0])
    voiced, unvoiced = (weigh(high) - weigh(low)).norm(dim=1).tolist()
    assert unvoiced < 0.2 * voiced


def test_a_melody_keeps_what_is_measured_of_it() -> None:
    melody = Melody(hz=np.full(8, 120, np.float32), energy_db=np.zeros(8, np.float32))
    features = prosody_features(melody, PitchRange(median_hz=120, spread_semitones=3))
    assert features == pytest.approx(np.tile([0.0, 0.0, 1.0, 0.0], (2, 1)), abs=1e-5)
