"""Retakes with scripted takes: what is spoken again, in which order, and what is kept."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from pipeline.datatypes import AcousticTokens, SemanticTokens, Turn, Voice, VoiceCheck, Waveform
from pipeline.speaker_check.retakes import Spoken, check_and_retake, flag_notes

THRESHOLD = 0.5


def _sound(similarity: float) -> Waveform:
    """A waveform that carries its own score."""
    return Waveform(samples=np.full(10, similarity, dtype=np.float32), sample_rate_hz=16_000)


def _acoustic() -> AcousticTokens:
    return AcousticTokens(
        codes=torch.zeros(4, 2, dtype=torch.int64), speaker="S1", frame_rate_hz=50.0
    )


def _spoken(similarities: Sequence[float]) -> Spoken:
    ids = torch.zeros(1, dtype=torch.int64)
    return Spoken(
        turns=tuple(
            Turn(speaker="S1", text="Hi.", spoken_text="Hi.", line=10 + i)
            for i in range(len(similarities))
        ),
        semantic=tuple(
            SemanticTokens(semantic_ids=ids, speaker="S1", rate_hz=25.0) for _ in similarities
        ),
        acoustic=tuple(_acoustic() for _ in similarities),
        waveforms=tuple(_sound(similarity) for similarity in similarities),
    )


def _check(turn: int, waveform: Waveform, speaker: str) -> VoiceCheck:
    similarity = float(waveform.samples[0])
    if np.isnan(similarity):
        return VoiceCheck(turn=turn)
    return VoiceCheck(
        turn=turn,
        similarity=similarity,
        nearest=speaker,
        nearest_similarity=similarity,
        flagged=similarity < THRESHOLD,
    )


class _Studio:
    """Gives the takes it was told to, and remembers which were asked for."""

    def __init__(self, takes: Mapping[tuple[int, int], float]) -> None:
        self._takes = takes
        self.asked: list[tuple[int, int]] = []

    def speak_again(self, turn: int, number: int) -> tuple[AcousticTokens, Waveform]:
        self.asked.append((turn, number))
        return _acoustic(), _sound(self._takes.get((turn, number), 0.0))


def _retake(spoken: Spoken, budget: int, studio: _Studio) -> Spoken:
    return check_and_retake(spoken, _check, budget, studio.speak_again, lambda done, total: None)


def _scores(spoken: Spoken) -> list[float]:
    return [round(float(waveform.samples[0]), 3) for waveform in spoken.waveforms]


def test_without_a_budget_turns_are_only_checked() -> None:
    studio, spoken = _Studio({}), _spoken([0.9, 0.1])
    checked = _retake(spoken, 0, studio)
    assert studio.asked == []
    assert [check.flagged for check in checked.checks] == [False, True]
    assert checked.waveforms == spoken.waveforms
    assert checked.notes == ()


def test_the_worst_is_first_and_the_budget_bounds_all_takes_together() -> None:
    studio = _Studio({})
    _retake(_spoken([0.4, 0.9, 0.1, 0.3]), 2, studio)
    assert studio.asked == [(2, 2), (3, 2)]


def test_rounds_go_on_with_what_is_still_flagged() -> None:
    studio = _Studio({(0, 2): 0.2, (1, 2): 0.8, (0, 3): 0.6})
    checked = _retake(_spoken([0.1, 0.3]), 10, studio)
    assert studio.asked == [(0, 2), (1, 2), (0, 3)]
    assert _scores(checked) == [0.6, 0.8]
    assert not any(check.flagged for check in checked.checks)


def test_the_take_most_like_its_voice_is_kept_and_others_are_untouched() -> None:
    studio = _Studio({(0, 2): 0.45, (0, 3): 0.2, (0, 4): 0.1})
    spoken = _spoken([0.3, 0.9])
    checked = _retake(spoken, 3, studio)
    assert _scores(checked) == [0.45, 0.9]
    assert checked.acoustic[1] is spoken.acoustic[1]
    assert checked.waveforms[1] is spoken.waveforms[1]
    assert checked.checks[0].similarity == np.float32(0.45)


def test_a_take_that_cannot_be_judged_is_not_kept() -> None:
    checked = _retake(_spoken([0.3]), 1, _Studio({(0, 2): float("nan")}))
    assert _scores(checked) == [0.3]


def test_each_retake_is_reported_before_it_is_made() -> None:
    seen: list[tuple[int, int]] = []
    check_and_retake(
        _spoken([0.3]), _check, 2, _Studio({}).speak_again, lambda *counts: seen.append(counts)
    )
    assert seen == [(0, 2), (1, 2)]


def test_notes_say_in_the_scripts_lines_what_was_spoken_again() -> None:
    checked = _retake(_spoken([0.3, 0.9, 0.2]), 4, _Studio({(0, 2): 0.7}))
    assert checked.notes == (
        "line 10 was spoken again once: its likeness to its voice rose from 0.30 to 0.70",
        "line 12 was spoken again 3 times: no take was more like its voice than the first (0.20)",
    )


def _voice(name: str) -> Voice:
    ids = torch.zeros(1, dtype=torch.int64)
    return Voice(name=name, semantic_ids=ids, codes=ids[None], level_db=0.0, codec_id="")


def test_flags_are_told_with_line_and_voice() -> None:
    checked = _retake(_spoken([0.3, 0.9, 0.4]), 0, _Studio({}))
    mixed_up = VoiceCheck(
        turn=2, similarity=0.4, nearest="S2", nearest_similarity=0.8, flagged=True
    )
    checked = dataclasses.replace(checked, checks=(*checked.checks[:2], mixed_up))
    notes = flag_notes(checked, {"S1": _voice("anna"), "S2": _voice("ben")})
    assert notes == (
        "line 10 does not sound much like its voice 'anna' (likeness 0.30)",
        "line 12 sounds more like 'ben' (0.80) than like its voice 'anna' (likeness 0.40)",
    )
