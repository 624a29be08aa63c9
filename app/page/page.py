"""The page: its sections, and how they hang together; what they do is in `page/`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from app.backend.checks import roll_seed
from app.backend.job_queue import RunQueue
from app.backend.pipeline_pool import PipelinePool
from app.page import form_values
from app.page.actions.endpoints import Programs, add_programs
from app.page.actions.generate import Speaking
from app.page.actions.restore import Restoring
from app.page.actions.samples import SampleRuns
from app.page.actions.script import ScriptEvents, connect_script_section, let_lines_follow
from app.page.actions.take_away import TakeAwayEvents, connect_take_away_section
from app.page.actions.turns import TurnEvents
from app.page.actions.undo import GoingBack
from app.page.actions.voices import VoiceEvents, connect_voice_section
from app.page.event_kinds import PRIVATE, QUIET, TOLD
from app.page.form import STORAGE_KEY, Form, connect_keeping
from app.page.markup import message_html
from app.page.project_view import ProjectView, Updates
from app.page.sections.result import ResultSection, build_result_section
from app.page.sections.script import build_script_section
from app.page.sections.take_away import build_open_button, build_take_away_section
from app.page.sections.voices import build_voice_section, voice_choices
from app.page.theme import PAGE_SCRIPT
from app.projects.sessions import Visits
from app.projects.workspace import Workspaces

CACHE_SECONDS = (3600, 86_400)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backstage:
    """What works behind the page.

    Attributes:
        pool: speaks.
        queue: where runs wait.
        workspaces: where visitors' projects are kept.
        visits: what is known of open pages.
    """

    pool: PipelinePool
    queue: RunQueue
    workspaces: Workspaces
    visits: Visits


def build_backstage(pool: PipelinePool, queue: RunQueue, keep_s: tuple[float, float]) -> Backstage:
    """What works behind the page of a pool.

    Args:
        pool: speaks.
        queue: where runs wait.
        keep_s: how long a visitor's work is kept after they left, and when they do nothing.
    """
    workspaces = Workspaces(lambda: Path(get_upload_folder()), pool.shared.adopt, *keep_s)
    return Backstage(pool=pool, queue=queue, workspaces=workspaces, visits=Visits())


def build_demo(backstage: Backstage) -> gr.Blocks:
    """Lay out the page and connect it; `serve` shows it."""
    demo = gr.Blocks(title="Colloquy", analytics_enabled=False, delete_cache=CACHE_SECONDS)
    with demo:
        saved = gr.BrowserState({}, storage_key=STORAGE_KEY, secret=STORAGE_KEY)
        token, number = gr.State(""), gr.State("")
        with gr.Row(elem_classes="bottom", elem_id="head"):
            gr.Markdown(
                "# Colloquy\nType a script, give each speaker a voice, hear the conversation.",
                elem_id="title",
            )
            opener = build_open_button()
        with gr.Row():
            with gr.Column(scale=3, min_width=320):
                runs = SampleRuns(backstage.pool, backstage.queue, backstage.workspaces)
                script = build_script_section(backstage.pool, runs.speak)
            with gr.Column(scale=2, min_width=320):
                rows = build_voice_section(backstage.pool)
        result = build_result_section()
        take_away = build_take_away_section()
        form = Form(script=script, controls=result.controls, rows=rows, cast=gr.State([]))
        page = _Page(backstage, form, result, take_away.downloads, (saved, token, number))
        page.connect(demo)
        opened = connect_take_away_section(
            take_away, opener, page.take_away, (token, number), page.all_outputs
        )
        let_lines_follow(opened, script, page.script)
        add_programs(Programs(backstage.pool, backstage.queue, backstage.workspaces))
    return demo


class _Page:
    """The wiring between the sections."""

    def __init__(
        self,
        backstage: Backstage,
        form: Form,
        result: ResultSection,
        downloads: gr.File,
        states: tuple[gr.BrowserState, gr.State, gr.State],
    ) -> None:
        self._form, self._result, self._backstage = form, result, backstage
        self._saved, self._token, self._number = states
        pool, workspaces, visits = backstage.pool, backstage.workspaces, backstage.visits
        self.script = ScriptEvents(pool, backstage.queue)
        view = ProjectView(result, downloads, self._token, self._number)
        self._speaking = Speaking(
            pool, backstage.queue, workspaces, visits, result, view, form.script.text
        )
        self._going_back = GoingBack(workspaces, view, form.script.text)
        self._turns = TurnEvents(workspaces, self._speaking, view, form.script.text)
        self.take_away = TakeAwayEvents(pool, workspaces, visits, self.script, view, form)
        self._restoring = Restoring(
            pool, workspaces, visits, form, view, self._saved, result.status
        )
        panel = result.panel
        self._shown = [
            result.status,
            result.live,
            result.sound,
            result.controls.update,
            result.controls.undo,
            result.wave,
            result.table,
            result.notes,
            downloads,
            self._token,
            self._number,
            panel.group,
            panel.turn,
            panel.words,
            panel.pace,
            panel.lock,
            panel.takes,
            panel.sound,
            panel.start,
            panel.end,
        ]
        self.all_outputs = [*self._shown, form.script.feedback, *form.kept]

    def connect(self, demo: gr.Blocks) -> None:
        """Wire everything up but the files."""
        script = self._form.script
        connect_script_section(script, self.script)
        voices = VoiceEvents(self._backstage.pool, self._backstage.workspaces)
        connect_voice_section(self._form.rows, voices, self._token)
        self._connect_check()
        connect_keeping(self._form, self._saved)
        self._result.controls.dice.click(
            roll_seed,
            None,
            self._result.controls.seed,
            api_name="roll_seed",
            api_description="A fresh seed.",
            **QUIET,
        )
        self._connect_runs()
        self._connect_turns()
        self._connect_samples()
        opened = demo.load(
            self._restoring.open,
            self._saved,
            [self._saved, *self.all_outputs],
            api_name="open_page",
            **PRIVATE,
        )
        opened.then(self.check, self._checked, self._check_outputs, api_name="checked", **PRIVATE)
        demo.load(None, None, None, js=PAGE_SCRIPT, api_name="name_controls", **PRIVATE)
        demo.unload(self._speaking.leave)

    def _connect_samples(self) -> None:
        """Where runs of samples are cached, one that is chosen comes with its sound."""
        script = self._form.script
        spoken = script.samples.cache_event
        if spoken is not None:
            opened = spoken.success(
                self.take_away.open_project,
                [script.sample_project, self._token],
                self.all_outputs,
                api_name="open_sample",
                api_visibility="private",
                **TOLD,
            )
            let_lines_follow(opened, script, self.script)

    @property
    def _checked(self) -> list[Any]:
        script = self._form.script
        return [script.text, script.tools.turn, self._form.cast]

    @property
    def _check_outputs(self) -> list[Any]:
        script, rows = self._form.script, self._form.rows
        groups, choices = [row.group for row in rows], [row.choice for row in rows]
        return [
            script.feedback,
            script.tools.turn,
            self._form.cast,
            *groups,
            *choices,
        ]

    def check(self, text: str, turn: int | None, cast: Sequence[str]) -> Updates:
        """Live feedback; the choice of turns and the rows of voices follow the script."""
        script, rows = self._form.script, self._form.rows
        feedback = self.script.feedback(text)
        shown: Updates = {
            script.feedback: message_html(feedback.message, feedback.problem),
        }
        if feedback.problem:  # keep the rows as they are while a line is being typed
            return shown
        choices = [(label, at) for at, label in enumerate(feedback.turns)]
        chosen = turn if turn is not None and turn < len(choices) else 0
        shown[script.tools.turn] = gr.Dropdown(choices, value=chosen)
        speakers = {name: speaker for speaker, name in feedback.speakers.items()}
        shown[self._form.cast] = names = form_values.keep_cast(cast, list(speakers), len(rows))
        for row, name in zip(rows, names, strict=True):
            shown[row.group] = gr.Column(visible=bool(name))
            if name:
                label = f"Voice of {name}"
                label += "" if name == speakers[name] else f" ({speakers[name]})"
                choices_now = voice_choices(self._backstage.pool)
                shown[row.choice] = gr.Dropdown(choices_now, label=label)
        return shown

    def _connect_check(self) -> None:
        self._form.script.text.change(
            self.check,
            self._checked,
            self._check_outputs,
            api_name="check_script",
            api_description="What is in a script, or the line that cannot be read and why.",
            trigger_mode="always_last",
            **QUIET,
        )

    def _connect_runs(self) -> None:
        controls, status = self._result.controls, self._result.status
        waiting: dict[str, Any] = {**TOLD, "trigger_mode": "once"}
        states = [self._token, self._number]
        panel = self._result.panel
        controls.generate.click(
            self._speaking.refusal,
            [*self._form.inputs, self._token],
            status,
            api_name="refusal",
            **PRIVATE,
        )
        runs: list[Any] = [
            controls.generate.click(
                self._speaking.generate,
                [*self._form.inputs, self._token],
                self._shown,
                api_name="generate",
                api_description="Speak the script of the form; `speak` is the plain one.",
                validator=self._speaking.validate,
                **waiting,
            ),
            controls.update.click(
                self._speaking.update,
                [self._form.script.text, *states],
                self._shown,
                api_name="update",
                api_description="Speak what was changed in the script since it was spoken.",
                **waiting,
            ),
            panel.redo.click(
                self._speaking.redo,
                [
                    panel.turn,
                    panel.words,
                    panel.pace,
                    panel.seed,
                    self._form.script.text,
                    *states,
                ],
                [*self._shown, self._form.script.text],
                api_name="redo_turn",
                api_description="Make one turn anew: another take, other words, another pace.",
                **waiting,
            ),
            panel.redo_span.click(
                self._speaking.redo_span,
                [panel.start, panel.end, *states],
                self._shown,
                api_name="redo_span",
                api_description="Make the sound of some seconds anew; words and length stay.",
                **waiting,
            ),
            self._result.table.click(
                self._turns.act,
                [self._form.script.text, *states],
                [*self._shown, self._form.script.text],
                api_name="turn_action",
                api_visibility="private",
                **waiting,
            ),
        ]
        _generated, _updated, redone, _respanned, acted = runs
        for run in (redone, acted):  # they may change the words of a turn
            let_lines_follow(run, self._form.script, self.script)
        for run in runs:
            run.failure(
                self._speaking.show_failure, None, status, api_name="show_failure", **PRIVATE
            )
        controls.cancel.click(
            self._speaking.cancel,
            None,
            status,
            api_name="cancel",
            api_description="Stop what this visit has waiting or running.",
            cancels=runs,
            **QUIET,
        )

    def _connect_turns(self) -> None:
        result = self._result
        gr.on(
            [result.sound.play, result.live.stop],
            _hide,
            None,
            result.live,
            api_name="hide_live",
            **PRIVATE,
        )
        panel, states = self._result.panel, [self._token, self._number]
        panel.turn.input(
            self._turns.select,
            [panel.turn, *states],
            self._shown,
            api_name="select_turn",
            api_description="Show one turn, numbered from 1.",
            **TOLD,
        )
        panel.play.click(
            self._turns.play,
            [panel.turn, *states],
            self._shown,
            api_name="play_turn",
            api_description="One turn alone, as sound.",
            **TOLD,
        )
        panel.lock.input(
            self._turns.lock,
            [panel.turn, panel.lock, *states],
            self._shown,
            api_name="lock_turn",
            api_description="Keep a turn from being changed, or let it change again.",
            **TOLD,
        )
        chosen = panel.takes.input(
            self._turns.take,
            [panel.turn, panel.takes, self._form.script.text, *states],
            [*self._shown, self._form.script.text],
            api_name="choose_take",
            api_description="Let another take of a turn be heard.",
            **TOLD,
        )
        undone = result.controls.undo.click(
            self._going_back.go_back,
            [self._form.script.text, *states],
            [*self._shown, self._form.script.text],
            api_name="undo",
            api_description="Show the version before the latest change; twice: the latest again.",
            trigger_mode="once",
            **TOLD,
        )
        for changed in (chosen, undone):
            let_lines_follow(changed, self._form.script, self.script)


def _hide() -> Any:
    """Nobody listens to two players at once."""
    return gr.Audio(visible=False)
