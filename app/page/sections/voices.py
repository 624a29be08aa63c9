"""Section "Voices": one row for each speaker: built-in, made up, recorded, or from a file."""

from dataclasses import dataclass

import gradio as gr

from app.backend.pipeline_pool import PipelinePool
from app.projects.voice_choices import MADE_UP, OWN_RECORDING, VOICE_FILE, first_choices
from pipeline.config.limits import MAX_SPEAKERS

WAVEFORM = gr.WaveformOptions(waveform_color="#8f8578", waveform_progress_color="#1c7d77")
"""Colours that can be told apart from either background."""

CONSENT = "This is my own voice, or its owner agreed to its use here."


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceControls:
    """Components of one speaker's row."""

    group: gr.Column
    choice: gr.Dropdown
    listen: gr.Button
    sample: gr.Audio
    recording: gr.Audio
    file: gr.File
    quality: gr.HTML
    consent: gr.Checkbox
    keep: gr.Accordion
    name: gr.Textbox
    licence: gr.Textbox
    save: gr.Button
    saved: gr.DownloadButton


def voice_choices(pool: PipelinePool) -> list[tuple[str, str]]:
    """Labels and values of a voice dropdown."""
    built_in = pool.shared.voices
    named = []
    for name in pool.voice_names():
        about = " ".join(built_in[name].description.split()) if name in built_in else "added by you"
        kind = about.partition(". ")[0]  # the rest is told by `python -m app voices`
        named.append((f"{name} · {kind}" if kind else name, name))
    return [
        *named,
        ("Surprise me (made up)", MADE_UP),
        ("My recording", OWN_RECORDING),
        ("A voice file", VOICE_FILE),
    ]


def build_voice_section(pool: PipelinePool) -> list[VoiceControls]:
    """Lay the section out: rows for as many speakers as a script may have."""
    gr.Markdown("## 2 · Voices")
    first = first_choices(pool, MAX_SPEAKERS)
    return [_build_row(pool, row, choice) for row, choice in enumerate(first)]


def _build_row(pool: PipelinePool, row: int, voice: str) -> VoiceControls:
    who = f"S{row + 1}"
    with gr.Column(visible=row < 2, elem_classes=["voice-row", f"edge-{who.lower()}"]) as group:
        with gr.Row(elem_classes="bottom"):
            choice = gr.Dropdown(
                voice_choices(pool), value=voice, label=f"Voice of {who}", scale=4, min_width=180
            )
            listen = gr.Button(
                "Listen", size="sm", scale=1, min_width=80, elem_id=f"listen-{row + 1}"
            )
        sample = gr.Audio(
            label="How this voice sounds",
            interactive=False,
            visible=False,
            autoplay=True,
            buttons=[],
            waveform_options=WAVEFORM,
        )
        recording = gr.Audio(
            sources=["upload", "microphone"],
            type="filepath",
            label="1 to 60 s of one person speaking; the scissors trim it",
            visible=False,
            elem_id=f"recording-{row + 1}",
            waveform_options=WAVEFORM,
        )
        file = gr.File(
            label="Voice file",
            file_types=[".safetensors"],
            visible=False,
            height=110,
            elem_id=f"voice-file-{row + 1}",
        )
        quality = gr.HTML(visible=False, elem_classes="quality", elem_id=f"quality-{row + 1}")
        consent = gr.Checkbox(
            label=CONSENT, value=False, visible=False, elem_id=f"consent-{row + 1}"
        )
        with gr.Accordion("Keep this voice as a file", open=False, visible=False) as keep:
            with gr.Row(elem_classes="bottom"):
                name = gr.Textbox(label="Name", placeholder="anna-2", min_width=120)
                licence = gr.Textbox(
                    label="Licence or origin", placeholder="my own, CC0", min_width=120
                )
            with gr.Row():
                save = gr.Button("Make the file", size="sm", min_width=110)
                saved = gr.DownloadButton(
                    "Save it", size="sm", visible=False, min_width=110, elem_id=f"saved-{row + 1}"
                )
    return VoiceControls(
        group=group,
        choice=choice,
        listen=listen,
        sample=sample,
        recording=recording,
        file=file,
        quality=quality,
        consent=consent,
        keep=keep,
        name=name,
        licence=licence,
        save=save,
        saved=saved,
    )
