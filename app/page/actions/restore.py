"""Opening the page: the form and the dialogue as they were left in this browser."""

from typing import Any

import gradio as gr

from app.page.actions.check import ScriptCheck
from app.page.backstage import Backstage
from app.page.event_kinds import LATEST, PRIVATE
from app.page.form import read_saved
from app.page.layout import Layout
from app.page.markup import message_html
from app.page.notices import without_paths
from app.page.project_view import ProjectView, Updates, hand_out
from app.projects.sessions import visitor_of
from pipeline.errors import DialogueError


class Restoring:
    """Keeps what is filled in, and opens pages with it."""

    def __init__(self, backstage: Backstage, layout: Layout, view: ProjectView) -> None:
        self._backstage, self._layout, self._view = backstage, layout, view

    def open(self, saved: Any, request: gr.Request) -> Updates:
        """Fill the page in."""
        kept, layout = read_saved(saved), self._layout
        workspace = self._backstage.workspaces.open(kept["token"])
        self._backstage.visits.own(visitor_of(request), workspace.token)
        shown: Updates = {
            layout.saved: {**(saved if isinstance(saved, dict) else {}), "token": workspace.token},
            layout.token: workspace.token,
        }
        try:
            project = workspace.project
            if project is not None:
                shown.update(self._view.all(hand_out(workspace, project)))
                shown[layout.result.status] = message_html("Your last dialogue is here again.")
        except DialogueError as error:
            told = without_paths(str(error), workspace.folder)
            shown[layout.result.status] = message_html(f"your last dialogue is gone: {told}", True)
        shown.update(layout.form.filled(kept, self._backstage.pool.voice_names()))
        return shown

    def connect(self, demo: gr.Blocks, check: ScriptCheck) -> None:
        """Open the page as it was left; whatever is filled in then is kept in the browser."""
        saved, form = self._layout.saved, self._layout.form
        outputs = [saved, *self._layout.filled]
        opened = demo.load(self.open, saved, outputs, api_name="open_page", **PRIVATE)
        check.follow(opened)
        gr.on(
            [component.change for component in form.kept if component is not form.cast],
            None,
            [saved, *form.kept],
            saved,
            js=form.keep_script,
            api_name="keep_form",
            **LATEST,
        )
