"""Speaks flagged turns again, worst first, and says what came of it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from pipeline.datatypes.note import Note
from pipeline.datatypes.script import Turn
from pipeline.datatypes.voice import VoiceCheck


class Checked(Protocol):
    """A way a turn was spoken, with what its check found."""

    @property
    def check(self) -> VoiceCheck | None:
        """How much it sounds like its voice; `None`: not checked."""


SomeTake = TypeVar("SomeTake", bound=Checked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retaken(Generic[SomeTake]):
    """What came of retakes.

    Attributes:
        takes: of each turn, the one to be heard.
        n_made: turn to how often it was spoken again.
        notes: on turns that were spoken again.
    """

    takes: tuple[SomeTake, ...]
    n_made: Mapping[int, int] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


def retake_flagged(
    first: Sequence[SomeTake],
    turns: Sequence[Turn],
    max_retakes: int,
    speak_again: Callable[[int, int], SomeTake],
    on_retake: Callable[[int, int], None],
) -> Retaken[SomeTake]:
    """Speak flagged turns again until none is left or the budget is spent.

    In rounds: every turn that is still flagged once, the least similar first. Of the takes of a
    turn the one most like its prompt is kept; turns that are not flagged are never touched.

    Args:
        first: takes of all turns, checked.
        turns: for their lines.
        max_retakes: takes that may be made in all.
        speak_again: called as (turn, number of the take); the first take of a turn is number 1.
        on_retake: called before each as (takes made, budget).

    Returns:
        The takes kept, and notes on turns that were spoken again.
    """
    kept, made = list(first), Counter[int]()
    while made.total() < max_retakes and any(_is_flagged(best) for best in kept):
        for turn in _worst_first(kept)[: max_retakes - made.total()]:
            on_retake(made.total(), max_retakes)
            made[turn] += 1
            again = speak_again(turn, made[turn] + 1)
            if _similarity(again) > _similarity(kept[turn]):
                kept[turn] = again
    notes = tuple(
        _retake_note(first[index], kept[index], made[index], turns[index]) for index in sorted(made)
    )
    return Retaken(takes=tuple(kept), n_made=made, notes=notes)


def _is_flagged(take: Checked) -> bool:
    return take.check is not None and take.check.flagged


def _similarity(take: Checked) -> float:
    """To the prompt, in [-1, 1]; a take with too little speech to be judged is the worst."""
    if take.check is None or take.check.similarity is None:
        return -1.0
    return take.check.similarity


def _worst_first(takes: Sequence[Checked]) -> list[int]:
    flagged = [turn for turn, take in enumerate(takes) if _is_flagged(take)]
    return sorted(flagged, key=lambda turn: _similarity(takes[turn]))


def _retake_note(first: Checked, kept: Checked, n_made: int, turn: Turn) -> Note:
    times = "once" if n_made == 1 else f"{n_made} times"
    before, after = f"{_similarity(first):.2f}", f"{_similarity(kept):.2f}"
    if kept is first:
        return Note(kind="retakes in vain", line=turn.line, values=(times, before))
    return Note(kind="retake chosen", line=turn.line, values=(times, before, after))
