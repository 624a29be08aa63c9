"""How good a recording is as a voice prompt, in words for the person who made it.

Nothing is repaired and nothing refused here: a "problem" is what `recording_to_voice` would refuse,
a "warning" is what would make the voice less good.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from pipeline.audio.levels import speech_level_db, speech_mask
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.sound import Waveform
from pipeline.voices.fit import clipped_share, prompt_span, speech_stretch, why_unfit
from pipeline.voices.measures import (
    decibels,
    high_band_db,
    hum_level_db,
    least_like_parts,
    noise_level_db,
    signal_to_noise_db,
    steadiness,
)

MOST_PEAKS = 300
"""Points of the picture of a recording."""

SHORT_S = 2.5
"""Speech shorter than this makes a voice, but tells little of how the person sounds."""

QUIET_DB = -42.0
"""A level of speech below this asks for the microphone to be nearer."""

SOME_CLIPPED_SHARE = 0.0005
"""Clipping that can be heard, though the recording may serve."""

NOISY_DB = 20.0
"""Signal to noise below this is noisy.

Of 139 clean recordings of people (LibriSpeech, speechocean762), 95 % measure above 21 dB and half
above 35. With noise mixed in at 20 dB, white noise measures 19, pink noise and babble 21; at 10 dB,
9 to 13; at 5 dB, 5 to 9."""

STEADY_TONES = 0.25
"""Steadiness from here on is music or another tone behind the voice.

Of 221 recordings without music, of people and of flite, none measures above 0.21. With chords or a
plucked string mixed in at 20 dB, 95 % measure above 0.32, at 10 dB above 0.5; music alone measures
above 0.8."""

HUM_DB = -25.0
"""A line of the mains is hum if it is less than this below the speech.

Half of all clean recordings measure below -76. Hum mixed in at 20 dB measures -22; so do 8 % of the
LibriSpeech recordings, whose line at 60 Hz is that of their rooms."""

NARROW_BAND_DB = -42.0
"""A high band further than this below the whole is that of a telephone.

Of 241 recordings at 16 kHz, none measures below -41 and 95 % above -29; the same at 8 kHz measure
below -94, with white noise at 40 dB behind them -51 to -46."""

MUCH_SILENCE_SHARE = 0.4
"""Of the prompt; 95 % of clean read recordings hold less than 0.27."""

UNLIKE_MARGIN = 0.12
"""How far below the encoder's threshold two parts of a recording must be to be two people.

Sorted into the two least alike groups, the pieces of one speaker fall short of the threshold by
more than this in 1 of 177 recordings of one person, and those of two people joined, 5 s and 4 s
long, in 126 of 150 (in 48 of 60 where the encoder was not trained with the speakers)."""

_MAINS_HZ = (50.0, 60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know about a recording.

    Attributes:
        kind: "empty", "not_finite", "too_long", "too_short", "silent", "clipped", "too_quiet",
            "noisy", "hum", "music", "several_speakers", "narrow_band", "much_silence" or "good".
        severity: "problem": no voice can be made; "warning": one can, but less well; "good".
        message: for the person who made the recording: what is found, and what to do.
    """

    kind: str
    severity: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingQuality:
    """What was found in a recording, and the numbers behind it.

    Attributes:
        findings: at least one; "good" only if there is no other.
        duration_s: of the whole recording.
        speech_s: seconds of frames that hold speech.
        level_db: of the speech, dBFS RMS; `None`: not measured, or silent.
        peak_db: of the largest sample, dBFS; `None`: not measured, or all zero.
        clipped_share: of the samples of speech, in [0, 1].
        noise_db: of what is behind the speech, dBFS RMS; `None`: not measured.
        snr_db: how far the speech is above it; `None`: not measured.
        envelope: at most `MOST_PEAKS` peaks in [0, 1], from first to last: a picture.
        used_span_s: (first, last) second of what becomes the prompt; `None`: nothing does.
    """

    findings: tuple[Finding, ...]
    duration_s: float
    speech_s: float = 0.0
    level_db: float | None = None
    peak_db: float | None = None
    clipped_share: float = 0.0
    noise_db: float | None = None
    snr_db: float | None = None
    envelope: tuple[float, ...] = ()
    used_span_s: tuple[float, float] | None = None

    @property
    def usable(self) -> bool:
        """Whether a voice can be made of the recording."""
        return all(finding.severity != "problem" for finding in self.findings)


def judge_recording(
    recording: Waveform,
    limits: LimitsConfig,
    embed: Callable[[Waveform], Tensor] | None = None,
    same_speaker_threshold: Callable[[float], float] | None = None,
) -> RecordingQuality:
    """Tell how good a recording is as a voice prompt.

    Args:
        recording: mono, any rate; may be empty or not finite.
        limits: shortest and longest recording.
        embed: sound to (D,) float32 of length 1, alike for sounds of one speaker; `None`: whether
            one person speaks is not judged.
        same_speaker_threshold: seconds of speech to the cosine that sounds of one speaker should
            reach; needed with `embed`.

    Returns:
        Findings, problems first, and numbers; those of an empty, not finite or too long recording
        are not measured.
    """
    rate, unfit = recording.sample_rate_hz, why_unfit(recording, limits)
    problems = []
    if unfit is not None:
        message = f"The recording {unfit.reason}."
        problems = [Finding(kind=unfit.kind, severity="problem", message=message)]
    envelope = _envelope(recording)
    if unfit is not None and unfit.kind in {"empty", "not_finite", "too_long"}:
        return RecordingQuality(
            findings=tuple(problems), duration_s=recording.duration_s, envelope=envelope
        )
    level_db = speech_level_db(recording.samples, rate)
    peak = float(np.abs(recording.samples).max())
    measured = RecordingQuality(
        findings=tuple(problems),
        duration_s=recording.duration_s,
        speech_s=float(speech_mask(recording.samples, rate).sum()) / rate,
        level_db=level_db if np.isfinite(level_db) else None,
        peak_db=decibels(peak**2) if peak else None,
        clipped_share=clipped_share(recording),
        noise_db=noise_level_db(recording),
        envelope=envelope,
    )
    if unfit is not None:
        return measured
    return _warn(recording, measured, embed, same_speaker_threshold)


def _warn(
    recording: Waveform,
    measured: RecordingQuality,
    embed: Callable[[Waveform], Tensor] | None,
    threshold: Callable[[float], float] | None,
) -> RecordingQuality:
    """The same recording with what can be said of one that is fit."""
    assert measured.noise_db is not None
    rate = recording.sample_rate_hz
    snr_db = signal_to_noise_db(recording, measured.noise_db)
    first, last = prompt_span(recording)
    used = Waveform(samples=recording.samples[first:last], sample_rate_hz=rate)
    warnings = [
        *_loudness_warnings(measured),
        *_background_warnings(recording, measured, snr_db),
        *_speech_warnings(recording, used),
    ]
    if embed is not None and threshold is not None:
        warnings += _speaker_warnings(recording, embed, threshold)
    findings = tuple(Finding(kind=k, severity="warning", message=words) for k, words in warnings)
    if not findings:
        words = f"Good: {used.duration_s:.1f} s of clear speech."
        findings = (Finding(kind="good", severity="good", message=words),)
    return RecordingQuality(
        findings=findings,
        duration_s=measured.duration_s,
        speech_s=measured.speech_s,
        level_db=measured.level_db,
        peak_db=measured.peak_db,
        clipped_share=measured.clipped_share,
        noise_db=measured.noise_db,
        snr_db=snr_db,
        envelope=measured.envelope,
        used_span_s=(first / rate, last / rate),
    )


def _loudness_warnings(measured: RecordingQuality) -> Iterator[tuple[str, str]]:
    level_db = measured.level_db
    if level_db is not None and level_db < QUIET_DB:
        yield (
            "too_quiet",
            f"The recording is quiet ({level_db:.0f} dB); speak closer to the microphone.",
        )
    if measured.clipped_share > SOME_CLIPPED_SHARE:
        yield (
            "clipped",
            "The loudest moments are clipped; speak a little further from the microphone.",
        )


def _background_warnings(
    recording: Waveform, measured: RecordingQuality, snr_db: float
) -> Iterator[tuple[str, str]]:
    level_db = measured.level_db or 0.0
    for mains_hz in _MAINS_HZ:
        if hum_level_db(recording, mains_hz) - level_db > HUM_DB:
            yield (
                "hum",
                f"There is a hum of {mains_hz:.0f} Hz; move the microphone and its cable away from "
                "mains leads and chargers.",
            )
    if steadiness(recording) > STEADY_TONES:
        yield (
            "music",
            "There seems to be music or another steady tone behind the voice; record where it is "
            "quiet.",
        )
    elif snr_db < NOISY_DB:
        yield (
            "noisy",
            f"There is noise, only {max(snr_db, 0):.0f} dB below the voice; record in a quieter "
            "place or closer to the microphone.",
        )


def _speech_warnings(recording: Waveform, used: Waveform) -> Iterator[tuple[str, str]]:
    speech = speech_stretch(recording)
    if speech.duration_s < SHORT_S:
        yield (
            "too_short",
            f"There are only {speech.duration_s:.1f} s of speech; 4 to 6 s tell more of the voice.",
        )
    if high_band_db(speech) < NARROW_BAND_DB:
        yield (
            "narrow_band",
            "The recording sounds like a telephone: it holds hardly any high tones; record with "
            "another microphone or app.",
        )
    spoken = speech_mask(used.samples, used.sample_rate_hz)
    if 1.0 - float(spoken.mean()) > MUCH_SILENCE_SHARE:
        yield (
            "much_silence",
            f"Much of it is silence: of the {used.duration_s:.1f} s that are used, "
            f"{float(spoken.sum()) / used.sample_rate_hz:.1f} s hold speech; speak without long "
            "pauses.",
        )


def _speaker_warnings(
    recording: Waveform,
    embed: Callable[[Waveform], Tensor],
    threshold: Callable[[float], float],
) -> Iterator[tuple[str, str]]:
    parts = least_like_parts(speech_stretch(recording), embed)
    if parts is not None and parts.likeness < threshold(parts.speech_s) - UNLIKE_MARGIN:
        yield (
            "several_speakers",
            "There seems to be more than one voice in the recording; use one in which a single "
            "person speaks.",
        )


def _envelope(recording: Waveform) -> tuple[float, ...]:
    samples = recording.samples
    if len(samples) == 0:
        return ()
    starts = np.unique(np.linspace(0, len(samples), MOST_PEAKS, endpoint=False).astype(int))
    peaks = np.nan_to_num(np.maximum.reduceat(np.abs(samples), starts))
    return tuple(float(peak) for peak in np.clip(peaks, 0.0, 1.0))
