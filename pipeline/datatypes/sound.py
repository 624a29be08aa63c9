"""Sound, and a turn cut out of it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Waveform:
    """Mono sound: samples (N,) float32, nominally in [-1, 1]."""

    samples: NDArray[np.float32]
    sample_rate_hz: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.sample_rate_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCut:
    """A turn levelled and cut to its speech: counts in samples.

    Attributes:
        sound: margin, speech with its pauses, margin.
        speech: (first, one past the last) sample of the speech within `sound`.
        lead: silence asked for before the speech, by a pause at the start of the turn.
        tail: silence asked for after it.
        runs: (first, one past the last) sample of the turn as decoded, and where in `sound` that
            run lies; between runs are the pauses.
        gain: the factor its samples were multiplied by.
    """

    sound: Waveform
    speech: tuple[int, int]
    lead: int
    tail: int
    runs: tuple[tuple[int, int, int], ...] = ()
    gain: float = 1.0


Recording = str | Path | Waveform
"""What a recording may be given as: a sound file, or what was read of it."""
