from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.backend.pipeline_pool import PipelinePool
from app.projects.edits import (
    SpeakRequest,
    changed_part,
    choose_take,
    follow_back,
    follow_redo,
    heard_take,
    redo_turn,
    same_take,
    set_lock,
    speak_changes,
    speak_request,
    takes_of_turn,
)
from app.projects.project import Project
from pipeline.config.limits import LimitsConfig
from pipeline.datatypes.dialogue import SpokenTurn
from pipeline.datatypes.redo import Redo
from pipeline.errors import DialogueError
from pipeline.script_to_turns.parse import script_to_turns
from tests.app.tone_pipeline import TonePipeline

SCRIPT = "Anna: Hello.\nBen: Hi.\nAnna: Bye."


def _ignore(stage: str, done: int, total: int) -> None:
    assert 0 <= done <= total, stage


def _speak(pool: PipelinePool, retakes: int = 0, **more: Any) -> tuple[Project, list[SpokenTurn]]:
    heard: list[SpokenTurn] = []
    request = SpeakRequest(text=SCRIPT, voices={}, seed=3, retakes=retakes, **more)
    return speak_request(pool, request, _ignore, heard.append), heard


@pytest.fixture
def project(pool: PipelinePool) -> Project:
    return _speak(pool)[0]


def _redo(pool: PipelinePool, project: Project, turn: int = 1, **more: Any) -> Project:
    return redo_turn(pool, project, Redo(turn=turn, **more), _ignore)


def _mix(project: Project) -> Any:
    return project.dialogue.mix.samples


def test_turns_are_told_as_they_come_and_the_whole_is_the_same_with_retakes(
    pool: PipelinePool, pipeline: TonePipeline
) -> None:
    streamed, heard = _speak(pool, form={"seed": 3})
    assert [turn.index for turn in heard] == [0, 1, 2]
    assert streamed.form == {"seed": 3}
    whole, none = _speak(pool, retakes=2)
    assert pipeline.options.max_retakes == 2
    assert none == []
    np.testing.assert_array_equal(_mix(streamed), _mix(whole))
    assert streamed.number != whole.number


def test_a_redo_keeps_the_take_before(pool: PipelinePool, project: Project) -> None:
    redone = _redo(pool, _redo(pool, project))
    assert [len(takes_of_turn(redone, turn)) for turn in range(3)] == [1, 3, 1]
    assert heard_take(redone, 1) == 2
    assert heard_take(redone, 0) == 0
    assert redone.number != project.number
    assert project.takes == {}


def test_only_the_sound_of_a_turn_made_anew_is_compared(
    pool: PipelinePool, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []

    def array_equal(one: Any, other: Any) -> bool:
        compared.append(len(one))
        return False

    monkeypatch.setattr("app.projects.edits.np", SimpleNamespace(array_equal=array_equal))
    redone = _redo(pool, project)
    assert list(redone.takes) == [1]
    assert len(compared) == 1


def test_from_one_take_to_another_and_back_is_the_first_mix(
    pool: PipelinePool, project: Project
) -> None:
    redone = _redo(pool, project, text="Hello there, Anna.")
    first = choose_take(redone, 1, 0)
    second = choose_take(first, 1, 1)
    np.testing.assert_array_equal(_mix(first), _mix(project))
    np.testing.assert_array_equal(_mix(second), _mix(redone))
    assert not np.array_equal(_mix(first), _mix(second))
    assert (heard_take(first, 1), heard_take(second, 1)) == (0, 1)
    assert first.dialogue.turns[1].text == "Hi."
    assert second.dialogue.turns[1].text == "Hello there, Anna."
    assert len(takes_of_turn(second, 1)) == 2


def test_the_same_seed_again_makes_no_take_more(pool: PipelinePool, project: Project) -> None:
    once = _redo(pool, project, seed=9)
    assert len(takes_of_turn(_redo(pool, once, seed=9), 1)) == 2


def test_a_stretch_of_time_is_a_take_of_the_turns_it_touches(
    pool: PipelinePool, project: Project
) -> None:
    caption = project.dialogue.captions[2]
    request = Redo(span=(caption.start_s, caption.end_s))
    redone = redo_turn(pool, project, request, _ignore)
    assert list(redone.takes) == [2]


@pytest.mark.parametrize("number", [-1, 2, 10**9])
def test_there_is_no_take_beyond_those_made(
    number: int, pool: PipelinePool, project: Project
) -> None:
    redone = _redo(pool, project)
    with pytest.raises(DialogueError, match=r"turn 2 has 2 takes; there is no take -?\d+"):
        choose_take(redone, 1, number)


@pytest.mark.parametrize("turn", [-1, 3])
def test_there_is_no_turn_beyond_those_spoken(turn: int, project: Project) -> None:
    for change in (lambda: choose_take(project, turn, 0), lambda: set_lock(project, turn, True)):
        with pytest.raises(DialogueError, match="there is no turn"):
            change()


def test_nothing_changes_a_locked_turn_until_it_is_unlocked(
    pool: PipelinePool, project: Project
) -> None:
    locked = set_lock(_redo(pool, project), 1, True)
    assert locked.dialogue.locked == {1}
    for change in (
        lambda: _redo(pool, locked),
        lambda: choose_take(locked, 1, 0),
        lambda: speak_changes(pool, locked, "Anna: Hello.\nBen: No.\nAnna: Bye.", _ignore),
    ):
        with pytest.raises(DialogueError, match=r"turn 2 .*is locked"):
            change()
    assert heard_take(choose_take(set_lock(locked, 1, False), 1, 0), 1) == 0


def test_only_the_turn_that_changed_is_spoken(pool: PipelinePool, project: Project) -> None:
    edited = speak_changes(pool, project, "Anna: Hello.\nBen: Never.\nAnna: Bye.", _ignore)
    part = changed_part(pool, project, edited.text)
    assert [turn.text for turn in part.turns] == ["Never."]
    assert not changed_part(pool, project, SCRIPT).turns
    for turn in (0, 2):
        assert edited.dialogue.cuts[turn] is project.dialogue.cuts[turn]
    assert not same_take(takes_of_turn(edited, 1)[-1], takes_of_turn(project, 1)[-1])


def test_takes_stay_with_turns_that_stay(pool: PipelinePool, project: Project) -> None:
    redone = _redo(pool, _redo(pool, project, turn=0), turn=2)
    edited = speak_changes(
        pool, redone, "Anna: Hello.\nBen: Never.\nBen: Really.\nAnna: Bye.", _ignore
    )
    assert edited.text.startswith("Anna: Hello.\nBen: Never")
    assert same_take(takes_of_turn(edited, 0)[-1], takes_of_turn(redone, 0)[-1])
    assert len(takes_of_turn(edited, 0)) == 2
    assert len(takes_of_turn(edited, 1)) == 1
    for turn in range(len(edited.dialogue.turns)):
        assert heard_take(edited, turn) == len(takes_of_turn(edited, turn)) - 1


def test_an_edit_that_moves_a_turn_moves_its_takes(pool: PipelinePool, project: Project) -> None:
    redone = _redo(pool, project, turn=0)
    edited = speak_changes(pool, redone, f"{SCRIPT}\nBen: So long.", _ignore)
    assert len(takes_of_turn(edited, 0)) == 2
    np.testing.assert_array_equal(
        _mix(edited)[: len(_mix(redone)) // 2], _mix(redone)[: len(_mix(redone)) // 2]
    )


def test_speaking_what_was_read_parses_nothing(pool: PipelinePool, parses: list[object]) -> None:
    script = script_to_turns(SCRIPT, LimitsConfig())
    project, heard = _speak(pool, script=script)
    assert len(heard) == 3
    edited = script_to_turns(f"{SCRIPT}\nBen: So long.", LimitsConfig())
    assert len(changed_part(pool, project, edited).turns) == 1
    longer = speak_changes(pool, project, f"{SCRIPT}\nBen: So long.", _ignore, edited)
    assert len(longer.dialogue.turns) == 4
    assert parses == []
    _speak(pool)
    assert parses == [SCRIPT]


def test_a_redo_parses_the_script_on_the_page_once_and_only_where_words_changed(
    pool: PipelinePool, project: Project, parses: list[object]
) -> None:
    again = _redo(pool, project)
    assert follow_redo(SCRIPT, project, again, 1) is None
    assert parses == []
    reworded = _redo(pool, again, text="No {pause 1} way.", pace=0.8)
    followed = follow_redo(SCRIPT, again, reworded, 1)
    assert followed == "Anna: Hello.\nBen: {pace 0.8} No {pause 1.0} way.\nAnna: Bye.\n"
    assert parses == [SCRIPT]
    assert follow_back(followed, reworded, again) == f"{SCRIPT}\n"
    assert parses == [SCRIPT, followed]
    assert follow_redo("Anna: Hello.", again, reworded, 1) is None
    assert follow_redo("Anna: {", again, reworded, 1) is None
