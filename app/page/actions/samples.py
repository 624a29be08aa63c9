"""Sample scripts spoken once for everybody, where the server caches examples, as Spaces do."""

from app.backend.checks import FIRST_SEED
from app.backend.cost import expected_seconds
from app.backend.job import Run
from app.export.bundle import ExportChoice, context_of_project, export_dialogue
from app.page.backstage import Backstage
from app.page.form_values import SpeakForm, read_form
from app.page.notices import telling
from app.projects.edits import speak_request
from app.projects.project import Project
from app.projects.voice_choices import VoiceRow, first_choices
from pipeline.config.limits import MAX_SPEAKERS


class SampleRuns:
    """Speaks sample scripts as the form does that nobody has touched."""

    def __init__(self, backstage: Backstage) -> None:
        self._pool, self._queue = backstage.pool, backstage.queue
        self._workspaces, self._read_script = backstage.workspaces, backstage.read_script

    @telling("Sample not spoken")
    def speak(self, text: str) -> str:
        """The project file of a script."""
        workspace = self._workspaces.open()
        rows = [VoiceRow(choice=choice) for choice in first_choices(self._pool, MAX_SPEAKERS)]
        form = SpeakForm(text=text, seed=FIRST_SEED, rows=rows)
        try:
            script = self._read_script(text)
            request = read_form(self._pool, form, script)

            def work(run: Run[Project]) -> Project:
                project = speak_request(self._pool, request, run.progress, run.emit)
                run.sound_s = project.dialogue.mix.duration_s
                return project

            expected_s = expected_seconds(self._pool, script)
            project = self._queue.submit(work, expected_s, workspace.token).result()
            context = context_of_project(project, self._pool, workspace.new_folder("voices"))
            choice = ExportChoice(parts=frozenset({"project"}))
            folder = workspace.new_folder("sample")
            *_, path = export_dialogue(project.dialogue, choice, folder, context)
        finally:
            self._workspaces.leave(workspace.token)
        return str(path)
