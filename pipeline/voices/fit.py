"""Which recordings can become a voice, and which stretch of one becomes the prompt.

`from_recording.py` refuses what is unfit, and `quality.py` tells people beforehand: both ask here.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.audio.levels import SILENCE_DB, speech_mask, speech_span
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.sound import Waveform

PROMPT_S = 6.0
"""Longest prompt SoundStorm is trained with."""

FULL_SCALE = 0.985
"""A sample from here on counts as clipped."""

_STEP_S = 0.04
"""One semantic id: the prompt is sought in steps of it."""
_MARGIN_S = 0.04
_MAX_CLIPPED_SHARE = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """Why a recording cannot become a voice.

    Attributes:
        kind: "empty", "not_finite", "too_long", "silent", "clipped" or "too_short".
        reason: the rest of a sentence about the recording: "is empty; record ...".
    """

    kind: str
    reason: str


def why_unfit(recording: Waveform, limits: LimitsConfig) -> Unfit | None:
    """The first thing that keeps a recording from becoming a voice; `None`: it is fit.

    Args:
        recording: mono, any rate, perhaps empty or not finite.
        limits: shortest and longest recording.
    """
    samples, rate = recording.samples, recording.sample_rate_hz
    asked = f"{limits.min_recording_s:g} to {limits.max_recording_s:g} s of one person speaking"
    if len(samples) == 0:
        return Unfit(kind="empty", reason=f"is empty; record {asked}")
    if not np.isfinite(samples).all():
        reason = "holds samples that are not finite numbers; export it again as wav"
        return Unfit(kind="not_finite", reason=reason)
    if recording.duration_s > limits.max_recording_s:
        reason = f"lasts {recording.duration_s:.1f} s; cut it to {asked}"
        return Unfit(kind="too_long", reason=reason)
    span = speech_span(samples, rate)
    if span is None:
        reason = f"is silent (below {SILENCE_DB:g} dB); check the microphone and record {asked}"
        return Unfit(kind="silent", reason=reason)
    clipped = clipped_share(recording)
    if clipped > _MAX_CLIPPED_SHARE:
        reason = (
            f"is clipped: {clipped:.1%} of its speech is at full scale; "
            "record again further from the microphone or with less gain"
        )
        return Unfit(kind="clipped", reason=reason)
    speech_s = (span[1] - span[0]) / rate
    if speech_s < limits.min_recording_s:
        return Unfit(kind="too_short", reason=f"holds {speech_s:.1f} s of speech; record {asked}")
    return None


def clipped_share(recording: Waveform) -> float:
    """The share of the samples of speech that are at full scale, in [0, 1]; 0 without speech."""
    spoken = recording.samples[speech_mask(recording.samples, recording.sample_rate_hz)]
    return float(np.mean(np.abs(spoken) >= FULL_SCALE)) if len(spoken) else 0.0


def speech_stretch(recording: Waveform) -> Waveform:
    """A fit recording without the silence at its ends."""
    first, last = _speech_stretch(recording)
    samples = recording.samples[first:last]
    return Waveform(samples=samples, sample_rate_hz=recording.sample_rate_hz)


def prompt_span(recording: Waveform) -> tuple[int, int]:
    """The stretch of at most `PROMPT_S` that has most speech in it; all speech if it is shorter.

    Args:
        recording: one that `why_unfit` finds nothing against.

    Returns:
        (first, one past the last) sample.
    """
    first, last = _speech_stretch(recording)
    rate = recording.sample_rate_hz
    n_window = round(PROMPT_S * rate)
    if last - first <= n_window:
        return first, last
    spoken = np.concatenate([[0], np.cumsum(speech_mask(recording.samples[first:last], rate))])
    starts = np.arange(0, last - first - n_window + 1, max(1, round(_STEP_S * rate)))
    best = first + int(starts[np.argmax(spoken[starts + n_window] - spoken[starts])])
    return best, best + n_window


def _speech_stretch(recording: Waveform) -> tuple[int, int]:
    span = speech_span(recording.samples, recording.sample_rate_hz)
    assert span is not None, "asked only of fit recordings"
    margin = round(_MARGIN_S * recording.sample_rate_hz)
    return max(0, span[0] - margin), min(span[1] + margin, len(recording.samples))
