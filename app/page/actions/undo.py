"""One change taken back: the version before the latest one is there again."""

from app.page.actions.script import ScriptEvents
from app.page.backstage import Backstage
from app.page.event_kinds import ONCE
from app.page.layout import Layout
from app.page.markup import message_html
from app.page.notices import telling
from app.page.project_view import ProjectView, Updates, hand_out, told_of
from app.projects.edits import follow_back


class GoingBack:
    """What the button does."""

    def __init__(self, backstage: Backstage, layout: Layout, view: ProjectView) -> None:
        self._workspaces, self._layout, self._view = backstage.workspaces, layout, view

    @telling()
    def go_back(self, text: str, token: str, number: str) -> Updates:
        """Show the version before the latest change; twice: the latest again.

        The script on the page follows, unless it was edited since.
        """
        workspace = self._workspaces.open(token)
        with workspace.lock:
            left, now = workspace.go_back(number)
            finished = hand_out(workspace, now)
        told = message_html(f"The version before: {told_of(now)}")
        shown: Updates = {**self._view.all(finished), self._layout.result.status: told}
        followed = follow_back(text, left, now)
        return shown if followed is None else {**shown, self._layout.form.script.text: followed}

    def connect(self, script: ScriptEvents) -> None:
        """Wire the button up; `script` follows words that were changed."""
        layout = self._layout
        undone = layout.result.controls.undo.click(
            self.go_back,
            [layout.form.script.text, *layout.states],
            layout.shown_and_text,
            api_name="undo",
            **ONCE,
        )
        script.follow(undone)
