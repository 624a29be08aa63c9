"""What generate, redo and cancel do: work goes through the queue, and its visitor watches it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import gradio as gr

from app.backend.checks import check_retakes, check_seed, read_seed, whole_number
from app.backend.cost import expected_seconds
from app.backend.job import Run
from app.backend.job_queue import RunQueue
from app.backend.pipeline_pool import PipelinePool
from app.page import form_values
from app.page.form import CONSENTS_AT, RETAKES_AT, SEED_AT, TEXT_AT, read_values
from app.page.markup import message_html, sentence
from app.page.notices import not_done
from app.page.project_view import Finished, ProjectView, Updates, finish, told_of
from app.page.run_view import RunView
from app.page.sections.result import ResultSection
from app.projects import edits
from app.projects.project import Project
from app.projects.sessions import Visits, visitor_of
from app.projects.workspace import Workspaces
from pipeline.datatypes.redo import Redo
from pipeline.datatypes.script import Script
from pipeline.errors import CancelledError, DialogueError
from pipeline.script_to_turns.inline_marks import write_marks

NOT_GENERATED = "Not generated"
CANCELLED = "Cancelled. Script, voices and seed are kept."
NO_SCRIPT = Script(turns=(), speaker_names={})
REDO_PART_S = 0.5
"""Expected beside what the words of a redone turn take."""


class Speaking:
    """Runs of one page's visitors.

    Args:
        pool: speaks.
        queue: where runs wait.
        workspaces: where visitors' projects are kept.
        visits: what is known of open pages.
        section: where runs are shown.
        view: shows what was made.
        text: holds the script.
    """

    def __init__(
        self,
        pool: PipelinePool,
        queue: RunQueue,
        workspaces: Workspaces,
        visits: Visits,
        section: ResultSection,
        view: ProjectView,
        text: gr.Textbox,
    ) -> None:
        self._pool, self._queue = pool, queue
        self._workspaces, self._visits = workspaces, visits
        self._section, self._view, self._text = section, view, text

    def validate(self, *values: Any) -> list[Any]:
        """Refuse what cannot work before it waits in the queue, at the field that is at fault."""
        *filled, _token = values
        form = read_values(*filled)
        verdicts = [gr.validate(True, "") for _ in values]
        verdicts[TEXT_AT] = _verdict(lambda: self._pool.shared.parse(form.text))
        verdicts[SEED_AT] = _verdict(lambda: check_seed(form.seed))
        verdicts[RETAKES_AT] = _verdict(lambda: check_retakes(form.retakes))
        for row, name in form_values.missing_consents(self._pool, form):
            verdicts[CONSENTS_AT + row] = gr.validate(False, form_values.ask_for_consent(name))
        return verdicts

    def refusal(self, *values: Any) -> Any:
        """Why the form is refused, beside the button, too; nothing if it is not."""
        refused = [
            verdict["message"] for verdict in self.validate(*values) if not verdict["is_valid"]
        ]
        return message_html(". ".join(refused), problem=True) if refused else gr.skip()

    async def generate(self, request: gr.Request, *values: Any) -> AsyncIterator[Updates]:
        """Speak the script of the form; `values` are those of `Form.inputs`, then the token."""
        *filled, token = values
        form = read_values(*filled)
        workspace = await asyncio.to_thread(self._workspaces.open, token)
        for row in form.rows:
            for upload in filter(None, (row.recording, row.voice_file)):
                workspace.note_upload(upload)

        def work(run: Run[Finished]) -> Finished:
            order = form_values.read_form(self._pool, form, workspace.project)
            project = edits.speak_request(self._pool, order, run.progress, run.emit)
            run.sound_s = project.dialogue.mix.duration_s
            return finish(workspace, project)

        script = await self._read(lambda: self._pool.shared.parse(form.text))
        async for shown in self._watch(work, script, request, NOT_GENERATED):
            yield shown

    async def update(
        self, text: str, token: str, number: str, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """Speak what was changed in the script since it was spoken."""

        def work(run: Run[Finished]) -> Finished:
            workspace = self._workspaces.open(token)
            project = workspace.expect(number)
            edited = edits.speak_changes(self._pool, project, text, run.progress)
            return finish(workspace, edited)

        def changed() -> Script:
            project = self._workspaces.open(token).expect(number)
            return edits.changed_part(self._pool, project, text)

        script = await self._read(changed)
        async for shown in self._watch(work, script, request, "Not updated"):
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
        """Make one turn anew: another take, or other words, or another pace.

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
        before: list[Project] = []

        def ask(project: Project) -> Redo:
            before.append(project)
            index = turn_index(project, turn)
            spoken = project.dialogue.turns[index]
            return Redo(
                turn=index,
                seed=read_seed(seed),
                text=None if words.strip() == write_marks(spoken) else words,
                pace=None if pace == spoken.pace else pace,
            )

        script = await self._read(lambda: self._pool.shared.parse(words))
        async for shown in self._redo(ask, token, number, request, script):
            yield shown
        after = self._workspaces.open(token).project
        if before and after is not None:
            index = turn_index(after, turn)
            followed = edits.follow_redo(text, before[0], after, index)
            if followed is not None:
                yield {self._text: followed}

    async def redo_span(
        self,
        start_s: float | None,
        end_s: float | None,
        token: str,
        number: str,
        request: gr.Request,
    ) -> AsyncIterator[Updates]:
        """Make the sound of a stretch of time anew; its words, its length and the fields stay."""

        def ask(project: Project) -> Redo:
            if start_s is None or end_s is None:
                raise DialogueError("give the seconds from and to which the sound is made anew")
            return Redo(span=(start_s, end_s))

        fields = (self._section.panel.start, self._section.panel.end)
        async for shown in self._redo(ask, token, number, request):
            yield {field: value for field, value in shown.items() if field not in fields}

    async def redo_again(
        self, index: int, token: str, number: str, request: gr.Request
    ) -> AsyncIterator[Updates]:
        """Another take of a turn, numbered from 0."""

        def ask(project: Project) -> Redo:
            project.dialogue.check_turn(index)
            return Redo(turn=index)

        async for shown in self._redo(ask, token, number, request):
            yield shown

    async def _redo(
        self,
        ask: Callable[[Project], Redo],
        token: str,
        number: str,
        request: gr.Request,
        script: Script = NO_SCRIPT,
    ) -> AsyncIterator[Updates]:
        selected: list[int | None] = []

        def work(run: Run[Finished]) -> Finished:
            workspace = self._workspaces.open(token)
            project = workspace.expect(number)
            wanted = ask(project)
            redone = edits.redo_turn(self._pool, project, wanted, run.progress)
            selected.append(_turn_of(wanted, redone))
            return finish(workspace, redone)

        async for shown in self._watch(work, script, request, "Not redone", selected):
            yield shown

    async def _watch(
        self,
        work: Callable[[Run[Finished]], Finished],
        script: Script,
        request: gr.Request,
        failure: str,
        selected: list[int | None] | None = None,
    ) -> AsyncIterator[Updates]:
        """Submit a run, show how it goes, and show what it made; `script`: what it speaks."""
        visitor = visitor_of(request)
        self._visits.set_message(visitor, "")
        time_left = form_values.time_left_of(self._pool, script, self._queue.slowness)
        names = form_values.speaker_names(script)
        view = RunView(self._section, time_left, names, is_streamed=failure == NOT_GENERATED)
        run: Run[Finished] | None = None
        try:
            run = self._queue.submit(work, self._expected_s(script), visitor)
            yield view.begin()
            async for event in run.watch():
                yield view.show(event)
            finished = run.result()
            self._visits.own(visitor, finished.token)
            status = message_html(f"Done: {told_of(finished.project)}")
            turn = selected[-1] if selected else None
            shown = await asyncio.to_thread(self._show_finished, finished, turn)
            yield {self._section.status: status, **shown}
        except CancelledError:
            yield {self._section.status: message_html(CANCELLED)}
        except DialogueError as error:
            self._visits.set_message(visitor, str(error))
            raise not_done(str(error), failure) from error
        finally:
            if run is not None:
                run.cancel()  # whoever closed the page waits for nothing any more

    def _show_finished(self, finished: Finished, turn: int | None) -> Updates:
        """What a run made; a turn that was made anew is played."""
        shown = self._view.all(finished, turn)
        if turn is not None:
            workspace = self._workspaces.open(finished.token)
            shown.update(self._view.play(workspace, finished.project, turn))
        return shown

    @staticmethod
    async def _read(read: Callable[[], Script]) -> Script:
        """A script, for what is expected of it; where it cannot be read, the run tells so."""
        try:
            return await asyncio.to_thread(read)
        except DialogueError:
            return NO_SCRIPT

    def _expected_s(self, script: Script) -> float:
        return expected_seconds(self._pool, script) if script.turns else REDO_PART_S

    def show_failure(self, request: gr.Request) -> str:
        """The message of the failed run, beside the buttons, where it stays."""
        message = self._visits.message(visitor_of(request))
        message = message or "Something went wrong; please try again."
        return message_html(message, problem=message != CANCELLED)

    def cancel(self, request: gr.Request) -> str:
        """Stop what this visitor has waiting or running."""
        visitor = visitor_of(request)
        self._queue.cancel_owner(visitor)
        self._visits.set_message(visitor, CANCELLED)
        return message_html(CANCELLED)

    def leave(self, request: gr.Request) -> None:
        """The page was closed."""
        visitor = visitor_of(request)
        self._queue.cancel_owner(visitor)
        for token in self._visits.forget(visitor):
            self._workspaces.leave(token)


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


def _verdict(check: Callable[[], Any]) -> Any:
    try:
        check()
    except DialogueError as error:
        return gr.validate(False, sentence(str(error)))
    return gr.validate(True, "")
