"""Retakes with scripted takes: what is spoken again, in which order, and what is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.datatypes.script import Turn
from pipeline.datatypes.voice import VoiceCheck
from pipeline.synthesis.retakes import Retaken, retake_flagged

THRESHOLD = 0.5


@dataclass(frozen=True)
class _Take:
    check: VoiceCheck | None


def _take(turn: int, similarity: float | None) -> _Take:
    if similarity is None:
        return _Take(VoiceCheck(turn=turn))
    return _Take(
        VoiceCheck(
            turn=turn,
            similarity=similarity,
            nearest="S1",
            nearest_similarity=similarity,
            flagged=similarity < THRESHOLD,
        )
    )


def _takes(similarities: Sequence[float]) -> list[_Take]:
    return [_take(turn, similarity) for turn, similarity in enumerate(similarities)]


def _turns(n_turns: int) -> list[Turn]:
    return [Turn(speaker="S1", text="Hi.", spoken_text="Hi.", line=10 + i) for i in range(n_turns)]


class _Studio:
    """Gives the takes it was told to, and remembers which were asked for."""

    def __init__(self, takes: Mapping[tuple[int, int], float | None]) -> None:
        self._takes = takes
        self.asked: list[tuple[int, int]] = []

    def speak_again(self, turn: int, number: int) -> _Take:
        self.asked.append((turn, number))
        return _take(turn, self._takes.get((turn, number), 0.0))


def _retake(first: list[_Take], budget: int, studio: _Studio) -> Retaken[_Take]:
    turns = _turns(len(first))
    return retake_flagged(first, turns, budget, studio.speak_again, lambda done, total: None)


def _scores(retaken: Retaken[_Take]) -> list[float | None]:
    return [take.check.similarity if take.check else None for take in retaken.takes]


def test_without_a_budget_nothing_is_spoken_again() -> None:
    studio, first = _Studio({}), _takes([0.9, 0.1])
    retaken = _retake(first, 0, studio)
    assert studio.asked == []
    assert list(retaken.takes) == first
    assert retaken.notes == ()


def test_what_was_not_checked_is_not_spoken_again() -> None:
    studio = _Studio({})
    assert _retake([_Take(None)], 3, studio).takes == (_Take(None),)
    assert studio.asked == []


def test_the_worst_is_first_and_the_budget_bounds_all_takes_together() -> None:
    studio = _Studio({})
    _retake(_takes([0.4, 0.9, 0.1, 0.3]), 2, studio)
    assert studio.asked == [(2, 2), (3, 2)]


def test_rounds_go_on_with_what_is_still_flagged() -> None:
    studio = _Studio({(0, 2): 0.2, (1, 2): 0.8, (0, 3): 0.6})
    retaken = _retake(_takes([0.1, 0.3]), 10, studio)
    assert studio.asked == [(0, 2), (1, 2), (0, 3)]
    assert _scores(retaken) == [0.6, 0.8]
    assert not any(take.check and take.check.flagged for take in retaken.takes)
    assert retaken.n_made == {0: 2, 1: 1}


def test_the_take_most_like_its_voice_is_kept_and_others_are_untouched() -> None:
    studio = _Studio({(0, 2): 0.45, (0, 3): 0.2, (0, 4): 0.1})
    first = _takes([0.3, 0.9])
    retaken = _retake(first, 3, studio)
    assert _scores(retaken) == [0.45, 0.9]
    assert retaken.takes[1] is first[1]


def test_a_take_that_cannot_be_judged_is_not_kept() -> None:
    retaken = _retake(_takes([0.3]), 1, _Studio({(0, 2): None}))
    assert _scores(retaken) == [0.3]


def test_each_retake_is_reported_before_it_is_made() -> None:
    seen: list[tuple[int, int]] = []
    retake_flagged(
        _takes([0.3]), _turns(1), 2, _Studio({}).speak_again, lambda *counts: seen.append(counts)
    )
    assert seen == [(0, 2), (1, 2)]


def test_notes_say_in_the_scripts_lines_what_was_spoken_again() -> None:
    retaken = _retake(_takes([0.3, 0.9, 0.2]), 4, _Studio({(0, 2): 0.7}))
    assert [str(note) for note in retaken.notes] == [
        "line 10 was spoken again once: its likeness to its voice rose from 0.30 to 0.70",
        "line 12 was spoken again 3 times: no take was more like its voice than the first (0.20)",
    ]
