"""A project as the page shows it: players, captions, waveform, table, the selected turn, files."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr

from app.export.files import CAPTION_FORMATS, publish, result_writers
from app.page.layout import Layout
from app.page.markup import notes_markdown, waveform_html
from app.page.sections.turn_table import table_rows
from app.projects.edits import heard_take, takes_of_turn
from app.projects.project import Project
from app.projects.workspace import Workspace
from pipeline.audio.write import write_wav
from pipeline.datatypes.dialogue import Dialogue
from pipeline.script_to_turns.inline_marks import write_marks

Updates = dict[Any, Any]
"""Component to its new value or update; what is not named stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A version of a project with its files.

    Attributes:
        project: kept in the workspace.
        token: of the workspace.
        files: the mix, then captions in every format.
        turn: that was made anew, from 0.
        text: the script on the page, where it is to follow that turn.
    """

    project: Project
    token: str
    files: tuple[Path, ...]
    turn: int | None = None
    text: str | None = None


def finish(
    workspace: Workspace, project: Project, turn: int | None = None, text: str | None = None
) -> Finished:
    """Keep a project in its workspace, and write the files that are handed out at once.

    Args:
        workspace: whose it is.
        project: made anew.
        turn: see `Finished`.
        text: see `Finished`.

    Raises:
        DialogueError: if the disk refuses one.
    """
    workspace.keep(project)
    return replace(hand_out(workspace, project), turn=turn, text=text)


def hand_out(workspace: Workspace, project: Project) -> Finished:
    """A project that the workspace keeps, with its files, which are written if they are not there.

    Raises:
        DialogueError: if the disk refuses one.
    """
    with workspace.lock:
        files = workspace.handed_out.get(project.number, ())
        if not files or not all(path.is_file() for path in files):
            dialogue = project.dialogue
            wav = workspace.new_folder("dialogue") / "dialogue.wav"
            writers = result_writers(dialogue, wav, CAPTION_FORMATS, dialogue.speaker_names)
            publish(writers)
            files = tuple(writers)
            workspace.handed_out = {project.number: files}
    return Finished(project=project, token=workspace.token, files=files)


class ProjectView:
    """Shows projects in a page's components."""

    def __init__(self, layout: Layout) -> None:
        self._section, self._downloads = layout.result, layout.take_away.downloads
        self._token, self._number = layout.token, layout.number

    def all(self, finished: Finished) -> Updates:
        """Everything of a version, with the turn selected that was made anew."""
        project, section = finished.project, self._section
        wav, *_ = finished.files
        names = project.dialogue.speaker_names
        sound = gr.Audio(value=str(wav), subtitles=subtitles(project.dialogue))
        return {
            section.sound: sound,
            section.controls.update: gr.Button(interactive=True),
            section.controls.undo: gr.Button(interactive=True),
            section.wave: gr.HTML(waveform_html(project.dialogue, names), visible=True),
            section.notes: notes_markdown(project.dialogue.notes),
            self._downloads: gr.update(value=[str(path) for path in finished.files], visible=True),
            self._token: finished.token,
            self._number: project.number,
            **self.selection(project, finished.turn),
        }

    def selection(self, project: Project, selected: int | None) -> Updates:
        """The table, and the panel of the selected turn."""
        panel, names = self._section.panel, project.dialogue.speaker_names
        shown: Updates = {
            self._section.table: table_rows(project, names, selected),
            self._number: project.number,
            panel.group: gr.Column(visible=selected is not None),
        }
        if selected is None:
            return shown
        turn, caption = project.dialogue.turns[selected], project.dialogue.captions[selected]
        takes = [str(number + 1) for number in range(len(takes_of_turn(project, selected)))]
        shown.update(
            {
                panel.turn: gr.Number(selected + 1, maximum=len(project.dialogue.turns)),
                panel.words: gr.Textbox(
                    write_marks(turn), label=f"Its words, spoken by {names.get(turn.speaker)}"
                ),
                panel.pace: turn.pace,
                panel.lock: selected in project.dialogue.locked,
                panel.takes: gr.Radio(
                    takes, value=takes[heard_take(project, selected)], visible=len(takes) > 1
                ),
                panel.start: round(caption.start_s, 2),
                panel.end: round(caption.end_s, 2),
            }
        )
        return shown

    def seek(self, project: Project, turn: int) -> Updates:
        """The player at the beginning of a turn."""
        start_s = project.dialogue.captions[turn].start_s
        return {self._section.sound: gr.Audio(playback_position=start_s)}

    def play(self, workspace: Workspace, project: Project, turn: int) -> Updates:
        """One turn in its own player, from a file that goes with the workspace."""
        caption = project.dialogue.captions[turn]
        name = project.dialogue.speaker_names.get(caption.speaker, caption.speaker)
        path = workspace.new_folder("turn") / f"turn-{turn + 1}.wav"
        write_wav(path, project.dialogue.takes[turn].cut.sound)
        sound = gr.Audio(
            str(path),
            label=f"Turn {turn + 1}, {name}",
            visible=True,
        )
        return {self._section.panel.sound: sound}


def subtitles(dialogue: Dialogue) -> list[dict[str, Any]]:
    """Captions as the player shows them."""
    names = dialogue.speaker_names
    return [
        {
            "text": f"{names.get(caption.speaker, caption.speaker)}: {caption.text}",
            "timestamp": [caption.start_s, caption.end_s],
        }
        for caption in dialogue.captions
    ]


def told_of(project: Project) -> str:
    """A finished dialogue in words: how long, how many turns, which sound unlike their voice."""
    dialogue = project.dialogue
    flagged = [str(check.turn + 1) for check in dialogue.voice_checks if check.flagged]
    check = f" Turns that may sound unlike their voice: {', '.join(flagged)}." if flagged else ""
    return (
        f"{dialogue.mix.duration_s:.1f} s of dialogue, {len(dialogue.turns)} turns, "
        f"seed {dialogue.seed}.{check}"
    )
