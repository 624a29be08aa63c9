"""Does a script's timing come out as asked: pace and gaps?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.datatypes.dialogue import Dialogue
from pipeline.dialogue import DialoguePipeline

PACES = (0.8, 1.25)
GAPS_S = (0.0, 0.1, 0.25, 0.6, 1.0, -0.15)
SEARCHED_S = 0.1
"""So far around a caption the sound of its turn is looked for."""

ENVELOPE_S = 0.005
AUDIBLE_DB = -35.0
"""Sound counts as speech from this level on, relative to the turn's loudest 5 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaceTake:
    """How far one sentence's duration is from what the pace asks, as a share of it."""

    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GapTake:
    """How far one gap, heard from speech to speech, is from the one asked for, in milliseconds."""

    error_ms: float


def pace_takes(
    pipeline: DialoguePipeline, sentences: Sequence[str], seed: int
) -> Iterator[PaceTake]:
    """Each sentence slower, faster, and as usual, which is what the others are compared with."""
    for text in sentences:
        usual = _spoken_s(pipeline.synthesize(f"[S1] {text}", seed=seed))
        for pace in PACES:
            spoken = _spoken_s(pipeline.synthesize(f"[S1 pace={pace}] {text}", seed=seed))
            yield PaceTake(error=abs(spoken * pace / usual - 1))


def gap_takes(pipeline: DialoguePipeline, turns: Sequence[str], seed: int) -> Iterator[GapTake]:
    """Turns of two speakers with gaps of all kinds, measured in the speakers' stems."""
    gaps = [GAPS_S[k % len(GAPS_S)] for k in range(len(turns))]
    script = "\n".join(
        f"[S{1 + k % 2} gap={gap:g}] {text}"
        for k, (gap, text) in enumerate(zip(gaps, turns, strict=True))
    )
    dialogue = pipeline.synthesize(script, seed=seed)
    spans = [_heard_span(dialogue, number) for number in range(len(turns))]
    for number in range(1, len(turns)):
        heard_s = spans[number][0] - spans[number - 1][1]
        yield GapTake(error_ms=1000 * abs(heard_s - gaps[number]))


def _spoken_s(dialogue: Dialogue) -> float:
    return sum(caption.end_s - caption.start_s for caption in dialogue.captions)


def _heard_span(dialogue: Dialogue, number: int) -> tuple[float, float]:
    """First and last moment of a turn's speech in its speaker's stem, in seconds."""
    caption = dialogue.captions[number]
    stem = dialogue.stems[caption.speaker]
    rate = stem.sample_rate_hz
    first = max(0, round((caption.start_s - SEARCHED_S) * rate))
    last = round((caption.end_s + SEARCHED_S) * rate)
    edges = _audible(np.asarray(stem.samples[first:last]), rate)
    return (first + edges[0]) / rate, (first + edges[1]) / rate


def _audible(samples: NDArray[np.float32], rate: int) -> tuple[int, int]:
    """(first, one past the last) sample above the level, by a detector of its own.

    It is not the one that places turns: that one would find no error whatever it did.
    """
    n_frame = round(ENVELOPE_S * rate)
    powers = np.convolve(np.square(samples, dtype=np.float64), np.ones(n_frame) / n_frame, "same")
    loud = np.flatnonzero(powers >= powers.max() * 10 ** (AUDIBLE_DB / 10))
    return int(loud[0]), int(loud[-1]) + 1
