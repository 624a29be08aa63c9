from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
import pytest

from app.page.project_view import Updates
from tests.app.page.desk import SCRIPT, Desk, collect, visitor


def _act(desk: Desk, token: str, action: str, turn: Any = 2) -> Updates:
    event: Any = SimpleNamespace(turn=turn, action=action)
    number = desk.project(token).number
    return collect(desk.turns.act(event, visitor("ann"), SCRIPT, token, number))[-1]


def test_a_row_selects_its_turn_and_the_player_follows(desk: Desk) -> None:
    project, token = desk.speak()
    shown = _act(desk, token, "select")
    panel = desk.result.panel
    assert shown[panel.turn].value == 2
    assert shown[panel.words].value == "Hi."
    assert shown[panel.start] == pytest.approx(0.75)
    assert shown[desk.result.sound].playback_position == pytest.approx(0.75)
    assert shown[panel.group].visible
    assert [row["selected"] for row in shown[desk.result.table]["rows"]] == [False, True, False]
    assert shown[desk.number] == project.number, "looking changes nothing"


def test_a_row_plays_its_turn(desk: Desk) -> None:
    _, token = desk.speak()
    player = _act(desk, token, "play")[desk.result.panel.sound]
    assert player.visible
    assert player.label == "Turn 2, Ben"


def test_a_row_locks_and_unlocks(desk: Desk) -> None:
    project, token = desk.speak()
    shown = _act(desk, token, "lock")
    assert desk.project(token).dialogue.locked == {1}
    assert shown[desk.number] == desk.project(token).number != project.number
    with pytest.raises(gr.Error, match="locked"):
        _act(desk, token, "redo")
    assert not _act(desk, token, "lock")[desk.result.panel.lock]
    assert desk.project(token).dialogue.locked == frozenset()


def test_a_row_goes_round_its_takes(desk: Desk) -> None:
    before, token = desk.speak()
    _act(desk, token, "redo")
    heard = []
    for _ in range(4):
        _act(desk, token, "take")
        heard.append(desk.project(token).dialogue.mix.samples)
    np.testing.assert_array_equal(heard[0], before.dialogue.mix.samples)
    np.testing.assert_array_equal(heard[0], heard[2])
    np.testing.assert_array_equal(heard[1], heard[3])
    assert not np.array_equal(heard[0], heard[1])


def test_the_take_that_is_heard_is_left_alone(desk: Desk) -> None:
    project, token = desk.speak()
    assert desk.turns.take(1, "1", SCRIPT, token, project.number) == {}
    assert desk.project(token) is project


def test_the_panel_chooses_a_take(desk: Desk) -> None:
    before, token = desk.speak()
    _act(desk, token, "redo")
    shown = desk.turns.take(2, "1", SCRIPT, token, desk.project(token).number)
    after = desk.project(token)
    np.testing.assert_array_equal(after.dialogue.mix.samples, before.dialogue.mix.samples)
    assert shown[desk.result.panel.takes].value == "1"
    assert shown[desk.number] == after.number


@pytest.mark.parametrize("turn", [0, 4, None, 1.5])
def test_a_turn_that_is_not_there_is_told(turn: Any, desk: Desk) -> None:
    project, token = desk.speak()
    given = (token, project.number)
    for act in (desk.turns.select, desk.turns.play):
        with pytest.raises(gr.Error, match="The turn must be a whole number from 1 to 3"):
            act(turn, *given)
    for change in (
        lambda: desk.turns.lock(turn, True, *given),
        lambda: desk.turns.take(turn, "1", SCRIPT, *given),
    ):
        with pytest.raises(gr.Error, match="The turn must be a whole number from 1 to 3"):
            change()


@pytest.mark.parametrize("take", ["0", "2", "99"])
def test_a_take_that_is_not_there_is_told(take: str, desk: Desk) -> None:
    project, token = desk.speak()
    with pytest.raises(gr.Error, match="Turn 1 has 1 take;"):
        desk.turns.take(1, take, SCRIPT, token, project.number)


@pytest.mark.parametrize("take", ["", "x", None, "1.5"])
def test_a_take_that_is_no_number_is_told(take: Any, desk: Desk) -> None:
    project, token = desk.speak()
    with pytest.raises(gr.Error, match="take"):
        desk.turns.take(1, take, SCRIPT, token, project.number)


@pytest.mark.parametrize("action", ["take", "lock", "select", "play", "redo"])
@pytest.mark.parametrize("turn", [0, 9])
def test_a_row_that_is_not_there_is_told(action: str, turn: int, desk: Desk) -> None:
    _, token = desk.speak()
    with pytest.raises(gr.Error, match="turn"):
        _act(desk, token, action, turn)


@pytest.mark.parametrize(
    "sent", [{}, {"turn": "x", "action": "play"}, {"turn": 1, "action": "sing"}]
)
def test_what_is_no_wish_of_a_row_is_told(sent: dict[str, Any], desk: Desk) -> None:
    project, token = desk.speak()
    event = gr.EventData(None, sent)
    with pytest.raises(gr.Error, match=r"A turn has the actions|The turn must be a whole number"):
        collect(desk.turns.act(event, visitor("ann"), SCRIPT, token, project.number))


def test_an_outdated_page_changes_nothing(desk: Desk) -> None:
    project, token = desk.speak()
    desk.turns.lock(1, True, token, project.number)
    with pytest.raises(gr.Error, match="another tab of yours"):
        desk.turns.lock(2, True, token, project.number)
    assert desk.project(token).dialogue.locked == {0}
    with pytest.raises(gr.Error, match="no dialogue yet"):
        desk.turns.select(1, "x", project.number)
