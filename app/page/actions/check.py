"""What follows the script while it is typed: feedback, the choice of turns, the rows of voices."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from app.page.backstage import Backstage
from app.page.event_kinds import PRIVATE, QUIET
from app.page.feedback import ScriptFeedback, feedback_of
from app.page.layout import Layout
from app.page.markup import message_html
from app.page.project_view import Updates
from app.page.sections.voices import voice_choices
from app.projects.voice_choices import keep_cast
from pipeline.errors import DialogueError


class ScriptCheck:
    """Live feedback on the script."""

    def __init__(self, backstage: Backstage, layout: Layout) -> None:
        self._backstage, self._form = backstage, layout.form
        script, rows = self._form.script, self._form.rows
        self._inputs: list[Any] = [script.text, script.tools.turn, self._form.cast]
        self._outputs: list[Any] = [script.feedback, script.tools.turn, self._form.cast]
        self._outputs += [*(row.group for row in rows), *(row.choice for row in rows)]

    def feedback(self, text: str) -> ScriptFeedback:
        """What is in the script, or what is wrong with it."""
        try:
            script = self._backstage.read_script(text)
        except DialogueError as error:
            return ScriptFeedback(message=str(error), problem=True)
        return feedback_of(self._backstage.pool, script, self._backstage.queue.slowness)

    def check(self, text: str, turn: int | None, cast: Sequence[str]) -> Updates:
        """What is in a script, or the line that cannot be read and why."""
        script, rows = self._form.script, self._form.rows
        feedback = self.feedback(text)
        shown: Updates = {script.feedback: message_html(feedback.message, feedback.problem)}
        if feedback.problem:  # keep the rows as they are while a line is being typed
            return shown
        choices = [(label, at) for at, label in enumerate(feedback.turns)]
        chosen = turn if turn is not None and turn < len(choices) else 0
        shown[script.tools.turn] = gr.Dropdown(choices, value=chosen)
        speakers = {name: speaker for speaker, name in feedback.speakers.items()}
        shown[self._form.cast] = names = keep_cast(cast, list(speakers), len(rows))
        for row, name in zip(rows, names, strict=True):
            shown[row.group] = gr.Column(visible=bool(name))
            if name:
                label = f"Voice of {name}"
                label += "" if name == speakers[name] else f" ({speakers[name]})"
                shown[row.choice] = gr.Dropdown(voice_choices(self._backstage.pool), label=label)
        return shown

    def connect(self) -> None:
        """Let all that follow what is typed."""
        self._form.script.text.change(
            self.check,
            self._inputs,
            self._outputs,
            api_name="check_script",
            trigger_mode="always_last",
            **QUIET,
        )

    def follow(self, event: gr.events.Dependency) -> None:
        """Let all that follow a script that was filled in."""
        event.then(self.check, self._inputs, self._outputs, api_name="checked", **PRIVATE)
