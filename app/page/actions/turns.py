"""What the table of turns and the selected turn's panel do, but for the work that takes time."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr

from app.page.actions.generate import Speaking, turn_index
from app.page.actions.script import ScriptEvents
from app.page.backstage import Backstage
from app.page.event_kinds import ONCE, PRIVATE, TOLD
from app.page.layout import Layout
from app.page.notices import not_done, telling
from app.page.project_view import ProjectView, Updates, finish
from app.projects.edits import choose_take, follow_redo, heard_take, set_lock, takes_of_turn
from app.projects.project import Project
from app.projects.workspace import Workspace

ACTIONS = ("select", "play", "redo", "lock", "take")


class TurnEvents:
    """Turns of the project that a page shows.

    Args:
        backstage: keeps projects.
        layout: where turns are shown.
        view: shows projects.
        speaking: makes turns anew.
    """

    def __init__(
        self, backstage: Backstage, layout: Layout, view: ProjectView, speaking: Speaking
    ) -> None:
        self._workspaces, self._layout = backstage.workspaces, layout
        self._view, self._speaking = view, speaking

    async def act(
        self, event: gr.EventData, request: gr.Request, text: str, token: str, number: str
    ) -> AsyncIterator[Updates]:
        """What a row's button asks for; `text` is the script on the page."""
        action, index = await asyncio.to_thread(self._wish, event, token, number)
        if action == "redo":
            async for shown in self._speaking.redo_again(index, token, number, request):
                yield shown
        else:  # in a thread: files are read and written
            yield await asyncio.to_thread(self._act_at_once, index, action, text, token, number)

    def _wish(self, event: gr.EventData, token: str, number: str) -> tuple[str, int]:
        """An action, and the turn's number from 0; programs may send whatever they like."""
        action, turn = getattr(event, "action", ""), getattr(event, "turn", None)
        if action not in ACTIONS:
            raise not_done(f"a turn has the actions {', '.join(ACTIONS)}; read {action!r}")
        with telling():
            return action, self._turn(turn, token, number)[2]

    @telling()
    def _act_at_once(self, index: int, action: str, text: str, token: str, number: str) -> Updates:
        project = self._workspaces.open(token).expect(number)
        if action == "lock":
            return self.lock(index + 1, index not in project.dialogue.locked, token, number)
        if action == "take":
            following = heard_take(project, index) + 1
            n_takes = len(takes_of_turn(project, index))
            return self.take(index + 1, str(following % n_takes + 1), text, token, number)
        shown = self.select(index + 1, token, number)
        return {**shown, **self.play(index + 1, token, number)} if action == "play" else shown

    @telling()
    def select(self, turn: float | None, token: str, number: str) -> Updates:
        """Show one turn, numbered from 1; the player stands where it begins."""
        _, project, index = self._turn(turn, token, number)
        return {**self._view.selection(project, index), **self._view.seek(project, index)}

    @telling()
    def play(self, turn: float | None, token: str, number: str) -> Updates:
        """One turn alone, as sound."""
        return self._view.play(*self._turn(turn, token, number))

    @telling()
    def lock(self, turn: float | None, locked: bool, token: str, number: str) -> Updates:
        """Keep a turn from being changed, or let it change again."""
        workspace, _, index = self._turn(turn, token, number)
        with workspace.lock:
            changed = set_lock(workspace.expect(number), index, locked)
            workspace.keep(changed)
        return self._view.selection(changed, index)

    @telling()
    def take(self, turn: float | None, take: str, text: str, token: str, number: str) -> Updates:
        """Let another take of a turn be heard; the script on the page follows its words."""
        workspace, project, index = self._turn(turn, token, number)
        if take == str(heard_take(project, index) + 1):
            return {}
        with workspace.lock:
            changed = choose_take(workspace.expect(number), index, _take_number(take) - 1)
            followed = follow_redo(text, project, changed, index)
            finished = finish(workspace, changed, index, followed)
        shown = {**self._view.all(finished), **self._view.play(workspace, changed, index)}
        return shown if followed is None else {**shown, self._layout.form.script.text: followed}

    def connect(self, script: ScriptEvents) -> Any:
        """Wire up the table and the panel.

        Args:
            script: follows words that were changed.

        Returns:
            The event of what a row's button asks for, which may be a run.
        """
        layout, result, panel = self._layout, self._layout.result, self._layout.result.panel
        text, states = layout.form.script.text, layout.states
        given: dict[str, Any] = {"outputs": layout.shown, **TOLD}
        panel.turn.input(self.select, [panel.turn, *states], api_name="select_turn", **given)
        panel.play.click(self.play, [panel.turn, *states], api_name="play_turn", **given)
        panel.lock.input(
            self.lock, [panel.turn, panel.lock, *states], api_name="lock_turn", **given
        )
        chosen = panel.takes.input(
            self.take,
            [panel.turn, panel.takes, text, *states],
            layout.shown_and_text,
            api_name="choose_take",
            **TOLD,
        )
        acted = result.table.click(
            self.act,
            [text, *states],
            layout.shown_and_text,
            api_name="turn_action",
            api_visibility="private",
            **ONCE,
        )
        for changed in (chosen, acted):
            script.follow(changed)
        heard = [result.sound.play, result.live.stop]
        gr.on(heard, _hide, None, result.live, api_name="hide_live", **PRIVATE)
        return acted

    def _turn(self, turn: float | None, token: str, number: str) -> tuple[Workspace, Project, int]:
        """A turn, numbered from 1, of the project that a page shows: from 0."""
        workspace = self._workspaces.open(token)
        project = workspace.expect(number)
        return workspace, project, turn_index(project, turn)


def _hide() -> Any:
    """Nobody listens to two players at once."""
    return gr.Audio(visible=False)


def _take_number(take: str | None) -> int:
    """A take's number from 1; 0, which no take has, for what is no number."""
    return int(take) if take and take.isdecimal() and len(take) < 6 else 0
