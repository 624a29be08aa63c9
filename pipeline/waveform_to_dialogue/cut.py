"""Stage 6 of 6, one turn of it: cut to its speech and levelled; or a part of it replaced."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pipeline.audio.levels import speech_span
from pipeline.config.limits import MixConfig
from pipeline.datatypes.sound import TurnCut, Waveform
from pipeline.datatypes.tokens import AcousticTokens
from pipeline.errors import AudioError, ShapeError

Samples = NDArray[np.float32]

MARGIN_S = 0.04
"""Silence kept on both sides of a turn's speech."""

HEADROOM_DB = 6.0
"""How far a turn's peak stays below the mix's: two voices at once then cannot pass it."""

SPLICE_S = 0.01
"""How long the old sound and the new one are blended, at both ends of what is replaced."""


def level_and_cut(
    waveform: Waveform, tokens: AcousticTokens, gain: float, config: MixConfig, index: int
) -> TurnCut:
    """Cut a turn to its speech, insert its pauses, fade both ends, and level it.

    Args:
        waveform: the turn as decoded.
        tokens: its pauses.
        gain: the speaker's; a turn whose peak would still be too high is lowered as a whole.
        config: fade and peak.
        index: number of the turn, for messages.

    Raises:
        ShapeError: if the waveform is empty.
        AudioError: if a sample is not finite.
    """
    samples, rate = waveform.samples, waveform.sample_rate_hz
    if len(samples) == 0:
        raise ShapeError(f"turn {index + 1} has no samples; it needs at least one codec frame")
    _check_finite(samples, index)
    first, last = speech_span(samples, rate) or (0, len(samples))
    margin = round(MARGIN_S * rate)
    begin, end = max(0, first - margin), min(len(samples), last + margin)
    lead = tail = inside = 0
    runs, edge = [], begin
    for position, pause_s in sorted(tokens.pauses):
        at, n_pause = round(position / tokens.frame_rate_hz * rate), round(pause_s * rate)
        if at <= first:
            lead += n_pause
        elif at >= last:
            tail += n_pause
        else:
            runs.append((edge, at, edge - begin + inside))
            edge, inside = at, inside + n_pause
    runs.append((edge, end, edge - begin + inside))
    laid = _lay(waveform, runs, config)
    factor = _safe_gain(laid, gain, config)
    return TurnCut(
        sound=Waveform(samples=laid * np.float32(factor), sample_rate_hz=rate),
        speech=(first - begin, last - begin + inside),
        lead=lead,
        tail=tail,
        runs=tuple(runs),
        gain=factor,
    )


def decoded_span(cut: TurnCut, start: int, stop: int) -> tuple[int, int] | None:
    """Which samples of a turn as decoded are heard as speech in a part of its sound.

    Args:
        cut: the turn.
        start: first sample of the part, within `cut.sound`; it may lie outside.
        stop: one past the last one.

    Returns:
        (first, one past the last) sample as decoded; `None` if there is no speech, only a pause or
        silence.
    """
    start, stop = max(start, cut.speech[0]), min(stop, cut.speech[1])
    heard = [
        (first + max(start - at, 0), min(first + stop - at, last))
        for first, last, at in cut.runs
        if max(start, at) < min(stop, at + last - first)
    ]
    return (heard[0][0], heard[-1][1]) if heard else None


def splice(
    cut: TurnCut, waveform: Waveform, part: tuple[int, int], config: MixConfig, index: int
) -> TurnCut:
    """Replace a part of a turn's sound; every sample outside that part stays as it is.

    Args:
        cut: the turn.
        waveform: as decoded anew, as long as it was.
        part: (first, one past the last) sample of it, within `cut.sound`.
        config: fade and peak.
        index: number of the turn, for messages.

    Returns:
        The turn with the new sound, which is blended with the old one over the first and last
        `SPLICE_S` of the part, and lowered if it is louder than a turn may be.

    Raises:
        AudioError: if a sample is not finite.
    """
    _check_finite(waveform.samples, index)
    start, stop = part
    fresh = _lay(waveform, cut.runs, config)[start:stop]
    fresh *= np.float32(_safe_gain(fresh, cut.gain, config))
    n_blend = min(round(SPLICE_S * waveform.sample_rate_hz), len(fresh) // 2)
    weight = np.ones(len(fresh), dtype=np.float32)
    weight[:n_blend] = _ramp(n_blend)
    weight[len(fresh) - n_blend :] = _ramp(n_blend)[::-1]
    samples = cut.sound.samples.copy()
    samples[start:stop] = weight * fresh + (1.0 - weight) * samples[start:stop]
    return replace(cut, sound=replace(cut.sound, samples=samples))


def _check_finite(samples: Samples, index: int) -> None:
    if not np.isfinite(samples).all():
        raise AudioError(
            f"turn {index + 1} has samples that are not finite numbers; restore the weights"
        )


def _lay(waveform: Waveform, runs: Sequence[tuple[int, int, int]], config: MixConfig) -> Samples:
    """Each run in its place, faded; silence between."""
    first, last, at = runs[-1]
    laid = np.zeros(at + last - first, dtype=np.float32)
    n_fade = round(config.fade_s * waveform.sample_rate_hz)
    for first, last, at in runs:
        laid[at : at + last - first] = _faded(waveform.samples[first:last], n_fade)
    return laid


def _safe_gain(samples: Samples, gain: float, config: MixConfig) -> float:
    """The gain, or as much of it as keeps the peak below what a turn may have."""
    peak = gain * float(np.abs(samples).max(initial=0.0))
    limit = 10 ** ((config.peak_limit_db - HEADROOM_DB) / 20)
    return gain if peak <= limit else gain * limit / peak


def _faded(samples: Samples, n_fade: int) -> Samples:
    """Raise and lower both ends along a cosine, so that nothing clicks."""
    n_fade = min(n_fade, len(samples) // 2)
    ramp = _ramp(n_fade)
    faded = samples.astype(np.float32, copy=True)
    faded[:n_fade] *= ramp
    faded[len(faded) - n_fade :] *= ramp[::-1]
    return faded


def _ramp(n_samples: int) -> Samples:
    phase = np.pi * (np.arange(n_samples) + 0.5) / max(n_samples, 1)
    return (0.5 - 0.5 * np.cos(phase)).astype(np.float32)
