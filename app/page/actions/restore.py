"""Opening the page: the form and the dialogue as they were left in this browser."""

from typing import Any

import gradio as gr

from app.backend.pipeline_pool import PipelinePool
from app.page.form import Form, read_saved
from app.page.markup import message_html
from app.page.notices import without_paths
from app.page.project_view import ProjectView, Updates, hand_out
from app.projects.sessions import Visits, visitor_of
from app.projects.workspace import Workspaces
from pipeline.errors import DialogueError


class Restoring:
    """Opens pages.

    Args:
        pool: knows the voices.
        workspaces: where projects are kept.
        visits: told whose workspace it is.
        form: filled in as it was.
        view: shows the project.
        saved: what the browser keeps.
        status: says what was found.
    """

    def __init__(
        self,
        pool: PipelinePool,
        workspaces: Workspaces,
        visits: Visits,
        form: Form,
        view: ProjectView,
        saved: gr.BrowserState,
        status: gr.HTML,
    ) -> None:
        self._pool, self._workspaces, self._visits = pool, workspaces, visits
        self._form, self._view = form, view
        self._saved, self._status = saved, status

    def open(self, saved: Any, request: gr.Request) -> Updates:
        """Fill the page in."""
        kept = read_saved(saved)
        workspace = self._workspaces.open(kept["token"])
        self._visits.own(visitor_of(request), workspace.token)
        shown: Updates = {
            self._saved: {**(saved if isinstance(saved, dict) else {}), "token": workspace.token},
            **self._view.token(workspace.token),
        }
        try:
            project = workspace.project
            if project is not None:
                shown.update(self._view.all(hand_out(workspace, project)))
                shown[self._status] = message_html("Your last dialogue is here again.")
        except DialogueError as error:
            told = without_paths(str(error), workspace.folder)
            shown[self._status] = message_html(f"your last dialogue is gone: {told}", True)
        shown.update(self._form.filled(kept, self._pool.voice_names()))
        return shown
