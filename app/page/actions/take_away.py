"""What the controls of section "Take away" do: export, and open what was exported."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from app.export.bundle import ExportChoice, context_of_project, export_dialogue
from app.export.project_zip import read_project
from app.page.actions.script import ScriptEvents
from app.page.backstage import Backstage
from app.page.event_kinds import TOLD
from app.page.form_values import read_kept_form
from app.page.layout import Layout
from app.page.markup import message_html
from app.page.notices import telling, without_paths
from app.page.project_view import ProjectView, Updates, finish, told_of
from app.projects.project import Project
from app.projects.sessions import visitor_of
from app.projects.workspace import DIALOGUE_NAME, Workspace
from pipeline.config.limits import MAX_SPEAKERS
from pipeline.datatypes.take import Take
from pipeline.dialogue_editing.dialogue_file import load_dialogue
from pipeline.errors import DialogueError


class TakeAwayEvents:
    """What the section's buttons do.

    Args:
        backstage: keeps projects.
        layout: what a project fills in.
        view: shows projects.
        script: reads files.
    """

    def __init__(
        self, backstage: Backstage, layout: Layout, view: ProjectView, script: ScriptEvents
    ) -> None:
        self._pool, self._workspaces = backstage.pool, backstage.workspaces
        self._visits, self._layout, self._form = backstage.visits, layout, layout.form
        self._view, self._script = view, script

    @telling("No files made")
    def export(self, parts: Sequence[str], sound_format: str, token: str, number: str) -> list[str]:
        """Write the dialogue of this visit as files: its parts, in a format."""
        workspace = self._workspaces.open(token)
        project = workspace.expect(number)
        choice = ExportChoice(parts=frozenset(parts), sound_format=sound_format)
        folder = workspace.new_folder("export")
        context = context_of_project(project, self._pool, workspace.new_folder("voices"))
        return [str(path) for path in export_dialogue(project.dialogue, choice, folder, context)]

    def open_file(self, path: str, token: str, request: gr.Request) -> Updates:
        """Read a script (txt, md, srt, vtt, json) or a project (zip) with its sound."""
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
        return {
            **self.fill_in(project),
            **self._view.all(finished),
            self._layout.result.status: status,
        }

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

    def connect(self) -> None:
        """Wire the section up; where samples are cached, a chosen one comes with sound."""
        layout, section, script = self._layout, self._layout.take_away, self._form.script
        files: dict[str, Any] = {"concurrency_limit": 2, "concurrency_id": "files"}
        section.make.click(
            self.export,
            [section.parts, section.sound_format, *layout.states],
            section.downloads,
            show_progress_on=section.downloads,
            **files,
        )
        opened = layout.opener.upload(
            self.open_file,
            [layout.opener, layout.token],
            layout.filled,
            show_progress="hidden",
            **files,
        )
        self._script.follow(opened)
        if script.samples.cache_event is not None:
            opened = script.samples.cache_event.success(
                self.open_project,
                [script.sample_project, layout.token],
                layout.filled,
                api_name="open_sample",
                api_visibility="private",
                **TOLD,
            )
            self._script.follow(opened)
