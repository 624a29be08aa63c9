"""How the pitch of speech moves: its range, and whether it rises or falls at the end."""

import importlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.listeners import LISTENING_RATE_HZ
from pipeline.audio.read import resample
from pipeline.datatypes.sound import Waveform

FRAME_MS = 5.0
SHORTEST_VOICED_S = 0.25
ENDING_S = 0.4
"""So much voiced sound at the end tells whether it rises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intonation:
    """Pitch of one utterance, in semitones.

    Attributes:
        pitch_range: standard deviation around its mean; 0 is a monotone.
        final_rise: the last third of the final voiced 0.4 s less the first third of it.
    """

    pitch_range: float
    final_rise: float


def intonation(speech: Waveform) -> Intonation | None:
    """Measure the pitch with WORLD's DIO and StoneMask (Morise et al. 2009, 2016).

    Returns:
        `None` if less than a quarter of a second is voiced.
    """
    semitones = _semitones(resample(speech.samples, speech.sample_rate_hz, LISTENING_RATE_HZ))
    if len(semitones) * FRAME_MS < 1000 * SHORTEST_VOICED_S:
        return None
    ending = semitones[-round(1000 * ENDING_S / FRAME_MS) :]
    third = len(ending) // 3
    return Intonation(
        pitch_range=float(np.std(semitones)),
        final_rise=float(np.median(ending[-third:]) - np.median(ending[:third])),
    )


def _semitones(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    """Pitch of the voiced frames; those over an octave from the median are taken for mistakes."""
    pyworld = importlib.import_module("pyworld")
    sound = samples.astype(np.float64)
    pitch, times = pyworld.dio(sound, LISTENING_RATE_HZ, frame_period=FRAME_MS)
    pitch = pyworld.stonemask(sound, pitch, times, LISTENING_RATE_HZ)
    voiced = pitch[pitch > 0]
    if len(voiced) == 0:
        return np.zeros(0)
    semitones = 12 * np.log2(voiced / np.median(voiced))
    return np.asarray(semitones[np.abs(semitones) <= 12])
