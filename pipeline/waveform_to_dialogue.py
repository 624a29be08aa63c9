"""Stage 6 of 6: waveforms of turns → one dialogue: placed, faded, levelled, with captions.

    turn 1   ..[ speech ]..
    gap                 |----|
    turn 2                 ..[ speech ]..

Gaps and overlaps are measured from speech to speech. The silence around it that the networks made
is cut down to a short margin (the dots), which carries the fade and may lie inside the gap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.audio_io import speech_level_db, speech_span
from pipeline.config import MixConfig
from pipeline.datatypes import AcousticTokens, Caption, Turn, Waveform
from pipeline.errors import AudioError, ShapeError

Samples = NDArray[np.float32]

MARGIN_S = 0.04
"""Silence kept on both sides of a turn's speech."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedDialogue:
    """All turns in their places.

    Attributes:
        mix: the sum of the stems.
        stems: speaker to a waveform as long as the mix, in order of first speaking.
        captions: one per turn, in script order; spans are those of the speech itself.
    """

    mix: Waveform
    stems: Mapping[str, Waveform]
    captions: tuple[Caption, ...]


@dataclass(frozen=True, slots=True)
class _Cut:
    """A turn cut to its speech: counts in samples.

    Attributes:
        samples: margin, speech with its pauses, margin.
        speech: (first, one past the last) sample of the speech within `samples`.
        lead: silence asked for before the speech, by a pause at the start of the turn.
        tail: silence asked for after it.
    """

    samples: Samples
    speech: tuple[int, int]
    lead: int
    tail: int


def waveform_to_dialogue(
    waveforms: Sequence[Waveform],
    acoustic: Sequence[AcousticTokens],
    turns: Sequence[Turn],
    config: MixConfig,
    levels_of: Sequence[Waveform] | None = None,
) -> MixedDialogue:
    """Place the turns one after another and mix them.

    A negative gap overlaps the turn before; no turn starts earlier than the turn before it. Every
    speaker gets one gain for all of their turns, and the mix one gain that keeps its peak below the
    limit, so that what is loud within a turn and between turns of a speaker stays as spoken.

    Args:
        waveforms: one per turn, all at one rate, none empty.
        acoustic: one per turn; only the positions of pauses are read.
        turns: one per waveform, in script order, at least one.
        config: gap, fade, levels.
        levels_of: one per turn, whose loudness sets the speakers' gains; by default the waveforms
            themselves. Given the first takes, a turn spoken again changes no other turn's gain.

    Raises:
        ShapeError: if the three do not match one to one, a waveform is empty, or rates differ.
        AudioError: if a sample is not finite.
    """
    rate = _check(waveforms, acoustic, turns)
    cuts = _cut_all(waveforms, acoustic, config.fade_s)
    levelled = cuts if levels_of is None else _cut_all(levels_of, acoustic, config.fade_s)
    gains = _speaker_gains(levelled, turns, rate, config.target_level_db)
    starts = _place(cuts, turns, rate, config.default_gap_s)
    n_samples = max(start + len(cut.samples) for start, cut in zip(starts, cuts, strict=True))
    n_samples = max(n_samples, starts[-1] + cuts[-1].speech[1] + cuts[-1].tail)
    stems = {turn.speaker: np.zeros(n_samples, dtype=np.float64) for turn in turns}
    for start, cut, turn in zip(starts, cuts, turns, strict=True):
        stems[turn.speaker][start : start + len(cut.samples)] += cut.samples * gains[turn.speaker]
    mix = np.sum(list(stems.values()), axis=0)
    peak = max(float(np.abs(sound).max()) for sound in (mix, *stems.values()))
    limit = 10 ** (config.peak_limit_db / 20)
    gain = limit / peak if peak > limit else 1.0
    captions = tuple(
        Caption(
            turn=index,
            speaker=turn.speaker,
            start_s=(start + cut.speech[0]) / rate,
            end_s=(start + cut.speech[1]) / rate,
            text=turn.text,
        )
        for index, (start, cut, turn) in enumerate(zip(starts, cuts, turns, strict=True))
    )
    return MixedDialogue(
        mix=_waveform(mix * gain, rate),
        stems={speaker: _waveform(stem * gain, rate) for speaker, stem in stems.items()},
        captions=captions,
    )


def _waveform(samples: NDArray[np.float64], rate: int) -> Waveform:
    return Waveform(samples=samples.astype(np.float32), sample_rate_hz=rate)


def _check(
    waveforms: Sequence[Waveform], acoustic: Sequence[AcousticTokens], turns: Sequence[Turn]
) -> int:
    counts = (len(waveforms), len(acoustic), len(turns))
    if len(set(counts)) != 1 or counts[0] == 0:
        raise ShapeError(
            "{} waveforms, {} code sequences, {} turns: need one of each per turn".format(*counts)
        )
    for index, waveform in enumerate(waveforms):
        if len(waveform.samples) == 0:
            raise ShapeError(f"turn {index + 1} has no samples; it needs at least one codec frame")
        if not np.isfinite(waveform.samples).all():
            raise AudioError(
                f"turn {index + 1} has samples that are not finite numbers; restore the weights"
            )
    rates = sorted({waveform.sample_rate_hz for waveform in waveforms})
    if len(rates) != 1:
        raise ShapeError(f"turns at different sample rates {rates}; decode all with one codec")
    return rates[0]


def _cut_all(
    waveforms: Sequence[Waveform], acoustic: Sequence[AcousticTokens], fade_s: float
) -> list[_Cut]:
    return [
        _cut(waveform.samples, tokens, waveform.sample_rate_hz, fade_s)
        for waveform, tokens in zip(waveforms, acoustic, strict=True)
    ]


def _cut(samples: Samples, tokens: AcousticTokens, rate: int, fade_s: float) -> _Cut:
    """Insert the inline pauses, cut the silence around the speech, fade both ends."""
    first, last = speech_span(samples, rate) or (0, len(samples))
    margin, n_fade = round(MARGIN_S * rate), round(fade_s * rate)
    begin, end = max(0, first - margin), min(len(samples), last + margin)
    lead = tail = inside = 0
    segments, edge = [], begin
    for position, pause_s in sorted(tokens.pauses):
        at, n_pause = round(position / tokens.frame_rate_hz * rate), round(pause_s * rate)
        if at <= first:
            lead += n_pause
        elif at >= last:
            tail += n_pause
        else:
            segments += [_faded(samples[edge:at], n_fade), np.zeros(n_pause, dtype=np.float32)]
            edge, inside = at, inside + n_pause
    segments.append(_faded(samples[edge:end], n_fade))
    speech = (first - begin, last - begin + inside)
    return _Cut(np.concatenate(segments), speech, lead, tail)


def _faded(samples: Samples, n_fade: int) -> Samples:
    """Raise and lower both ends along a cosine, so that nothing clicks."""
    n_fade = min(n_fade, len(samples) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(n_fade) + 0.5) / max(n_fade, 1))).astype(
        np.float32
    )
    faded = samples.astype(np.float32, copy=True)
    faded[:n_fade] *= ramp
    faded[len(faded) - n_fade :] *= ramp[::-1]
    return faded


def _speaker_gains(
    cuts: Sequence[_Cut], turns: Sequence[Turn], rate: int, target_db: float
) -> dict[str, float]:
    """One factor per speaker, from all they say; 1 for a speaker who is silent."""
    gains = {}
    for speaker in {turn.speaker for turn in turns}:
        said = [
            cut.samples for cut, turn in zip(cuts, turns, strict=True) if turn.speaker == speaker
        ]
        level_db = speech_level_db(np.concatenate(said), rate)
        gains[speaker] = 10 ** ((target_db - level_db) / 20) if np.isfinite(level_db) else 1.0
    return gains


def _place(
    cuts: Sequence[_Cut], turns: Sequence[Turn], rate: int, default_gap_s: float
) -> list[int]:
    """First sample of each cut in the mix; speech follows speech at the gap asked for."""
    starts: list[int] = []
    speech_start = speech_end = 0
    for index, (cut, turn) in enumerate(zip(cuts, turns, strict=True)):
        default_s = 0.0 if index == 0 else default_gap_s
        gap = round((default_s if turn.gap_s is None else turn.gap_s) * rate)
        earliest = max(speech_start, cut.speech[0])
        speech_start = max(earliest, speech_end + gap + cut.lead)
        starts.append(speech_start - cut.speech[0])
        speech_end = speech_start + cut.speech[1] - cut.speech[0] + cut.tail
    return starts
