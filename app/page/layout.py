"""The page laid out: its sections and states, told apart by name; what they do is in `actions/`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app.backend.pipeline_pool import PipelinePool
from app.page.form import Form
from app.page.sections.result import ResultSection, build_result_section
from app.page.sections.script import build_script_section
from app.page.sections.take_away import (
    TakeAwaySection,
    build_open_button,
    build_take_away_section,
)
from app.page.sections.voices import build_voice_section

STORAGE_KEY = "colloquy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Components; they hold nothing of a visitor.

    Attributes:
        opener: opens a file.
        form: what a visitor fills in.
        result: section "Hear".
        take_away: section "Take away".
        saved: what the browser keeps.
        token: of the workspace.
        number: of the version of the project that is shown.
    """

    opener: gr.UploadButton
    form: Form
    result: ResultSection
    take_away: TakeAwaySection
    saved: gr.BrowserState
    token: gr.State
    number: gr.State

    @property
    def states(self) -> list[gr.State]:
        """Which version of which project a page shows."""
        return [self.token, self.number]

    @property
    def shown(self) -> list[Any]:
        """What runs and versions of a project may change."""
        result, panel = self.result, self.result.panel
        return [
            result.status,
            result.live,
            result.sound,
            result.controls.update,
            result.controls.undo,
            result.wave,
            result.table,
            result.notes,
            self.take_away.downloads,
            *self.states,
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

    @property
    def shown_and_text(self) -> list[Any]:
        """The same, and the script, which follows the words of turns."""
        return [*self.shown, self.form.script.text]

    @property
    def filled(self) -> list[Any]:
        """What a project that is opened may change: the form, too."""
        return [*self.shown, self.form.script.feedback, *self.form.kept]


def lay_out(pool: PipelinePool, speak_sample: Callable[[str], str]) -> Layout:
    """Lay the page out.

    Args:
        pool: knows voices and sample scripts.
        speak_sample: gives the project file of a sample script, where the server caches examples.
    """
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
            script = build_script_section(pool, speak_sample)
        with gr.Column(scale=2, min_width=320):
            rows = build_voice_section(pool)
    result = build_result_section()
    return Layout(
        opener=opener,
        form=Form(script=script, controls=result.controls, rows=rows, cast=gr.State([])),
        result=result,
        take_away=build_take_away_section(),
        saved=saved,
        token=token,
        number=number,
    )
