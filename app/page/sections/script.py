"""Section "Write": the script as text and as lines."""

import os
from collections.abc import Callable
from dataclasses import dataclass

import gradio as gr
from gradio.helpers import Examples

from app.backend.pipeline_pool import PipelinePool
from app.backend.zero_gpu import ON_ZERO_GPU
from app.page.sections.turn_tools import TurnTools, build_turn_tools
from pipeline.config.limits import MAX_SPEAKERS

FIRST_SAMPLE = "First light"
FIRST_SCRIPT = "Anna: Hello! Type here, one line for each turn.\nBen: And I will answer you."
SCRIPT_FILES = [".txt", ".md", ".srt", ".vtt", ".json"]
TEXT_VIEW, LINES_VIEW = "text", "lines"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptSection:
    """Components of the section."""

    samples: Examples
    sample_project: gr.File
    view: gr.State
    tabs: gr.Tabs
    text_tab: gr.Tab
    lines_tab: gr.Tab
    text: gr.Textbox
    lines: gr.Dialogue
    feedback: gr.HTML
    tools: TurnTools


def build_script_section(pool: PipelinePool, speak_sample: Callable[[str], str]) -> ScriptSection:
    """Lay the section out.

    Args:
        pool: knows the sample scripts.
        speak_sample: gives the project file of a sample script, where the server caches examples.
    """
    scripts = pool.sample_scripts()
    gr.Markdown("## 1 · Write")
    text = gr.Textbox(
        scripts.get(FIRST_SAMPLE, FIRST_SCRIPT),
        label="Script",
        info="One turn a line: “Anna: Hello.” or “[S1] Hello.” Up to 4 speakers.",
        lines=10,
        max_lines=24,
        elem_id="script",
        render=False,
    )
    sample_project = gr.File(label="Project of a sample", visible=False)
    samples = gr.Examples(
        [[script] for script in scripts.values()],
        text,
        sample_project,
        speak_sample,
        example_labels=list(scripts),
        cache_mode="lazy" if os.environ.get(ON_ZERO_GPU) else None,  # no GPU without a visitor
        label="Start from a sample",
        elem_id="samples",
        visible=bool(scripts),
        preload=False,
        api_name="sample_script",
        api_description="Begin from a sample script, by its number from 0.",
        api_visibility="public",
    )
    view = gr.State(TEXT_VIEW)
    with gr.Tabs() as tabs:
        with gr.Tab("Text", id=TEXT_VIEW) as text_tab:
            text.render()  # type: ignore[no-untyped-call]
        with gr.Tab("Lines", id=LINES_VIEW) as lines_tab:
            lines = gr.Dialogue(
                [],
                type="list",
                speakers=[f"S{number + 1}" for number in range(MAX_SPEAKERS)],
                label="Lines of the script",
                info=None,
                ui_mode="dialogue",
                interactive=True,
                elem_id="lines",
            )
    feedback = gr.HTML(elem_id="feedback")
    return ScriptSection(
        samples=samples,
        sample_project=sample_project,
        view=view,
        tabs=tabs,
        text_tab=text_tab,
        lines_tab=lines_tab,
        text=text,
        lines=lines,
        feedback=feedback,
        tools=build_turn_tools(),
    )
