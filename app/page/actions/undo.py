"""One change taken back: the version before the latest one is there again."""

import gradio as gr

from app.page.markup import message_html
from app.page.notices import not_done
from app.page.project_view import ProjectView, Updates, hand_out, told_of
from app.projects.edits import follow_back
from app.projects.workspace import Workspaces
from pipeline.errors import DialogueError


class GoingBack:
    """What the button does.

    Args:
        workspaces: where versions are kept.
        view: shows one.
        text: holds the script.
    """

    def __init__(self, workspaces: Workspaces, view: ProjectView, text: gr.Textbox) -> None:
        self._workspaces, self._view, self._text = workspaces, view, text

    def go_back(self, text: str, token: str, number: str) -> Updates:
        """Show the version before; the script on the page follows, unless it was edited since."""
        workspace = self._workspaces.open(token)
        try:
            with workspace.lock:
                left, now = workspace.go_back(number)
                finished = hand_out(workspace, now)
        except DialogueError as error:
            raise not_done(str(error)) from error
        told = message_html(f"The version before: {told_of(now)}")
        shown: Updates = {**self._view.all(finished), self._view.status: told}
        followed = follow_back(text, left, now)
        return shown if followed is None else {**shown, self._text: followed}
