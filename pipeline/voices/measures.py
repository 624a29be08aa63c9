"""What can be measured in a recording: noise, hum, steady tones, bandwidth, how many voices.

Simple numbers from frames and spectra. What they are for clean speech and for bad recordings, and
where the line between them lies, stands in `quality.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pipeline.audio.levels import speech_level_db, speech_mask
from pipeline.datatypes.sound import Waveform

_FRAME_S = 0.02
_QUIET_SHARE = 0.1
_LEAST_POWER = 1e-10

_STEADY_WINDOW_S = 0.064
_STEADY_BAND_HZ = (250.0, 3200.0)
"""Up to where a telephone hears: the edge of its band would stand as still as a tone."""
_STEADY_SHARES = (0.2, 0.4)
_FEWEST_PAIRS = 5
_SMOOTH_BINS = 15

_BAND_WINDOW_S = 0.032
_HIGH_BAND_HZ = (4200.0, 7500.0)

_HUM_WINDOW_S = 0.5
_HUM_PADDING = 4
_HUM_SHARE = 0.3
_LEAST_STAND_OUT_DB = 12.0

_PIECE_S = 1.5
_MOST_ROUNDS = 5

Spectra = NDArray[np.float64]


def decibels(power: float) -> float:
    """A power in dB, -100 for silence."""
    return float(10 * np.log10(max(power, _LEAST_POWER)))


def noise_level_db(recording: Waveform) -> float:
    """Level of the quietest tenth of the frames of 20 ms, dBFS RMS; at least -100.

    Args:
        recording: not empty.
    """
    n_frame = max(1, min(round(_FRAME_S * recording.sample_rate_hz), len(recording.samples)))
    n_frames = len(recording.samples) // n_frame
    frames = recording.samples[: n_frames * n_frame].reshape(n_frames, n_frame)
    powers = np.sort(np.square(frames, dtype=np.float64).mean(axis=1))
    return decibels(float(powers[: max(3, int(n_frames * _QUIET_SHARE))].mean()))


def signal_to_noise_db(recording: Waveform, noise_db: float) -> float:
    """How far the speech, without the noise in it, is above the noise.

    Args:
        recording: holds speech.
        noise_db: what `noise_level_db` gives.
    """
    level_db = speech_level_db(recording.samples, recording.sample_rate_hz)
    return decibels(10 ** (level_db / 10) - 10 ** (noise_db / 10)) - noise_db


def steadiness(recording: Waveform) -> float:
    """How much the fine spectrum of the quiet frames stays as it is: tones do, noise does not.

    The logarithm of the spectrum, less its envelope, is compared between frames that share no
    sample, as a correlation. Only quiet frames count, where what is behind a voice can be heard.

    Args:
        recording: at any rate.

    Returns:
        The mean correlation, in [-1, 1]; 0 if there is too little to compare.
    """
    spectra = _spectra(recording, _STEADY_WINDOW_S)
    bin_hz = 1 / _STEADY_WINDOW_S
    low, high = (round(edge_hz / bin_hz) for edge_hz in _STEADY_BAND_HZ)
    fine = np.log(spectra[:, low:high] + _LEAST_POWER)
    if len(fine) < _FEWEST_PAIRS or fine.shape[1] < _SMOOTH_BINS:
        return 0.0
    fine = fine - _smooth(fine)
    fine = fine - fine.mean(axis=1, keepdims=True)
    fine /= np.maximum(np.linalg.norm(fine, axis=1, keepdims=True), 1e-3)
    loudness = spectra.sum(axis=1)
    for share in _STEADY_SHARES:
        quiet = loudness <= np.quantile(loudness, share)
        pairs = np.flatnonzero(quiet[:-2] & quiet[2:])
        if len(pairs) >= _FEWEST_PAIRS:
            return float((fine[pairs] * fine[pairs + 2]).sum(axis=1).mean())
    return 0.0


def high_band_db(recording: Waveform) -> float:
    """How far the loud moments above 4.2 kHz are below the loud moments of the whole sound.

    Args:
        recording: at any rate.

    Returns:
        dB, at most 0; -100 where the rate leaves no such band.
    """
    spectra = _spectra(recording, _BAND_WINDOW_S)
    bin_hz = 1 / _BAND_WINDOW_S
    low, high = (round(edge_hz / bin_hz) for edge_hz in _HIGH_BAND_HZ)
    high_band = spectra[:, low : min(high, int(0.94 * spectra.shape[1]))]
    loud = float(np.quantile(spectra.sum(axis=1), 0.95)) if len(spectra) else 0.0
    if high_band.size == 0 or loud == 0.0:
        return decibels(0.0)
    return decibels(float(np.quantile(high_band.sum(axis=1), 0.95)) / loud)


def hum_level_db(recording: Waveform, mains_hz: float) -> float:
    """Level of a line at the frequency of the mains that is always there, dBFS RMS.

    Args:
        recording: at any rate.
        mains_hz: 50 or 60.

    Returns:
        dBFS; -100 if no line stands out, or the recording is shorter than a second.
    """
    n_window = round(_HUM_WINDOW_S * recording.sample_rate_hz)
    if len(recording.samples) < 2 * n_window:
        return decibels(0.0)
    window = np.blackman(n_window)
    frames = np.lib.stride_tricks.sliding_window_view(recording.samples, n_window)
    # One window after another: a minute of padded spectra at once would take 100 MB and more.
    n_bins = round(100 * _HUM_PADDING * _HUM_WINDOW_S)
    powers = np.array(
        [
            np.abs(np.fft.rfft(frame * window, _HUM_PADDING * n_window)[:n_bins]) ** 2
            for frame in frames[:: n_window // 2]
        ]
    )
    steady = np.quantile(powers, _HUM_SHARE, axis=0) * 2 / window.sum() ** 2
    per_hz = _HUM_PADDING * _HUM_WINDOW_S

    def around(centre_hz: float, width_hz: float) -> NDArray[np.float64]:
        first = round((centre_hz - width_hz) * per_hz)
        return np.asarray(steady[first : round((centre_hz + width_hz) * per_hz) + 1])

    line = decibels(float(around(mains_hz, 1.5).max()))
    beside = np.concatenate([around(mains_hz - 14, 5), around(mains_hz + 14, 5)])
    stands_out = line - decibels(float(np.median(beside))) >= _LEAST_STAND_OUT_DB
    return line if stands_out else decibels(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoParts:
    """The pieces of a recording in two groups that are as unlike as can be.

    Attributes:
        likeness: cosine in [-1, 1] of the embeddings of both groups.
        speech_s: seconds of speech in the shorter group.
    """

    likeness: float
    speech_s: float


def least_like_parts(recording: Waveform, embed: Callable[[Waveform], Tensor]) -> TwoParts | None:
    """Sort pieces of 1.5 s of speech by who seems to say them, into two groups.

    Args:
        recording: holds speech.
        embed: sound to (D,) float32 of length 1, alike for sounds of one speaker.

    Returns:
        How alike the groups are, each heard as one sound; `None`: fewer than two pieces.
    """
    pieces = _pieces(recording)
    if len(pieces) < 2:
        return None
    embeddings = torch.stack([embed(piece) for piece in pieces])
    likeness = embeddings @ embeddings.T
    one, other = divmod(int(likeness.argmin()), len(pieces))
    in_second = likeness[other] > likeness[one]
    for _ in range(_MOST_ROUNDS):
        if bool(in_second.all()) or not bool(in_second.any()):
            return None
        centres = [embeddings[~in_second].mean(0), embeddings[in_second].mean(0)]
        towards = embeddings @ torch.nn.functional.normalize(torch.stack(centres), dim=-1).T
        moved = towards[:, 1] > towards[:, 0]
        if moved.equal(in_second) or bool(moved.all()) or not bool(moved.any()):
            break
        in_second = moved
    parts = [
        _joined([piece for piece, second in zip(pieces, in_second, strict=True) if second == which])
        for which in (False, True)
    ]
    rate = recording.sample_rate_hz
    speech_s = min(float(speech_mask(part.samples, rate).sum()) / rate for part in parts)
    return TwoParts(likeness=float(embed(parts[0]) @ embed(parts[1])), speech_s=speech_s)


def _pieces(recording: Waveform) -> list[Waveform]:
    """Stretches with equally much speech, at least `_PIECE_S` each."""
    rate = recording.sample_rate_hz
    spoken = np.cumsum(speech_mask(recording.samples, rate))
    n_pieces = int(spoken[-1] / (_PIECE_S * rate)) if len(spoken) else 0
    marks = np.arange(1, n_pieces) * (spoken[-1] / max(n_pieces, 1))
    parts = np.split(recording.samples, np.searchsorted(spoken, marks)) if n_pieces else []
    return [Waveform(samples=part, sample_rate_hz=rate) for part in parts]


def _joined(pieces: Sequence[Waveform]) -> Waveform:
    samples = np.concatenate([piece.samples for piece in pieces])
    return Waveform(samples=samples, sample_rate_hz=pieces[0].sample_rate_hz)


def _spectra(recording: Waveform, window_s: float) -> Spectra:
    """Power spectra (frames, bins) of windows that overlap by half."""
    n_window = round(window_s * recording.sample_rate_hz)
    if len(recording.samples) < n_window:
        return np.zeros((0, n_window // 2 + 1))
    frames = np.lib.stride_tricks.sliding_window_view(recording.samples, n_window)
    windowed = frames[:: n_window // 2] * np.hanning(n_window)
    return np.asarray(np.abs(np.fft.rfft(windowed, axis=1)) ** 2)


def _smooth(fine: Spectra) -> Spectra:
    """A moving mean over bins, as long as before."""
    half = _SMOOTH_BINS // 2
    padded = np.pad(fine, ((0, 0), (half + 1, half)), mode="edge")
    sums = np.cumsum(padded, axis=1)
    return np.asarray((sums[:, _SMOOTH_BINS:] - sums[:, :-_SMOOTH_BINS]) / _SMOOTH_BINS)
