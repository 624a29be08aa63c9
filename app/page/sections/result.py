"""Section "Hear": generate, cancel, progress, players, waveform, turns and one of them."""

from dataclasses import dataclass

import gradio as gr

from app.backend.checks import FIRST_SEED, MAX_RETAKES
from app.page.markup import message_html
from app.page.sections.turn_table import build_table
from app.page.sections.turn_tools import pace_slider
from app.page.sections.voices import WAVEFORM

READY = "Ready."


@dataclass(frozen=True, slots=True, kw_only=True)
class RunControls:
    """What starts and stops the work."""

    seed: gr.Number
    dice: gr.Button
    retakes: gr.Slider
    generate: gr.Button
    update: gr.Button
    undo: gr.Button
    cancel: gr.Button


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnPanel:
    """Controls of the turn that is selected in the table."""

    group: gr.Column
    turn: gr.Number
    words: gr.Textbox
    pace: gr.Slider
    seed: gr.Textbox
    redo: gr.Button
    play: gr.Button
    lock: gr.Checkbox
    takes: gr.Radio
    sound: gr.Audio
    start: gr.Number
    end: gr.Number
    redo_span: gr.Button


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSection:
    """Components of the section."""

    controls: RunControls
    status: gr.HTML
    live: gr.Audio
    sound: gr.Audio
    wave: gr.HTML
    table: gr.HTML
    panel: TurnPanel
    notes: gr.Markdown


def build_result_section() -> ResultSection:
    """Lay the section out."""
    gr.Markdown("## 3 · Hear")
    controls = _build_controls()
    status = gr.HTML(message_html(READY), elem_id="status")
    live = gr.Audio(
        label="Live, while it is made",
        streaming=True,
        autoplay=True,
        interactive=False,
        visible=False,
        buttons=[],
        elem_id="live",
        waveform_options=WAVEFORM,
    )
    sound = gr.Audio(
        label="The dialogue, with captions",
        type="filepath",
        interactive=False,
        elem_id="sound",
        buttons=["download"],
        waveform_options=WAVEFORM,
    )
    wave = gr.HTML("", elem_id="wave", visible=False)
    table = build_table()
    panel = _build_panel()
    notes = gr.Markdown(elem_id="notes")
    return ResultSection(
        controls=controls,
        status=status,
        live=live,
        sound=sound,
        wave=wave,
        table=table,
        panel=panel,
        notes=notes,
    )


def _build_controls() -> RunControls:
    with gr.Row(elem_classes="bottom"):
        generate = gr.Button(
            "Generate", variant="primary", elem_id="generate", scale=2, min_width=120
        )
        update = gr.Button(
            "Speak only what changed", interactive=False, elem_id="update", scale=2, min_width=120
        )
        undo = gr.Button("Undo", interactive=False, elem_id="undo", scale=1, min_width=80)
        cancel = gr.Button("Cancel", variant="stop", elem_id="cancel", scale=1, min_width=80)
    with gr.Accordion("Seed and retakes", open=False), gr.Row(elem_classes="bottom"):
        seed = gr.Number(
            FIRST_SEED,
            label="Seed",
            info="Same seed, same audio.",
            precision=None,
            min_width=140,
        )
        dice = gr.Button("New seed", size="sm", min_width=100)
        retakes = gr.Slider(
            0,
            MAX_RETAKES,
            value=0,
            step=1,
            label="Retakes",
            info="Up to so many turns that do not sound like their voice are spoken again.",
            elem_id="retakes",
            min_width=220,
        )
    return RunControls(
        seed=seed,
        dice=dice,
        retakes=retakes,
        generate=generate,
        update=update,
        undo=undo,
        cancel=cancel,
    )


def _build_panel() -> TurnPanel:
    with gr.Column(visible=False, elem_id="turn-panel", variant="panel") as group:
        with gr.Row(elem_classes="bottom"):
            turn = gr.Number(1, label="Turn", minimum=1, precision=0, min_width=90, scale=1)
            words = gr.Textbox(label="Its words", lines=1, max_lines=4, scale=6, min_width=220)
        with gr.Row(elem_classes="bottom"):
            pace = pace_slider("Its pace", scale=3)
            seed = gr.Textbox(
                label="Its next seed",
                placeholder="empty: another take",
                max_lines=1,
                min_width=160,
                scale=3,
            )
            redo = gr.Button("Redo turn", variant="primary", size="sm", min_width=100, scale=2)
            play = gr.Button("Play turn", size="sm", min_width=100, scale=2)
        with gr.Row(elem_classes="bottom"):
            lock = gr.Checkbox(label="Locked: stays until “Generate”", min_width=160)
            takes = gr.Radio([], label="Take that is heard", visible=False, min_width=160)
        sound = gr.Audio(
            label="This turn",
            interactive=False,
            autoplay=True,
            visible=False,
            buttons=[],
            elem_id="turn-sound",
            waveform_options=WAVEFORM,
        )
        with (
            gr.Accordion("Redo a stretch of time only", open=False),
            gr.Row(elem_classes="bottom"),
        ):
            start = gr.Number(None, label="From second", min_width=100)
            end = gr.Number(None, label="To second", min_width=100)
            redo_span = gr.Button("Redo stretch", size="sm", min_width=110)
    return TurnPanel(
        group=group,
        turn=turn,
        words=words,
        pace=pace,
        seed=seed,
        redo=redo,
        play=play,
        lock=lock,
        takes=takes,
        sound=sound,
        start=start,
        end=end,
        redo_span=redo_span,
    )
