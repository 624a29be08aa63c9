"""Stems → left and right: every speaker has a place of their own between the two sides."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.datatypes.sound import Waveform
from pipeline.errors import AudioError

WIDTH = 1.0
"""How far out the outermost speakers stand: 1 is wholly on one side.

Recordings of two people keep each on a track of their own, so that a track can be cut, measured and
transcribed alone; anything less than 1 would leave a trace of the other. Who wants to listen with
both ears to both has the mono mix.
"""

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class StereoSound:
    """Left and right, of one length and rate.

    Attributes:
        left: what the left ear hears.
        right: what the right ear hears.
        notes: what had to be done to keep within full scale.
    """

    left: Waveform
    right: Waveform
    notes: tuple[str, ...] = ()


def side_gains(n_speakers: int) -> list[tuple[float, float]]:
    """Factors (left, right) of each speaker, from left to right: their squares add up to 1.

    Args:
        n_speakers: how many are spread evenly; one stands in the middle.
    """
    step = 2.0 / (n_speakers - 1) if n_speakers > 1 else 0.0
    places = [WIDTH * (step * index - 1.0) if step else 0.0 for index in range(n_speakers)]
    angles = [(place + 1.0) * math.pi / 4 for place in places]
    return [(math.cos(angle), math.sin(angle)) for angle in angles]


def stereo_of(stems: Mapping[str, Waveform]) -> StereoSound:
    """Place the speakers from left to right, in the order of their canonical names.

    Where speakers between the sides are heard at once, a side can come out louder than full scale;
    both are then made softer as wholes, so that nobody moves and nothing is clipped.

    Args:
        stems: speaker ("S1") to a waveform; all of one length and rate. Asked for one at a time.

    Raises:
        AudioError: if there are no stems, or they differ in length or rate.
    """
    sides: list[np.ndarray] = []
    rate = 0
    for speaker, gains in zip(sorted(stems), side_gains(len(stems)), strict=True):
        stem = stems[speaker]
        if not sides:
            rate = stem.sample_rate_hz
            sides = [np.zeros(len(stem.samples), dtype=np.float32) for _ in gains]
        if len(stem.samples) != len(sides[0]) or stem.sample_rate_hz != rate:
            raise AudioError(
                f"the stem of {speaker} has {len(stem.samples)} samples at {stem.sample_rate_hz} "
                f"Hz, others {len(sides[0])} at {rate} Hz; stems must be of one length and rate"
            )
        for side, gain in zip(sides, gains, strict=True):
            if gain > 1e-9:  # else it is silent there
                _add(side, stem.samples, gain)
    if not sides:
        raise AudioError("there are no stems to place; speak a dialogue first")
    notes = _within_full_scale(sides)
    left, right = (Waveform(samples=side, sample_rate_hz=rate) for side in sides)
    return StereoSound(left=left, right=right, notes=notes)


def _add(side: np.ndarray, samples: np.ndarray, gain: float) -> None:
    """In blocks: a long sound is not held once more."""
    for start in range(0, len(side), _BLOCK):
        stretch = slice(start, start + _BLOCK)
        side[stretch] += np.float32(gain) * samples[stretch]


def _within_full_scale(sides: list[np.ndarray]) -> tuple[str, ...]:
    peak = max(
        (max(float(side.max()), -float(side.min())) for side in sides if len(side)), default=0
    )
    if peak <= 1.0:
        return ()
    for side in sides:
        side *= np.float32(1.0 / peak)
        np.clip(side, -1.0, 1.0, out=side)  # rounding
    lowered_db = 20 * math.log10(peak)
    return (
        f"stereo is {lowered_db:.1f} dB softer than the mix, because voices heard at once were "
        "together louder than full scale on one side",
    )
