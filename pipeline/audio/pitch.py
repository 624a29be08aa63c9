"""Pitch of speech: normalised cross-correlation, and the cheapest path through its peaks.

After RAPT (Talkin 1995): every 10 ms a few lags at which the sound resembles itself are candidates;
dynamic programming trades their strength against jumps and against being voiced at all.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.read import resample

PITCH_RATE_HZ = 100
"""Values a second; the first stands for the first 10 ms, at its middle."""
LOWEST_HZ, HIGHEST_HZ = 60.0, 450.0

_RATE_HZ = 12_000
"""Enough for the lags of the highest pitch, half the work of 24 kHz."""
_HOP = _RATE_HZ // PITCH_RATE_HZ
_WINDOW = 360
_N_FFT = 1024
_N_CANDIDATES = 6
_UNVOICED_COST = 0.45
_JUMP_COST_PER_OCTAVE = 1.2
_SWITCH_COST = 0.14
_LAG_COST_PER_OCTAVE = 0.03
"""Short lags are preferred: twice a period resembles itself as well as one does."""
_QUIET = 1e-2
"""A window whose samples have less power than this squared hardly correlates: it is no voice."""


def pitch_hz(samples: NDArray[np.float32], sample_rate_hz: int) -> NDArray[np.float32]:
    """Pitch every 10 ms.

    Args:
        samples: (N,) float32 in [-1, 1].
        sample_rate_hz: its rate.

    Returns:
        (N * 100 // sample_rate_hz,) float32, Hz in about [60, 450]; 0 where there is no voice.
    """
    n_frames = len(samples) * PITCH_RATE_HZ // sample_rate_hz
    if n_frames == 0:
        return np.zeros(0, dtype=np.float32)
    at_rate = resample(samples, sample_rate_hz, _RATE_HZ)
    correlation, first_lag = _correlation(at_rate, n_frames)
    strengths, lags = _candidates(correlation, first_lag)
    hz = _RATE_HZ / lags
    states = _cheapest_path(strengths, np.log2(hz))
    voiced = states < _N_CANDIDATES
    chosen = hz[np.arange(n_frames), np.minimum(states, _N_CANDIDATES - 1)]
    return np.where(voiced, chosen, 0.0).astype(np.float32)


def continuous_pitch(hz: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bridge the gaps between voiced stretches, straight on a log scale.

    Args:
        hz: (F,) float32; 0 where there is no voice.

    Returns:
        (F,) float32, the same where there is a voice; zeros if there is none at all.
    """
    voiced = np.flatnonzero(hz > 0)
    if len(voiced) == 0:
        return np.zeros_like(hz)
    bridged = np.interp(np.arange(len(hz)), voiced, np.log2(hz[voiced]))
    return np.where(hz > 0, hz, np.exp2(bridged)).astype(np.float32)


def _correlation(samples: NDArray[np.float32], n_frames: int) -> tuple[NDArray[np.float64], int]:
    """How much each frame resembles what follows it, (F, lags), and the first lag in samples."""
    first_lag, last_lag = int(_RATE_HZ / HIGHEST_HZ) - 1, int(_RATE_HZ / LOWEST_HZ) + 2
    span = _WINDOW + last_lag
    # the span is centred on the 10 ms that it stands for
    padded = np.pad(samples, (span // 2 - _HOP // 2, n_frames * _HOP + span))
    frames = np.lib.stride_tricks.sliding_window_view(padded, span)[: n_frames * _HOP : _HOP]
    frames = frames.astype(np.float64)
    frames = frames - frames.mean(axis=1, keepdims=True)
    # products of the window with all shifted ones at once: (F, lags)
    spectrum = np.fft.rfft(frames, _N_FFT)
    products = np.fft.irfft(np.fft.rfft(frames[:, :_WINDOW], _N_FFT).conj() * spectrum, _N_FFT)
    lags = np.arange(first_lag, last_lag + 1)
    # powers of the shifted windows from running sums
    sums = np.concatenate([np.zeros((n_frames, 1)), np.cumsum(np.square(frames), axis=1)], axis=1)
    shifted = sums[:, lags + _WINDOW] - sums[:, lags]
    unshifted = sums[:, _WINDOW] - sums[:, 0]
    floor = (_WINDOW * _QUIET**2) ** 2
    return products[:, lags] / np.sqrt(unshifted[:, None] * shifted + floor), first_lag


def _candidates(
    correlation: NDArray[np.float64], first_lag: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Strengths and lags, (F, candidates) each, of the strongest peaks, between samples, too."""
    middle = correlation[:, 1:-1]
    peaks = (middle >= correlation[:, :-2]) & (middle > correlation[:, 2:])
    lags = first_lag + 1 + np.arange(middle.shape[1])
    strengths = middle - _LAG_COST_PER_OCTAVE * np.log2(lags / first_lag)
    strengths = np.where(peaks, strengths, -1.0)
    places = np.argpartition(-strengths, _N_CANDIDATES, axis=1)[:, :_N_CANDIDATES]
    # a parabola through three points puts the peak between samples
    before, at, after = (np.take_along_axis(correlation, places + i, axis=1) for i in range(3))
    shift = 0.5 * (before - after) / (before - 2 * at + after - 1e-9)
    chosen = np.take_along_axis(strengths, places, axis=1)
    found = first_lag + 1 + places + np.clip(shift, -0.5, 0.5)
    return chosen, found.astype(np.float64)


def _cheapest_path(
    strengths: NDArray[np.float64], octaves: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Which candidate each frame takes, (F,) int64; `_N_CANDIDATES`: none, it is unvoiced."""
    n_frames, K = strengths.shape
    local = np.concatenate([1.0 - strengths, np.full((n_frames, 1), _UNVOICED_COST)], axis=1)
    steps = np.zeros((K + 1, K + 1))
    steps[:K, K] = steps[K, :K] = _SWITCH_COST
    total = local[0]
    came_from = np.zeros((n_frames, K + 1), dtype=np.int64)
    for frame in range(1, n_frames):
        jumps = np.abs(octaves[frame - 1][:, None] - octaves[frame])
        steps[:K, :K] = _JUMP_COST_PER_OCTAVE * jumps
        costs = total[:, None] + steps
        came_from[frame] = costs.argmin(axis=0)
        total = costs.min(axis=0) + local[frame]
    states = np.empty(n_frames, dtype=np.int64)
    states[-1] = total.argmin()
    for frame in range(n_frames - 1, 0, -1):
        states[frame - 1] = came_from[frame, states[frame]]
    return states
