"""Sample scripts spoken once for everybody, where the server caches examples, as Spaces do."""

from app.backend.checks import FIRST_SEED
from app.backend.cost import expected_seconds
from app.backend.job import Run
from app.backend.job_queue import RunQueue
from app.backend.pipeline_pool import PipelinePool
from app.export.bundle import ExportChoice, context_of_project, export_dialogue
from app.page.form_values import SpeakForm, VoiceRow, first_choices, read_form
from app.page.notices import not_done
from app.projects.edits import speak_request
from app.projects.project import Project
from app.projects.workspace import Workspaces
from pipeline.config.limits import MAX_SPEAKERS
from pipeline.errors import DialogueError


class SampleRuns:
    """Speaks sample scripts as the form does that nobody has touched.

    Args:
        pool: speaks.
        queue: where runs wait, those of visitors beside them.
        workspaces: where files are kept for a while.
    """

    def __init__(self, pool: PipelinePool, queue: RunQueue, workspaces: Workspaces) -> None:
        self._pool, self._queue, self._workspaces = pool, queue, workspaces

    def speak(self, text: str) -> str:
        """The project file of a script."""
        workspace = self._workspaces.open()
        rows = [VoiceRow(choice=choice) for choice in first_choices(self._pool, MAX_SPEAKERS)]
        form = SpeakForm(text=text, seed=FIRST_SEED, rows=rows)

        def work(run: Run[Project]) -> Project:
            request = read_form(self._pool, form)
            project = speak_request(self._pool, request, run.progress, run.emit)
            run.sound_s = project.dialogue.mix.duration_s
            return project

        try:
            expected_s = expected_seconds(self._pool, self._pool.shared.parse(text))
            project = self._queue.submit(work, expected_s, workspace.token).result()
            context = context_of_project(project, self._pool, workspace.new_folder("voices"))
            choice = ExportChoice(parts=frozenset({"project"}))
            folder = workspace.new_folder("sample")
            *_, path = export_dialogue(project.dialogue, choice, folder, context)
        except DialogueError as error:
            raise not_done(str(error), "Sample not spoken") from error
        finally:
            self._workspaces.leave(workspace.token)
        return str(path)
