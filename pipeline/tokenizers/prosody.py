"""Speech → prosody ids: how something is said, 25 times a second, beside what is said.

Pitch relative to the speaker's own, its slope, voicing and energy of every 40 ms, and the nearest
of some hundred combinations. Relative, so that the ids tell melody and not who speaks: a voice
brings its own pitch and range back. Content ids alone leave melody to chance (AudioLM section 3.1
says of its semantic tokens that they keep little of it).
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pipeline.audio.levels import SILENCE_DB, speech_level_db
from pipeline.audio.pitch import PITCH_RATE_HZ, continuous_pitch, pitch_hz
from pipeline.errors import ShapeError

IDS_PER_SECOND = 25
N_FEATURES = 4
"""Pitch and its slope in the speaker's spreads, share of voiced time, energy in steps of 10 dB."""

_FRAMES_PER_ID = PITCH_RATE_HZ // IDS_PER_SECOND
_WEIGHTS = (1.6, 0.8, 1.0, 0.9)
"""How much each feature counts when ids are told apart."""
_UNVOICED_PITCH = 0.15
"""Where nothing is voiced, pitch and slope count this much of that."""
_SPREAD_SEMITONES = (1.2, 5.0)
_USUAL_MEDIAN_HZ, _USUAL_SPREAD = 150.0, 3.0
_FEWEST_VOICED = 10
_CLIPPED_SPREADS = 4.0
_ENERGY_DB = (-40.0, 12.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PitchRange:
    """What the pitch of one speaker is relative to.

    Attributes:
        median_hz: in the middle of the voiced frames.
        spread_semitones: 68 of 100 voiced frames are closer to it than this.
    """

    median_hz: float
    spread_semitones: float

    @classmethod
    def of(cls, hz: NDArray[np.float32]) -> "PitchRange":
        """Measure the voiced frames of a speaker's recordings.

        Args:
            hz: (F,) float32, 0 where unvoiced; with next to no voice, a usual range is assumed.
        """
        octaves = np.log2(hz[hz > 0])
        if len(octaves) < _FEWEST_VOICED:
            return cls(median_hz=_USUAL_MEDIAN_HZ, spread_semitones=_USUAL_SPREAD)
        median = float(np.median(octaves))
        spread = 12 * float(np.percentile(np.abs(octaves - median), 68))
        low, high = _SPREAD_SEMITONES
        return cls(median_hz=2.0**median, spread_semitones=min(high, max(low, spread)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Melody:
    """Pitch and energy of one recording, F values at 100 a second.

    Attributes:
        hz: (F,) float32; pitch, 0 where there is no voice.
        energy_db: (F,) float32; relative to the recording's own level.
    """

    hz: NDArray[np.float32]
    energy_db: NDArray[np.float32]


def melody_of(samples: NDArray[np.float32], sample_rate_hz: int) -> Melody:
    """Measure a recording.

    Args:
        samples: (N,) float32 in [-1, 1].
        sample_rate_hz: its rate, a multiple of 100.

    Raises:
        ShapeError: if the rate is no multiple of 100.
    """
    if sample_rate_hz % PITCH_RATE_HZ:
        raise ShapeError(f"melody: {sample_rate_hz} Hz is no multiple of {PITCH_RATE_HZ}")
    hop = sample_rate_hz // PITCH_RATE_HZ
    n_frames = len(samples) // hop
    frames = samples[: n_frames * hop].reshape(n_frames, hop).astype(np.float64)
    level_db = max(SILENCE_DB, speech_level_db(samples, sample_rate_hz))
    energy_db = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-10) - level_db
    hz = pitch_hz(samples[: n_frames * hop], sample_rate_hz)
    return Melody(hz=hz, energy_db=energy_db.astype(np.float32))


def prosody_features(melody: Melody, speaker: PitchRange) -> NDArray[np.float32]:
    """What is clustered.

    Args:
        melody: F frames; up to 3 at the end that make no whole id are left out.
        speaker: what the pitch is relative to.

    Returns:
        (F // 4, 4) float32, as `N_FEATURES` says.
    """
    n_ids = len(melody.hz) // _FRAMES_PER_ID
    n_frames = n_ids * _FRAMES_PER_ID
    # pitch in the speaker's spreads, bridged where there is no voice: (F,)
    bridged = continuous_pitch(melody.hz[:n_frames])
    relative = np.zeros(n_frames)
    if bridged.any():
        relative = 12 * np.log2(bridged / speaker.median_hz) / speaker.spread_semitones
    relative = np.clip(relative, -_CLIPPED_SPREADS, _CLIPPED_SPREADS)
    slope = np.gradient(relative) * _FRAMES_PER_ID if n_frames > 1 else np.zeros(n_frames)
    powers = 10 ** (np.clip(melody.energy_db[:n_frames], *_ENERGY_DB) / 10)
    # means over the four frames of an id: (S, 4)
    columns = [relative, slope, melody.hz[:n_frames] > 0, powers]
    means = [np.asarray(each).reshape(n_ids, _FRAMES_PER_ID).mean(axis=1) for each in columns]
    means[3] = np.log10(means[3])
    return np.stack(means, axis=1).astype(np.float32)


class ProsodyQuantiser(nn.Module):
    """Features of 40 ms to the nearest of K combinations.

    Args:
        n_ids: K.
    """

    centroids: Tensor

    def __init__(self, n_ids: int) -> None:
        super().__init__()
        self.register_buffer("centroids", torch.zeros(n_ids, N_FEATURES))

    def forward(self, features: Tensor) -> Tensor:
        """Ids (...) int64 of features (..., 4) float32."""
        centroids = self.centroids.to(torch.float32)
        half_squares = 0.5 * centroids.square().sum(dim=1)
        return (weigh(features) @ centroids.T - half_squares).argmax(dim=-1)


def weigh(features: Tensor) -> Tensor:
    """Scale features (..., 4) so that distances between them mean what an ear would say."""
    weighted = features * torch.tensor(_WEIGHTS, device=features.device)
    heard = _UNVOICED_PITCH + (1.0 - _UNVOICED_PITCH) * features[..., 2:3]
    return torch.cat((weighted[..., :2] * heard, weighted[..., 2:]), dim=-1)
