"""How the page looks: its own colours for light and dark, system fonts, room on small screens."""

import gradio as gr
from gradio.themes.utils.colors import Color

INK = Color(
    c50="#f0f7f6",
    c100="#d5ebe8",
    c200="#a9d6d0",
    c300="#74bab3",
    c400="#3f9a93",
    c500="#1c7d77",
    c600="#0f655f",
    c700="#0b514d",
    c800="#0a403d",
    c900="#082f2d",
    c950="#051d1c",
    name="ink",
)
"""The accent: a deep green; white text on 500 and darker passes contrast AA."""

SAND = Color(
    c50="#faf8f5",
    c100="#f2eee8",
    c200="#e4ddd3",
    c300="#cfc5b7",
    c400="#8f8578",
    c500="#6b6257",
    c600="#554d44",
    c700="#403a33",
    c800="#2b2723",
    c900="#1d1a17",
    c950="#141210",
    name="sand",
)
"""Greys with some warmth."""

CSS = """
:root { --s1: #0f766e; --s2: #b45309; --s3: #6d28d9; --s4: #be185d; }
.dark { --s1: #5eead4; --s2: #fbbf24; --s3: #c4b5fd; --s4: #f9a8d4; }
.gradio-container { max-width: 1240px !important; margin: 0 auto !important; }
#title h1 { margin: 0 0 .1em; font-size: 1.9rem; letter-spacing: -.02em; }
#title p { margin: 0; }
h2 { font-size: 1.15rem !important; margin: .4em 0 0 !important; }
.gradio-container > .main { max-width: 100%; min-width: 0; box-sizing: border-box; }
.gradio-container time, .gradio-container .playback span {
  color: var(--body-text-color-subdued) !important; }
.dark .gradio-container button[role=tab].selected, .dark button[role=tab].selected {
  color: var(--primary-300) !important; }
.dark .gradio-container button.cc-button { color: var(--primary-300) !important; }
#lines textarea { field-sizing: content; min-height: 40px; }
.gradio-container .waveform-container { contain: inline-size; }
.bottom { align-items: end; }
.bottom > button { flex-grow: 0; }
#open { max-width: 260px; margin-left: auto; }
.voice-row { padding-left: 10px; border-radius: 0 !important; }
#feedback, #status { min-height: 2.6em; padding: .5em .75em; border-radius: 8px;
  border: 1px solid var(--border-color-primary); background: var(--block-background-fill); }
#feedback .problem, #status .problem, .quality .problem { color: var(--problem); font-weight: 600; }
:root { --problem: #b42318; } .dark { --problem: #fda29b; }
#feedback p, #status p, .quality p { margin: 0; overflow-wrap: anywhere; }
#status progress { width: 100%; height: .5em; appearance: none; border: 0; border-radius: 4px;
  overflow: hidden; background: var(--border-color-primary); }
#status progress::-webkit-progress-bar { background: var(--border-color-primary); }
#status progress::-webkit-progress-value { background: var(--color-accent); }
#status progress::-moz-progress-bar { background: var(--color-accent); }
#turns .check { white-space: nowrap; }
#script textarea { font-size: 1rem; line-height: 1.55; }
.voice-row { border-left: 4px solid transparent !important; }
.block > .wrap:has(> .validation-error) { position: static !important; padding: 0 !important;
  overflow: visible; }
.block > .wrap > .validation-error { position: static; width: 100%; text-align: left;
  border-radius: var(--radius-sm); margin-bottom: .5em; }
.voice-row input[role=combobox] { text-overflow: ellipsis; }
.voice-row input[role=combobox] { padding-right: 1.8em !important; }
#downloads .label-clear-button { display: none; }
.edge-s1 { border-left-color: var(--s1) !important; }
.edge-s2 { border-left-color: var(--s2) !important; }
.edge-s3 { border-left-color: var(--s3) !important; }
.edge-s4 { border-left-color: var(--s4) !important; }
.quality { padding: .4em .75em; }
.quality svg { width: 100%; height: 56px; display: block; }
.quality .unused { stroke: var(--body-text-color-subdued); opacity: .5; }
.quality .used { stroke: var(--color-accent); }
.swatch { display: inline-block; width: .7em; height: .7em; border-radius: 50%;
  margin-right: .4em; }
.swatch.s1 { background: var(--s1); } .swatch.s2 { background: var(--s2); }
.swatch.s3 { background: var(--s3); } .swatch.s4 { background: var(--s4); }
#wave svg { width: 100%; height: 84px; display: block; }
#wave path { stroke-width: 1; vector-effect: non-scaling-stroke; }
#wave path.s1 { stroke: var(--s1); } #wave path.s2 { stroke: var(--s2); }
#wave path.s3 { stroke: var(--s3); } #wave path.s4 { stroke: var(--s4); }
#wave .legend { list-style: none; display: flex; gap: 1em; flex-wrap: wrap; margin: .2em 0;
  padding: 0; }
#turns table { width: 100%; border-collapse: collapse; }
#turns caption { text-align: left; font-weight: 600; padding: .3em 0; }
#turns th, #turns td { text-align: left; vertical-align: top; padding: .35em .5em;
  border-bottom: 1px solid var(--border-color-primary); }
#turns tr.selected { background: var(--color-accent-soft); }
#turns tbody tr { cursor: pointer; }
#turns button { min-width: 2.2em; min-height: 2em; padding: .15em .5em; border-radius: 6px;
  border: 1px solid var(--border-color-primary);
  background: var(--button-secondary-background-fill);
  color: var(--body-text-color); cursor: pointer; white-space: nowrap; }
#turns button:disabled { opacity: .45; cursor: not-allowed; }
#turns button:focus-visible { outline: 3px solid var(--color-accent); outline-offset: 1px; }
#turns .words { width: 45%; overflow-wrap: anywhere; }
#turns .actions { white-space: nowrap; }
#turns .time, #turns .seed { white-space: nowrap; font-variant-numeric: tabular-nums; }
#turns .flagged { color: var(--problem); font-weight: 600; }
@media (max-width: 700px) {
  .gradio-container { padding: 8px !important; }
  #lines .dialogue-line { flex-wrap: wrap; }
  #lines .speaker-column { flex: 1 0 60%; order: 0; max-width: 75%; }
  #lines .text-column { flex: 1 0 100%; order: 2; }
  #lines .action-column { order: 1; }
  #head { flex-wrap: wrap; } #head > * { flex-basis: 100% !important; }
  #open { margin-left: 0; max-width: none; }
  #generate, #update { flex-basis: 100%; }
  #turns thead { display: none; }
  #turns table, #turns tbody, #turns caption { display: block; }
  #turns tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; padding: .4em 0;
    border-bottom: 1px solid var(--border-color-primary); }
  #turns td { border: 0; padding: .15em .3em; }
  #turns .words { width: auto; grid-column: 1 / -1; order: 2; font-size: 1.02em; }
  #turns td:first-child { order: 0; } #turns .actions { order: 1; text-align: right; }
  #turns .time { order: 3; } #turns .check { order: 4; text-align: right; }
  #turns .seed { display: none; } #turns td:nth-child(6) { order: 5; }
}
"""

HEAD = '<meta name="description" content="Type a script, give each speaker a voice, hear it.">'

PAGE_SCRIPT = """
() => {
  const name = (selector, label) => document.querySelectorAll(selector).forEach((element, at) => {
    if (!element.getAttribute('aria-label')) element.setAttribute('aria-label', label(at));
  });
  const mend = () => {
    for (const id of ['feedback', 'status']) {
      const box = document.getElementById(id);
      if (box && box.getAttribute('role') !== 'status') {
        box.setAttribute('role', 'status');
        box.setAttribute('aria-live', 'polite');
      }
    }
    name('#lines .speaker-column input', (at) => `Speaker of line ${at + 1}`);
    name('#lines .text-column textarea', (at) => `Text of line ${at + 1}`);
    name('button.cc-button', () => 'Captions');
    document.querySelectorAll('#lines .speaker-column[role=button]').forEach((column) => {
      column.removeAttribute('role');
      column.removeAttribute('tabindex');
    });
    document.querySelectorAll('div.empty[aria-label]').forEach((empty) => {
      if (!empty.getAttribute('role')) empty.setAttribute('role', 'img');
    });
  };
  const changed = (event) => {
    const field = event.target.closest('.block');
    field?.querySelectorAll('.validation-error button button').forEach((close) => close.click());
  };
  document.addEventListener('input', changed);
  new MutationObserver(mend).observe(document.body, {childList: true, subtree: true});
  mend();
}
"""
"""Names controls that the library leaves unnamed, makes the message boxes live regions, so that
screen readers speak what changes in them, and takes an error off a field that is being mended."""


def build_theme() -> gr.themes.Base:
    """Colours for light and dark, and the fonts of the visitor's own system."""
    return gr.themes.Base(
        primary_hue=INK,
        secondary_hue=INK,
        neutral_hue=SAND,
        radius_size=gr.themes.sizes.radius_md,
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_900",
        body_text_color_dark="*neutral_100",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        block_label_text_color="*neutral_700",
        block_label_text_color_dark="*neutral_200",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_200",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_300",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        color_accent="*primary_600",
        color_accent_soft="*primary_100",
        color_accent_soft_dark="*primary_900",
        link_text_color="*primary_600",
        link_text_color_dark="*primary_300",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_dark="*primary_500",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_hover_dark="*primary_600",
        button_primary_text_color="white",
        button_primary_text_color_dark="white",
        button_cancel_background_fill="#fbe9e7",
        button_cancel_background_fill_dark="#5c1c16",
        button_cancel_text_color="#8f1d14",
        button_cancel_text_color_dark="#ffdcd8",
    )
