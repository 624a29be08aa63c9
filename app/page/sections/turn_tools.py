"""Controls that edit one turn of the script: order, pace, gap, respelling, split."""

from dataclasses import dataclass

import gradio as gr

from pipeline.config.limits import LimitsConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnTools:
    """Controls that edit one turn of the script."""

    turn: gr.Dropdown
    pace: gr.Slider
    gap: gr.Textbox
    options: gr.Button
    shown: gr.Textbox
    said: gr.Textbox
    respell: gr.Button
    split_before: gr.Textbox
    split: gr.Button
    merge: gr.Button
    add: gr.Button
    remove: gr.Button
    up: gr.Button
    down: gr.Button


def build_turn_tools() -> TurnTools:
    """Lay the controls out, folded away."""
    with gr.Accordion("Edit one turn: pace, gap, respelling, order", open=False, elem_id="tools"):
        turn = gr.Dropdown([], label="Turn of the script", elem_id="tool-turn")
        with gr.Row():
            add = gr.Button("Add below", size="sm", min_width=90)
            remove = gr.Button("Remove", size="sm", min_width=90)
            up = gr.Button("Move up", size="sm", min_width=90)
            down = gr.Button("Move down", size="sm", min_width=90)
        with gr.Row(elem_classes="bottom"):
            pace = pace_slider("Pace (1 is the voice's own)")
            gap = gr.Textbox(
                label="Gap before, in seconds; below 0 overlaps",
                placeholder="empty: as usual",
                max_lines=1,
                min_width=160,
            )
            options = gr.Button("Set pace and gap", size="sm", min_width=120)
        with gr.Row(elem_classes="bottom"):
            shown = gr.Textbox(label="Word in the turn", placeholder="Worcester", min_width=120)
            said = gr.Textbox(label="Say it as", placeholder="wuster", min_width=120)
            respell = gr.Button("Respell", size="sm", min_width=90)
        with gr.Row(elem_classes="bottom"):
            split_before = gr.Textbox(
                label="Split before these words", placeholder="in the middle", min_width=160
            )
            split = gr.Button("Split", size="sm", min_width=90)
            merge = gr.Button("Merge with the next", size="sm", min_width=120)
    return TurnTools(
        turn=turn,
        pace=pace,
        gap=gap,
        options=options,
        shown=shown,
        said=said,
        respell=respell,
        split_before=split_before,
        split=split,
        merge=merge,
        add=add,
        remove=remove,
        up=up,
        down=down,
    )


def pace_slider(label: str, scale: int | None = None) -> gr.Slider:
    """How fast a turn is spoken, within the limits."""
    limits = LimitsConfig()
    return gr.Slider(
        limits.min_pace,
        limits.max_pace,
        value=1.0,
        step=0.05,
        label=label,
        min_width=160,
        scale=scale,
    )


def middle_of(words: str) -> int:
    """Where a turn is best split: after the sentence end, or the blank, nearest its middle."""
    ends = [at + 2 for at in range(len(words) - 2) if words[at] in ".?!;" and words[at + 1] == " "]
    places = ends or [at for at, mark in enumerate(words) if mark == " "]
    return min(places, key=lambda at: abs(at - len(words) / 2), default=0)
