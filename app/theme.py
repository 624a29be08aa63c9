"""How the page looks: fonts that need no network, one accent colour, room on small screens."""

import gradio as gr

CSS = """
.gradio-container { max-width: 1180px !important; margin: 0 auto !important; }
#title h1 { margin-bottom: 0; }
#feedback, #status { min-height: 2.6em; padding: .5em .75em; border-radius: 8px;
  border: 1px solid var(--border-color-primary); background: var(--block-background-fill); }
#feedback .problem, #status .problem { color: var(--error-text-color, #b91c1c); font-weight: 600; }
#feedback p, #status p { margin: 0; overflow-wrap: anywhere; }
#script textarea { font-size: 1rem; line-height: 1.5; }
#turns { overflow-x: auto; }
#turns table { width: 100%; border-collapse: collapse; }
#turns caption { text-align: left; font-weight: 600; padding: .3em 0; }
#turns th, #turns td { text-align: left; vertical-align: top; padding: .4em .6em;
  border-bottom: 1px solid var(--border-color-primary); }
#seed-row { align-items: end; }
@media (max-width: 480px) {
  .gradio-container { padding: 8px !important; }
  #turns th, #turns td { padding: .3em; font-size: .85rem; }
}
"""

ANNOUNCE = """
() => {
  for (const id of ['feedback', 'status']) {
    const box = document.getElementById(id);
    if (box) { box.setAttribute('role', 'status'); box.setAttribute('aria-live', 'polite'); }
  }
}
"""
"""Makes the two message boxes live regions: screen readers speak what changes in them."""


def build_theme() -> gr.themes.Base:
    """Colours for light and dark, and the fonts of the visitor's own system."""
    return gr.themes.Soft(
        primary_hue="teal",
        neutral_hue="slate",
        font=["system-ui", "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
