"""The table of turns: play, lock, redo, compare takes; one row for each turn."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from app.page.markup import clock
from app.projects.edits import heard_take, takes_of_turn
from app.projects.project import Project
from pipeline.datatypes.voice import VoiceCheck

TABLE_TEMPLATE = """
<table>
<caption>Turns{{#unless value.rows}}: none yet{{/unless}}</caption>
{{#if value.rows}}
<thead><tr><th scope="col">Turn</th><th scope="col">Words</th><th scope="col">Time</th>
<th scope="col">Voice</th><th scope="col">Seed</th><th scope="col">Take</th>
<th scope="col">Do</th></tr></thead>
{{/if}}
<tbody>
{{#each value.rows}}
<tr {{#if made}}data-turn="{{number}}"{{/if}} class="{{#if selected}}selected{{/if}}">
<td>{{#if made}}<button type="button" data-action="select"
 aria-label="Go to turn {{number}}, {{speaker}}" {{#if selected}}aria-current="true"{{/if}}><span
 class="swatch {{slot}}"></span>{{number}} <b>{{speaker}}</b></button>{{else}}<span
 class="swatch {{slot}}"></span>{{number}} <b>{{speaker}}</b>{{/if}}</td>
<td class="words">{{text}}</td>
<td class="time">{{time}}</td>
<td class="check {{#if flagged}}flagged{{/if}}" title="{{check_title}}">{{check}}</td>
<td class="seed">{{seed}}</td>
<td>{{#if takes}}<button type="button" data-action="take"
 aria-label="Turn {{number}}: hear the next take, now {{takes}}">{{takes}}</button>{{/if}}</td>
<td class="actions">{{#if made}}<button type="button" data-action="play"
 aria-label="Play turn {{number}}" title="Play this turn">Play</button>
<button type="button" data-action="redo" aria-label="Redo turn {{number}}" title="Redo this turn"
 {{#if locked}}disabled{{/if}}>Redo</button>
<button type="button" data-action="lock" aria-pressed="{{#if locked}}true{{else}}false{{/if}}"
 aria-label="Lock turn {{number}}" title="A locked turn stays as it is until all is generated anew">
 {{#if locked}}Unlock{{else}}Lock{{/if}}</button>{{/if}}</td>
</tr>
{{/each}}
</tbody></table>
"""

TABLE_SCRIPT = """
element.addEventListener('click', (event) => {
  const row = event.target.closest('[data-turn]');
  if (!row) return;
  const button = event.target.closest('[data-action]');
  const action = button ? button.dataset.action : 'select';
  trigger('click', {turn: Number(row.dataset.turn), action: action});
});
"""
"""Tells which row and which of its buttons was pressed; the row itself selects its turn."""


def build_table() -> gr.HTML:
    """An empty table."""
    return gr.HTML(
        no_rows(),
        html_template=TABLE_TEMPLATE,
        js_on_load=TABLE_SCRIPT,
        label="Turns",
        elem_id="turns",
        apply_default_css=False,
    )


def no_rows() -> dict[str, Any]:
    """What the table shows before there is a dialogue."""
    return {"rows": []}


def table_rows(
    project: Project, names: Mapping[str, str], selected: int | None = None
) -> dict[str, Any]:
    """What the table shows of a project.

    Args:
        project: spoken.
        names: speaker to the name shown.
        selected: number of the turn, from 0, that is worked on.
    """
    dialogue = project.dialogue
    rows = []
    for turn, (caption, take) in enumerate(zip(dialogue.captions, dialogue.takes, strict=True)):
        n_takes = len(takes_of_turn(project, turn))
        takes = f"{heard_take(project, turn) + 1} of {n_takes}" if n_takes > 1 else ""
        mark, title = _check_words(take.check, names)
        rows.append(
            {
                "number": turn + 1,
                "slot": caption.speaker.lower(),
                "speaker": names.get(caption.speaker, caption.speaker),
                "text": caption.text,
                "time": f"{clock(caption.start_s)} – {clock(caption.end_s)}",
                "seed": str(take.seed),
                "takes": takes,
                "check": mark,
                "check_title": title,
                "flagged": take.check is not None and take.check.flagged,
                "locked": turn in dialogue.locked,
                "selected": turn == selected,
                "made": True,
            }
        )
    return {"rows": rows}


def spoken_rows(captions: list[tuple[str, str, str, float, float]]) -> dict[str, Any]:
    """What the table shows while turns are still being made: nothing can be done with them yet.

    Args:
        captions: slot ("S1"), name, words, start and end in seconds of each turn made.
    """
    return {
        "rows": [
            {
                "number": number,
                "slot": slot.lower(),
                "speaker": name,
                "text": text,
                "time": f"{clock(start_s)} – {clock(end_s)}",
            }
            for number, (slot, name, text, start_s, end_s) in enumerate(captions, start=1)
        ]
    }


def _check_words(check: VoiceCheck | None, names: Mapping[str, str]) -> tuple[str, str]:
    """What the check of a voice found: a word, and a sentence."""
    if check is None or check.similarity is None:
        return "–", "Too short to judge, or not checked"
    title = f"Similarity to the voice prompt: {check.similarity:.2f}"
    if not check.flagged:
        return "✓ like its prompt", title
    if check.nearest is not None and check.nearest_similarity != check.similarity:
        return f"⚠ nearer to {names.get(check.nearest, check.nearest)}", title
    return "⚠ unlike its prompt", title
