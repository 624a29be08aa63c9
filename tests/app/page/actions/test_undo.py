"""One change taken back, whichever it was."""

from collections.abc import Callable

import gradio as gr
import numpy as np
import pytest

from app.projects.project import Project
from app.projects.workspace import Workspaces
from tests.app.page.desk import SCRIPT, Desk, collect, visitor

OTHER = "Anna: Hello.\nBen: Never.\nAnna: Bye."
CHANGES: dict[str, Callable[[Desk, str, str], object]] = {
    "generate": lambda desk, token, number: collect(desk.generate(token, text=OTHER, seed=9)),
    "update": lambda desk, token, number: collect(
        desk.speaking.update(OTHER, token, number, visitor("ann"))
    ),
    "redo": lambda desk, token, number: collect(
        desk.speaking.redo_again(1, token, number, visitor("ann"))
    ),
    "lock": lambda desk, token, number: desk.turns.lock(2, True, token, number),
}


def _same(one: Project, other: Project) -> bool:
    return (
        one.number == other.number
        and one.text == other.text
        and one.dialogue.locked == other.dialogue.locked
        and one.takes.keys() == other.takes.keys()
        and np.array_equal(one.dialogue.mix.samples, other.dialogue.mix.samples)
    )


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_taken_back_and_that_too(change: str, desk: Desk) -> None:
    first, token = desk.speak()
    CHANGES[change](desk, token, first.number)
    second = desk.project(token)
    assert not _same(first, second)
    shown = desk.going_back.go_back(second.text, token, second.number)
    assert _same(desk.project(token), first)
    assert shown[desk.number] == first.number
    assert "The version before" in desk.status(shown)
    assert shown.get(desk.form.script.text, SCRIPT) == SCRIPT
    desk.going_back.go_back(SCRIPT, token, first.number)
    assert _same(desk.project(token), second)


def test_after_a_new_start_of_the_server_too(desk: Desk) -> None:
    first, token = desk.speak()
    collect(desk.generate(token, text=OTHER))
    root = desk.workspaces.open(token).folder.parent
    again = Desk(desk.pool, desk.queue, Workspaces(lambda: root, desk.pool.shared.adopt))
    again.going_back.go_back(OTHER, token, again.project(token).number)
    assert _same(again.project(token), first)


def test_the_script_follows_words_that_are_taken_back_and_not_ones_typed_since(desk: Desk) -> None:
    first, token = desk.speak()
    redone = collect(
        desk.speaking.redo(visitor("ann"), 2, "Never.", 1.0, "", SCRIPT, token, first.number)
    )[-1][desk.form.script.text]
    assert redone.strip() == OTHER
    shown = desk.going_back.go_back(redone, token, desk.project(token).number)
    assert shown[desk.form.script.text].strip() == SCRIPT
    typed = "Anna: Hello.\nBen: Perhaps.\nAnna: Bye."
    shown = desk.going_back.go_back(typed, token, first.number)
    assert desk.form.script.text not in shown


def test_before_the_first_version_there_is_none(desk: Desk) -> None:
    project, token = desk.speak()
    with pytest.raises(gr.Error, match="no version before this one"):
        desk.going_back.go_back(SCRIPT, token, project.number)
    with pytest.raises(gr.Error, match="no dialogue yet"):
        desk.going_back.go_back(SCRIPT, "", "")
    with pytest.raises(gr.Error, match="another tab"):
        desk.going_back.go_back(SCRIPT, token, "old")
    assert desk.project(token) is project
