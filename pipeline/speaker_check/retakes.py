"""Checks every turn, speaks flagged ones again, worst first, and says in words what came of it."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.datatypes import AcousticTokens, SemanticTokens, Turn, Voice, VoiceCheck, Waveform


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """All turns as sound, one value each, and what the check of their voices found.

    Attributes:
        turns: of the script.
        semantic, acoustic, waveforms: of each turn.
        checks: of each turn; empty before the check.
        notes: in plain words.
    """

    turns: tuple[Turn, ...]
    semantic: tuple[SemanticTokens, ...]
    acoustic: tuple[AcousticTokens, ...]
    waveforms: tuple[Waveform, ...]
    checks: tuple[VoiceCheck, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """One way a turn was spoken."""

    acoustic: AcousticTokens
    waveform: Waveform
    check: VoiceCheck

    @property
    def similarity(self) -> float:
        """To its prompt, in [-1, 1]; a take with too little speech to be judged is the worst."""
        return -1.0 if self.check.similarity is None else self.check.similarity


CheckSound = Callable[[int, Waveform, str], VoiceCheck]
"""Called as `check(turn, waveform, speaker)`."""

SpeakAgain = Callable[[int, int], tuple[AcousticTokens, Waveform]]
"""Called as `speak_again(turn, number of the take)`; the first take of a turn is number 1."""


def check_and_retake(
    spoken: Spoken,
    check: CheckSound,
    max_retakes: int,
    speak_again: SpeakAgain,
    on_retake: Callable[[int, int], None],
) -> Spoken:
    """Check all turns, and speak flagged ones again until none is left or the budget is spent.

    In rounds: every turn that is still flagged once, the least similar first. Of the takes of a
    turn the one most like its prompt is kept; turns that are not flagged are never touched.

    Args:
        spoken: the first takes.
        check: judges a take.
        max_retakes: takes that may be made in all; 0 only checks.
        speak_again: makes one.
        on_retake: called before each as (takes made, budget).

    Returns:
        The takes kept, with their checks, and notes on retakes and on turns that are still flagged.
    """

    def take(turn: int, acoustic: AcousticTokens, waveform: Waveform) -> Take:
        judged = check(turn, waveform, spoken.turns[turn].speaker)
        return Take(acoustic=acoustic, waveform=waveform, check=judged)

    first = [
        take(turn, acoustic, waveform)
        for turn, (acoustic, waveform) in enumerate(
            zip(spoken.acoustic, spoken.waveforms, strict=True)
        )
    ]
    kept, made = list(first), Counter[int]()
    while made.total() < max_retakes and any(best.check.flagged for best in kept):
        for turn in _worst_first(kept)[: max_retakes - made.total()]:
            on_retake(made.total(), max_retakes)
            made[turn] += 1
            again = take(turn, *speak_again(turn, made[turn] + 1))
            if again.similarity > kept[turn].similarity:
                kept[turn] = again
    return dataclasses.replace(
        spoken,
        acoustic=tuple(best.acoustic for best in kept),
        waveforms=tuple(best.waveform for best in kept),
        checks=tuple(best.check for best in kept),
        notes=tuple(_retake_notes(first, kept, made, spoken.turns)),
    )


def _worst_first(takes: Sequence[Take]) -> list[int]:
    flagged = [turn for turn, take in enumerate(takes) if take.check.flagged]
    return sorted(flagged, key=lambda turn: takes[turn].similarity)


def _retake_notes(
    first: Sequence[Take], kept: Sequence[Take], made: Mapping[int, int], turns: Sequence[Turn]
) -> list[str]:
    notes = []
    for turn in sorted(made):
        times = "once" if made[turn] == 1 else f"{made[turn]} times"
        before, after = first[turn].similarity, kept[turn].similarity
        outcome = (
            f"its likeness to its voice rose from {before:.2f} to {after:.2f}"
            if kept[turn] is not first[turn]
            else f"no take was more like its voice than the first ({before:.2f})"
        )
        notes.append(f"line {turns[turn].line} was spoken again {times}: {outcome}")
    return notes


def flag_notes(spoken: Spoken, voices: Mapping[str, Voice]) -> tuple[str, ...]:
    """Which turns do not sound like their voices, in plain words.

    Args:
        spoken: with its checks.
        voices: speaker to voice.
    """
    notes = []
    for check in spoken.checks:
        if not check.flagged or check.nearest is None:
            continue
        turn = spoken.turns[check.turn]
        own = f"its voice {voices[turn.speaker].name!r} (likeness {check.similarity:.2f})"
        if check.nearest == turn.speaker:
            notes.append(f"line {turn.line} does not sound much like {own}")
        else:
            other = f"{voices[check.nearest].name!r} ({check.nearest_similarity:.2f})"
            notes.append(f"line {turn.line} sounds more like {other} than like {own}")
    return tuple(notes)
