from dataclasses import replace
from pathlib import Path

import gradio as gr
import pytest

from app.page.project_view import finish, subtitles
from pipeline.datatypes.note import Note
from tests.app.page.desk import WICKED, Desk


def test_files_lie_in_a_folder_of_their_own_that_nobody_can_guess(desk: Desk) -> None:
    project, token = desk.speak()
    workspace = desk.workspaces.open(token)
    versions = (project, project.changed())
    folders = {path.parent for each in versions for path in finish(workspace, each).files}
    assert len(folders) == 2
    assert all(len(folder.name) == 40 for folder in folders)


def test_words_are_shown_as_they_are_everywhere(desk: Desk) -> None:
    words = WICKED.replace("[x]", "")
    project, token = desk.speak(text=f"Anna: {words}")
    wicked = Note(kind="other", values=(WICKED,))
    noted = replace(project, dialogue=replace(project.dialogue, notes=(wicked,)))
    shown = desk.view.all(finish(desk.workspaces.open(token), noted))
    assert "<img" not in shown[desk.result.notes]
    assert "<img" not in shown[desk.result.wave].value
    assert "<img" not in desk.status(shown)
    (row,) = shown[desk.result.table]["rows"]
    assert row["text"] == project.dialogue.captions[0].text, "raw: its template escapes"


def test_a_version_with_nothing_selected_hides_the_panel(desk: Desk) -> None:
    project, token = desk.speak()
    finished = finish(desk.workspaces.open(token), project)
    shown = desk.view.all(finished)
    assert not shown[desk.result.panel.group].visible
    assert shown[desk.result.controls.update].interactive
    assert Path(shown[desk.downloads]["value"][0]).suffix == ".wav"
    assert all(isinstance(component, gr.blocks.Block) for component in shown)


def test_subtitles_name_who_speaks(desk: Desk) -> None:
    project, _ = desk.speak()
    found = subtitles(project.dialogue)
    assert found[1]["text"] == "Ben: Hi."
    assert found[1]["timestamp"] == pytest.approx([0.75, 1.25])
