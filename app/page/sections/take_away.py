"""Section "Take away": files in the formats wanted; a project zip that opens again here."""

from dataclasses import dataclass

import gradio as gr

from app.export.bundle import PARTS
from app.page.sections.script import SCRIPT_FILES
from pipeline.audio.write import available_formats

PART_LABELS = {
    "mix": "Mix",
    "stereo": "Stereo, a speaker per side",
    "stems": "A file per speaker",
    "turns": "A file per turn",
    "captions": "Captions: SRT, VTT, JSON",
    "project": "One zip of all, opens again here",
}
USUAL_PARTS = ["mix", "stereo", "stems", "turns", "captions", "project"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeAwaySection:
    """Components of the section."""

    downloads: gr.File
    parts: gr.CheckboxGroup
    sound_format: gr.Dropdown
    make: gr.Button


def build_take_away_section() -> TakeAwaySection:
    """Lay the section out."""
    assert {*PART_LABELS} == {*PARTS}, PARTS
    gr.Markdown("## 4 · Take away")
    gr.Markdown("This speech is made by a model. Every sound file says so in its metadata.")
    with gr.Accordion("Choose files and format", open=False):
        parts = gr.CheckboxGroup(
            [(label, part) for part, label in PART_LABELS.items()],
            value=USUAL_PARTS,
            label="What to make",
            elem_id="parts",
        )
        with gr.Row(elem_classes="bottom"):
            sound_format = gr.Dropdown(
                list(available_formats()), value="wav", label="Format of sounds", min_width=120
            )
            make = gr.Button("Make the files", elem_id="export", min_width=120)
    downloads = gr.File(
        label="Files",
        file_count="multiple",
        interactive=False,
        height=300,
        visible=False,
        elem_id="downloads",
    )
    return TakeAwaySection(downloads=downloads, parts=parts, sound_format=sound_format, make=make)


def build_open_button() -> gr.UploadButton:
    """The button that reads a script or a project from a file."""
    return gr.UploadButton(
        "Open a script or project",
        file_types=[*SCRIPT_FILES, ".zip"],
        size="sm",
        elem_id="open",
        min_width=160,
    )
