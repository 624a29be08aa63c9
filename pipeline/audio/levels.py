"""How loud speech is, and where in a sound it is."""

import numpy as np
from numpy.typing import NDArray

SILENCE_DB = -60.0
"""A sound whose loud parts stay below this level (dBFS RMS) is silent."""

_LEVEL_FRAME_S = 0.01
_SPEECH_RANGE_DB = 40.0
"""Speech is whatever is less than this far below the loud parts; weak fricatives are 30 dB down."""


def speech_level_db(samples: NDArray[np.float32], sample_rate_hz: int) -> float:
    """Loudness of the speech: RMS over the frames that hold some, so that pauses do not count.

    Args:
        samples: (N,) float32.
        sample_rate_hz: its rate.

    Returns:
        dBFS; `-inf` if the sound is empty or silent (below `SILENCE_DB`).
    """
    powers = _frame_powers(samples, sample_rate_hz)
    active = _active_frames(powers)
    return float(10 * np.log10(powers[active].mean())) if active.any() else float("-inf")


def speech_span(samples: NDArray[np.float32], sample_rate_hz: int) -> tuple[int, int] | None:
    """Where speech starts and stops.

    Args:
        samples: (N,) float32.
        sample_rate_hz: its rate.

    Returns:
        (first, one past the last) sample of the frames that hold speech, 10 ms each; `None` if
        the sound is empty or silent.
    """
    active = np.flatnonzero(_active_frames(_frame_powers(samples, sample_rate_hz)))
    if len(active) == 0:
        return None
    n_frame = _frame_samples(sample_rate_hz)
    return int(active[0]) * n_frame, min((int(active[-1]) + 1) * n_frame, len(samples))


def speech_mask(samples: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.bool_]:
    """Which samples lie in frames that hold speech: (N,) bool, true where they do.

    Args:
        samples: (N,) float32.
        sample_rate_hz: its rate.
    """
    active = _active_frames(_frame_powers(samples, sample_rate_hz))
    return np.repeat(active, _frame_samples(sample_rate_hz))[: len(samples)]


def _frame_samples(sample_rate_hz: int) -> int:
    return max(1, round(_LEVEL_FRAME_S * sample_rate_hz))


def _frame_powers(samples: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float64]:
    """Mean square of each frame; the last frame may be short."""
    if len(samples) == 0:
        return np.zeros(0)
    starts = np.arange(0, len(samples), _frame_samples(sample_rate_hz))
    sums = np.add.reduceat(np.square(samples, dtype=np.float64), starts)
    return np.asarray(sums / np.diff(np.append(starts, len(samples))))


def _active_frames(powers: NDArray[np.float64]) -> NDArray[np.bool_]:
    if len(powers) == 0:
        return np.zeros(0, dtype=np.bool_)
    speech_range = 10 ** (-_SPEECH_RANGE_DB / 10)
    # Only frames near the loudest count: a second of speech in a minute of silence is still found.
    loud = np.percentile(powers[powers >= powers.max() * speech_range], 95)
    if loud < 10 ** (SILENCE_DB / 10):
        return np.zeros(len(powers), dtype=np.bool_)
    return np.asarray(powers > loud * speech_range)
