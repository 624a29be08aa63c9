"""What generate, redo and cancel do: work goes through the queue, and its visitor watches it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from app.backend.checks import check_retakes, check_seed, read_seed, roll_seed, whole_number
from app.backend.cost import expected_seconds, time_left_of
from app.backend.job import Run
from app.page.actions.script import ScriptEvents
from app.page.backstage import Backstage
from app.page.event_kinds import ONCE, PRIVATE, QUIET
from app.page.form_values import missing_consents, read_form
from app.page.layout import Layout
from app.page.markup import message_html, sentence
from app.page.notices import not_done
from app.page.project_view import Finished, ProjectView, Updates, finish, told_of
from app.page.run_view import RunView
from app.projects import edits
from app.projects.project import Project
from app.projects.sessions import visitor_of
from app.projects.voice_choices import ask_for_consent
from pipeline.datatypes.redo import Redo
from pipeline.datatypes.script import Script
from pipeline.errors import CancelledError, DialogueError
from pipeline.script_to_turns.inline_marks import write_marks

CANCELLED = "Cancelled. Script, voices and seed are kept."
NOT_REDONE = "Not redone"
NO_SCRIPT = Script(turns=(), speaker_names={})
REDO_PART_S = 0.5
"""Expected beside what the words of a redone turn take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A run before it is submitted.

    Attributes:
        make: makes a version of a project.
        script: what is spoken for it, for what is expected of it.
        is_streamed: whether turns are heard as they come.
    """

    make: Callable[[Run[Finished]], Finished]
    script: Script = NO_SCRIPT
    is_streamed: bool = False


class Speaking:
    """Runs of one page's visitors.

    Args:
        backstage: speaks.
        layout: where runs are shown.
        view: shows what was made.
        script: follows words that were changed.
    """

    def __init__(
        self, backstage: Backstage, layout: Layout, view: ProjectView, script: ScriptEvents
    ) -> None:
        self._backstage, self._layout = backstage, layout
        self._view, self._script = view, script

    def validate(self, *values: Any) -> list[Any]:
        """Refuse what cannot work before it waits in the queue, at the field that is at fault."""
        *filled, _token = values
        form = self._layout.form
        said = form.read(filled)
        refused: dict[Any, str] = {}

        def check_voices() -> None:
            script = self._backstage.read_script(said.text)
            for place, name in missing_consents(said, script):
                refused[form.rows[place].consent] = ask_for_consent(name)

        checks: dict[Any, Callable[[], Any]] = {
            form.script.text: check_voices,
            form.controls.seed: lambda: check_seed(said.seed),
            form.controls.retakes: lambda: check_retakes(said.retakes),
        }
        for field, check in checks.items():
            try:
                check()
            except DialogueError as error:
                refused[field] = sentence(str(error))
        fields = [*form.inputs, self._layout.token]
        return [gr.validate(field not in refused, refused.get(field, "")) for field in fields]

    def refusal(self, *values: Any) -> Any:
        """Why the form is refused, beside the button, too; nothing if it is not."""
        refused = [
            verdict["message"] for verdict in self.validate(*values) if not verdict["is_valid"]
        ]
        return message_html(". ".join(refused), problem=True) if refused else gr.skip()

    async def generate(self, request: gr.Request, *values: Any) -> AsyncIterator[Updates]:
        """Speak the script of the form; `speak` is the plain one."""
        *filled, token = values
        form, pool = self._layout.form.read(filled), self._backstage.pool

        def prepare() -> Work:
            workspace = self._backstage.workspaces.open(token)
            for row in form.rows:
                for upload in filter(None, (row.recording, row.voice_file)):
                    workspace.note_upload(upload)
            script = self._backstage.read_script(form.text)

            def make(run: Run[Finished]) -> Finished:
                order = read_form(pool, form, script, workspace.project)
                order = replace(order, voices=workspace.recordings.cast(pool, order.voices))
                project = edits.speak_request(pool, order, run.progress, run.emit)
                run.sound_s = project.dialogue.mix.duration_s
                return finish(workspace, project)

            return Work(make=make, script=script, is_streamed=True)

        async for shown in self._watch(prepare, request, "Not generated"):
            yield shown

    async def update(
        self, text: str, token: str, number: str, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """Speak what was changed in the script since it was spoken."""
        pool = self._backstage.pool

        def prepare() -> Work:
            workspace = self._backstage.workspaces.open(token)
            script = self._backstage.read_script(text)
            changed = edits.changed_part(pool, workspace.expect(number), script)

            def make(run: Run[Finished]) -> Finished:
                project = workspace.expect(number)
                return finish(
                    workspace, edits.speak_changes(pool, project, text, run.progress, script)
                )

            return Work(make=make, script=changed)

        async for shown in self._watch(prepare, request, "Not updated"):
            yield shown

    async def redo(
        self,
        request: gr.Request,
        turn: float | None,
        words: str,
        pace: float,
        seed: str,
        text: str,
        *states: str,
    ) -> AsyncIterator[Updates]:
        """Make one turn anew: another take, other words, another pace.

        Args:
            request: whose it is.
            turn: its number, from 1.
            words: what it shall say.
            pace: how fast.
            seed: as typed; empty: another take.
            text: the script on the page, which follows where it holds the turn as it was.
            states: the workspace's token, and the number of the version shown.
        """
        token, number = states

        def ask(project: Project) -> Redo:
            index = turn_index(project, turn)
            spoken = project.dialogue.turns[index]
            return Redo(
                turn=index,
                seed=read_seed(seed),
                text=None if words.strip() == write_marks(spoken) else words,
                pace=None if pace == spoken.pace else pace,
            )

        def prepare() -> Work:
            try:
                script = self._backstage.read_script(words)
            except DialogueError:  # the run tells what is wrong, with the turn's line
                script = NO_SCRIPT
            return Work(make=self._redoing(ask, token, number, text), script=script)

        async for shown in self._watch(prepare, request, NOT_REDONE):
            yield shown

    async def redo_span(
        self,
        start_s: float | None,
        end_s: float | None,
        token: str,
        number: str,
        request: gr.Request,
    ) -> AsyncIterator[Updates]:
        """Make the sound of some seconds anew; words, length and the fields stay."""

        def ask(project: Project) -> Redo:
            if start_s is None or end_s is None:
                raise DialogueError("give the seconds from and to which the sound is made anew")
            return Redo(span=(start_s, end_s))

        work = Work(make=self._redoing(ask, token, number))
        fields = (self._layout.result.panel.start, self._layout.result.panel.end)
        async for shown in self._watch(lambda: work, request, NOT_REDONE):
            yield {field: value for field, value in shown.items() if field not in fields}

    async def redo_again(
        self, index: int, token: str, number: str, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """Another take of a turn, numbered from 0."""

        def ask(project: Project) -> Redo:
            project.dialogue.check_turn(index)
            return Redo(turn=index)

        work = Work(make=self._redoing(ask, token, number))
        async for shown in self._watch(lambda: work, request, NOT_REDONE):
            yield shown

    def _redoing(
        self, ask: Callable[[Project], Redo], token: str, number: str, text: str = ""
    ) -> Callable[[Run[Finished]], Finished]:
        """Makes a part of a project anew; `text`: the script on the page, if it is to follow."""

        def make(run: Run[Finished]) -> Finished:
            workspace = self._backstage.workspaces.open(token)
            project = workspace.expect(number)
            wanted = ask(project)
            redone = edits.redo_turn(self._backstage.pool, project, wanted, run.progress)
            turn = _turn_of(wanted, redone)
            followed = None
            if text and turn is not None:
                followed = edits.follow_redo(text, project, redone, turn)
            return finish(workspace, redone, turn, followed)

        return make

    async def _watch(
        self, prepare: Callable[[], Work], request: gr.Request, failure: str
    ) -> AsyncIterator[Updates]:
        """Submit a run, show how it goes, and show what it made; `failure`: what did not happen."""
        backstage, status = self._backstage, self._layout.result.status
        visitor = visitor_of(request)
        backstage.visits.set_message(visitor, "")
        run: Run[Finished] | None = None
        try:
            work = await asyncio.to_thread(prepare)
            run = backstage.queue.submit(work.make, self._expected_s(work.script), visitor)
            time_left = time_left_of(backstage.pool, work.script, backstage.queue.slowness)
            names = work.script.speakers
            view = RunView(self._layout.result, time_left, names, work.is_streamed)
            yield view.begin()
            async for event in run.watch():
                yield view.show(event)
            finished = run.result()
            backstage.visits.own(visitor, finished.token)
            told = message_html(f"Done: {told_of(finished.project)}")
            yield {status: told, **await asyncio.to_thread(self._show_finished, finished)}
            if finished.text is not None:
                yield {self._layout.form.script.text: finished.text}
        except CancelledError:
            yield {status: message_html(CANCELLED)}
        except DialogueError as error:
            backstage.visits.set_message(visitor, str(error))
            raise not_done(str(error), failure) from error
        finally:
            if run is not None:
                run.cancel()  # whoever closed the page waits for nothing any more

    def _show_finished(self, finished: Finished) -> Updates:
        """What a run made; a turn that was made anew is played."""
        shown = self._view.all(finished)
        if finished.turn is not None:
            workspace = self._backstage.workspaces.open(finished.token)
            shown.update(self._view.play(workspace, finished.project, finished.turn))
        return shown

    def _expected_s(self, script: Script) -> float:
        return expected_seconds(self._backstage.pool, script) if script.turns else REDO_PART_S

    def show_failure(self, request: gr.Request) -> str:
        """The message of the failed run, beside the buttons, where it stays."""
        message = self._backstage.visits.message(visitor_of(request))
        message = message or "Something went wrong; please try again."
        return message_html(message, problem=message != CANCELLED)

    def cancel(self, request: gr.Request) -> str:
        """Stop what this visit has waiting or running."""
        visitor = visitor_of(request)
        self._backstage.queue.cancel_owner(visitor)
        self._backstage.visits.set_message(visitor, CANCELLED)
        return message_html(CANCELLED)

    def leave(self, request: gr.Request) -> None:
        """The page was closed."""
        visitor = visitor_of(request)
        self._backstage.queue.cancel_owner(visitor)
        for token in self._backstage.visits.forget(visitor):
            self._backstage.workspaces.leave(token)

    def connect(self, acted: Any) -> None:
        """Wire up what starts and stops runs.

        Args:
            acted: the run that the table of turns starts.
        """
        layout, result, text = self._layout, self._layout.result, self._layout.form.script.text
        controls, panel, status = result.controls, result.panel, result.status
        filled = [*layout.form.inputs, layout.token]
        controls.dice.click(roll_seed, None, controls.seed, **QUIET)
        controls.generate.click(self.refusal, filled, status, **PRIVATE)
        generated = controls.generate.click(
            self.generate, filled, layout.shown, validator=self.validate, **ONCE
        )
        updated = controls.update.click(self.update, [text, *layout.states], layout.shown, **ONCE)
        redone = panel.redo.click(
            self.redo,
            [panel.turn, panel.words, panel.pace, panel.seed, text, *layout.states],
            layout.shown_and_text,
            api_name="redo_turn",
            **ONCE,
        )
        redone_span = panel.redo_span.click(
            self.redo_span, [panel.start, panel.end, *layout.states], layout.shown, **ONCE
        )
        self._script.follow(redone)
        runs = [generated, updated, redone, redone_span, acted]
        for run in runs:
            run.failure(self.show_failure, None, status, **PRIVATE)
        controls.cancel.click(self.cancel, None, status, cancels=runs, **QUIET)


def _turn_of(request: Redo, project: Project) -> int | None:
    """The turn that was made anew, or the first in a stretch that was."""
    if request.span is None:
        return request.turn
    start_s, captions = request.span[0], project.dialogue.captions
    return next((caption.turn for caption in captions if caption.end_s > start_s), None)


def turn_index(project: Project, turn: float | None) -> int:
    """A turn's number from 0, of the one that a person gave, from 1.

    Raises:
        DialogueError: if there is no such turn.
    """
    return whole_number("the turn", turn, 1, len(project.dialogue.turns)) - 1
