"""What the controls of section "Take away" do: export, and open what was exported."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from app.backend.pipeline_pool import PipelinePool
from app.export.bundle import ExportChoice, context_of_project, export_dialogue
from app.export.project_zip import read_project
from app.page.actions.script import ScriptEvents
from app.page.form import Form
from app.page.form_values import read_kept_form
from app.page.markup import message_html
from app.page.notices import not_done, without_paths
from app.page.project_view import ProjectView, Updates, finish, told_of
from app.page.sections.take_away import TakeAwaySection
from app.projects.project import Project
from app.projects.sessions import Visits, visitor_of
from app.projects.workspace import DIALOGUE_NAME, Workspace, Workspaces
from pipeline.config.limits import MAX_SPEAKERS
from pipeline.datatypes.take import Take
from pipeline.dialogue_editing.dialogue_file import load_dialogue
from pipeline.errors import DialogueError


class TakeAwayEvents:
    """What the section's buttons do.

    Args:
        pool: knows the weights.
        workspaces: where projects are kept.
        visits: told whose workspace it is.
        script: reads scripts.
        view: shows projects.
        form: what a project fills in.
    """

    def __init__(
        self,
        pool: PipelinePool,
        workspaces: Workspaces,
        visits: Visits,
        script: ScriptEvents,
        view: ProjectView,
        form: Form,
    ) -> None:
        self._pool, self._workspaces, self._visits = pool, workspaces, visits
        self._script, self._view, self._form = script, view, form

    def export(self, parts: Sequence[str], sound_format: str, token: str, number: str) -> list[str]:
        """Write the chosen files."""
        workspace = self._workspaces.open(token)
        try:
            project = workspace.expect(number)
            choice = ExportChoice(parts=frozenset(parts), sound_format=sound_format)
            folder = workspace.new_folder("export")
            context = context_of_project(project, self._pool, workspace.new_folder("voices"))
            made = export_dialogue(project.dialogue, choice, folder, context)
        except DialogueError as error:
            raise not_done(str(error), "No files made") from error
        return [str(path) for path in made]

    def open_file(self, path: str, token: str, request: gr.Request) -> Updates:
        """Read a script, or a project with its sound."""
        self._workspaces.open(token).note_upload(path)
        if not path.lower().endswith(".zip"):
            text, message = self._script.import_file(path)
            return {self._form.script.text: text, self._form.script.feedback: message}
        return self.open_project(path, token, request)

    def open_project(self, path: str, token: str, request: gr.Request) -> Updates:
        """Read a project with its sound from a file that stays where it is."""
        workspace, feedback = self._workspaces.open(token), self._form.script.feedback
        try:
            project = self._read_project(Path(path), workspace)
            finished = finish(workspace, project)
        except DialogueError as error:
            message = without_paths(str(error).replace(path, Path(path).name), workspace.folder)
            return {feedback: message_html(message, problem=True)}
        self._visits.own(visitor_of(request), workspace.token)
        status = message_html(f"Opened: {told_of(project)}")
        return {**self.fill_in(project), **self._view.all(finished), self._view.status: status}

    def fill_in(self, project: Project) -> Updates:
        """The form as it was when the project was made."""
        form = project.form
        voices = dict(list(form.get("voices", {}).items())[:MAX_SPEAKERS])
        numbers = {
            name: form[name] if isinstance(form.get(name), int) else None
            for name in ("seed", "retakes")
        }
        kept = {
            "text": project.text,
            **numbers,
            "cast": list(voices),
            "choices": list(voices.values()),
        }
        return self._form.filled(kept, self._pool.voice_names())

    def _read_project(self, path: Path, workspace: Workspace) -> Project:
        folder = workspace.new_folder("project")
        contents = read_project(path, folder=folder, with_voices=False)
        if contents.dialogue is None:
            raise DialogueError(f"{path.name} holds no dialogue; open a zip that was made here")
        source = contents.dialogue
        if isinstance(source, bytes):
            stored_at = folder / DIALOGUE_NAME
            stored_at.write_bytes(source)
        else:
            stored_at = source
        stored = load_dialogue(stored_at)
        takes: dict[int, tuple[Take, ...]] = {
            turn: tuple(each) for turn, each in stored.takes.items()
        }
        return Project(
            text=contents.text,
            dialogue=self._pool.shared.adopt(stored.dialogue),
            takes=takes,
            form=read_kept_form(contents.form),
        )


def connect_take_away_section(
    section: TakeAwaySection,
    opener: gr.UploadButton,
    events: TakeAwayEvents,
    states: tuple[gr.State, gr.State],
    shown: list[Any],
) -> Any:
    """Wire the section up.

    Args:
        section: laid out.
        opener: the button that opens files.
        events: what the buttons do.
        states: the workspace's token, and the version shown.
        shown: components that an opened file may change.

    Returns:
        The event of a file that is opened.
    """
    token, number = states
    section.make.click(
        events.export,
        [section.parts, section.sound_format, token, number],
        section.downloads,
        api_name="export",
        api_description="Write the dialogue of this visit as files: its parts, in a format.",
        concurrency_limit=2,
        concurrency_id="files",
        show_progress_on=section.downloads,
    )
    return opener.upload(
        events.open_file,
        [opener, token],
        shown,
        api_name="open_file",
        api_description="Read a script (txt, md, srt, vtt, json) or a project (zip).",
        concurrency_limit=2,
        concurrency_id="files",
        show_progress="hidden",
    )
