"""The page: layout and wiring only. What happens behind the buttons is in `handlers.py`."""

import logging
import sys
from dataclasses import dataclass
from typing import Any

import gradio as gr

from app import handlers
from app.environment import has_desktop
from app.handlers import MADE_UP
from app.page_events import PageEvents, message_html, show_recorder, turn_table, voice_choices
from app.studio import Studio, load_studio
from app.theme import ANNOUNCE, CSS, build_theme
from pipeline.config import MAX_SPEAKERS
from pipeline.errors import DialogueError

QUEUE_LENGTH = 20
MAX_UPLOAD = "50mb"
CACHE_SECONDS = (3600, 86_400)
FIRST_SCRIPT = (
    "[S1] Hello! Type a script here, one line for each turn.\n[S2] And I will answer you."
)
CONSENT = "Only use your own voice, or one whose owner agreed. 1 to 60 s of one person speaking."


@dataclass(frozen=True)
class _Form:
    script: gr.Textbox
    feedback: gr.HTML
    groups: list[gr.Column]
    choices: list[gr.Dropdown]
    recordings: list[gr.Audio]
    seed: gr.Number
    retakes: gr.Slider

    @property
    def inputs(self) -> list[Any]:
        return [self.script, self.seed, self.retakes, *self.choices, *self.recordings]

    @property
    def feedback_outputs(self) -> list[Any]:
        return [self.feedback, *self.groups, *self.choices]


@dataclass(frozen=True)
class _Results:
    status: gr.HTML
    sound: gr.Audio
    table: gr.HTML
    downloads: gr.File
    notes: gr.Markdown

    @property
    def outputs(self) -> list[Any]:
        return [self.status, self.sound, self.table, self.downloads, self.notes]


def build_demo(studio: Studio) -> gr.Blocks:
    """Lay out the page and connect it to a studio; `serve` shows it."""
    events = PageEvents(studio)
    demo = gr.Blocks(title="Colloquy", analytics_enabled=False, delete_cache=CACHE_SECONDS)
    with demo:
        gr.Markdown(
            "# Colloquy\nType a script, choose a voice for each speaker, hear the conversation.",
            elem_id="title",
        )
        samples = studio.sample_scripts()
        with gr.Row():
            with gr.Column(scale=3, min_width=300):
                sample = gr.Dropdown(
                    list(samples), value=None, label="Start from a sample", visible=bool(samples)
                )
                script = gr.Textbox(
                    next(iter(samples.values()), FIRST_SCRIPT),
                    label="Script",
                    info="One turn a line: “Anna: Hello.” or “[S1] Hello.” Up to 4 speakers.",
                    lines=10,
                    max_lines=24,
                    elem_id="script",
                )
                feedback = gr.HTML(elem_id="feedback")
            with gr.Column(scale=2, min_width=300):
                groups, choices, recordings = _build_voice_rows(studio)
                with gr.Row(elem_id="seed-row"):
                    seed = gr.Number(
                        7,
                        label="Seed",
                        info="Same seed, same audio.",
                        scale=2,
                        min_width=140,
                    )
                    dice = gr.Button("New seed", scale=1, min_width=110)
                retakes = gr.Slider(
                    0,
                    handlers.MAX_RETAKES,
                    value=0,
                    step=1,
                    label="Retakes",
                    info="Turns that do not sound like their voice are named in the notes. "
                    "Up to so many are spoken again; the take most like the voice is kept.",
                    elem_id="retakes",
                )
        form = _Form(script, feedback, groups, choices, recordings, seed, retakes)
        with gr.Row():
            generate = gr.Button("Generate", variant="primary", elem_id="generate")
            cancel = gr.Button("Cancel", variant="stop", elem_id="cancel")
        results = _build_results()
        _connect_form(demo, events, form)
        sample.input(samples.get, sample, script, api_name="sample_script", show_progress="hidden")
        dice.click(handlers.roll_seed, None, seed, api_name="roll_seed", show_progress="hidden")
        _connect_generation(demo, events, form, results, (generate, cancel))
    return demo


def serve(model: str = "small", device: str = "auto") -> int:
    """Load the weights and show the page until stopped.

    GRADIO_SERVER_NAME and GRADIO_SERVER_PORT move it from 127.0.0.1:7860.

    Returns:
        Exit code: 0, or 1 when the weights cannot be loaded.
    """
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        demo = build_demo(load_studio(model, device))
    except DialogueError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    demo.queue(max_size=QUEUE_LENGTH).launch(
        inbrowser=has_desktop(),
        theme=build_theme(),
        css=CSS,
        max_file_size=MAX_UPLOAD,
        footer_links=["api", "settings"],
    )
    return 0


def _build_voice_rows(
    studio: Studio,
) -> tuple[list[gr.Column], list[gr.Dropdown], list[gr.Audio]]:
    groups, choices, recordings = [], [], []
    names = studio.voice_names()
    for row in range(MAX_SPEAKERS):
        with gr.Column(visible=row < 2) as group:
            choice = gr.Dropdown(
                voice_choices(studio),
                value=names[row % len(names)] if names else MADE_UP,
                label=f"Voice of S{row + 1}",
            )
            recording = gr.Audio(
                sources=["upload", "microphone"],
                type="filepath",
                label=f"Recording for speaker {row + 1}. {CONSENT}",
                visible=False,
            )
        choice.change(
            show_recorder,
            choice,
            recording,
            api_name=f"show_recorder_{row + 1}",
            api_visibility="private",
            queue=False,
            show_progress="hidden",
        )
        groups.append(group)
        choices.append(choice)
        recordings.append(recording)
    return groups, choices, recordings


def _build_results() -> _Results:
    status = gr.HTML(message_html("Ready."), elem_id="status")
    sound = gr.Audio(label="Dialogue", type="filepath", interactive=False, elem_id="sound")
    notes = gr.Markdown(elem_id="notes")
    table = gr.HTML(turn_table([]), elem_id="turns")
    downloads = gr.File(label="Downloads", file_count="multiple", interactive=False, height=190)
    return _Results(status, sound, table, downloads, notes)


def _connect_form(demo: gr.Blocks, events: PageEvents, form: _Form) -> None:
    form.script.change(
        events.check,
        form.script,
        form.feedback_outputs,
        api_name="check_script",
        queue=False,
        trigger_mode="always_last",
        show_progress="hidden",
    )
    demo.load(
        events.check,
        form.script,
        form.feedback_outputs,
        api_name="load_page",
        api_visibility="private",
        queue=False,
        show_progress="hidden",
    )
    demo.load(None, None, None, js=ANNOUNCE, api_name="announce", api_visibility="private")
    demo.unload(events.leave)


def _connect_generation(
    demo: gr.Blocks,
    events: PageEvents,
    form: _Form,
    results: _Results,
    buttons: tuple[gr.Button, gr.Button],
) -> None:
    generate, cancel = buttons
    generation = generate.click(
        events.generate,
        form.inputs,
        results.outputs,
        api_name="generate",
        api_description="Speak a script. Gives a status, the wav, the turns, the files, the notes.",
        concurrency_limit=1,
        concurrency_id="speech",
        trigger_mode="once",
        show_progress_on=results.status,
        validator=events.validate,
    )
    generation.failure(
        events.show_failure,
        None,
        results.status,
        api_name="show_failure",
        api_visibility="private",
        queue=False,
        show_progress="hidden",
    )
    cancel.click(
        events.cancel,
        None,
        results.status,
        api_name="cancel",
        cancels=[generation],
        queue=False,
        show_progress="hidden",
    )
